"""From one engine to the other, all or nothing, and never two that give numbers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from sqlalchemy import delete, select, update
from support import postgres
from support.checkout import CHECKOUT
from support.clock import Clock
from support.places import Place
from support.running import ended, next_line, started
from udvej.database import Database
from udvej.errors import ConfigError, StorageError
from udvej.outbox import moving
from udvej.outbox.drills import Drills
from udvej.outbox.moving import move
from udvej.outbox.schema import DRILLS, REFERRALS, TABLES
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox

_HOLD = """
import sys
from pathlib import Path
from support.places import Place
from support.running import ended, next_line, started
from udvej.outbox.schema import TABLES, UPGRADES
database = Place(Path(sys.argv[1]), sys.argv[2]).open()
database.create(TABLES, UPGRADES)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere(place: Place, postgresql: postgres.Server) -> Iterator[Place]:
    """Where nothing is kept yet, of the other engine."""
    if not place.url:
        postgresql.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    elsewhere = Place(place.state, "" if place.url else postgresql.url)
    yield elsewhere
    elsewhere.forget()


@pytest.fixture
def other(elsewhere: Place) -> Iterator[Database]:
    """The database there."""
    database = elsewhere.open()
    yield database
    database.close()


@contextmanager
def a_process_at(place: Place) -> Iterator[None]:
    """Another process has the database open, and does nothing with it."""
    command = [sys.executable, "-c", _HOLD, str(place.state), place.url]
    process = started(
        command,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    try:
        next_line(process)
        yield
    finally:
        ended(process)


def sealed(number: int) -> Sealed:
    """A stand-in for a sealed referral, with every byte there is."""
    return Sealed(bytes(range(256)) * 20 + b"%d" % number, f"{number:032}")


def fill(database: Database, clock: Clock) -> Outbox:
    """One in every state, a drill, and a flood."""
    outbox = Outbox(database, clock)
    for key in range(5):
        clock.move(0.1)
        outbox.accept(b"%d" % key, f"ref {key}", sealed)
    for settle in (
        outbox.sent,
        lambda leased: outbox.failed(leased, "DATA 554 »æøå«"),
        lambda leased: outbox.retry(leased, "busy"),
    ):
        leased = outbox.lease()
        assert leased is not None
        settle(leased)
    outbox.accept(b"flood", "ref flood", sealed, paced=True)
    Drills(database, clock=clock).make(sealed, "certificate", "AAAA-AAAA-AAAA")
    return outbox


def all_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in TABLES.sorted_tables
        }


def test_all_of_it_is_there_and_goes_on_there(
    database: Database, other: Database, clock: Clock
) -> None:
    """Every row as it was, numbers, receipts, drills and all."""
    fill(database, clock).close()
    before = all_of(database)
    moved = move(database, other, "elsewhere")
    assert all_of(other) == before
    assert moved == {name: len(rows) for name, rows in before.items() if name != "moved"}
    outbox = Outbox(other, clock)
    assert outbox.accept(b"3", "again", sealed) == "ref 3"
    outbox.accept(b"new", "ref new", sealed)
    assert outbox.status().last == 7
    assert Drills(other, clock=clock).confirm("AAAA-AAAA-AAAA") == 1


def test_what_it_was_moved_from_is_left_and_gives_no_number(
    database: Database, other: Database, clock: Clock
) -> None:
    """Neither to a site that is started there by mistake, nor to one that never ended."""
    running = fill(database, clock)
    before = all_of(database)
    move(database, other, "elsewhere")
    after = all_of(database)
    assert {name for name in before if after[name] != before[name]} == {"numbers", "moved"}
    with pytest.raises(ConfigError, match="what was kept here has moved to elsewhere"):
        Outbox(database)
    with pytest.raises(StorageError, match="has moved"):
        running.accept(b"late", "ref late", sealed)
    with pytest.raises(ConfigError, match="has been moved already"):
        move(database, other, "elsewhere")


