"""Full disks, locks, clocks and certificates: kept, or said not to be kept, and never twice."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path

import pytest
from support.clock import DAY, HOUR, MINUTE, Clock
from support.letters import draft
from support.mailserver import TEAM, Authority, Server, serving
from support.municipality import PHONE
from support.opening import opened
from support.patience import PATIENCE
from support.places import Place
from support.running import ended, next_line, started
from support.visiting import FILLED_IN, TYPED, Visitor, fields, is_receipt
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.database import Database
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.keys import TeamKey
from udvej.outbox.mail import Relay
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased, Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app

CPR = "010190-1234"

Full = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, where a test may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a disk here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True, timeout=PATIENCE)


@contextmanager
def no_room(disk: Path) -> Iterator[None]:
    """Something else has filled the disk to the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as filling:
        for size in (2**16, 2**8, 1):
            try:
                while filling.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """The system refuses every byte that would be written to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=["disk", "limit"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Full]:
    """A state folder, and what fills it: a small disk, or a limit where none may be mounted."""
    if request.param == "limit":
        return tmp_path, no_file_may_grow
    disk = request.getfixturevalue("small_disk")
    return disk, partial(no_room, disk)


def at(config: Config, state: Path) -> Config:
    """The same site with its state elsewhere."""
    for file in config.state.rglob("*"):
        if file.is_file():
            copy = state / file.relative_to(config.state)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    return replace(config, state=state)


def visitor(config: Config) -> Visitor:
    """Somebody with a browser, on a site of their own."""
    return Visitor(create_app(Services.open(config)).test_client())


def secure(person: Visitor) -> Visitor:
    """Over HTTPS, as cookies want it."""
    person.client.environ_base["wsgi.url_scheme"] = "https"
    return person


def letters(config: Config) -> list[str]:
    """Deliver what waits; every letter that arrived, opened."""
    database, demonstration = SQLite(config.state), Demonstration.prepare(config.state)
    while Delivery(Outbox(database), demonstration).next():
        pass
    database.close()
    return [*demonstration.letters()]


def kept(filled_in: dict[str, str]) -> dict[str, str]:
    """What a person typed and chose, of what a browser sends."""
    own = {name: value for name, value in filled_in.items() if name in FILLED_IN}
    return {name: value for name, value in own.items() if value}


def test_a_full_disk_acknowledges_nothing_and_gives_the_text_back_with_the_phone_number(
    storage: tuple[Path, Full], config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """And takes the same form, sent again from that page, when there is room."""
    state, full = storage
    config = at(config, state)
    person = secure(visitor(config))
    filled_in = {**person.open(), **FILLED_IN}
    with full():
        answers = [person.press(filled_in) for _ in range(3)]
        page = person.client.get(FORM).text
    for answer in answers:
        assert answer.status_code == 503
        assert kept(fields(answer.text)) == FILLED_IN
        assert PHONE in answer.text
    assert not is_receipt(page)
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0] in caplog.text]
    assert person.is_taken(person.press(fields(answers[-1].text)))
    (letter,) = letters(config)
    assert letter.startswith("Henvendelse nr. 1\n")


def test_a_full_disk_keeps_no_draft_and_gives_the_text_back_without_the_cpr_number(
    storage: tuple[Path, Full], config: Config
) -> None:
    """The page itself holds it, and it is taken when there is room."""
    state, full = storage
    config = at(config, state)
    person = secure(visitor(config))
    filled_in = {**person.open(), **FILLED_IN, "message": f"Ring nu. {CPR}"}
    with full():
        answer = person.press(filled_in)
    assert answer.status_code == 503
    assert fields(answer.text)["message"] == "Ring nu."
    assert CPR not in answer.text
    assert PHONE in answer.text
    assert person.is_taken(person.press(fields(answer.text)))


class FillingRelay:
    """A mail server's relay; while a mail is on its way the disk is filled."""

    def __init__(self, relay: Relay, full: AbstractContextManager[None]) -> None:
        """With what fills it, once."""
        self._relay, self._full = relay, full

    def carry(self, leased: Leased) -> None:
        """Take one mail."""
        self._relay.carry(leased)
        self._full.__enter__()


def waiting(state: Path, clock: Clock, *keys: bytes) -> tuple[Database, Outbox]:
    """An outbox with referrals."""
    database = SQLite(state)
    outbox = Outbox(database, clock)
    for key in keys:
        outbox.accept(key, "AAA-AAA", lambda _, key=key: Sealed(key * 100, key.hex() * 16))  # type: ignore[misc]
    return database, outbox


