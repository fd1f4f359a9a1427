"""Everything that a site shows, changed all at once, and back."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from udvej.config import Config
from udvej.errors import ConfigError, UdvejError
from udvej.publish import everywhere
from udvej.publish.changes import Changes
from udvej.publish.freeze import with_sources_of
from udvej.publish.outcome import Outcome
from udvej.publish.running import PUBLISHING, Asked, running
from udvej.publish.stamps import stamp_of_sources
from udvej.publish.swap import Builds
from udvej.publish.turns import turn
from udvej.wording import tell

# Two workers are renewed one after the other, each given time to answer what it has in hand.
_PATIENCE_SECONDS: Final = 120.0
_STEP_SECONDS: Final = 0.05


def publish(config: Config, *, undo: bool = False) -> Outcome:
    """Build what the content folder says, and let servers and web server show it.

    Nothing changes before all of it is built and every server has found it good, on other hosts
    too where they share a database; a process that is killed on the way leaves the site as it was,
    or as it was to be.

    Args:
        config: of a live site.
        undo: go back to what was shown before; once more goes forward again.

    Raises:
        ConfigError: nothing was published yet, or a folder cannot be written.
        ContentError: the content is wrong.
        StorageError: somebody else is publishing, and does not end.
        UdvejError: a server has refused it, or does not answer.
    """
    builds = Builds(config.state)
    try:
        if config.state.stat().st_uid != os.geteuid():
            raise ConfigError("UDVEJ_STATE: another user's; publish as the user who runs the site")
        if everywhere.is_shared(config):
            return everywhere.publish(config, undo=undo)
        with turn(config.state / PUBLISHING):
            Asked.forget(config.state)  # by one who was killed
            return _publish(config, builds, undo=undo)
    except OSError as error:
        raise ConfigError(f"UDVEJ_STATE: cannot be written ({error.strerror})") from error


def _publish(config: Config, builds: Builds, *, undo: bool) -> Outcome:
    if undo and not builds.before.is_dir():
        raise ConfigError(tell("der er ikke noget at gå tilbage til: intet er ændret endnu"))
    wanted = with_sources_of(builds.before, config) if undo else config
    if not undo and builds.undone == stamp_of_sources(config):
        return Outcome(Changes(), done=False, withheld=True)
    undoes, again = "", False
    if undo:
        again = stamp_of_sources(wanted) == stamp_of_sources(config)
        undoes = stamp_of_sources(with_sources_of(builds.current, config))
    asked = builds.asked(wanted, secrets.token_hex(8), undoes)
    if not undo and _is_shown(config, builds, asked):
        builds.clear_undo()
        return Outcome(Changes(), done=False)
    changes = Changes.between(builds.current, config.state / asked.build)
    _change(config, builds, asked)
    return Outcome(changes, done=True, again=again)


def _is_shown(config: Config, builds: Builds, asked: Asked) -> bool:
    """Whether all links of this host lead there already, and all its servers show it."""
    servers = running(config.state)
    return builds.are_at(asked) and all(one.build == asked.build for one in servers)


def _change(config: Config, builds: Builds, asked: Asked) -> None:
    """Let the servers of this host change everything, or do it where none runs."""
    if any(running(config.state)):
        with _one_at_a_time(config):
            _ask(config, asked)
    else:
        builds.take(asked, config.shared_state)


@contextmanager
def _one_at_a_time(config: Config) -> Iterator[None]:
    """Publish one municipality of an installation at a time.

    Otherwise a server could answer two requests on the first SIGHUP. The second SIGHUP would find
    no request and count as a plain reload, which takes up the content folders of all.
    """
    if config.name:
        with turn(config.state.parent / PUBLISHING):
            yield
    else:
        yield


def show(config: Config, wanted: Config) -> None:
    """Let the servers of this host, and the web server in front, show what all hosts agreed to.

    Args:
        config: of the site.
        wanted: the same with the sources to show.

    Raises:
        ConfigError: a folder cannot be written.
        ContentError: it cannot be rendered here.
        StorageError: somebody else is at it, and does not end.
        UdvejError: a server has refused it, or does not answer.
    """
    builds = Builds(config.state)
    try:
        with turn(config.state / PUBLISHING):
            Asked.forget(config.state)
            asked = builds.asked(wanted, secrets.token_hex(8))
            if not _is_shown(config, builds, asked):
                _change(config, builds, asked)
    except OSError as error:
        raise ConfigError(f"UDVEJ_STATE: cannot be written ({error.strerror})") from error


def _ask(config: Config, asked: Asked) -> None:
    """Let every server look at it; the first that finds it good changes the links."""
    asked.write(config.state)
    try:
        for server in running(config.state):
            server.request_reload()
        until = time.monotonic() + _PATIENCE_SECONDS
        while waiting := [one for one in running(config.state) if one.answered != asked.number]:
            if time.monotonic() > until:
                pids = ", ".join(str(one.pid) for one in waiting)
                raise UdvejError(tell("siden svarer ikke (proces %(pids)s); prøv igen", pids=pids))
            time.sleep(_STEP_SECONDS)
        for server in running(config.state):
            if server.refused:
                raise UdvejError(server.refused)
    finally:
        Asked.forget(config.state)
