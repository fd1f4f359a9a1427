"""The outbox: nothing accepted is lost, mailed by two at once, or kept too long."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from support.clock import DAY, HOUR, MINUTE, Clock
from support.killed_processes import FORKED
from support.patience import PATIENCE
from support.places import ON_SQLITE, Place
from udvej.errors import ConfigError, SealingError, UnknownNumber
from udvej.outbox.schema import REFERRALS
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased, Outbox
from udvej.sqlite import SQLite


def sealed(number: int) -> Sealed:
    """A stand-in for a sealed referral that shows its number."""
    return Sealed(f"forseglet {number}".encode(), f"token{number}")


def refuse(_number: int) -> Sealed:
    """A seal that fails."""
    raise SealingError


def accept(outbox: Outbox, *keys: str) -> None:
    """Accept one referral for each key."""
    for key in keys:
        outbox.accept(key.encode(), f"reference of {key}", sealed)


def leased(outbox: Outbox) -> Leased:
    """The next referral, of which there is one."""
    found = outbox.lease()
    assert found is not None
    return found


def drain(outbox: Outbox) -> Iterator[Leased]:
    """Everything that is due."""
    while found := outbox.lease():
        yield found


def test_numbers_run_from_one_without_gaps_when_sealing_fails(outbox: Outbox) -> None:
    """By the number the team sees that none is missing."""
    accept(outbox, "a")
    with pytest.raises(SealingError):
        outbox.accept(b"b", "never shown", refuse)
    accept(outbox, "b", "c")
    assert [found.number for found in drain(outbox)] == [1, 2, 3]


def test_what_could_not_be_sealed_is_not_kept(outbox: Outbox) -> None:
    """Neither as a referral nor as a receipt."""
    with pytest.raises(SealingError):
        outbox.accept(b"a", "never shown", refuse)
    assert outbox.status().waiting == 0
    assert outbox.receipt(b"a", within=DAY) == ""


def test_the_same_sent_twice_is_one_referral_and_one_receipt(outbox: Outbox) -> None:
    """A second press, a reload, Back and send again."""
    first = outbox.accept(b"a", "AAA-AAA", sealed)
    second = outbox.accept(b"a", "BBB-BBB", refuse)
    assert first == second == "AAA-AAA"
    assert outbox.status().waiting == 1


def test_a_receipt_is_shown_for_as_long_as_asked(outbox: Outbox, clock: Clock) -> None:
    """And not after."""
    accept(outbox, "a")
    clock.move(15 * MINUTE)
    assert outbox.receipt(b"a", within=15 * MINUTE) == "reference of a"
    clock.move(1)
    assert outbox.receipt(b"a", within=15 * MINUTE) == ""


def test_receipts_are_forgotten_after_a_day(outbox: Outbox, clock: Clock) -> None:
    """The referral itself waits on."""
    accept(outbox, "a")
    clock.move(DAY)
    outbox.forget(keep_days=14)
    assert outbox.receipt(b"a", within=10 * DAY) == "reference of a"
    clock.move(1)
    outbox.forget(keep_days=14)
    assert outbox.receipt(b"a", within=10 * DAY) == ""
    assert outbox.status().waiting == 1


def test_what_is_handed_out_is_what_was_accepted(outbox: Outbox, clock: Clock) -> None:
    """With the time it was accepted, whatever the time is now."""
    accept(outbox, "a")
    accepted = clock.now
    clock.move(HOUR)
    assert leased(outbox) == Leased(1, sealed(1), accepted, tries=0)


def test_nobody_else_gets_what_is_leased(outbox: Outbox, place: Place, clock: Clock) -> None:
    """Neither here nor in another process."""
    accept(outbox, "a")
    leased(outbox)
    elsewhere = place.open()
    assert outbox.lease() is None
    assert Outbox(elsewhere, clock).lease() is None
    assert outbox.status().waiting == 1
    elsewhere.close()


def test_a_lease_that_ended_is_handed_out_again(outbox: Outbox, clock: Clock) -> None:
    """Its process has died; the try is counted."""
    accept(outbox, "a")
    first = leased(outbox)
    clock.move(5 * MINUTE - 1)
    assert outbox.lease() is None
    clock.move(1)
    again = leased(outbox)
    assert (again.number, again.sealed, again.tries) == (first.number, first.sealed, 1)


def test_a_clock_set_back_keeps_nothing_waiting(outbox: Outbox, clock: Clock) -> None:
    """A due time years ahead is not ours."""
    accept(outbox, "a")
    outbox.retry(leased(outbox), "busy")
    clock.move(-365 * DAY)
    assert leased(outbox).number == 1


def test_what_was_sent_is_not_handed_out_again(outbox: Outbox, clock: Clock) -> None:
    """Not after days either."""
    accept(outbox, "a")
    outbox.sent(leased(outbox))
    clock.move(10 * DAY)
    assert outbox.lease() is None
    assert outbox.status().waiting == 0


def test_tries_are_soon_at_first_and_hourly_later(outbox: Outbox, clock: Clock) -> None:
    """From 30 seconds, twice as long each time, up to an hour; spread by up to a half."""
    accept(outbox, "a")
    for tries in range(12):
        found = leased(outbox)
        assert found.tries == tries
        longest = min(30.0 * 2**tries, HOUR)
        outbox.retry(found, "busy")
        clock.move(longest / 2 - 1)
        assert outbox.lease() is None
        clock.move(longest / 2 + 1)


def test_a_mail_is_given_up_five_days_after_its_first_try(outbox: Outbox, clock: Clock) -> None:
    """It is failed then, and kept for a person to look at."""
    accept(outbox, "a")
    outbox.retry(leased(outbox), "busy")
    clock.move(5 * DAY)
    outbox.retry(leased(outbox), "busy")
    clock.move(HOUR)
    assert outbox.status().waiting == 1
    outbox.retry(leased(outbox), "busy")
    clock.move(HOUR)
    assert outbox.lease() is None
    assert outbox.status().waiting == 0


def test_what_waited_for_its_turn_for_days_is_not_given_up_at_the_first_try(
    outbox: Outbox, clock: Clock
) -> None:
    """Behind a flood; one 450 must not end it."""
    accept(outbox, "a")
    clock.move(10 * DAY)
    outbox.retry(leased(outbox), "RCPT 450")
    assert outbox.status().waiting == 1
    clock.move(HOUR)
    assert leased(outbox).number == 1


def test_what_failed_has_its_days_once_more_when_a_person_mails_it_again(
    outbox: Outbox, clock: Clock
) -> None:
    """They count from then."""
    accept(outbox, "a")
    outbox.failed(leased(outbox), "DATA 554")
    clock.move(10 * DAY)
    outbox.requeue(1)
    outbox.retry(leased(outbox), "RCPT 450")
    assert outbox.status().waiting == 1


def test_a_late_verdict_does_not_undo_what_was_sent(outbox: Outbox, clock: Clock) -> None:
    """A process that hung beyond its lease comes back when another has sent the mail."""
    accept(outbox, "a")
    slow = leased(outbox)
    clock.move(5 * MINUTE)
    outbox.sent(leased(outbox))
    outbox.failed(slow, "DATA 554")
    outbox.retry(slow, "busy")
    clock.move(15 * DAY)
    assert outbox.lease() is None
    outbox.forget(keep_days=14)
    assert rows(outbox) == 0


def test_a_late_verdict_has_no_say_while_another_process_tries(
    outbox: Outbox, clock: Clock
) -> None:
    """Neither a refusal nor a delay: what the other one finds out counts."""
    accept(outbox, "a")
    slow = leased(outbox)
    clock.move(5 * MINUTE)
    trying = leased(outbox)
    outbox.failed(slow, "DATA 554")
    assert outbox.outcome(1) == "waiting"
    outbox.retry(slow, "busy")
    assert outbox.outcome(1) == "waiting"
    clock.move(5 * MINUTE - 1)
    assert outbox.lease() is None
    outbox.failed(trying, "RCPT 550")
    assert outbox.outcome(1) == "failed: RCPT 550"


def test_a_late_250_counts_while_another_process_tries(outbox: Outbox, clock: Clock) -> None:
    """The team has the mail; the other's verdict cannot take that back, nor mail it once more."""
    accept(outbox, "a")
    slow = leased(outbox)
    clock.move(5 * MINUTE)
    trying = leased(outbox)
    outbox.sent(slow)
    outbox.retry(trying, "busy")
    outbox.failed(trying, "DATA 554")
    clock.move(HOUR)
    assert outbox.lease() is None
    assert outbox.outcome(1) == "sent"


