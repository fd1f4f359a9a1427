"""Each line that a web process can write tells what happened, and never to whom.

Looked for in the lines themselves: a search in the log of a day on which none was written would
find nothing, whatever the line held.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from support.searching import found
from support.visiting import FILLED_IN, TYPED, Visitor
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.logs import EventFormatter
from udvej.services import Services
from udvej.web.app import create_app
from udvej.web.reader import SESSION_COOKIE

ADDRESS, BEFORE = "203.0.113.77", "198.51.100.23"
AGENT, LANGUAGE, CAME_FROM = "Sofies-browser/4711", "da-sofie", "https://sted.example/sofie4711"
WORDS = [FILLED_IN[name].split("\r\n")[0] for name in TYPED]
WHO = [ADDRESS, BEFORE, AGENT, LANGUAGE, CAME_FROM, *WORDS]


@pytest.fixture
def app(config: Config, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The site, with a page that breaks, where one sending an hour is one too many."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("0/hour"))
    monkeypatch.setattr("udvej.web.app._CORRECTIONS", parse("1/hour"))
    app = create_app(Services.open(config))

    def breaks() -> str:
        raise RuntimeError(", ".join(WHO))

    app.add_url_rule("/i-stykker/", "breaks", breaks)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody whose every sign could be found again."""
    client = app.test_client()
    client.environ_base |= {
        "wsgi.url_scheme": "https",
        "REMOTE_ADDR": ADDRESS,
        "HTTP_X_FORWARDED_FOR": BEFORE,
        "HTTP_USER_AGENT": AGENT,
        "HTTP_ACCEPT_LANGUAGE": LANGUAGE,
        "HTTP_REFERER": CAME_FROM,
    }
    return client


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Every line so far, of whatever library and level, as it is written."""
    caplog.set_level(logging.DEBUG)
    return lambda: [EventFormatter().format(record) for record in caplog.records]


def refuse_rows(state: Path, file: str, table: str) -> None:
    """From now on a table takes no row."""
    with closing(sqlite3.connect(state / f"{file}.sqlite3")) as connection:
        connection.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        )


def lose_drafts(state: Path) -> None:
    """The table of the drafts is gone."""
    with closing(sqlite3.connect(state / "drafts.sqlite3")) as connection:
        connection.execute("DROP TABLE drafts")


def is_limited(client: FlaskClient, _state: Path) -> None:
    """Too much from one client, with room for a draft and without."""
    visitor = Visitor(client)
    assert [visitor.send().status_code for _ in range(2)] == [303, 429]


def is_not_stored(client: FlaskClient, state: Path) -> None:
    """The draft of a refused form cannot be kept."""
    refuse_rows(state, "drafts", "drafts")
    assert Visitor(client).send(who="").status_code == 503


def finds_no_storage(client: FlaskClient, state: Path) -> None:
    """The draft that was kept cannot be read."""
    assert Visitor(client).send(who="").location == FORM
    lose_drafts(state)
    assert client.get(FORM).status_code == 503


def breaks(client: FlaskClient, _state: Path) -> None:
    """Something that nobody thought of."""
    assert client.get("/i-stykker/?" + "&".join(WORDS)).status_code == 500


@pytest.mark.parametrize(
    ("meets", "event", "times"),
    [
        (is_limited, "event=limited", 2),
        (is_not_stored, "event=not-stored", 1),
        (finds_no_storage, "event=storage-failed", 1),
        (breaks, "event=broken", 1),
    ],
)
def test_the_line_that_is_written_tells_nothing_of_who_came(
    *,
    meets: Callable[[FlaskClient, Path], None],
    event: str,
    times: int,
    client: FlaskClient,
    config: Config,
    written: Callable[[], list[str]],
) -> None:
    """Neither their address, nor their browser, cookie or words, in any form."""
    meets(client, config.state)
    lines = written()
    assert sum(event in line for line in lines) == times
    cookie = client.get_cookie(SESSION_COOKIE)
    known = [*WHO, cookie.value] if cookie else WHO
    assert found(known, {"log": "\n".join(lines).encode()}) == set()


def test_the_same_search_finds_an_address_that_a_line_holds(
    written: Callable[[], list[str]],
) -> None:
    """The positive control."""
    logging.getLogger("udvej.web.referral").warning("event=limited client=%s", ADDRESS)
    log = "\n".join(written()).encode()
    assert {word for _, word, _ in found(WHO, {"log": log})} == {ADDRESS}


def test_what_goes_well_is_not_written_at_all(
    config: Config, written: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, sending, being refused, leaving."""
    monkeypatch.undo()
    client = create_app(Services.open(config)).test_client()
    client.environ_base |= {"wsgi.url_scheme": "https", "REMOTE_ADDR": ADDRESS}
    visitor = Visitor(client)
    client.get("/")
    visitor.send(who="")
    visitor.send()
    client.get("/findes-ikke/")
    client.post("/forlad/")
    assert [line for line in written() if "event=" in line] == []
    assert found(WHO, {"log": "\n".join(written()).encode()}) == set()