def test_it_goes_back_when_the_old_one_is_out_of_the_way(
    database: Database, other: Database, clock: Clock
) -> None:
    """What was left there is in the way."""
    fill(database, clock).close()
    move(database, other, "elsewhere")
    before = all_of(other)
    with pytest.raises(ConfigError, match="move it out of the way first"):
        move(other, database, "back")
    with database.transaction() as connection:
        for table in TABLES.sorted_tables:
            connection.execute(delete(table))
    move(other, database, "back")
    assert all_of(database) == before


@pytest.mark.parametrize("used", ["source", "target"])
def test_nothing_is_moved_while_a_process_has_one_of_them_open(
    used: str,
    database: Database,
    other: Database,
    *,
    clock: Clock,
    place: Place,
    elsewhere: Place,
) -> None:
    """Here, or on another host."""
    fill(database, clock).close()
    before = all_of(database)
    database.close()
    with (
        a_process_at(place if used == "source" else elsewhere),
        pytest.raises(ConfigError, match="a process of this site still runs"),
    ):
        move(database, other, "elsewhere")
    assert all_of(database) == before
    move(database, other, "elsewhere")


def test_a_target_that_holds_something_is_refused(
    database: Database, other: Database, clock: Clock
) -> None:
    """And left as it is, like the source."""
    fill(database, clock).close()
    Outbox(other, clock).accept(b"theirs", "ref theirs", sealed)
    before = all_of(database), all_of(other)
    with pytest.raises(ConfigError, match="holds referrals, drills or receipts already"):
        move(database, other, "elsewhere")
    assert (all_of(database), all_of(other)) == before


def test_a_source_where_nothing_was_ever_kept_is_refused(
    database: Database, other: Database
) -> None:
    """It is likely another's."""
    with pytest.raises(ConfigError, match="nothing has ever been kept there"):
        move(database, other, "elsewhere")


def lost_row(database: Database) -> None:
    """One is gone."""
    with database.transaction() as connection:
        connection.execute(delete(REFERRALS).where(REFERRALS.c.number == 3))


def changed_byte(database: Database) -> None:
    """One is not what it was."""
    with database.transaction() as connection:
        connection.execute(update(REFERRALS).where(REFERRALS.c.number == 3).values(cms=b"x"))


def changed_time(database: Database) -> None:
    """By less than anybody sees."""
    with database.transaction() as connection:
        connection.execute(update(DRILLS).values(made=DRILLS.c.made + 1e-6))


@pytest.mark.parametrize("spoil", [lost_row, changed_byte, changed_time])
def test_a_copy_that_is_not_the_same_does_not_count(
    spoil: Callable[[Database], None], database: Database, other: Database, clock: Clock
) -> None:
    """The source goes on; once more, and it is well."""
    fill(database, clock).close()
    before = all_of(database)
    close = moving._close  # noqa: SLF001 (what comes between the copy and the look at it)

    def spoilt(source: Database, target: Database, *rest: str) -> None:
        spoil(target)
        close(source, target, *rest)

    with (
        patch("udvej.outbox.moving._close", spoilt),
        pytest.raises(StorageError, match="what was copied is not what is kept now"),
    ):
        move(database, other, "elsewhere")
    with pytest.raises(ConfigError, match="interrupted; run udvej move once more"):
        Outbox(other)
    with pytest.raises(ConfigError, match="a move to there was interrupted"):
        move(other, database, "back")
    assert Outbox(database, clock).status().last == 6
    assert all_of(database) == before
    move(database, other, "elsewhere")
    assert all_of(other) == before


def test_an_interruption_after_the_last_look_leaves_both_closed_until_it_is_run_again(
    database: Database, other: Database, clock: Clock
) -> None:
    """Then there is one again."""
    fill(database, clock).close()
    before = all_of(database)
    close = moving._close  # noqa: SLF001 (what comes before the end)

    def ended(*given: object) -> None:
        close(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with patch("udvej.outbox.moving._close", ended), pytest.raises(KeyboardInterrupt):
        move(database, other, "elsewhere")
    for closed in (database, other):
        with pytest.raises(ConfigError, match="move"):
            Outbox(closed)
    move(database, other, "elsewhere")
    assert all_of(other) == before
