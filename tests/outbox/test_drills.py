"""Drills take no number of a referral, and their codes show that somebody opens the mail."""

import re
import sqlite3
from contextlib import closing
from datetime import datetime
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.clock import DAY, HOUR, Clock
from support.places import ON_SQLITE
from udvej.errors import SealingError, UnknownNumber, WrongCode
from udvej.outbox.drills import Drill, DrillResults, Drills, new_code
from udvej.outbox.floods import Floods
from udvej.outbox.sealed import Sealed
from udvej.outbox.series import logged, named, title
from udvej.outbox.table import Leased, Outbox
from udvej.sqlite import SQLite

TODAY, OTHER = "certificates of today", "others"
CODE = "7KD4-RM9P-XYAC"
NOON = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()


def sealed(number: int) -> Sealed:
    """A stand-in that shows its number."""
    return Sealed(f"forseglet {number}".encode(), f"token{number}")


def leased(outbox: Outbox) -> Leased:
    """What is next, of which there is something."""
    found = outbox.lease()
    assert found is not None
    return found


@pytest.fixture
def drills(outbox: Outbox, clock: Clock) -> Drills:
    """Of a site whose team shows each week that it can open."""
    return Drills(outbox.database, 7 * DAY, clock)


def test_referrals_have_no_gap_where_drills_are_made(outbox: Outbox, drills: Drills) -> None:
    """Each series counts by itself, also when a drill is made first."""
    made = []
    for key in (b"a", b"b", b"c"):
        made.append(drills.make(sealed, TODAY))
        outbox.sent(leased(outbox))
        outbox.accept(key, "REF-ERE", sealed)
        assert leased(outbox).number == len(made)
    assert made == [-1, -2, -3]
    assert outbox.status().last == 3


def test_a_drill_is_told_from_a_referral_by_everybody() -> None:
    """In a list of mails, in the log, and by those who run the site."""
    assert (title(3), title(-3)) == ("Henvendelse nr. 3", "PRØVE nr. 3")
    assert (logged(3), logged(-3)) == ("number=3", "drill=3")
    assert (named(3), named(-3)) == ("number 3", "drill 3")


def test_a_drill_that_was_not_sent_gives_way_to_the_next(outbox: Outbox, drills: Drills) -> None:
    """A mail server that fails for days heaps up one; what a person wrote stays."""
    outbox.accept(b"a", "REF-ERE", sealed)
    for number in (1, 2, 3):
        assert drills.make(sealed, TODAY) == -number
        assert outbox.status().waiting == 2
    assert {leased(outbox).number, leased(outbox).number} == {1, -3}
    with pytest.raises(UnknownNumber):
        outbox.outcome(-2)


def test_a_late_250_for_a_drill_that_gave_way_is_its_own(outbox: Outbox, drills: Drills) -> None:
    """It was being mailed meanwhile, and does not count for the next."""
    drills.make(sealed, TODAY)
    first = leased(outbox)
    drills.make(sealed, TODAY)
    outbox.sent(first)
    assert outbox.outcome(-1) == "sent"
    assert outbox.outcome(-2) == "waiting"


def test_what_could_not_be_sealed_is_no_drill(outbox: Outbox, drills: Drills) -> None:
    """And leaves the one before as it was."""

    def refuse(_number: int) -> Sealed:
        raise SealingError

    drills.make(sealed, TODAY)
    with pytest.raises(SealingError):
        drills.make(refuse, TODAY)
    assert [drill.number for drill in drills.log()] == [1]
    assert outbox.status().waiting == 1


def test_a_drill_is_no_flood_and_is_not_mailed_again_by_hand(
    outbox: Outbox, drills: Drills, clock: Clock
) -> None:
    """The next one is."""
    drills.make(sealed, TODAY)
    floods = Floods(outbox.database, clock)
    assert floods.hours() == []
    assert floods.set_aside(-9, 9) == 0
    outbox.failed(leased(outbox), "DATA 554")
    with pytest.raises(UnknownNumber):
        outbox.requeue(-1)


