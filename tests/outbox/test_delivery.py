"""From the outbox to the mail server: sent, tried again, or kept for a person to look at."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Semaphore, Thread
from types import SimpleNamespace

import pytest
from support.clock import DAY, HOUR, Clock
from support.letters import draft
from support.mailserver import TEAM, Authority, Faults, serving
from support.patience import PATIENCE, until
from support.places import ON_SQLITE, Place
from udvej.errors import PermanentFailure, TemporaryFailure
from udvej.intake.drafts import Drafts
from udvej.outbox import delivery
from udvej.outbox.delivery import Carrier, Delivery, Rounds
from udvej.outbox.mail import Relay
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased, Outbox


class Carriage:
    """Takes mails, but for the failures it is given, one a try."""

    def __init__(self, *failures: Exception) -> None:
        """Fail so many times."""
        self.failures = [*failures]
        self.taken: list[Leased] = []

    def carry(self, leased: Leased) -> None:
        """Take one mail."""
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(leased)


@pytest.fixture
def waiting(outbox: Outbox) -> Outbox:
    """An outbox with three referrals."""
    for number in (b"a", b"b", b"c"):
        outbox.accept(number, "AAA-AAA", lambda _, key=number: Sealed(key, key.hex()))  # type: ignore[misc]
    return outbox


@contextmanager
def running(outbox: Outbox, drafts: Drafts, carrier: Carrier) -> Iterator[None]:
    """The delivery process's loop, in a thread."""
    stop = Event()
    loop = Thread(
        target=delivery.run,
        args=(Rounds(outbox, carrier, sweep=drafts.forget, keep_days=14),),
        kwargs={"stop": stop},
        daemon=True,
    )
    loop.start()
    try:
        yield
    finally:
        stop.set()
        loop.join(PATIENCE)
        assert not loop.is_alive()


@pytest.fixture
def drafts(place: Place, clock: Clock) -> Iterator[Drafts]:
    """An empty desk."""
    drafts = Drafts(place.open("drafts"), clock)
    yield drafts
    drafts.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that looks more often."""
    monkeypatch.setattr("udvej.outbox.delivery._PAUSE_SECONDS", 0.01)


def test_each_referral_is_carried_once_in_order(waiting: Outbox) -> None:
    """Then there is nothing to do."""
    carriage = Carriage()
    assert [Delivery(waiting, carriage).next() for _ in range(4)] == [True, True, True, False]
    assert [leased.number for leased in carriage.taken] == [1, 2, 3]
    assert waiting.status().waiting == 0


def test_a_temporary_failure_is_tried_again_and_the_others_do_not_wait(
    waiting: Outbox, clock: Clock
) -> None:
    """One bad mail must not stop the road."""
    carriage = Carriage(TemporaryFailure("RCPT 450"))
    while Delivery(waiting, carriage).next():
        pass
    assert [leased.number for leased in carriage.taken] == [2, 3]
    clock.move(HOUR)
    assert Delivery(waiting, carriage).next()
    assert carriage.taken[-1].number == 1
    assert carriage.taken[-1].sealed == Sealed(b"a", "61")


def test_a_permanent_failure_is_kept_and_said_loudly(
    waiting: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not tried again by itself, and not forgotten."""
    carriage = Carriage(PermanentFailure("DATA 554"))
    while Delivery(waiting, carriage).next():
        pass
    clock.move(30 * DAY)
    assert not Delivery(waiting, carriage).next()
    assert [leased.number for leased in carriage.taken] == [2, 3]
    loud = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert loud == ["event=failed number=1 reason='DATA 554'"]


