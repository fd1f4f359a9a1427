"""The processes of `udvej serve`: web workers, and the delivery beside them."""

import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from threading import Event, Lock, Thread
from typing import Final

from granian.constants import Interfaces
from granian.server.mp import MPServer

from udvej.config import Config
from udvej.errors import ConfigError

_WORKERS: Final = 2
_THREADS: Final = 4
# A mail in hand is let through before the delivery process is stopped for good.
_DELIVERY_STOP_SECONDS: Final = 40
_WORKER_STOP_SECONDS: Final = 10
_RESTART_SECONDS: Final = 1.0
_BEGIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


def check_port(config: Config) -> None:
    """See that nobody else listens there.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    try:
        address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(*address[:3]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a host name
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise ConfigError(
            f"UDVEJ_HOST, UDVEJ_PORT: cannot listen there ({reason}); "
            "stop what listens there, or choose another port"
        ) from error


def serve(config: Config, factory: str, deliver: Callable[[], None] | None) -> None:
    """Run until told to stop.

    Args:
        config: where to listen.
        factory: "module:function" that makes the application of a worker.
        deliver: delivers until its process is told to stop; None where another service does.
    """
    server = Server(
        factory,
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=_WORKERS,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=_WORKER_STOP_SECONDS,
        websockets=False,
        log_access=False,  # addresses are never written
        log_enabled=False,
    )
    let_new_workers_be_stopped()
    gc.collect()
    gc.freeze()  # what is here is shared with the others, as long as nobody writes into it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until the server has its own
    try:
        if deliver is not None:
            server.beside = Supervised(deliver)
        server.serve()
    finally:
        if server.beside is not None:
            server.beside.end()


class Supervised:
    """A process beside the workers, made anew should it ever end."""

    def __init__(self, work: Callable[[], None]) -> None:
        """Begin.

        Args:
            work: goes on until its process gets SIGTERM.
        """
        self._work = work
        self._stop, self._making = Event(), Lock()
        self._process = self._made()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Tell it to stop, and do not wait."""
        with self._making:
            self._stop.set()
        self._process.terminate()

    def end(self) -> None:
        """Stop it, and let it end what it has in hand."""
        self.stop()
        self._process.join(_DELIVERY_STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def _made(self) -> ForkProcess:
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
            _log.error("event=delivery-ended status=%s", self._process.exitcode)
            with self._making:
                if not self._stop.is_set():
                    self._process = self._made()


def _run_child(work: Callable[[], None], parent: int) -> None:
    """In the process beside the workers, which a killed parent does not leave behind."""

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


class Server(MPServer):
    """Granian, but that it stops what stands beside it, and workers that only just begin."""

    beside: Supervised | None = None

    def shutdown(self, exit_code: int = 0) -> None:
        """Wait until each worker can hear it, for one that is about to serve would forget it."""
        if self.beside is not None:
            self.beside.stop()
        for worker in self.wrks:
            time.sleep(max(0.0, worker.birth + _BEGIN_SECONDS - time.monotonic()))
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def let_new_workers_be_stopped() -> None:
    """A forked worker takes SIGTERM as the first process does, and goes on, until it is prepared.

    So it gets the system's way of taking it, before any signal can come through.
    """
    told = (signal.SIGTERM, signal.SIGINT)

    def hold() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, told)

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, told)

    def begin() -> None:
        for name in told:
            signal.signal(name, signal.SIG_DFL)
        take()

    os.register_at_fork(before=hold, after_in_parent=take, after_in_child=begin)
