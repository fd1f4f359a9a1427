"""What a handler of signals may set, whatever its thread is doing."""

import subprocess
import sys
import time
from threading import Thread

import pytest
from support.patience import PATIENCE
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
sys.settrace(interrupt)
for _ in range(2):
    event.wait(0.01)
    event.clear()
sys.settrace(None)
assert len(signals) > 10
"""


def interrupted(kind: str, seconds: float) -> int:
    """The exit status of the above."""
    command = [sys.executable, "-c", _INTERRUPTED, kind]
    return subprocess.run(command, timeout=seconds, check=False).returncode


def test_a_signal_at_any_moment_keeps_nobody_waiting() -> None:
    """Whatever the thread does that it interrupts."""
    assert interrupted("Signalled", PATIENCE) == 0


def test_a_signal_at_a_bad_moment_would_be_noticed() -> None:
    """Python's own event waits for itself for ever."""
    with pytest.raises(subprocess.TimeoutExpired):
        interrupted("Event", 5)


def test_the_server_too_is_woken_by_one() -> None:
    """Granian sets its event in its handlers of SIGTERM and SIGHUP."""
    assert isinstance(Server("udvej").main_loop_interrupt, Signalled)


def test_all_that_wait_are_woken_and_none_waits_until_it_is_cleared() -> None:
    """As `threading.Event` does it; set more often than a pipe holds, too."""
    event, woken = Signalled(), []
    threads = [Thread(target=lambda: woken.append(event.wait(PATIENCE))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(100_000):
        event.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert woken == [True] * 3
    assert event.is_set()
    assert event.wait()
    event.clear()
    assert not event.is_set()
    assert not event.wait(0)


def test_who_waits_in_vain_waits_as_long_as_it_said() -> None:
    """In seconds."""
    before = time.monotonic()
    assert not Signalled().wait(0.2)
    assert time.monotonic() - before + 0.002 >= 0.2