def test_a_late_250_after_a_refusal_is_sent_and_forgotten_in_its_time(
    outbox: Outbox, clock: Clock
) -> None:
    """Nobody is to look for a mail that the team has; the reason is gone with the refusal."""
    accept(outbox, "a")
    slow = leased(outbox)
    clock.move(5 * MINUTE)
    outbox.failed(leased(outbox), "DATA 554")
    clock.move(DAY)
    outbox.sent(slow)
    assert outbox.outcome(1) == "sent"
    assert (outbox.status().failed, outbox.status().sent) == ([], 1)
    clock.move(14 * DAY)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 1
    clock.move(1)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 0


def test_a_second_250_keeps_nothing_longer(outbox: Outbox, clock: Clock) -> None:
    """The days are counted from the first."""
    accept(outbox, "a")
    slow = leased(outbox)
    clock.move(5 * MINUTE)
    outbox.sent(leased(outbox))
    clock.move(DAY)
    outbox.sent(slow)
    clock.move(13 * DAY + 1)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 0


def test_what_was_given_up_begins_from_the_start_when_mailed_again(
    outbox: Outbox, clock: Clock
) -> None:
    """Due at once, with soon tries first, five more days, and under another Message-ID."""
    accept(outbox, "a")
    for _ in range(7):
        outbox.retry(leased(outbox), "busy")
        clock.move(HOUR)
    clock.move(5 * DAY)
    outbox.retry(leased(outbox), "busy")
    assert outbox.outcome(1) == "failed: busy"
    outbox.requeue(1)
    assert outbox.outcome(1) == "waiting"
    fresh = leased(outbox)
    assert (fresh.number, fresh.accepted, fresh.tries) == (1, clock.now, 0)
    assert fresh.sealed.cms == sealed(1).cms
    assert fresh.sealed.token != sealed(1).token
    outbox.retry(fresh, "busy")
    clock.move(30)
    second = leased(outbox)
    assert second.sealed.token == fresh.sealed.token
    clock.move(4 * DAY)
    outbox.retry(second, "busy")
    assert outbox.status().waiting == 1
    clock.move(HOUR)
    third = leased(outbox)
    clock.move(DAY)
    outbox.retry(third, "busy")
    assert outbox.outcome(1) == "failed: busy"


