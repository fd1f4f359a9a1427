"""What those who run the site ask of it: how it stands, and whether the whole pipe works."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from support.clock import DAY, HOUR, MINUTE, Clock
from support.opening import opened
from udvej.commands.drill import make, wait_for
from udvej.commands.status import describe
from udvej.errors import PermanentFailure, TemporaryFailure
from udvej.intake.form import ReferralForm
from udvej.intake.sealing import Sealer
from udvej.outbox.drills import Drills
from udvej.outbox.keys import TeamKey
from udvej.outbox.recipients import Recipients
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased, Outbox
from udvej.outbox.watch import Status
from udvej.services import Services

Drilling = Callable[["Carriage", Callable[[float], None]], tuple[int, str]]


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


def lines(
    waiting: int = 0,
    oldest: float = 0.0,
    sent: int = 0,
    failed: Sequence[tuple[int, str]] = (),
    last: int = 0,
) -> list[str]:
    """A status as it is told."""
    return [*describe(Status(waiting, oldest, sent, failed, last))]


def test_an_empty_outbox_is_told_in_four_lines() -> None:
    """And nothing else."""
    assert lines() == ["waiting: 0", "sent and still kept: 0", "failed: 0", "last number given: 0"]


@pytest.mark.parametrize(
    ("oldest", "span"),
    [
        (0.4, "0 seconds"),
        (2 * MINUTE - 1, "119 seconds"),
        (2 * MINUTE, "2 minutes"),
        (2 * HOUR - MINUTE, "119 minutes"),
        (2 * HOUR, "2 hours"),
        (2 * DAY - HOUR, "47 hours"),
        (5 * DAY, "5 days"),
    ],
)
def test_the_age_of_the_oldest_is_told_as_people_say_it(oldest: float, span: str) -> None:
    """In the largest unit of which there are two."""
    assert lines(waiting=3, oldest=oldest)[0] == f"waiting: 3, the oldest for {span}"


def test_each_failure_is_told_with_its_reason_and_what_to_do() -> None:
    """By the number; never by what is in it."""
    told = lines(sent=2, failed=[(4, "DATA 554"), (-7, "RCPT 550")], last=9)
    assert told == [
        "waiting: 0",
        "sent and still kept: 2",
        "failed: 2",
        "    number 4: DATA 554; try again with: udvej deliver --again 4",
        "    drill 7: RCPT 550; try again with: udvej drill",
        "last number given: 9",
    ]


def test_room_that_fills_is_told_from_a_tenth_on() -> None:
    """Before anything is refused; see `udvej flood`."""

    def status(full: float) -> Status:
        return Status(waiting=9, oldest=1.0, sent=0, failed=[], last=9, full=full)

    assert "room taken by what is not mailed: 62%" in [*describe(status(0.62))]
    assert not [line for line in describe(status(0.05)) if "room" in line]


def test_the_status_tells_what_became_of_each_and_never_its_content(
    outbox: Outbox, clock: Clock
) -> None:
    """One sent, one failed, two waiting."""
    for key in (b"a", b"b", b"c", b"d"):
        outbox.accept(key, "REF-ERE", lambda n: Sealed(b"indhold", f"token{n}"))
    for settle in ("sent", "failed", "retry"):
        leased = outbox.lease()
        assert leased is not None
        getattr(outbox, settle)(leased, *["RCPT 4"] * (settle != "sent"))
    clock.move(3 * HOUR)
    told = "\n".join(describe(outbox.status()))
    assert told == (
        "waiting: 2, the oldest for 3 hours\n    not sent yet: RCPT 4\n"
        "sent and still kept: 1\nfailed: 1\n"
        "    number 2: RCPT 4; try again with: udvej deliver --again 2\nlast number given: 4"
    )
    assert not [word for word in ("indhold", "token", "REF-ERE") if word in told]


@pytest.fixture
def sealer(team: TeamKey) -> Sealer:
    """The team's."""
    return Sealer(Recipients([team.certificate]))


