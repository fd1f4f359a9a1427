"""A commit whose outcome nobody knows: never acknowledged in vain, never kept twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support import postgres
from support.clock import DAY, Clock
from support.cutting_proxy import Breaks, Severed, severing
from support.patience import until
from support.places import ON_POSTGRESQL, Place
from udvej.errors import LostError, StorageError
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox

pytestmark = ON_POSTGRESQL


@pytest.fixture
def severed(postgresql: postgres.Server) -> Iterator[Severed]:
    """A way to the server that can break."""
    with (
        TemporaryDirectory(prefix="udvej-") as folder,
        severing(postgresql.folder, Path(folder)) as way,
    ):
        yield way


@pytest.fixture
def outbox(place: Place, severed: Severed, clock: Clock) -> Iterator[Outbox]:
    """An outbox at the other end of it."""
    far = replace(place, url=f"postgresql+psycopg://postgres@/postgres?host={severed.folder}")
    outbox = Outbox(far.open(), clock)
    yield outbox
    far.forget()


def sealed(number: int) -> Sealed:
    """A stand-in for a sealed referral."""
    return Sealed(b"x" * 99, f"{number:032}")


@pytest.mark.parametrize("breaks", Breaks)
def test_a_referral_whose_commit_broke_is_kept_once_and_acknowledged(
    breaks: Breaks, outbox: Outbox, severed: Severed
) -> None:
    """Whether the server had committed it or not, under one number; the next one follows."""
    outbox.accept(b"a", "AAA-AAA", sealed)
    severed.breaks = breaks
    assert outbox.accept(b"b", "BBB-BBB", sealed) == "BBB-BBB"
    assert severed.broken == 1
    outbox.accept(b"c", "CCC-CCC", sealed)
    status = outbox.status()
    assert (status.waiting, status.last) == (3, 3)
    assert outbox.receipt(b"b", within=DAY) == "BBB-BBB"


@pytest.mark.parametrize("breaks", Breaks)
def test_what_broke_twice_is_not_acknowledged_and_may_be_sent_again(
    breaks: Breaks, outbox: Outbox, severed: Severed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again, it is one referral."""
    accept = outbox._accept  # noqa: SLF001 (breaks the second try as well)

    def broken(*given: object, **named: object) -> str:
        severed.breaks = breaks
        return accept(*given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_accept", broken)
        with pytest.raises(LostError):
            outbox.accept(b"a", "AAA-AAA", sealed)
    assert severed.broken == 2
    assert outbox.accept(b"a", "BBB-BBB", sealed) == (
        "AAA-AAA" if breaks is Breaks.AFTER else "BBB-BBB"
    )
    assert (outbox.status().waiting, outbox.status().last) == (1, 1)


def test_a_mail_whose_mark_broke_is_marked_later_and_not_sent_again(
    outbox: Outbox, severed: Severed
) -> None:
    """What is marked twice is marked once."""
    outbox.accept(b"a", "AAA-AAA", sealed)
    leased = outbox.lease()
    assert leased is not None
    for breaks in Breaks:
        severed.breaks = breaks
        with pytest.raises(LostError):
            outbox.sent(leased)
    outbox.sent(leased)
    assert outbox.status().sent == 1
    assert outbox.lease() is None


def test_what_no_standby_has_got_is_not_acknowledged(
    place: Place, postgresql: postgres.Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server is to wait for one; the commit has no timeout of the server's own."""
    outbox = Outbox(place.open(), clock)
    monkeypatch.setattr("udvej.postgresql.bounded.PATIENCE", 0.5)
    with waiting_for(postgresql, "nobody"), pytest.raises(StorageError):
        outbox.accept(b"a", "AAA-AAA", sealed)
    monkeypatch.undo()
    assert outbox.accept(b"a", "BBB-BBB", sealed) == "AAA-AAA"
    assert (outbox.status().waiting, outbox.status().last) == (1, 1)


@contextmanager
def waiting_for(server: postgres.Server, standby: str) -> Iterator[None]:
    """It acknowledges no commit before a standby has it."""
    for value in (standby, ""):
        server.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{value}'")
        server.ask("SELECT pg_reload_conf()")
        until(lambda value=value: server.ask("SHOW synchronous_standby_names") == [(value,)])  # type: ignore[misc]
        if value:
            yield