def test_what_was_sent_and_is_mailed_again_is_kept_from_the_second_250(
    outbox: Outbox, clock: Clock
) -> None:
    """The team may have lost the second one too."""
    accept(outbox, "a")
    outbox.sent(leased(outbox))
    clock.move(13 * DAY)
    outbox.requeue(1)
    clock.move(13 * DAY)
    outbox.forget(keep_days=14)
    outbox.sent(leased(outbox))
    clock.move(14 * DAY)
    outbox.forget(keep_days=14)
    assert outbox.status().sent == 1
    clock.move(1)
    outbox.forget(keep_days=14)
    assert outbox.status().sent == 0


def test_what_waits_cannot_be_asked_for_again(outbox: Outbox) -> None:
    """Nor what is being tried: it would be mailed twice."""
    accept(outbox, "a")
    with pytest.raises(UnknownNumber):
        outbox.requeue(1)
    leased(outbox)
    with pytest.raises(UnknownNumber):
        outbox.requeue(1)
    assert outbox.lease() is None


def test_what_was_held_back_follows_the_ordinary_times_once_it_was_tried(
    outbox: Outbox, clock: Clock
) -> None:
    """A retry keeps nobody else back, and a clock set back does not strand it."""
    for key in ("r1", "r2"):
        outbox.accept(key.encode(), "AAA-AAA", sealed, paced=True)
    clock.move(MINUTE)
    outbox.retry(leased(outbox), "busy")
    clock.move(MINUTE)
    assert [found.number for found in drain(outbox)] == [1, 2]
    outbox.accept(b"r3", "AAA-AAA", sealed, paced=True)
    clock.move(MINUTE)
    assert leased(outbox).number == 3


