"""Granian, where its own way of starting and stopping workers is not enough.

This is the only module that uses Granian's internals. A worker that gets SIGTERM before it has
installed its signal handlers ignores it, and delays the stop until it is killed:
https://github.com/emmett-framework/granian/pull/579
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final

from granian.server.mp import MPServer

from udvej.server.signalled import Signalled

# How long a forked worker takes, at most, until it listens for signals.
_BEGIN_SECONDS: Final = 2.0


class Server(MPServer):
    """Stops what runs next to the workers first, and each worker once it handles signals.

    Attributes:
        on_stop: called before the workers are stopped.
        may_reload: called on SIGHUP; says whether the workers are to be renewed.
        on_reloaded: called when all of them have been.
    """

    on_stop: Callable[[], None] | None = None
    may_reload: Callable[[], bool] | None = None
    on_reloaded: Callable[[], None] | None = None

    def __init__(self, target: str, **options: Any) -> None:  # noqa: ANN401 (what Granian takes)
        """Prepare.

        Args:
            target: as of Granian.
            options: likewise.
        """
        super().__init__(target, **options)
        # Its handlers of signals set it.
        self.main_loop_interrupt = Signalled()  # type: ignore[assignment]

    def shutdown(self, exit_code: int = 0) -> None:
        """Wait until each worker handles signals; one that is younger would lose them."""
        if self.on_stop is not None:
            self.on_stop()
        for worker in self.wrks:
            time.sleep(max(0.0, worker.birth + _BEGIN_SECONDS - time.monotonic()))
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]

    def _reload(self, spawn_target: object, target_loader: object) -> None:
        """Renew the workers only if `may_reload` agrees; else the running ones stay."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        good = self.may_reload is None or self.may_reload()
        if good and not self.reload_signal:  # else once more: it was asked for meanwhile
            super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]
            if self.on_reloaded is not None:
                self.on_reloaded()
        if self.interrupt_signal:  # it may have been cleared with the reload's
            self.main_loop_interrupt.set()


def reset_signals_in_workers() -> None:
    """Give forked processes the system's handling of SIGTERM and SIGINT.

    Until Granian installs handlers of its own, a worker would inherit the parent's and go on. The
    signals are blocked around the fork, so that none arrives in between.
    """
    stops = (signal.SIGTERM, signal.SIGINT)

    def block() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stops)

    def reset() -> None:
        for name in stops:
            signal.signal(name, signal.SIG_DFL)
        unblock()

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=reset)
