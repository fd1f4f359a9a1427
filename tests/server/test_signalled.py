"""What a handler of signals may set, whatever its thread is doing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from support.patience import PATIENCE
from support.running import ended, next_line, started
from udvej.server.granian import Server
from udvej.server.signalled import Signalled

# A signal at each line of waiting, of being woken and of clearing, and of all that they call.
_INTERRUPTED = """
import signal, sys
from threading import Event
from udvej.server.signalled import Signalled

event, signals = {"Event": Event, "Signalled": Signalled}[sys.argv[1]](), []

def handled(*_):
    signals.append(event.set())

def interrupt(frame, what, _):
    if what == "line":
        signal.raise_signal(signal.SIGTERM)
    return interrupt

signal.signal(signal.SIGTERM, handled)
print(flush=True)
sys.settrace(interrupt)
for _ in range(2):
    event.wait(0.01)
    event.clear()
sys.settrace(None)
assert len(signals) > 10
"""


@contextmanager
def interrupted(kind: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The above, from when it begins to wait."""
    command = [sys.executable, "-c", _INTERRUPTED, kind]
    process = started(command, stdout=subprocess.PIPE, bufsize=0)
    try:
        next_line(process)
        yield process
    finally:
        ended(process)


def test_a_signal_at_any_moment_keeps_nobody_waiting() -> None:
    """Whatever the thread does that it interrupts."""
    with interrupted("Signalled") as process:
        assert process.wait(PATIENCE) == 0


def test_a_signal_at_a_bad_moment_would_be_noticed() -> None:
    """Python's own event waits for itself for ever."""
    with interrupted("Event") as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)


def test_the_server_too_is_woken_by_one() -> None:
    """Granian sets its event in its handlers of SIGTERM and SIGHUP."""
    assert isinstance(Server("udvej").main_loop_interrupt, Signalled)


def test_all_that_wait_are_woken_and_none_waits_until_it_is_cleared() -> None:
    """As `threading.Event` does it; set more often than a pipe holds, too."""
    event, woken = Signalled(), []
    threads = [
        Thread(target=lambda seconds=seconds: woken.append(event.wait(seconds)), daemon=True)
        for seconds in (None, PATIENCE, PATIENCE)
    ]
    for thread in threads:
        thread.start()
    for _ in range(100_000):
        event.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert woken == [True] * 3
    assert event.is_set()
    assert event.wait(PATIENCE)
    event.clear()
    assert not event.is_set()
    assert not event.wait(0)


def test_who_waits_in_vain_waits_as_long_as_it_said() -> None:
    """In seconds."""
    before = time.monotonic()
    assert not Signalled().wait(0.2)
    assert time.monotonic() - before + 0.002 >= 0.2