def test_a_retry_of_what_was_held_back_survives_a_clock_set_back(
    outbox: Outbox, clock: Clock
) -> None:
    """As every other does."""
    outbox.accept(b"r", "AAA-AAA", sealed, paced=True)
    clock.move(MINUTE)
    outbox.retry(leased(outbox), "busy")
    clock.now -= 2 * HOUR
    assert leased(outbox).number == 1
    assert outbox.lease() is None


def test_several_held_back_wait_for_the_last_of_them(outbox: Outbox, clock: Clock) -> None:
    """However few are left when another comes."""
    for key in ("r1", "r2", "r3"):
        outbox.accept(key.encode(), "AAA-AAA", sealed, paced=True)
    clock.move(MINUTE)
    assert leased(outbox).number == 1
    outbox.accept(b"r4", "AAA-AAA", sealed, paced=True)
    for due in (2, 3, 4):
        assert outbox.lease() is None
        clock.move(MINUTE)
        assert [found.number for found in drain(outbox)] == [due]


@pytest.mark.heavy
def test_a_crowd_is_known_by_its_own_hour_whatever_came_before(
    tmp_path: Path, clock: Clock
) -> None:
    """As many as people write came earlier that day: they neither make a crowd nor hide one."""
    database = SQLite(tmp_path, durable=False)  # the disk is not what is shown
    outbox = Outbox(database, clock)
    accept(outbox, *(f"earlier {turn}" for turn in range(300)))
    for found in drain(outbox):
        outbox.sent(found)
    clock.move(2 * HOUR)
    accept(outbox, *(f"now {turn}" for turn in range(301)))
    assert [found.number for found in drain(outbox)] == [*range(301, 601)]
    clock.move(MINUTE)
    assert leased(outbox).number == 601
    database.close()


def test_the_oldest_of_several_that_wait_is_told(outbox: Outbox, clock: Clock) -> None:
    """Not the youngest, and none that was sent."""
    for key in ("sent", "oldest", "middle", "youngest"):
        accept(outbox, key)
        clock.move(HOUR)
    outbox.sent(leased(outbox))
    status = outbox.status()
    assert (status.waiting, status.oldest, status.sent) == (3, 3 * HOUR, 1)


def test_each_of_several_that_failed_is_told_with_its_own_reason(outbox: Outbox) -> None:
    """In the order of their numbers."""
    accept(outbox, "a", "b", "c", "d")
    for found, reason in zip(
        [*drain(outbox)], ("DATA 554", "", "RCPT 550", "MAIL 553"), strict=True
    ):
        if reason:
            outbox.failed(found, reason)
        else:
            outbox.sent(found)
    assert outbox.status().failed == [(1, "DATA 554"), (3, "RCPT 550"), (4, "MAIL 553")]


def test_what_has_waited_longest_goes_first(outbox: Outbox, clock: Clock) -> None:
    """By when each is due; a low number that was tried already does not go before."""
    accept(outbox, "a", "b", "c")
    outbox.retry(leased(outbox), "busy")
    assert leased(outbox).number == 2
    clock.move(MINUTE)
    accept(outbox, "d")
    assert [found.number for found in drain(outbox)] == [3, 1, 4]


def test_the_same_sent_at_the_limit_of_a_day_is_one_referral(outbox: Outbox, clock: Clock) -> None:
    """Though everything is forgotten each minute; a moment later it is a new one."""
    first = outbox.accept(b"a", "AAA-AAA", sealed)
    clock.move(DAY)
    outbox.forget(keep_days=14)
    assert outbox.accept(b"a", "BBB-BBB", refuse) == first
    clock.move(1)
    outbox.forget(keep_days=14)
    assert outbox.accept(b"a", "BBB-BBB", sealed) == "BBB-BBB"
    assert outbox.status().waiting == 2