def try_in_vain(delivery: Delivery, times: int) -> None:
    """The disk is full."""
    for _ in range(times):
        with pytest.raises(StorageError):
            delivery.next()


def message_ids(server: Server) -> list[str]:
    """Of all that it took."""
    mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    return [message_from_bytes(mail.content)["Message-ID"] for mail in mails]


def test_a_disk_that_fills_up_before_a_sent_mail_is_marked_makes_no_second_mail(
    storage: tuple[Path, Full], clock: Clock, authority: Authority
) -> None:
    """However long it lasts; it is marked as soon as there is room, and the next one goes."""
    state, full = storage
    database, outbox = waiting(state, clock, b"a", b"b")
    with serving(authority.context()) as server:
        relay, filling = Relay(server.settings(authority.file), [TEAM]), full()
        delivery = Delivery(outbox, FillingRelay(relay, filling))
        for _ in range(3):
            try_in_vain(delivery, 2)
            clock.move(DAY)
        assert message_ids(server) == [f"<{'61' * 16}@kommune.example>"]
        filling.__exit__(None, None, None)
        delivery.carrier = relay
        while delivery.next():
            pass
        clock.move(DAY)
        assert not delivery.next()
        assert message_ids(server) == [f"<{'62' * 16}@kommune.example>"]
    assert outbox.status().sent == 2
    database.close()


def test_a_full_disk_sends_nothing_that_it_could_not_mark_and_goes_on_when_there_is_room(
    storage: tuple[Path, Full], clock: Clock, authority: Authority
) -> None:
    """A mail is leased on the disk before it leaves."""
    state, full = storage
    database, outbox = waiting(state, clock, b"a")
    with serving(authority.context()) as server:
        delivery = Delivery(outbox, Relay(server.settings(authority.file), [TEAM]))
        with full():
            try_in_vain(delivery, 3)
            assert message_ids(server) == []
        assert delivery.next()
        assert message_ids(server) == [f"<{'61' * 16}@kommune.example>"]
    assert outbox.status().sent == 1
    database.close()


