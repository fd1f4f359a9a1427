"""An event that a handler of signals may set."""

import os
import signal
from contextlib import suppress
from select import POLLIN, poll
from typing import Final

# As much as one holds (pipe(7)).
_PIPE_BYTES: Final = 2**16


class Signalled:
    """As `threading.Event`, which a handler of signals must not set.

    That one takes a lock, which the thread that the signal interrupts may hold itself for a moment,
    when it begins or ends to wait; then it waits for itself for ever. Writing to a pipe takes none
    (signal-safety(7)).
    """

    def __init__(self) -> None:
        """Not set; its pipe, which holds something while it is, is open as long as the process."""
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def is_set(self) -> bool:
        """Whether it is."""
        return self.wait(0)

    def set(self) -> None:
        """Wake all that wait, and let none wait until it is cleared."""
        with suppress(BlockingIOError):  # full of what woke them before
            os.write(self._writing, b"s")

    def clear(self) -> None:
        """Let wait again."""
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
