"""Whatever is asked, the answer is a page in plain Danish with the phone number, or health."""

import io
import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from support.municipality import FACTS, PHONE
from support.visiting import FILLED_IN, TYPED, Visitor, headings
from udvej.config import Config
from udvej.content.addresses import FORM
from werkzeug.test import TestResponse

HEADINGS = {
    400: "Det kunne vi ikke læse",
    404: "Siden findes ikke",
    405: "Det kan siden ikke",
    413: "Det var for meget på én gang",
    429: "Der er travlt lige nu",
    500: "Noget gik galt hos os",
    503: "Siden virker ikke lige nu",
}


def is_error_page(answer: TestResponse, code: int) -> bool:
    """Whether it is the page for a code, complete with phone number and headers."""
    assert answer.status_code == code
    assert headings(answer.text) == [HEADINGS[code]]
    assert f">{PHONE}</a>" in answer.text
    assert answer.mimetype == "text/html"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    return True


@pytest.fixture
def breaking(app: Flask) -> FlaskClient:
    """A site where an address for every code ends in it, and 500 by breaking."""

    @app.get("/fejl/<int:code>/")
    def fail(code: int) -> str:
        if code == 500:
            raise RuntimeError("hemmeligt")
        abort(code, "hemmeligt")

    return app.test_client()


@pytest.mark.parametrize("code", HEADINGS)
def test_every_error_is_a_page_with_the_phone_number_and_without_details(
    code: int, breaking: FlaskClient
) -> None:
    """Nothing of what went wrong inside."""
    answer = breaking.get(f"/fejl/{code}/")
    assert is_error_page(answer, code)
    assert "hemmeligt" not in answer.text
    assert "Error" not in answer.text
    assert answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize(("code", "shown_as"), [(410, 400), (418, 400), (501, 500), (502, 500)])
def test_other_errors_look_like_the_nearest(
    code: int, shown_as: int, breaking: FlaskClient
) -> None:
    """With the code they have."""
    answer = breaking.get(f"/fejl/{code}/")
    assert (answer.status_code, headings(answer.text)) == (code, [HEADINGS[shown_as]])


def test_what_breaks_is_logged_without_the_address(
    breaking: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """People write all kinds of things in the address."""
    breaking.get("/fejl/500/?navn=Sofie")
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "event=broken")
    assert "Sofie" not in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "/findes-ikke/",
        "/skriv",
        "/%00",
        "/%ff",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "/" + "a" * 8000 + "/",
        "/{{7*7}}/",
        "/<script>alert(1)</script>/",
        "/%0d%0aSet-Cookie:%20a=b/",
        "/skriv/%E2%80%AE/",
    ],
)
def test_an_address_that_is_not_ours_is_not_found(path: str, passer_by: FlaskClient) -> None:
    """Or one that leads to ours; and it is never repeated on the page."""
    answer = passer_by.get(path)
    if path == "/skriv":
        assert answer.status_code == 308
        return
    assert is_error_page(answer, 404)
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "SKRIV"])
@pytest.mark.parametrize("address", ["/", FORM, "/forlad/", "/sundhed"])
def test_a_method_that_a_page_does_not_know_is_refused(
    method: str, address: str, passer_by: FlaskClient
) -> None:
    """And those it knows are named."""
    answer = passer_by.open(address, method=method)
    assert is_error_page(answer, 405)
    assert answer.headers["Allow"]


@pytest.fixture
def form(passer_by: FlaskClient) -> dict[str, str]:
    """An open form, filled in, under the client's cookie."""
    return {**Visitor(passer_by).open(), **FILLED_IN}


URLENCODED = "application/x-www-form-urlencoded"
Body = Callable[[Mapping[str, str]], dict[str, Any]]


def urlencoded(change: Callable[[bytes], bytes]) -> Body:
    """The form's body with something done to its bytes."""
    return lambda form: {"data": change(urlencode(form).encode()), "content_type": URLENCODED}


def added(rest: bytes) -> Body:
    """The form's body with something after it."""
    return urlencoded(lambda body: body + rest)


def changed(**changes: str) -> Body:
    """The form with other values."""
    return lambda form: {"data": {**form, **changes}}


BAD_BODIES: dict[str, tuple[int, Body]] = {
    "nothing": (400, lambda _: {}),
    "no token": (400, lambda form: {"data": {**form, "token": ""}}),
    "a token of another kind": (400, changed(token="Z" * 32)),
    "a field twice": (400, added(b"&message=en%20til")),
    "a choice twice": (400, added(b"&who=self")),
    "10,000 fields": (400, added(b"&x=1" * 10_000)),
    "10,000 fields without a name": (400, added(b"&" * 10_000)),
    "half a MB of nothing": (400, urlencoded(lambda _: b"\0" * 500_000)),
    "JSON": (400, lambda form: {"data": json.dumps(form), "content_type": "application/json"}),
    "JSON that says it is a form": (
        400,
        lambda form: {"data": json.dumps(form), "content_type": URLENCODED},
    ),
    "a file": (400, lambda form: {"data": {**form, "message": (io.BytesIO(b"hej"), "brev.txt")}}),
    "a big file": (
        400,
        lambda _: {
            "data": b'--x\r\nContent-Disposition: form-data; name="message"; filename="b"\r\n\r\n'
            + b"x" * 500_000
            + b"\r\n--x--\r\n",
            "content_type": "multipart/form-data; boundary=x",
        },
    ),
    "multipart without its boundary": (
        400,
        lambda _: {"data": b"--x\r\n\r\nhej", "content_type": "multipart/form-data"},
    ),
    "multipart that ends too soon": (
        400,
        lambda _: {
            "data": b'--x\r\nContent-Disposition: form-data; name="token"\r\n',
            "content_type": "multipart/form-data; boundary=x",
        },
    ),
    "UTF-16": (400, urlencoded(lambda body: body.decode().encode("utf-16"))),
}


