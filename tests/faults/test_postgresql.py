"""PostgreSQL stopped, hanging, full, read-only or held while somebody writes: 503 with the text."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from support import postgres
from support.municipality import PHONE
from support.patience import until
from support.places import ON_POSTGRESQL, Place
from support.visiting import FILLED_IN, Visitor, fields
from udvej.config import Config
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.web.app import create_app

pytestmark = ON_POSTGRESQL


@contextmanager
def stopped(server: postgres.Server) -> Iterator[None]:
    """For an upgrade, say."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def killed(server: postgres.Server) -> Iterator[None]:
    """The machine has no power."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def paused(server: postgres.Server) -> Iterator[None]:
    """The machine hangs."""
    with server.paused():
        yield


@contextmanager
def exhausted(server: postgres.Server) -> Iterator[None]:
    """Others have taken all of its connections."""
    with server.exhausted():
        yield


@contextmanager
def read_only(server: postgres.Server) -> Iterator[None]:
    """It has become a standby's."""
    with setting(server, "default_transaction_read_only", "on"):
        yield


@contextmanager
def held(server: postgres.Server) -> Iterator[None]:
    """A transaction of somebody's hangs on the number."""
    with postgres.connect(server.url) as other:
        other.execute("SELECT * FROM udvej.numbers FOR UPDATE")
        yield


@contextmanager
def setting(server: postgres.Server, name: str, value: str) -> Iterator[None]:
    """Another configuration for a while."""
    (before,) = server.ask(f"SHOW {name}")
    for statement, expected in (
        (f"ALTER SYSTEM SET {name} = {value}", (value,)),
        (f"ALTER SYSTEM RESET {name}", before),
    ):
        server.ask(statement)
        server.ask("SELECT pg_reload_conf()")
        until(lambda expected=expected: server.ask(f"SHOW {name}") == [expected])  # type: ignore[misc]
        if expected != before:
            yield


@pytest.mark.parametrize("trouble", [stopped, killed, paused, exhausted, read_only, held])
def test_nothing_is_acknowledged_or_lost_and_all_goes_on_when_it_is_over(
    trouble: Callable[[postgres.Server], AbstractContextManager[None]],
    *,
    place: Place,
    config: Config,
    postgresql: postgres.Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """503 with the form as typed and the phone number; pressed again, it is one referral."""
    client = create_app(Services.open(place.of(config))).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    person = Visitor(client)
    filled_in = {**person.open(), **FILLED_IN}
    monkeypatch.setattr("udvej.postgresql.bounded.PATIENCE", 1.0)
    with trouble(postgresql):
        answer = person.press(filled_in)
        assert answer.status_code == 503
        kept = fields(answer.text)
        assert {name: kept.get(name) for name in FILLED_IN} == FILLED_IN
        assert PHONE in answer.text
        health = client.get("/sundhed")
        assert health.status_code == 503
        assert "the database does not answer" in health.text
        assert str(postgresql.folder) not in health.text
    monkeypatch.undo()
    assert person.is_taken(person.press(kept))
    assert person.is_taken(person.press(kept))
    database = place.open()
    assert (Outbox(database).status().waiting, Outbox(database).status().last) == (1, 1)
