"""The processes of `udvej serve`: web workers, and the delivery next to them."""

import gc
import logging
import multiprocessing
import os
import resource
import secrets
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Final

from granian.constants import Interfaces

from udvej import logs
from udvej.errors import ConfigError, UdvejError
from udvej.installation import Installation
from udvej.publish.everywhere import is_shared
from udvej.publish.running import Announced, Asked
from udvej.server.checked import refuse
from udvej.server.delivery import deliver, deliver_for
from udvej.server.following import follow
from udvej.server.granian import Server, reset_signals_in_workers
from udvej.server.sites import Sites
from udvej.server.supervised import Supervised

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_WORKERS: Final = 2
_THREADS: Final = 4
_WORKER_STOP_SECONDS: Final = 10
# Granian's backpressure, per worker: only thousands of idle connections keep others out.
_CONNECTIONS: Final = 8192

_log = logging.getLogger(__name__)


def check_port(installation: Installation) -> None:
    """Check that nobody else listens there.

    Args:
        installation: says where.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    try:
        address = socket.getaddrinfo(installation.host, installation.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(*address[:3]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a host name
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise ConfigError(
            f"UDVEJ_HOST, UDVEJ_PORT: cannot listen there ({reason}); "
            "stop what listens there, or choose another port"
        ) from error


def run(sites: Sites, *, delivers: bool) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP takes up what has changed, if all of it is good.

    Args:
        sites: what to serve.
        delivers: whether to deliver too; not where another service does.
    """
    multiprocessing.set_start_method("fork", force=True)  # workers are given what is checked
    main, installation = _MainProcess(sites), sites.installation
    server = web_server(installation.host, installation.port)
    server.may_reload, server.on_reloaded = main.renew, main.report
    reset_signals_in_workers()
    _open_many_files()
    _share_memory()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # until the server has its own
    try:
        if delivers:
            main.delivery = Supervised(main.deliver)
        if any(map(is_shared, installation.configs.values())):
            main.follower = Supervised(main.follow, "follower")
        server.on_stop = main.stop
        server.serve(target_loader=main.application, wrap_loader=False)
    finally:
        main.end()


def web_server(host: str, port: int) -> Server:
    """The web server of the site, which does not listen yet.

    Args:
        host: where it is to listen.
        port: likewise.
    """
    return Server(
        "udvej",
        address=host,
        port=port,
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


class _MainProcess:
    """Holds the last sites found good, of which new workers and deliveries are made."""

    delivery: Supervised | None = None
    follower: Supervised | None = None

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._announced: dict[str, Announced] = {}
        self._asked: Mapping[str, Asked] = {}
        self._refused: Mapping[str, UdvejError] = {}
        self.report()
        self._id = secrets.token_hex(8)

    def application(self) -> "WSGIApplication":
        logs.configure()
        return self._sites.application()

    def deliver(self) -> None:
        if self._sites.installation.is_many:
            deliver_for(self._sites.services)
        else:
            (alone,) = self._sites.good.values()
            deliver(alone.services)

    def follow(self) -> None:
        follow(Installation.from_environ(os.environ), self._id)

    def stop(self) -> None:
        """Send SIGTERM to what runs next to the workers."""
        for process in self._others():
            process.stop()

    def end(self) -> None:
        """As `stop`, and wait until they have finished what they have in hand."""
        for process in self._others():
            process.end()

    def _others(self) -> Sequence[Supervised]:
        return [one for one in (self.delivery, self.follower) if one is not None]

    def renew(self) -> bool:
        """Check what has changed, or what publishers ask for; whether anything good is new."""
        self._asked, before = self._sites.asked, self._sites.good
        try:
            self._sites, self._refused = self._sites.renewed(os.environ, self._asked)
        except UdvejError as error:
            installation = self._sites.installation
            self._refused = dict.fromkeys(installation.names, error)
            for name in installation.names:
                with logs.of(name):
                    refuse(error, installation.state_of(name))
        if self._sites.good == before:
            self.report()
            return False
        _share_memory()
        if self.delivery is not None:
            self.delivery.renew()
        if self.follower is not None and not self._asked:  # else it waits for this very answer
            self.follower.renew()
        return True

    def report(self) -> None:
        """Tell publishers what is served now, or why it is not what they ask for."""
        installation = self._sites.installation
        for name in installation.configs:
            good = self._sites.good.get(name)
            build = good.build.name if good else ""
            state = installation.state_of(name)
            if name not in self._announced:
                with suppress(OSError) if installation.is_many else nullcontext():
                    self._announced[name] = Announced(state, installation.port, build)
            asked, refused = self._asked.get(name), self._refused.get(name)
            if announced := self._announced.get(name):
                announced.report(
                    build, asked.number if asked else "", str(refused) if refused else ""
                )


def _open_many_files() -> None:
    """Let workers hold as many connections as the system allows; services begin with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _share_memory() -> None:
    """`gc.freeze` before a fork: a collection in the child would copy the pages that it shares."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
