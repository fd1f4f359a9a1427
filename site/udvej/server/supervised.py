"""A process that is started again should it ever end."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from threading import Event, Lock, Thread
from typing import Final

# A mail in hand is let through before the process is killed.
_STOP_SECONDS: Final = 40
_RESTART_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Supervised:
    """A child process, restarted when it ends by itself."""

    def __init__(self, work: Callable[[], None], name: str = "delivery") -> None:
        """Start it.

        Args:
            work: goes on until its process gets SIGTERM.
            name: what the log calls it when it ends by itself.
        """
        self._name = name
        self._work = work
        self._stop, self._renewing, self._starting = Event(), Event(), Lock()
        self._process = self._started()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Send SIGTERM, and do not wait."""
        with self._starting:
            self._stop.set()
        self._process.terminate()

    def renew(self) -> None:
        """Let it end what it has in hand, and start another."""
        self._renewing.set()
        self._process.terminate()

    def end(self) -> None:
        """Stop it, and wait until it has finished what it has in hand."""
        self.stop()
        self._process.join(_STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def _started(self) -> ForkProcess:
        # Daemonic: also ended by an exit that comes before anybody can call `end`.
        process = get_context("fork").Process(
            target=_run_child, args=(self._work, os.getpid()), daemon=True
        )
        process.start()
        return process

    def _watch(self) -> None:
        while True:
            self._process.join()
            if self._stop.wait(_RESTART_SECONDS):
                return
            if not self._renewing.is_set():
                _log.error("event=%s-ended status=%s", self._name, self._process.exitcode)
            self._renewing.clear()
            with self._starting:
                if not self._stop.is_set():
                    self._process = self._started()


def _run_child(work: Callable[[], None], parent: int) -> None:
    """Work, and end when the parent has been killed rather than stay behind."""

    def stop_without_parent() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=stop_without_parent, daemon=True).start()
    try:
        work()
    except Exception:  # noqa: BLE001 (its message would be written, which may hold anything)
        _log.exception("event=broken")
        sys.exit(1)
