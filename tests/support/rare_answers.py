"""Answers that are seldom met: the site once more in this process, made to give them."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

from flask import Flask, abort
from limits import parse
from playwright.sync_api import Route
from support.browser import Visit
from support.municipality import demonstration
from support.visiting import Visitor
from udvej.content.addresses import FORM
from udvej.errors import StorageError
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.test import TestResponse


def _site(state: Path, *, sendings: int = 1, drafts: int = 1) -> Flask:
    """The demonstration of a state folder, which takes and keeps so much of a client an hour."""
    with (
        patch("udvej.web.app._SENDINGS", parse(f"{sendings}/hour")),
        patch("udvej.web.app._CORRECTIONS", parse(f"{drafts}/hour")),
    ):
        return create_app(Services.open(demonstration(state)))


def _error(code: int, state: Path) -> TestResponse:
    site = _site(state)

    @site.get("/fejl/")
    def fail() -> str:
        if code == 500:
            raise RuntimeError
        abort(code)

    answer = site.test_client().get("/fejl/")
    assert answer.status_code == code
    return answer


def _sent(site: Flask, **changes: str) -> TestResponse:
    """What is answered to a form, redirects followed."""
    client = site.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    sent = Visitor(client).send(**changes)
    return client.get(sent.location) if sent.location else sent


def _busy(state: Path) -> TestResponse:
    answer = _sent(_site(state, sendings=0))
    assert "Der er travlt lige nu" in answer.text
    return answer


def _busy_without_draft(state: Path) -> TestResponse:
    answer = _sent(_site(state, sendings=0, drafts=0), phone="46")
    assert answer.status_code == 429
    return answer


def _not_stored(state: Path) -> TestResponse:
    with patch.object(Outbox, "accept", side_effect=StorageError):
        answer = _sent(_site(state))
    assert answer.status_code == 503
    return answer


@cache
def _answer(get: Callable[[Path], TestResponse], state: Path) -> TestResponse:
    """What is answered there; several tests look at it."""
    return get(state)


def _bring(get: Callable[[Path], TestResponse], visit: Visit) -> None:
    """Open the form's address, and be given that answer."""
    answer = _answer(get, visit.site.state)

    def give(route: Route) -> None:
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    visit.page.route(f"**{FORM}", give)
    visit.open(FORM)


# Each answer by a name for it.
RARE: Final[Mapping[str, Callable[[Visit], None]]] = {
    **{
        f"fejl-{code}": partial(_bring, partial(_error, code))
        for code in (400, 405, 413, 429, 500, 503)
    },
    "skriv-travlt": partial(_bring, _busy),
    "skriv-travlt-fejl": partial(_bring, _busy_without_draft),
    "skriv-ikke-gemt": partial(_bring, _not_stored),
}
