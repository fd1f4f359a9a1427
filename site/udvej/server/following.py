"""A process of each server that lets this host show what is published for all of them."""

import logging
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread
from typing import Final

from udvej import logs
from udvej.config import Config
from udvej.errors import ConfigError, StorageError, UdvejError
from udvej.installation import Installation
from udvej.publish.everywhere import is_shared, with_sources
from udvej.publish.freeze import with_sources_of
from udvej.publish.generations import Generations, Published, Server
from udvej.publish.publishing import show
from udvej.publish.sources import read, stamp
from udvej.publish.swap import Builds
from udvej.server.signalled import Signalled, stopped_by_signals
from udvej.services import Services

_LOOK_EVERY_SECONDS: Final = 0.5
_SAY_EVERY_SECONDS: Final = 2.0
# Municipalities polled a second: with more than ten, each is polled less often.
_MOST_A_SECOND: Final = 20
# After a server of this host has refused what all hosts had found good.
_PAUSE_SECONDS: Final = 20.0

_log = logging.getLogger(__name__)


def follow(installation: Installation, server: str) -> None:
    """Answer publishers and take up what they publish, until this process gets SIGTERM or SIGINT.

    Args:
        installation: whose hosts share a database.
        server: the id of the server, from its start to its end.
    """
    stop = stopped_by_signals()
    shared = {name: one for name, one in installation.configs.items() if is_shared(one)}
    followers = {name: Follower(config, server) for name, config in shared.items()}
    with announced(followers.values(), stop):
        later = dict.fromkeys(followers, 0.0)
        while not stop.wait(max(_LOOK_EVERY_SECONDS, len(followers) / _MOST_A_SECOND)):
            for name, follower in followers.items():
                if time.monotonic() >= later[name] and not stop.is_set():
                    later[name] = _looked(name, follower)


def _looked(name: str, follower: "Follower") -> float:
    """Look for one municipality; the moment from which to look again."""
    with logs.of(name):
        try:
            follower.look()
        except StorageError:
            pass  # as /sundhed says; visitors are answered all the same
        except UdvejError as error:
            _log.error("event=not-shown problem=%r", str(error))
            return time.monotonic() + _PAUSE_SECONDS
    return 0.0


@contextmanager
def announced(followers: Collection["Follower"], stop: Signalled) -> Iterator[None]:
    """Send heartbeats from a thread of their own while the block runs; then sign off.

    Args:
        followers: one for each municipality of this server.
        stop: set when the server ends.
    """

    def go_on() -> None:
        while not stop.wait(max(_SAY_EVERY_SECONDS, len(followers) / _MOST_A_SECOND)):
            for follower in followers:
                follower.heartbeat()

    Thread(target=go_on, daemon=True).start()
    try:
        yield
    finally:
        for follower in followers:
            follower.leave()


class Follower:
    """One server's side of publishing for one municipality: heartbeats, answers, taking up."""

    def __init__(self, config: Config, server: str) -> None:
        """Look at nothing yet; see `follow`."""
        self._config = config
        self._builds = Builds(config.state)
        self._generations: Generations | None = None
        self._said = Server(server, f"{socket.gethostname()}:{config.port}")
        self._saying = Lock()
        self._shown: tuple[Collection[Path], str] = ((), "")

    def heartbeat(self) -> None:
        """Send a heartbeat; a database that does not answer is noticed elsewhere."""
        with suppress(StorageError):
            self._say()

    def leave(self) -> None:
        """Sign off; a database that does not answer is noticed elsewhere."""
        with suppress(StorageError), self._saying:
            self._shared().leave(self._said)

    def look(self) -> None:
        """Answer what is asked, and take up what is current.

        Raises:
            StorageError: the database does not answer.
            UdvejError: the servers here do not take up what is current.
        """
        self._say(shows=self._shows())
        published = self._shared().published()
        if published.number and published.number != self._said.answered:
            self._say(answered=published.number, refused=self._judged(published))
        if published.current and published.current != self._said.shows:
            show(self._config, with_sources(published.current, self._shared(), self._config))
            self._say(shows=self._shows())

    def _shared(self) -> Generations:
        if self._generations is None:
            self._generations = Generations.of(self._config)
        return self._generations

    def _say(self, **changes: str) -> None:
        """Write what has changed; without changes, a heartbeat."""
        with self._saying:
            said = replace(self._said, **changes)  # type: ignore[arg-type]  # all are strings
            if changes and said == self._said:
                return
            self._shared().announce(said)
            self._said = said

    def _shows(self) -> str:
        """The stamp of the sources that are shown here, by nginx too, or "" while they differ.

        Read once for each build.
        """
        builds = {link.resolve() for link in (self._builds.current, *self._builds.fronts)}
        if builds != self._shown[0]:
            try:
                stamps = {stamp(read(with_sources_of(build, self._config))) for build in builds}
            except ConfigError:
                return ""  # what keeps it from being read is named when it is to be changed
            self._shown = (builds, stamps.pop() if len(stamps) == 1 else "")
        return self._shown[1]

    def _judged(self, published: Published) -> str:
        """Build what is asked for, with all that workers are made of; what is wrong with it."""
        try:
            wanted = with_sources(published.asked, self._shared(), self._config)
            asked = self._builds.asked(wanted, published.number)
            services = Services(with_sources_of(self._config.state / asked.build, self._config))
            _ = services.content, services.form, services.sealer, services.carrier
        except StorageError:
            raise
        except UdvejError as error:
            return str(error)
        return ""
