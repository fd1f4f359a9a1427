"""Pages as files, in front of the application."""

import gzip
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient
from support.municipality import HEADING
from udvej.publish.freeze import WWW
from udvej.services import Services
from udvej.web.app import create_app
from udvej.web.frozen import Files
from werkzeug.test import TestResponse

VALIDATORS = ("Date", "ETag", "Last-Modified")


@pytest.fixture
def frozen(services: Services, frozen_pages: Path) -> FlaskClient:
    """A visitor of the site whose pages are files."""
    client = create_app(services, Files(frozen_pages / WWW)).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


def told(answer: TestResponse) -> dict[str, str]:
    """The headers, but for those that say when it was made."""
    return {name: value for name, value in answer.headers.items() if name not in VALIDATORS}


@pytest.mark.parametrize("address", ["/", "/om/", "/ar/moedet/", "/robots.txt", "/sitemap.xml"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_answered_as_the_application_would(
    frozen: FlaskClient, passer_by: FlaskClient, address: str, method: str
) -> None:
    """Same bytes, same headers."""
    file, page = (each.open(address, method=method, buffered=True) for each in (frozen, passer_by))
    assert (file.status, file.data, told(file)) == (page.status, page.data, told(page))
    assert "ETag" in file.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_part_is_never_answered(frozen: FlaskClient, method: str) -> None:
    """Whoever asks for one is told of the whole file (RFC 9110, 14.2)."""
    whole, part = (
        frozen.open("/om/", method=method, headers=headers, buffered=True)
        for headers in ({}, {"Range": "bytes=0-9"})
    )
    assert (part.status_code, part.data, told(part)) == (200, whole.data, told(whole))


@pytest.mark.parametrize("known", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_is_known_is_not_sent_again(
    frozen: FlaskClient, method: str, known: str
) -> None:
    """It is named by its tag or by its date."""
    asked = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[known]
    seen = frozen.get("/om/", buffered=True).headers[known]
    answer = frozen.open("/om/", method=method, headers={asked: seen}, buffered=True)
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_a_file_comes_compressed_to_whoever_takes_it(
    frozen: FlaskClient, accepted: str, decode: type[bytes]
) -> None:
    """And is the same inside."""
    answer = frozen.get("/om/", headers={"Accept-Encoding": accepted}, buffered=True)
    assert answer.headers["Content-Encoding"] == accepted
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert decode(answer.data) == frozen.get("/om/", buffered=True).data
    assert len(answer.data) < len(frozen.get("/om/", buffered=True).data) / 2


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/om", 308),
        ("GET", "/om/index.html", 404),
        ("GET", "/om/index.html.br", 404),
        ("GET", "/../headers.conf", 404),
        ("GET", "/headers.conf", 404),
        ("POST", "/om/", 405),
        ("PUT", "/robots.txt", 405),
        ("GET", "/skriv/", 200),
        ("GET", "/nej/", 404),
    ],
)
def test_what_is_no_page_is_left_to_the_application(
    frozen: FlaskClient, passer_by: FlaskClient, method: str, address: str, status: int
) -> None:
    """One address a page; errors are pages of ours, headers and all."""
    file, page = (each.open(address, method=method, buffered=True) for each in (frozen, passer_by))
    assert file.status_code == page.status_code == status
    assert told(file).keys() == told(page).keys()
    assert "no-store" in file.headers["Cache-Control"]


def test_whoever_has_left_is_led_away_from_files_too(frozen: FlaskClient) -> None:
    """Back asks for the page, and gets the blank one."""
    assert HEADING in frozen.get("/om/", buffered=True).text
    frozen.post("/forlad/")
    assert HEADING not in frozen.get("/om/", buffered=True).text


def test_a_file_opens_no_door_to_others(frozen: FlaskClient) -> None:
    """No other site may read it."""
    assert "Access-Control-Allow-Origin" not in frozen.get("/robots.txt", buffered=True).headers
