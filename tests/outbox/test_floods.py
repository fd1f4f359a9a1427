"""What a person sees of a flood, and sets aside: nothing is lost, and others come first."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.clock import DAY, HOUR, MINUTE, Clock
from udvej.database import Database
from udvej.outbox.floods import Floods, Hour
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox

pytestmark = pytest.mark.heavy


@pytest.fixture
def floods(outbox: Outbox, database: Database, clock: Clock) -> Floods:
    """Those of the outbox, on the clock that the test moves."""
    assert outbox
    return Floods(database, clock)


def accept(outbox: Outbox, key: str, *, paced: bool = False, size: int = 5000) -> None:
    """Accept one referral of so many bytes."""
    outbox.accept(key.encode(), "AAA-AAA", lambda _: Sealed(b"x" * size, f"t{key}"), paced=paced)


def mailed(outbox: Outbox) -> Iterator[int]:
    """Mail all that is due, in turn."""
    while leased := outbox.lease():
        outbox.sent(leased)
        yield leased.number


def flood(outbox: Outbox, last: int = 100) -> None:
    """So many of a robot's."""
    for turn in range(last):
        accept(outbox, f"flood {turn}", paced=True)


def test_what_waits_is_told_by_the_hour_without_a_word_of_it(
    outbox: Outbox, floods: Floods, clock: Clock
) -> None:
    """Nothing of what is mailed; the sizes of the rest, and which numbers they have."""
    accept(outbox, "mailed")
    assert [*mailed(outbox)] == [1]
    assert [*floods.hours()] == []
    accept(outbox, "somebody", size=9000)
    flood(outbox, 3)
    began = datetime.fromtimestamp(clock.now // HOUR * HOUR, UTC)
    clock.move(2 * HOUR)
    accept(outbox, "later")
    floods.set_aside(2, 3)
    assert [*floods.hours()] == [
        Hour(began, 2, 5, 4, 2, 2, 5000, 9000),
        Hour(datetime.fromtimestamp(began.timestamp() + 2 * HOUR, UTC), 6, 6, 1, 0, 0, 5000, 5000),
    ]


def test_others_are_mailed_first_and_need_not_wait_for_what_is_set_aside(
    outbox: Outbox, floods: Floods, clock: Clock
) -> None:
    """Somebody taken for a robot behind the flood is mailed next; what comes later too."""
    flood(outbox)
    accept(outbox, "somebody", paced=True)
    assert floods.set_aside(1, 100) == 100
    clock.move(MINUTE)
    assert [*mailed(outbox)] == [101]
    clock.move(10 * MINUTE)
    accept(outbox, "later")
    assert [*mailed(outbox)] == [102, *range(1, 11)]


def test_all_that_is_set_aside_is_mailed_in_the_end_a_minute_apart(
    outbox: Outbox, floods: Floods, clock: Clock
) -> None:
    """Nothing deletes it, however long it takes."""
    flood(outbox, 20)
    floods.set_aside(1, 20)
    outbox.forget(keep_days=0)
    for number in range(1, 21):
        clock.move(MINUTE)
        assert [*mailed(outbox)] == [number]
    assert outbox.status().sent == 20


def test_what_is_brought_back_waits_as_it_did(outbox: Outbox, floods: Floods, clock: Clock) -> None:
    """A person's at once, a robot's a minute apart; what is not named stays aside."""
    accept(outbox, "somebody")
    flood(outbox, 4)
    assert floods.set_aside(1, 5) == 5
    assert [*mailed(outbox)] == []
    assert (outbox.status().waiting, outbox.status().aside) == (0, 5)
    assert floods.bring_back(1, 3) == 3
    assert (outbox.status().waiting, outbox.status().aside) == (3, 2)
    assert [*mailed(outbox)] == [1]
    for number in (2, 3, 4, 5):
        clock.move(MINUTE)
        assert [*mailed(outbox)] == [number]


def test_only_what_waits_is_set_aside_and_only_that_brought_back(
    outbox: Outbox, floods: Floods
) -> None:
    """What was mailed or has failed is where it was."""
    for key in ("mailed", "failed", "waiting"):
        accept(outbox, key)
    sent, refused = outbox.lease(), outbox.lease()
    assert sent is not None
    assert refused is not None
    outbox.sent(sent)
    outbox.failed(refused, "DATA 554")
    assert (floods.bring_back(1, 3), floods.set_aside(1, 3), floods.set_aside(1, 3)) == (0, 1, 0)
    status = outbox.status()
    assert (status.sent, len(status.failed), status.waiting, status.aside) == (1, 1, 0, 1)


def test_a_mail_in_hand_that_is_set_aside_is_mailed_once(
    outbox: Outbox, floods: Floods, clock: Clock
) -> None:
    """The mail server has taken it meanwhile."""
    accept(outbox, "in hand")
    leased = outbox.lease()
    assert leased is not None
    assert floods.set_aside(1, 1) == 1
    outbox.sent(leased)
    clock.move(DAY)
    assert [*mailed(outbox)] == []
    assert outbox.outcome(1) == "sent"


def test_one_that_was_set_aside_is_tried_again_as_any_other(
    outbox: Outbox, floods: Floods, clock: Clock
) -> None:
    """When the mail server was away."""
    flood(outbox, 1)
    floods.set_aside(1, 1)
    clock.move(MINUTE)
    leased = outbox.lease()
    assert leased is not None
    outbox.retry(leased, "DATA 450")
    clock.move(HOUR)
    assert [*mailed(outbox)] == [1]


def test_one_of_them_may_be_mailed_at_once(outbox: Outbox, floods: Floods) -> None:
    """As `udvej deliver --again` does: somebody asks for their number."""
    flood(outbox, 3)
    floods.set_aside(1, 3)
    outbox.requeue(2)
    assert [*mailed(outbox)] == [2]