_HOLD_DATABASE = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("BEGIN EXCLUSIVE")
print(flush=True)
sys.stdin.read()
"""
_HOLD_TURN = """
import fcntl, sys
turn = open(sys.argv[1].replace(".sqlite3", ".lock"), "ab")
fcntl.flock(turn, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def held(script: str, database: Path) -> Iterator[None]:
    """Another process has what we need, until the block ends or it dies."""
    command = [sys.executable, "-c", script, str(database)]
    process = started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    try:
        next_line(process)
        yield
    finally:
        ended(process)


@pytest.mark.parametrize("script", [_HOLD_DATABASE, _HOLD_TURN], ids=["database", "turn"])
def test_a_database_that_another_process_holds_acknowledges_nothing_and_loses_nothing(
    script: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it hang: 503 with the text; when the other dies all goes on."""
    monkeypatch.setattr("udvej.sqlite.PATIENCE", 0.1)
    monkeypatch.setattr(
        "udvej.sqlite._PRAGMAS", ("PRAGMA journal_mode=WAL", "PRAGMA busy_timeout=100")
    )
    person = secure(visitor(config))
    filled_in = {**person.open(), **FILLED_IN}
    with held(script, config.state / "udvej.sqlite3"):
        answer = person.press(filled_in)
        assert answer.status_code == 503
        assert kept(fields(answer.text)) == FILLED_IN
        assert PHONE in answer.text
    assert person.is_taken(person.press(fields(answer.text)))
    assert len(letters(config)) == 1


@pytest.mark.parametrize("script", [_HOLD_DATABASE, _HOLD_TURN], ids=["database", "turn"])
def test_a_delivery_that_finds_the_database_held_sends_nothing_until_it_can_mark_it(
    script: str,
    tmp_path: Path,
    clock: Clock,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then each referral once."""
    monkeypatch.setattr("udvej.sqlite.PATIENCE", 0.1)
    monkeypatch.setattr(
        "udvej.sqlite._PRAGMAS", ("PRAGMA journal_mode=WAL", "PRAGMA busy_timeout=100")
    )
    database, outbox = waiting(tmp_path, clock, b"a")
    with serving(authority.context()) as server:
        delivery = Delivery(outbox, Relay(server.settings(authority.file), [TEAM]))
        with held(script, tmp_path / "udvej.sqlite3"):
            try_in_vain(delivery, 2)
            assert message_ids(server) == []
        assert delivery.next()
        assert message_ids(server) == [f"<{'61' * 16}@kommune.example>"]
    database.close()


@pytest.mark.parametrize("tried", [False, True], ids=["waiting", "tried"])
def test_a_clock_set_back_by_a_day_sends_what_waits_at_once(
    tried: bool,  # noqa: FBT001 (a parameter of the test)
    outbox: Outbox,
    clock: Clock,
) -> None:
    """What came before and what comes after."""
    outbox.accept(b"a", "AAA-AAA", lambda _: Sealed(b"a", "a"))
    if tried:
        found = outbox.lease()
        assert found is not None
        outbox.retry(found, "RCPT 450")
    clock.move(-DAY)
    outbox.accept(b"b", "AAA-AAA", lambda _: Sealed(b"b", "b"))
    leased = [outbox.lease(), outbox.lease()]
    assert sorted(found.number for found in leased if found) == [1, 2]


def test_a_clock_set_back_by_a_day_does_not_make_us_hammer_a_mail_server_that_is_down(
    outbox: Outbox, clock: Clock
) -> None:
    """After the one try at once, the usual pauses."""
    outbox.accept(b"a", "AAA-AAA", lambda _: Sealed(b"a", "a"))
    clock.move(-DAY)
    for _ in range(3):
        found = outbox.lease()
        assert found is not None
        assert outbox.lease() is None  # nor does another process get it meanwhile
        outbox.retry(found, "RCPT 450")
        assert outbox.lease() is None
        clock.move(HOUR)


def test_a_clock_set_back_by_a_day_keeps_receipts_and_drafts(
    outbox: Outbox, place: Place, clock: Clock
) -> None:
    """The same sent again still leads to the same receipt."""
    drafts = Drafts(place.open("drafts"), clock)
    outbox.accept(b"a", "AAA-AAA", lambda _: Sealed(b"a", "a"))
    old = drafts.keep(draft(name="Sofie"))
    clock.move(-DAY)
    new = drafts.keep(draft(name="Sofie"))
    outbox.forget(keep_days=14)
    drafts.forget()
    assert outbox.receipt(b"a", within=15 * MINUTE) == "AAA-AAA"
    assert outbox.accept(b"a", "BBB-BBB", lambda _: Sealed(b"a", "a")) == "AAA-AAA"
    assert drafts.open(old) == drafts.open(new) == draft(name="Sofie")
    assert outbox.status().waiting == 1
    clock.move(15 * MINUTE + 1)
    assert drafts.open(new) is None


def test_a_clock_set_back_while_somebody_writes_keeps_the_text(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cookie is from a time to come then, so Send may have to be pressed twice."""
    person = secure(visitor(config))
    filled_in = {**person.open(), **FILLED_IN}
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - DAY)
        answer = person.press(filled_in)
        if person.is_refused(answer):
            again = person.open()
            assert kept(again) == FILLED_IN
            answer = person.press(again)
        assert person.is_taken(answer)
        assert PHONE in person.look()
    assert len(letters(config)) == 1


def test_a_certificate_that_expires_while_the_site_runs_still_seals_and_monitoring_says_so(
    config: Config, team: TeamKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is turned away for it, and the team still has its key."""
    began = datetime.now(UTC) - timedelta(days=2 * 365 + 1)
    old = TeamKey.make("team@exit.example", began)
    file = tmp_path / "team.pem"
    file.write_bytes(old.certificate_pem())
    started_when_valid = Sealer.for_team(file, began + timedelta(days=1))
    monkeypatch.setattr(Services, "sealer", started_when_valid)
    person = secure(visitor(config))
    assert person.is_taken(person.send())
    health = person.client.get("/sundhed")
    assert health.status_code == 503
    assert "the certificate expires within 30 days" in health.text
    database = SQLite(config.state)
    leased = Outbox(database).lease()
    assert leased is not None
    database.close()
    inside = opened(leased.sealed.cms, old, tmp_path)
    assert "> Ring ikke, når min bror er hjemme." in inside.get_content()
    with pytest.raises(subprocess.CalledProcessError):
        opened(leased.sealed.cms, team, tmp_path)
