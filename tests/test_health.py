"""What keeps the site from doing its work is said before anybody is lost by it."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from support.clock import DAY, HOUR, MINUTE, Clock
from support.drilled import shown
from support.mailserver import Authority, serving
from support.visiting import FILLED_IN, TYPED
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.health import Health, Level, certificate_shown
from udvej.intake.sealing import Sealer
from udvej.notes import Note, Notes
from udvej.outbox.drills import Drills
from udvej.outbox.keys import TeamKey
from udvej.outbox.recipients import Recipients
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app

ENOUGH = 512 * 2**20
WEEK = 7 * DAY

WAITED = "a referral has waited for more than two hours; see: udvej status"
ROOM = "the room for referrals is half taken by what is not mailed; see: udvej flood"
FAILED = "a delivery has failed for good; see: udvej status"
EXPIRES = "the certificate expires within 30 days; make a new one, see: udvej keys --help"
STOPPED = "nothing delivers: the delivery has stopped, or hangs"
FLOOD = "more is sent than people write: a flood waits behind the rest"
REFUSED = "a change was refused ({}); the site goes on as it was, see: udvej status"
SILENT = "the database does not answer"
UNOPENED = (
    "nobody has shown of late that the team can open what is sent; ask it for the code in its last"
    " drill: udvej drill --code CODE"
)
FULL = "the disk of the state folder is nearly full"


def disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """So much is free on every disk."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just enough is free."""
    disk(monkeypatch, ENOUGH)


@pytest.fixture
def health(outbox: Outbox, team: TeamKey, tmp_path: Path, clock: Clock) -> Health:
    """Of a site that is well."""
    sealer, drills = Sealer(Recipients([team.certificate])), Drills(outbox.database, WEEK, clock)
    shown(outbox, drills, sealer.recipients.fingerprint)
    return Health(outbox, sealer, tmp_path, drills)


def accept(outbox: Outbox) -> None:
    """Accept one referral."""
    outbox.accept(b"key", "AAA-AAA", lambda _: Sealed(b"cms", "token"))


def test_a_site_that_is_well_has_no_problems(health: Health, outbox: Outbox) -> None:
    """Nor has one with a referral that has just come."""
    assert [*health.problems()] == []
    accept(outbox)
    assert [*health.problems()] == []


def test_a_referral_that_waits_is_a_problem_after_two_hours_until_it_is_sent(
    health: Health, outbox: Outbox, clock: Clock
) -> None:
    """Not while somebody tries for the first time."""
    accept(outbox)
    clock.move(2 * HOUR)
    outbox.heartbeat()
    assert [*health.problems()] == []
    clock.move(1)
    assert [*health.problems()] == [WAITED]
    leased = outbox.lease()
    assert leased is not None
    outbox.sent(leased)
    assert [*health.problems()] == []


def test_room_half_taken_by_what_is_not_mailed_is_a_problem_before_anything_is_refused(
    tmp_path: Path, health: Health, clock: Clock
) -> None:
    """Also while it may be a flood's; not any more once it is mailed, since that gives way."""
    database = SQLite(tmp_path, "small", most_bytes=2**20, durable=False)
    outbox = Outbox(database, clock)
    health = Health(outbox, health.sealer, tmp_path, health.drills)
    taken = 0
    while ROOM not in [*health.problems()]:
        outbox.accept(f"{taken}".encode(), "A", lambda _: Sealed(b"x" * 9999, "t"), paced=True)
        taken += 1
    assert taken > 20
    outbox.accept(b"a person", "A", lambda _: Sealed(b"x" * 9999, "t"))
    assert 0.5 < outbox.status().full < 0.75
    clock.move(taken * MINUTE)
    while leased := outbox.lease():
        outbox.sent(leased)
    assert outbox.status().full == 0
    assert ROOM not in [*health.problems()]
    database.close()


def test_a_failed_delivery_is_a_problem_until_it_is_tried_again(
    health: Health, outbox: Outbox
) -> None:
    """It does not go away by itself."""
    accept(outbox)
    leased = outbox.lease()
    assert leased is not None
    outbox.failed(leased, "DATA 554")
    assert [*health.problems()] == [FAILED]
    outbox.requeue(1)
    assert [*health.problems()] == []


@pytest.mark.parametrize(
    ("before", "problems"),
    [
        (timedelta(days=30), []),
        (timedelta(days=30, microseconds=-1), [EXPIRES]),
        (timedelta(days=-400), [EXPIRES]),
    ],
)
def test_a_certificate_is_a_problem_thirty_days_before_it_expires(
    before: timedelta, problems: list[str], health: Health, team: TeamKey
) -> None:
    """And from then on."""
    assert [*health.problems(team.certificate.not_valid_after_utc - before)] == problems


def test_a_team_that_has_not_shown_for_a_week_that_it_can_open_is_a_problem(
    health: Health, outbox: Outbox, clock: Clock
) -> None:
    """And from when its certificate is another; a code that is entered ends it."""
    clock.move(WEEK)
    outbox.heartbeat()
    assert [*health.problems()] == []
    clock.move(1)
    assert [*health.problems()] == [UNOPENED]
    shown(outbox, health.drills, health.sealer.recipients.fingerprint)
    assert [*health.problems()] == []
    other = Sealer(Recipients([TeamKey.make("team@exit.example").certificate]))
    assert [*replace(health, sealer=other).problems()] == [UNOPENED]