def rows(outbox: Outbox) -> int:
    """How many sealed referrals are kept in any state."""
    with outbox.database.transaction() as connection:
        return connection.scalar(select(func.count()).select_from(REFERRALS)) or 0


def test_only_what_was_sent_is_forgotten(outbox: Outbox, clock: Clock) -> None:
    """After the days the municipality chose; what waits or failed stays for ever."""
    accept(outbox, "sent", "failed", "waiting")
    outbox.sent(leased(outbox))
    outbox.failed(leased(outbox), "DATA 554")
    clock.move(14 * DAY)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 3
    clock.move(1)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 2
    clock.move(10 * 365 * DAY)
    outbox.forget(keep_days=14)
    assert rows(outbox) == 2
    assert leased(outbox).number == 3


def test_numbers_go_on_when_all_is_forgotten(outbox: Outbox, clock: Clock) -> None:
    """A number is never used twice."""
    accept(outbox, "a", "b")
    for found in drain(outbox):
        outbox.sent(found)
    clock.move(15 * DAY)
    outbox.forget(keep_days=14)
    accept(outbox, "c")
    assert leased(outbox).number == 3


@ON_SQLITE
def test_forgotten_bytes_are_gone_from_every_file(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """Database and log alike; before, the same search finds them."""
    marker, key, reference = b"\x17marker" * 2000, b"\x18key" * 8, "REF-ERE"

    def found() -> list[bool]:
        content = b"".join(path.read_bytes() for path in tmp_path.glob("udvej.sqlite3*"))
        return [part in content for part in (marker[:100], key, reference.encode(), b"token-17")]

    outbox.accept(key, reference, lambda _: Sealed(marker, "token-17"))
    assert all(found())
    outbox.sent(leased(outbox))
    clock.move(15 * DAY)
    outbox.forget(keep_days=14)
    assert not any(found())


def _send_many(place: Place, writer: int) -> None:
    database = place.open()
    accept(Outbox(database), *(f"{writer}-{turn}" for turn in range(25)))
    database.close()


def _threads() -> Executor:
    return ThreadPoolExecutor(8)


def _processes() -> Executor:
    return ProcessPoolExecutor(4, mp_context=FORKED)


@pytest.mark.heavy
@pytest.mark.parametrize("executor", [_threads, _processes])
def test_many_at_once_lose_nothing_and_share_no_number(
    executor: "type[Executor]", place: Place
) -> None:
    """Each with a connection of its own."""
    with executor() as writers:
        list(writers.map(partial(_send_many, place), range(8), timeout=PATIENCE))
    database = place.open()
    handed_out = [found.number for found in drain(Outbox(database))]
    database.close()
    assert sorted(handed_out) == [*range(1, 201)]


def test_many_threads_on_one_connection_lose_nothing(outbox: Outbox) -> None:
    """As the threads of one web process do; half of them send the same again."""
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda turn: accept(outbox, str(turn // 2)), range(200), timeout=PATIENCE))
    assert [found.number for found in drain(outbox)] == [*range(1, 101)]


def test_many_at_once_are_never_handed_the_same(outbox: Outbox) -> None:
    """Every referral is mailed by one."""
    accept(outbox, *map(str, range(100)))
    with ThreadPoolExecutor(8) as senders:
        found = list(senders.map(lambda _: leased(outbox).number, range(100), timeout=PATIENCE))
    assert sorted(found) == [*range(1, 101)]


def test_the_status_says_why_the_oldest_waits(outbox: Outbox, clock: Clock) -> None:
    """Until it is sent."""
    accept(outbox, "a")
    clock.move(1)
    accept(outbox, "b")
    assert outbox.status().reason == ""
    outbox.retry(leased(outbox), "mail.example: gaierror")
    outbox.retry(leased(outbox), "mail.example: RCPT 450")
    assert outbox.status().reason == "mail.example: gaierror"
    clock.move(HOUR)
    for _ in range(2):
        outbox.sent(leased(outbox))
    assert outbox.status().reason == ""


def test_a_delivery_that_says_nothing_is_seen(outbox: Outbox, clock: Clock) -> None:
    """From when the outbox was made, and in every process."""
    clock.move(HOUR)
    assert outbox.status().silent == HOUR
    outbox.heartbeat()
    assert outbox.status().silent == 0
    clock.move(MINUTE)
    assert Outbox(outbox.database, clock).status().silent == MINUTE
    clock.move(-DAY)
    assert outbox.status().silent == 0


def test_numbers_go_on_after_the_one_that_is_given(outbox: Outbox) -> None:
    """On a new machine; a number is never given twice."""
    outbox.go_on_after(41)
    accept(outbox, "a")
    assert leased(outbox).number == 42
    outbox.go_on_after(42)
    with pytest.raises(UnknownNumber, match="42 was given already"):
        outbox.go_on_after(41)
    accept(outbox, "b")
    assert outbox.status().last == 43


# As the version before the first that counted them made it.
_WITHOUT_VERSION = """
CREATE TABLE receipts (
    key BLOB NOT NULL, reference VARCHAR NOT NULL, accepted FLOAT NOT NULL, PRIMARY KEY (key)
);
CREATE TABLE referrals (
    number INTEGER NOT NULL, cms BLOB NOT NULL, token VARCHAR NOT NULL, scheme VARCHAR NOT NULL,
    accepted FLOAT NOT NULL, paced BOOLEAN NOT NULL, due FLOAT NOT NULL, tries INTEGER NOT NULL,
    state VARCHAR NOT NULL, settled FLOAT, reason VARCHAR NOT NULL, PRIMARY KEY (number)
);
CREATE TABLE numbers (last INTEGER NOT NULL);
CREATE INDEX ix_receipts_accepted ON receipts (accepted);
CREATE INDEX next_up ON referrals (state, due, number);
CREATE INDEX last_paced ON referrals (paced, state, due);
CREATE INDEX oldest ON referrals (state, accepted);
INSERT INTO numbers VALUES (7);
INSERT INTO referrals VALUES (6, x'06', 't6', 'smime', 1.0, 0, 2.0, 3, 'waiting', NULL, 'busy');
INSERT INTO referrals VALUES (7, x'07', 't7', 'smime', 1.0, 0, 3.0, 0, 'waiting', NULL, '');
"""


def test_a_file_without_a_version_is_brought_up_to_date(tmp_path: Path, clock: Clock) -> None:
    """Nothing in it is lost: what waited is mailed, and numbers go on."""
    with closing(sqlite3.connect(tmp_path / "udvej.sqlite3")) as connection:
        connection.executescript(_WITHOUT_VERSION)
    for _ in range(2):  # the second finds it done
        outbox = Outbox(SQLite(tmp_path))
        assert outbox.status().waiting == 2
        outbox.close()
    outbox = Outbox(SQLite(tmp_path), clock)
    assert (leased(outbox).number, leased(outbox).sealed.cms) == (6, b"\7")
    accept(outbox, "a")
    assert leased(outbox).number == 8
    with closing(sqlite3.connect(tmp_path / "udvej.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(3,)]


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A program that does not know what is in it could lose it."""
    Outbox(SQLite(tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / "udvej.sqlite3")) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(ConfigError, match="a newer version of Udvej"):
        Outbox(SQLite(tmp_path))


def test_a_new_file_is_as_one_that_was_brought_up_to_date(tmp_path: Path) -> None:
    """Whatever a table has."""
    with closing(sqlite3.connect(tmp_path / "udvej.sqlite3")) as connection:
        connection.executescript(_WITHOUT_VERSION)
    (tmp_path / "new").mkdir()
    columns = []
    for folder in (tmp_path, tmp_path / "new"):
        Outbox(SQLite(folder)).close()
        with closing(sqlite3.connect(folder / "udvej.sqlite3")) as connection:
            columns.append(
                connection.execute(
                    "SELECT t.name, c.name, c.type, c.'notnull', c.pk FROM sqlite_master t,"
                    " pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2"
                ).fetchall()
            )
    assert columns[0] == columns[1]