@pytest.mark.parametrize(
    ("failure", "level", "line"),
    [
        (None, logging.INFO, "event=sent number=1"),
        (
            TemporaryFailure("RCPT 450"),
            logging.WARNING,
            "event=not-sent-yet number=1 reason='RCPT 450'",
        ),
    ],
)
def test_every_try_is_one_line_with_its_number(
    failure: Exception | None,
    level: int,
    line: str,
    waiting: Outbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And nothing personal."""
    caplog.set_level(logging.INFO)
    Delivery(waiting, Carriage(*[failure] if failure else [])).next()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(level, line)]


def test_the_loop_delivers_what_comes_and_forgets_what_has_had_its_time(
    waiting: Outbox, drafts: Drafts, clock: Clock
) -> None:
    """Until told to stop."""
    while Delivery(waiting, Carriage()).next():
        pass
    key = drafts.keep(draft(name="Sofie"))
    clock.move(15 * DAY)
    outbox, carriage = waiting, Carriage()
    outbox.accept(b"d", "AAA-AAA", lambda _: Sealed(b"d", "64"))
    with running(outbox, drafts, carriage):
        until(lambda: len(carriage.taken) == 1)
        outbox.accept(b"e", "AAA-AAA", lambda _: Sealed(b"e", "65"))
        until(lambda: len(carriage.taken) == 2)
    assert [leased.number for leased in carriage.taken] == [4, 5]
    clock.move(-15 * DAY)
    assert outbox.receipt(b"a", within=DAY) == ""
    assert drafts.open(key) is None


def test_what_has_had_its_time_is_forgotten_each_minute_and_at_once_at_the_start(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not less often, since drafts are kept for minutes; not in each round, which costs a write."""
    monotonic = Clock()
    monkeypatch.setattr("udvej.outbox.delivery.time", SimpleNamespace(monotonic=monotonic))
    turned = Semaphore(0)
    stop = Event()
    forgotten: list[int] = []
    swept: list[bool] = []

    def lease() -> None:
        turned.release()

    monkeypatch.setattr(outbox, "lease", lease)
    monkeypatch.setattr(outbox, "forget", forgotten.append)

    def rounds(count: int) -> None:
        """Let the loop begin so many rounds."""
        for _ in range(count):
            assert turned.acquire(timeout=60)

    loop = Thread(
        target=delivery.run,
        args=(Rounds(outbox, Carriage(), sweep=lambda: swept.append(True), keep_days=9),),
        kwargs={"stop": stop},
    )
    loop.start()
    try:
        rounds(3)
        assert (forgotten, len(swept)) == ([9], 1)
        for minutes in (1, 2):
            monotonic.move(59)
            rounds(3)
            assert (len(forgotten), len(swept)) == (minutes, minutes)
            monotonic.move(2)
            rounds(3)
            assert (len(forgotten), len(swept)) == (minutes + 1, minutes + 1)
    finally:
        stop.set()
        loop.join(60)
    assert not loop.is_alive()


@ON_SQLITE
def test_the_loop_goes_on_when_the_database_answers_again(
    waiting: Outbox, drafts: Drafts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so meanwhile."""
    lock, carriage = tmp_path / "udvej.lock", Carriage()
    lock.unlink()
    lock.mkdir()
    with running(waiting, drafts, carriage):
        until(lambda: any("storage-failed" in line.getMessage() for line in caplog.records))
        assert carriage.taken == []
        lock.rmdir()
        until(lambda: len(carriage.taken) == 3)


def test_a_mail_server_that_recovers_gets_every_referral_once(
    waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """Over TLS, with the real carrier."""
    with serving(authority.context(), faults=Faults({"DATA": "451 4.3.0 later"})) as server:
        relay = Relay(server.settings(authority.file), [TEAM])
        assert [Delivery(waiting, relay).next() for _ in range(4)] == [True, True, True, False]
    clock.move(HOUR)
    with serving(authority.context()) as server:
        relay = Relay(server.settings(authority.file), [TEAM])
        assert [Delivery(waiting, relay).next() for _ in range(4)] == [True, True, True, False]
    assert server.mails.qsize() == 3
    assert waiting.status().waiting == 0