def test_a_disk_that_is_nearly_full_or_gone_is_a_problem(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a gigabyte is left for mending it."""
    disk(monkeypatch, ENOUGH - 1)
    assert [*health.problems()] == [FULL]
    monkeypatch.undo()
    gone = replace(health, state=health.state / "gone")
    assert [*gone.problems()] == [FULL]


def test_every_problem_is_told_at_once(
    health: Health, outbox: Outbox, clock: Clock, team: TeamKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hides no other."""
    accept(outbox)
    clock.move(3 * HOUR)
    disk(monkeypatch, 0)
    expired = team.certificate.not_valid_after_utc
    Notes(health.state).write(Note.REFUSED, "/opt/content/om.md:3: orden\nUDVEJ_MAIL_CA: fil")
    assert [*health.problems(expired)] == [
        WAITED,
        STOPPED,
        EXPIRES,
        FULL,
        REFUSED.format("om.md:3"),
        REFUSED.format("UDVEJ_MAIL_CA"),
    ]


def test_a_flood_is_a_problem_when_what_comes_now_waits_for_an_hour(
    health: Health, outbox: Outbox
) -> None:
    """One robot is none."""
    for number in range(61):
        assert [*health.problems()] == []
        outbox.accept(b"%d" % number, "A", lambda _: Sealed(b"cms", "token"), paced=True)
    assert [*health.problems()] == [FLOOD]


def test_a_delivery_that_says_nothing_is_a_problem_after_ten_minutes(
    health: Health, outbox: Outbox, clock: Clock
) -> None:
    """Before anybody has written, so that nobody waits for it; a slow mail server is no stop."""
    clock.move(10 * MINUTE)
    assert [*health.problems()] == []
    clock.move(1)
    assert [*health.problems()] == [STOPPED]
    outbox.heartbeat()
    assert [*health.problems()] == []


def wait_too_long(state: Path) -> None:
    """A referral has waited since this morning."""
    database = SQLite(state)
    outbox = Outbox(database, lambda: time.time() - 3 * HOUR)
    accept(outbox)
    database.close()


def fail(state: Path) -> None:
    """The mail server refused one."""
    database = SQLite(state)
    outbox = Outbox(database)
    accept(outbox)
    leased = outbox.lease()
    assert leased is not None
    outbox.failed(leased, "DATA 554 Sofie")
    database.close()


def lose_tables(state: Path) -> None:
    """The database cannot be read any more."""
    with closing(sqlite3.connect(state / "udvej.sqlite3")) as connection:
        connection.execute("DROP TABLE referrals")


@pytest.mark.parametrize(
    ("trouble", "line"), [(wait_too_long, WAITED), (fail, FAILED), (lose_tables, SILENT)]
)
def test_the_monitoring_is_told_of_each_trouble_and_of_nothing_else(
    trouble: Callable[[Path], None], line: str, client: FlaskClient, config: Config
) -> None:
    """503 and a line that names no referral; before, 200."""
    well = client.get("/sundhed")
    assert (well.status_code, well.text) == (200, "ok\n")
    trouble(config.state)
    answer = client.get("/sundhed")
    assert (answer.status_code, answer.text) == (503, f"{line}\n")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in TYPED if FILLED_IN[name] in answer.text]


def test_the_monitoring_is_told_of_a_disk_that_is_nearly_full(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time."""
    disk(monkeypatch, ENOUGH - 1)
    answer = client.get("/sundhed")
    assert (answer.status_code, answer.text) == (503, f"{FULL}\n")


def test_the_monitoring_is_told_of_a_certificate_that_soon_expires_and_the_form_still_works(
    settings: dict[str, str],
) -> None:
    """It is the live site's own, as it is at the moment that is asked."""
    soon = TeamKey.make("team@exit.example", datetime.now(UTC) - timedelta(days=2 * 365 - 29))
    Path(settings["UDVEJ_TEAM_CERTIFICATE"]).write_bytes(soon.certificate_pem())
    client = create_app(Services.open(Config.from_environ(settings))).test_client()
    answer = client.get("/sundhed")
    assert (answer.status_code, answer.text) == (503, f"{EXPIRES}\n{UNOPENED}\n")
    assert client.get(FORM).status_code == 200


@pytest.mark.parametrize(
    ("left", "problem"),
    [
        (timedelta(days=14, minutes=1), ""),
        (timedelta(days=13, hours=23), "expires on {until:%Y-%m-%d} and was not renewed"),
        (timedelta(days=-1), "browsers do not accept the certificate of {address}"),
    ],
)
def test_a_certificate_of_the_site_that_was_not_renewed_is_a_problem(
    left: timedelta, problem: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that expires ends the site as surely as an application that has stopped."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    until = datetime.now(UTC) + left
    with serving(authority.context(until=until), "tls") as front:
        address = f"https://localhost:{front.port}"
        found = certificate_shown(address)
    assert problem.format(until=until, address=address) in str(found)
    assert (found.level is Level.FAILURE) == bool(problem)
