"""The processes of `udvej serve`: web workers, and the delivery beside them."""

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
# Whoever reads comes first; a referral waits that long gladly.
_DELIVERY_BEGINS_SECONDS: Final = 1.0
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


def serve(config: Config, factory: str, *, deliver: bool = True) -> None:
    """Run until told to stop.

    Args:
        config: where to listen.
        factory: "module:function" that makes the application of a worker.
        deliver: whether to run a delivery process too; else another service does.
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
    gc.freeze()  # what is here is shared with the workers, as long as nobody writes into it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until the server has its own
    with _delivery() if deliver else nullcontext():
        server.serve()


class Server(MPServer):
    """A worker that is told to stop just before it begins to serve would forget it."""

    def shutdown(self, exit_code: int = 0) -> None:
        """Wait until each worker can hear it, then stop them."""
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


@contextmanager
def _delivery() -> Iterator[None]:
    """A delivery process beside the workers, started anew should it ever end."""
    stop, starting = Event(), Lock()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> bool:
        with starting:
            if not stop.is_set():
                command = [sys.executable, "-m", "udvej", "deliver", "--with-parent"]
                running[:] = [subprocess.Popen(command)]  # noqa: S603 (our own)
        return not stop.is_set()

    def supervise() -> None:
        stop.wait(_DELIVERY_BEGINS_SECONDS)
        while start():
            running[0].wait()
            if not stop.wait(_RESTART_SECONDS):
                _log.error("event=delivery-ended status=%s", running[0].returncode)

    supervisor = Thread(target=supervise, daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        with starting:
            stop.set()
        for process in running:
            process.terminate()
            try:
                process.wait(_DELIVERY_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