@pytest.mark.parametrize(("code", "body"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_no_browser_sends_is_refused_in_plain_words(
    code: int, body: Body, passer_by: FlaskClient, form: dict[str, str]
) -> None:
    """With the phone number, and nothing broke."""
    assert is_error_page(passer_by.post(FORM, **body(form)), code)


ODD_BODIES: dict[str, Body] = {
    "a name with NUL": changed(name="a\0b"),
    "a message with an escape": changed(message="a\x1b[31mb"),
    "a phone number with a vertical tab": changed(phone="20123456\x0bBcc: x@y.dk"),
    "a choice with a control character": changed(who="self\x01"),
    "a replacement character": changed(times="kl. \ufffd"),
    "broken UTF-8, escaped": urlencoded(lambda body: body.replace(b"name=", b"name=%ff%fe")),
    "broken UTF-8, bare": urlencoded(lambda body: body.replace(b"name=", b"name=\xff\xfe")),
    "broken UTF-8 in another field": added(b"&x=\xff\xfe"),
    "a surrogate": urlencoded(lambda body: body.replace(b"name=", b"name=%ed%a0%80")),
    "bytes before the form": urlencoded(lambda body: b"\x1f\x8b\x08" + body),
    "a field that is not ours": added(b"&udvidelse=1"),
    "80,000 letters in Arabic": changed(message="م" * 80_000),
    "80,000 letters in every field": changed(**dict.fromkeys(TYPED, "x" * 80_000)),
    "1 MB in one field": changed(message="x" * 1_000_000),
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_whatever_a_browser_can_send_is_answered_by_a_redirect(
    body: Body, passer_by: FlaskClient, form: dict[str, str]
) -> None:
    """A page that answers the POST would leave the whole form in the browser's session files."""
    answer = passer_by.post(FORM, **body(form))
    assert answer.status_code == 303
    page = passer_by.get(answer.location)
    assert page.status_code == 200
    assert PHONE in page.text


@pytest.mark.parametrize(
    "text",
    [
        "konto" * 8000,
        "1 " * 20_000,
        "cpr" + "nr" * 20_000,
        " " * 40_000 + "x",
        "0101901" * 5000,
        "a@" * 10_000,
        "+" * 10_000,
    ],
    ids=lambda text: f"{text[:8]}…",
)
@pytest.mark.parametrize("field", TYPED)
def test_a_long_text_made_to_be_hard_to_search_is_answered(
    field: str, text: str, passer_by: FlaskClient, form: dict[str, str]
) -> None:
    """Like any other text that is too long."""
    assert passer_by.post(FORM, data={**form, field: text}).status_code == 303


@pytest.mark.parametrize(
    "cookie", ["", "x", "." * 4000, "eyJ9.x.y", "\x7f", "æøå", '"', "__Host-skema=", "a=b; c"]
)
def test_a_cookie_that_is_not_ours_does_no_harm(cookie: str, passer_by: FlaskClient) -> None:
    """As if there was none."""
    headers = {"Cookie": f"__Host-skema={cookie}"}
    assert passer_by.get(FORM, headers=headers).status_code == 200
    assert passer_by.post(FORM, headers=headers).status_code == 400


def test_health_is_well_while_the_database_answers(client: FlaskClient) -> None:
    """For monitoring: a word and the code."""
    answer = client.get("/sundhed")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_says_when_the_database_does_not_answer(config: Config, client: FlaskClient) -> None:
    """And well again when it does."""
    lock = config.state / "udvej.lock"
    lock.rename(config.state / "elsewhere")
    lock.mkdir()
    answer = client.get("/sundhed")
    assert answer.status_code == 503
    assert "the database does not answer\n" in answer.text
    lock.rmdir()
    assert client.get("/sundhed").status_code == 200


def test_a_page_that_needs_the_database_says_when_it_does_not_answer(
    config: Config, client: FlaskClient
) -> None:
    """The other pages are shown as ever."""
    Visitor(client).send()
    with closing(sqlite3.connect(config.state / "udvej.sqlite3")) as spoiling:
        spoiling.execute("DROP TABLE receipts")
    assert is_error_page(client.get(FORM), 503)
    assert client.get("/").status_code == 200


def test_a_missing_slash_leads_on_without_what_was_asked(passer_by: FlaskClient) -> None:
    """No page has a query, and what stands there may be anything."""
    answer = passer_by.get("/skriv?navn=Sofie")
    assert answer.status_code == 308
    assert answer.location.endswith("://localhost/skriv/")


def test_a_page_that_gives_both_numbers_gives_each_once_beside_the_bar(
    passer_by: FlaskClient,
) -> None:
    """The page of the contacts; every other page ends with them."""
    police = [facts.link("politi.telefon") for facts in FACTS.each("politi")]
    assert len(police) > 1
    for address in ("/kontakt/", "/om/"):
        html = passer_by.get(address).text
        given = [html.count(f'href="{link}"') for link in (FACTS.link("team.telefon"), *police)]
        assert given == [2, *[1] * len(police)]