def test_the_log_says_what_became_of_each(outbox: Outbox, drills: Drills, clock: Clock) -> None:
    """Not sent; sent; sent with a code; and one whose code was entered."""
    began = clock.now
    drills.make(sealed, TODAY)
    for code in ("", "", CODE, new_code()):
        clock.move(DAY)
        drills.make(sealed, TODAY, code)
        clock.move(HOUR)
        if drills.log()[-1].number > 2:
            outbox.sent(leased(outbox))
    drills.confirm(CODE)
    day, hour = DAY + HOUR, HOUR
    assert drills.log() == [
        Drill(1, began, None, coded=False, confirmed=None),
        Drill(2, began + DAY, None, coded=False, confirmed=None),
        Drill(3, began + DAY + day, began + 2 * day, coded=False, confirmed=None),
        Drill(4, began + DAY + 2 * day, began + 3 * day, coded=True, confirmed=began + 4 * day),
        Drill(5, began + DAY + 3 * day, began + 3 * day + DAY + hour, coded=True, confirmed=None),
    ]


def test_the_log_holds_a_year_and_numbers_go_on(drills: Drills, clock: Clock) -> None:
    """Whatever is forgotten."""
    for _ in range(3):
        drills.make(sealed, TODAY)
        clock.move(200 * DAY)
    clock.move(400 * DAY)
    assert drills.make(sealed, TODAY) == -4
    assert [drill.number for drill in drills.log()] == [4]


@pytest.mark.parametrize("typed", [CODE, "7kd4rm9pxyac", " 7KD4 RM9P XYAC\n"])
def test_a_code_counts_however_it_is_typed(typed: str, drills: Drills) -> None:
    """Read aloud on the phone, and written down."""
    assert drills.shown(TODAY) == DrillResults(inf, inf)
    drills.make(sealed, TODAY, CODE)
    assert drills.confirm(typed) == 1
    assert drills.shown(TODAY).opened == 0


def test_a_code_counts_for_the_certificates_that_it_was_sealed_for(
    drills: Drills, clock: Clock
) -> None:
    """Another key may be one that nobody has."""
    drills.make(sealed, TODAY, CODE)
    drills.confirm(CODE)
    clock.move(HOUR)
    assert drills.shown(TODAY).opened == HOUR
    assert drills.shown(OTHER).opened == inf


def test_codes_of_the_last_days_count_each_once(drills: Drills, clock: Clock) -> None:
    """Somebody reads yesterday's mail; the day before last week's is too old."""
    for code in ("AAAA-AAAA-AAA3", "AAAA-AAAA-AAA4"):
        drills.make(sealed, TODAY, code)
        clock.move(DAY)
    clock.move(5 * DAY)
    with pytest.raises(WrongCode):
        drills.confirm("AAAA-AAAA-AAA3")
    assert drills.confirm("AAAA-AAAA-AAA4") == 2
    with pytest.raises(WrongCode, match="mail a new one"):
        drills.confirm("AAAA-AAAA-AAA4")


def test_tries_are_few(drills: Drills) -> None:
    """After ten wrong ones the right one comes too late; a new drill has a code of its own."""
    drills.make(sealed, TODAY, CODE)
    for _ in range(10):
        with pytest.raises(WrongCode):
            drills.confirm("7KD4-RM9P-XYAA")
    with pytest.raises(WrongCode):
        drills.confirm(CODE)
    drills.make(sealed, TODAY, CODE)
    assert drills.confirm(CODE) == 2


def test_nine_wrong_tries_are_forgiven(drills: Drills) -> None:
    """A person mistypes."""
    drills.make(sealed, TODAY, CODE)
    for _ in range(9):
        with pytest.raises(WrongCode):
            drills.confirm("7KD4-RM9P-XYAA")
    assert drills.confirm(CODE) == 1


@pytest.mark.parametrize("typed", ["", "---", "æøå", CODE[:-1], f"{CODE}7"])
def test_what_is_no_code_is_wrong(typed: str, drills: Drills) -> None:
    """Also where a drill has none."""
    drills.make(sealed, TODAY)
    drills.make(sealed, TODAY, CODE)
    with pytest.raises(WrongCode) as refused:
        drills.confirm(typed)
    assert not typed or typed not in str(refused.value)


@ON_SQLITE
def test_a_code_is_random_and_nowhere_on_the_disk(
    outbox: Outbox, drills: Drills, tmp_path: Path
) -> None:
    """Hashed: whoever reads the database cannot tell it; the same search finds what is there."""
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(r"(?:[3-9ACDEFHJKMNPRTWXY]{4}-?){3}", code) for code in codes)
    drills.make(sealed, TODAY, CODE)
    outbox.database.checkpoint()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("udvej*"))
    assert TODAY.encode() in written
    assert CODE.encode() not in written
    assert CODE.replace("-", "").encode() not in written


