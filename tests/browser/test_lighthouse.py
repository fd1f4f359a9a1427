"""Lighthouse, as on a phone, where it is installed."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

import pytest
from support.browser import Served
from support.checkers import LIGHTHOUSE, needed
from support.lighthouse import lighthouse
from support.municipality import ADDRESSES
from udvej.content.addresses import FORM

pytestmark = pytest.mark.browser


Judged = Callable[[str], Mapping[str, Any]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """What Lighthouse says of an address."""
    needed("node", LIGHTHOUSE)
    with lighthouse(LIGHTHOUSE, tmp_path_factory.mktemp("lighthouse")) as judged:
        yield judged


# A page of each kind in `make test`, all of them in `make bench`.
ONE_OF_A_KIND: Final = ("/", FORM)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(address, marks=[] if address in ONE_OF_A_KIND else pytest.mark.slow)
        for address in ADDRESSES
    ],
)
def test_lighthouse_is_content(site: Served, judged: Judged, address: str) -> None:
    """100 in accessibility, best practices and search engines, as on a phone."""
    assert judged(site.origin + address) == {
        "accessibility": 1,
        "best-practices": 1,
        "seo": 1,
        "failed": [],
    }


class _Poor(BaseHTTPRequestHandler):
    """A page without a language, a description, contrast or a viewport."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p style='color: #aaa'>Ord</p><img src='data:,'>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_lighthouse_would_notice_a_poor_page(judged: Judged) -> None:
    """All three scores can be less."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Poor) as server:
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        try:
            scores = judged(f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
    assert max(scores["accessibility"], scores["best-practices"], scores["seo"]) < 1