@pytest.fixture
def drill(outbox: Outbox, sealer: Sealer, clock: Clock) -> Drilling:
    """Makes one and waits for it, as the command does."""

    def made(carrier: Carriage, sleep: Callable[[float], None]) -> tuple[int, str]:
        drills = Drills(outbox.database, clock=clock)
        parts = SimpleNamespace(form=ReferralForm, drills=drills, sealer=sealer)
        number = make(cast("Services", parts))
        return number, wait_for(number, outbox, carrier, sleep=sleep)

    return made


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A drill's time, which passes only while it sleeps."""
    clock = Clock()
    monkeypatch.setattr("udvej.commands.drill.time", SimpleNamespace(monotonic=clock))
    return clock


def test_a_drill_is_sent_and_the_letter_says_what_it_is(
    outbox: Outbox, drill: Drilling, team: TeamKey, patience: Clock, tmp_path: Path
) -> None:
    """Through outbox and seal, with a number of its own; nobody is asked to answer it."""
    carriage = Carriage()
    assert drill(carriage, patience.move) == (-1, "sent")
    (taken,) = carriage.taken
    letter = opened(taken.sealed.cms, team, tmp_path)
    assert letter["Subject"] == "PRØVE nr. 1"
    text = letter.get_content().splitlines()
    assert "BEMÆRK: Det her er en prøve af hele vejen. Ingen venter på svar." in text[:6]
    assert text.count("Telefon: (ikke skrevet)") == text.count("Mail: (ikke skrevet)") == 1
    assert outbox.status().waiting == 0


def test_a_drill_says_what_keeps_it_waiting_and_gives_way_to_the_next(
    drill: Drilling, patience: Clock
) -> None:
    """The server was down; a heap of drills is not what it is for."""
    carriage = Carriage(TemporaryFailure("ConnectionRefusedError"))
    outcome = drill(carriage, patience.move)
    assert outcome == (-1, "waiting: ConnectionRefusedError")
    assert drill(carriage, patience.move) == (-2, "sent")
    assert drill(carriage, patience.move) == (-3, "sent")
    assert [leased.number for leased in carriage.taken] == [-2, -3]


def test_a_drill_is_sent_once_the_server_takes_mails_again(
    drill: Drilling, patience: Clock, clock: Clock
) -> None:
    """Within its patience."""

    def both(seconds: float) -> None:
        patience.move(seconds)
        clock.move(seconds)

    carriage = Carriage(TemporaryFailure("RCPT 450"))
    assert drill(carriage, both) == (-1, "sent")


def test_a_drill_that_was_refused_says_so(outbox: Outbox, drill: Drilling, patience: Clock) -> None:
    """With the reason; it is told by `udvej status` too until the next one arrives."""
    carriage = Carriage(PermanentFailure("DATA 554"))
    assert drill(carriage, patience.move) == (-1, "failed: DATA 554")
    assert outbox.status().failed == [(-1, "DATA 554")]
    assert drill(carriage, patience.move) == (-2, "sent")
    assert outbox.status().failed == []


def test_a_drill_mails_those_who_wait_and_loses_none(
    outbox: Outbox, drill: Drilling, patience: Clock, clock: Clock
) -> None:
    """It goes the same way, behind them."""
    for key in (b"a", b"b"):
        outbox.accept(key, "REF-ERE", lambda n: Sealed(b"cms", f"token{n}"))
    carriage = Carriage()
    clock.move(1)
    assert drill(carriage, patience.move) == (-1, "sent")
    assert [leased.number for leased in carriage.taken] == [1, 2, -1]


def test_a_drill_takes_the_word_of_a_delivery_process_beside_it(
    outbox: Outbox, drill: Drilling, patience: Clock
) -> None:
    """Which had it before us, and is still at it for a while."""
    beside: list[Leased] = []
    lease = outbox.lease

    def leased_by_another() -> Leased | None:
        leased = lease()
        if leased is not None:
            beside.append(leased)
        return None

    def sleep(seconds: float) -> None:
        patience.move(seconds)
        if patience.now % 2 == 0:
            outbox.sent(beside[0])

    ours = Carriage()
    outbox.lease = leased_by_another  # type: ignore[method-assign]
    assert drill(ours, sleep) == (-1, "sent")
    assert ours.taken == []
