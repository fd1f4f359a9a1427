"""Where limits are counted: right, and at the same cost however many clients are known."""

import gc
import sys
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from types import FrameType
from typing import Any

import pytest
from limits import parse
from support.clock import HOUR, Clock
from support.patience import PATIENCE
from udvej.web.counts import Counts
from udvej.web.rate_limit import ClientLimit


@pytest.fixture
def counts(clock: Clock) -> Counts:
    """Nothing counted, on the clock that the test moves."""
    return Counts(clock)


def test_a_window_counts_until_it_ends_and_the_next_begins_at_nothing(
    counts: Counts, clock: Clock
) -> None:
    """It begins with the first that is counted."""
    assert [counts.incr("one", HOUR, amount) for amount in (1, 3)] == [1, 4]
    assert counts.incr("another", HOUR) == 1
    assert counts.get_expiry("one") == clock() + HOUR
    clock.move(HOUR - 1)
    assert (counts.incr("one", HOUR), counts.get("one")) == (5, 5)
    clock.move(1)
    assert (counts.get("one"), counts.incr("one", HOUR), counts.get("one")) == (0, 1, 1)


def test_what_is_cleared_begins_at_nothing(counts: Counts, clock: Clock) -> None:
    """One, or all; nothing that never began is anything."""
    for key in ("one", "another", "third"):
        counts.incr(key, HOUR)
    counts.clear("one")
    assert [counts.get(key) for key in ("one", "another", "never")] == [0, 1, 0]
    assert counts.get_expiry("never") == clock()
    assert (counts.reset(), counts.get("another"), counts.check()) == (2, 0, True)


def test_windows_that_are_over_leave_the_memory(counts: Counts, clock: Clock) -> None:
    """A few with each that comes, so that none pays for all."""
    for number in range(1000):
        counts.incr(str(number), HOUR)
    clock.move(HOUR)
    for number in range(400):
        counts.incr(f"later {number}", HOUR)
    assert counts.reset() == 400


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python some work takes, with all that it starts in other threads.

    Of garbage that others have left, whose last words are lines too, none is looked for meanwhile.
    """
    ran = count()
    before, known = sys.gettrace(), {*threading.enumerate()}

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:  # noqa: ANN401 (as sys has it)
        if event == "line":
            next(ran)
        return trace

    gc.disable()
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        threading.settrace(before)
        for thread in {*threading.enumerate()} - known:
            thread.join(PATIENCE)
        gc.enable()
    return next(ran)


@pytest.mark.parametrize("ended", [False, True])
def test_a_request_takes_no_more_steps_when_many_clients_are_known(
    clock: Clock, *, ended: bool
) -> None:
    """Nor when the time of all of them has just ended."""
    few, many = (ClientLimit(parse("30/hour"), clock) for _ in range(2))
    for limit, clients in ((few, 20), (many, 5_000)):
        for number in range(clients):
            limit.allows(f"10.0.{number // 256}.{number % 256}")
    if ended:
        clock.move(HOUR)
    steps = [lines_run(partial(limit.allows, "192.0.2.1")) for limit in (few, many)]
    assert 0 < steps[1] <= steps[0]
