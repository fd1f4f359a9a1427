"""The processes of `udvej serve`: web workers, and the delivery next to them."""

import gc
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final

from granian.constants import Interfaces

from udvej import logs
from udvej.config import Config
from udvej.errors import ConfigError, UdvejError
from udvej.publish.running import Announced, Asked
from udvej.server.checked import Checked, refuse
from udvej.server.delivery import deliver
from udvej.server.granian import Server, reset_signals_in_workers
from udvej.server.supervised import Supervised

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_WORKERS: Final = 2
_THREADS: Final = 4
_WORKER_STOP_SECONDS: Final = 10
# Of each worker: such as say nothing are many before they keep others out.
_CONNECTIONS: Final = 8192

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


def run(checked: Checked, *, delivers: bool) -> None:
    """Serve until told to stop; SIGHUP takes up what has changed, if all of it is good.

    Args:
        checked: what to serve.
        delivers: whether to deliver too; not where another service does.
    """
    multiprocessing.set_start_method("fork", force=True)  # workers are given what is checked
    serving = _Serving(checked)
    config = checked.services.config
    server = Server(
        "udvej",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=_WORKERS,
        blocking_threads=_THREADS,
        backpressure=_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=_WORKER_STOP_SECONDS,
        websockets=False,
        log_access=False,  # addresses are never written
        log_enabled=False,
    )
    server.may_reload, server.on_reloaded = serving.renew, serving.says
    reset_signals_in_workers()
    _open_many_files()
    _share_memory()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until the server has its own
    try:
        if delivers:
            serving.delivery = Supervised(serving.deliver)
            server.on_stop = serving.delivery.stop
        server.serve(target_loader=serving.application, wrap_loader=False)
    finally:
        if serving.delivery is not None:
            serving.delivery.end()


class _Serving:
    """What new workers and a new delivery are given: the last that was found good."""

    delivery: Supervised | None = None

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        config = checked.services.config
        self._announced = Announced(config.state, config.port, checked.build)
        self._answers = ""

    def application(self) -> "WSGIApplication":
        logs.configure()
        return self._checked.application()

    def deliver(self) -> None:
        deliver(self._checked.services)

    def renew(self) -> bool:
        """Check what has changed, or what a publisher asks for; whether it is good."""
        asked = next(Asked.read(self._checked.services.config.state), None)
        self._answers = asked.number if asked else ""
        try:
            self._checked = (
                Checked.asked(os.environ, asked) if asked else Checked.from_environ(os.environ)
            )
        except UdvejError as error:
            return self._refused(error)
        except Exception:  # noqa: BLE001 (whatever it is, what runs goes on)
            _log.exception("event=broken")
            return self._refused(UdvejError("the program broke over what it read; see its log"))
        _share_memory()
        if self.delivery is not None:
            self.delivery.renew()
        return True

    def says(self, refused: str = "") -> None:
        """Tell a publisher what is served now."""
        self._announced.says(self._checked.build, self._answers, refused)

    def _refused(self, error: UdvejError) -> bool:
        refuse(error, self._checked.services.config.state)
        self.says(str(error))
        return False


def _open_many_files() -> None:
    """Let workers hold as many connections as the system allows; services begin with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _share_memory() -> None:
    """Share what is here with the processes forked from it, as long as none writes into it."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
