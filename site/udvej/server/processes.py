"""The processes of `udvej serve`: web workers, and the delivery next to them."""

import gc
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from granian.constants import Interfaces

from udvej.config import Config
from udvej.errors import ConfigError
from udvej.server.granian import Server, reset_signals_in_workers
from udvej.server.supervised import Supervised

_WORKERS: Final = 2
_THREADS: Final = 4
_WORKER_STOP_SECONDS: Final = 10


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


def run(config: Config, factory: str, deliver: Callable[[], None] | None) -> None:
    """Serve until told to stop.

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
    reset_signals_in_workers()
    gc.collect()
    gc.freeze()  # what is here is shared with the forked processes, as long as none writes into it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until the server has its own
    delivery = None
    try:
        if deliver is not None:
            delivery = Supervised(deliver)
            server.on_stop = delivery.stop
        server.serve()
    finally:
        if delivery is not None:
            delivery.end()