def test_a_code_is_asked_for_three_days_before_the_last_one_is_too_old(
    drills: Drills, clock: Clock
) -> None:
    """So that a weekend ends no week; at once where there is none, or another certificate."""
    clock.now = NOON
    assert drills.asks(TODAY)
    drills.make(sealed, TODAY, CODE)
    assert drills.asks(TODAY)
    drills.confirm(CODE)
    assert drills.asks(OTHER)
    clock.move(4 * DAY)
    assert not drills.asks(TODAY)
    clock.move(1)
    assert drills.asks(TODAY)


@pytest.mark.parametrize(
    ("hour", "asked"), [(0, False), (6, False), (7, True), (16, True), (17, False), (23, False)]
)
def test_no_code_is_asked_for_at_night(
    hour: int, *, asked: bool, drills: Drills, clock: Clock
) -> None:
    """By Danish clocks, also when a timer makes up for a day on which the machine was off."""
    clock.now = NOON + (hour - 12) * HOUR
    assert drills.asks(TODAY) is asked


def test_a_demonstration_asks_nobody(outbox: Outbox) -> None:
    """It has no team."""
    assert not Drills(outbox.database).asks(TODAY)


# As version 1 made it, after two referrals and a drill that took the number between them.
_VERSION_1 = """
CREATE TABLE receipts (
    "key" BLOB NOT NULL, reference VARCHAR NOT NULL, accepted FLOAT NOT NULL, PRIMARY KEY ("key")
);
CREATE INDEX ix_receipts_accepted ON receipts (accepted);
CREATE TABLE referrals (
    number INTEGER NOT NULL, cms BLOB NOT NULL, token VARCHAR NOT NULL, scheme VARCHAR NOT NULL,
    accepted FLOAT NOT NULL, paced BOOLEAN NOT NULL, due FLOAT NOT NULL, tries INTEGER NOT NULL,
    state VARCHAR NOT NULL, settled FLOAT, reason VARCHAR NOT NULL, tried FLOAT,
    PRIMARY KEY (number)
);
CREATE INDEX next_up ON referrals (state, due, number);
CREATE INDEX oldest ON referrals (state, accepted);
CREATE INDEX last_paced ON referrals (paced, state, due);
CREATE TABLE numbers (last INTEGER NOT NULL);
CREATE TABLE drills (number INTEGER NOT NULL);
CREATE TABLE delivery (seen FLOAT NOT NULL);
INSERT INTO numbers VALUES (3);
INSERT INTO drills VALUES (2);
INSERT INTO delivery VALUES (1.0);
INSERT INTO referrals VALUES
    (1, x'01', 't1', 'smime', 1.0, 0, 1.0, 0, 'sent', 2.0, '', 1.0),
    (2, x'02', 't2', 'smime', 1.0, 0, 2.0, 1, 'waiting', NULL, 'busy', 1.0),
    (3, x'03', 't3', 'smime', 1.0, 0, 3.0, 0, 'waiting', NULL, '', NULL);
PRAGMA user_version=1;
"""


def test_a_file_of_version_1_is_brought_up_to_date(tmp_path: Path, clock: Clock) -> None:
    """All that waits is mailed under its number, and both series go on."""
    (tmp_path / "old").mkdir()
    file = tmp_path / "old" / "udvej.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_VERSION_1)
    Outbox(SQLite(file.parent)).close()
    outbox = Outbox(SQLite(file.parent))  # the second finds it done
    drills = Drills(outbox.database, clock=clock)
    assert drills.log() == []
    assert [leased(outbox).number, leased(outbox).number] == [2, 3]
    outbox.accept(b"a", "REF-ERE", sealed)
    assert leased(outbox).number == 4
    assert drills.make(sealed, TODAY, CODE) == -1
    assert drills.confirm(CODE) == 1
    outbox.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(3,)]


def test_a_file_that_was_brought_up_to_date_is_as_a_new_one(tmp_path: Path) -> None:
    """Whatever a table has."""
    columns = []
    for name, script in (("old", _VERSION_1), ("new", "")):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "udvej.sqlite3"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(script)
        Outbox(SQLite(file.parent)).close()
        with closing(sqlite3.connect(file)) as connection:
            columns.append(
                connection.execute(
                    "SELECT t.name, c.name, c.type, c.'notnull', c.pk FROM sqlite_master t,"
                    " pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2"
                ).fetchall()
            )
    assert columns[0] == columns[1]
