"""An event that a handler of signals may set."""

import os
import signal
from contextlib import suppress
from select import POLLIN, poll
from typing import Final

# As much as one holds (pipe(7)).
_PIPE_BYTES: Final = 2**16


class Signalled:
    """An event like `threading.Event` that a signal handler may set.

    `Event.set` takes a non-reentrant lock. If the signal interrupts a thread that holds it, in
    `wait`, the handler deadlocks. Writing to a pipe takes no lock (signal-safety(7)).
    """

    def __init__(self) -> None:
        """Not set. The pipe holds a byte while it is set, and stays open until the process ends."""
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def is_set(self) -> bool:
        """Whether it is set."""
        return self.wait(0)

    def set(self) -> None:
        """Wake all that wait, and let none wait until it is cleared."""
        with suppress(BlockingIOError):  # full of what woke them before
            os.write(self._writing, b"s")

    def clear(self) -> None:
        """Unset it, so that `wait` blocks again."""
        with suppress(BlockingIOError):
            os.read(self._reading, _PIPE_BYTES)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, in any thread.

        Args:
            timeout: for how many seconds at most.

        Returns:
            Whether it is.
        """
        waiting = poll()
        waiting.register(self._reading, POLLIN)
        return waiting.poll(None if timeout is None else timeout * 1000) != []


def stopped_by_signals() -> Signalled:
    """What SIGTERM and SIGINT set in this process from now on."""
    stop = Signalled()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
