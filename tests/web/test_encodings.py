"""Compression as the browser weighs it, of files and of answers."""

from pathlib import Path

import pytest
from udvej.publish.freeze import WWW
from udvej.services import Services
from udvej.web.app import create_app
from udvej.web.frozen import Files


@pytest.mark.parametrize("address", ["/om/", "/skriv/", "/findes-ikke/"])
def test_what_a_browser_refuses_is_not_sent(
    services: Services, frozen_pages: Path, address: str
) -> None:
    """A weight of zero is a refusal (RFC 9110, 12.5.3), of frozen pages, the form and errors."""
    client = create_app(services, Files(frozen_pages / WWW)).test_client()
    for accepted, sent in {
        "br;q=0, gzip": "gzip",
        "br;q=0, gzip;q=0": None,
        "gzip;q=0.5, br;q=1.0": "br",
        "br;q=0.0": None,
        "br;q=nonsense": None,
        "br": "br",
    }.items():
        answer = client.get(address, headers={"Accept-Encoding": accepted}, buffered=True)
        assert answer.headers.get("Content-Encoding") == sent, accepted
