"""Everything that all hosts of a site show, changed all at once, and back; see `generations`."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from udvej.config import Config
from udvej.errors import ConfigError, StorageError, UdvejError
from udvej.publish.changes import Changes
from udvej.publish.freeze import with_sources_of
from udvej.publish.generations import Generations, Server
from udvej.publish.outcome import Outcome
from udvej.publish.sources import Sources, read, received, stamp, write
from udvej.publish.swap import Builds
from udvej.wording import tell

# Each host builds, and renews two workers one after the other.
_PATIENCE_SECONDS: Final = 120.0
_STEP_SECONDS: Final = 0.1
_RENEWED_EVERY: Final = 2.0


def is_shared(config: Config) -> bool:
    """Whether a site may have several hosts, which then publish by their database."""
    return config.live is not None and config.database is not None


def served(config: Config) -> Config:
    """The site with the sources that it is to start with: after an undo those it went back to.

    Raises:
        ConfigError: the state folder cannot be written.
        StorageError: the database does not answer.
    """
    return wanted(config) if is_shared(config) else Builds(config.state).served(config)


def wanted(config: Config) -> Config:
    """The site with the sources that count: its folder's, or what is published for all hosts.

    Raises:
        ConfigError: the state folder cannot be written.
        StorageError: the database does not answer.
    """
    if not is_shared(config):
        return config
    with closing(Generations.of(config)) as generations:  # none lives through a fork
        current = generations.published().current
        return with_sources(current, generations, config) if current else config


def begin_with(config: Config) -> None:
    """Where nothing is published yet, make the sources that this host has checked current for all.

    Args:
        config: with those sources; a site on one host stores nothing.

    Raises:
        StorageError: the database does not answer.
    """
    if not is_shared(config):
        return
    with closing(Generations.of(config)) as generations:
        generations.begin_with(read(config))


def with_sources(wanted: str, generations: Generations, config: Config) -> Config:
    """The same site with the sources of a stamp: those it shows, or those that all hosts share.

    Raises:
        ConfigError: the state folder cannot be written.
        StorageError: the database does not answer, or does not have them.
    """
    shown = with_sources_of(Builds(config.state).current, config)
    if shown.content.is_dir() and stamp(read(shown)) == wanted:
        return shown
    sources = generations.sources(wanted)
    if stamp(sources) != wanted:
        raise StorageError("UDVEJ_DATABASE: what is published there is not whole; publish it again")
    return received(sources, config)


def publish(config: Config, *, undo: bool) -> Outcome:
    """As `publishing.publish`, on all hosts.

    Raises:
        ConfigError: nothing was published yet, or the content is too large.
        ContentError: the content is wrong.
        StorageError: somebody else is publishing, or the database does not answer.
        UdvejError: a server has refused it, or does not answer; or all have it to show, and one
            has not got that far.
    """
    generations = Generations.of(config)
    now = generations.published()
    if undo and not now.before:
        raise ConfigError(tell("der er ikke noget at gå tilbage til: intet er ændret endnu"))
    sources = generations.sources(now.before) if undo else read(config)
    wanted = stamp(sources)
    if not undo and now.undone == wanted:
        return Outcome(Changes(), done=False, withheld=True)
    if not undo:
        # Here first, where mistakes are named in the editor's own files.
        Builds(config.state).asked(config, "")
        if now.undone:
            generations.clear_undo()
    if wanted == now.current:
        _wait_until_all_show(generations, wanted)
        return Outcome(Changes(), done=False)
    changes = _changes(generations.sources(now.current), sources)
    # Not compared with the content folder, as on one host: each host may have its own.
    again = undo and wanted == now.undone
    with _asking(generations, sources) as number:
        _wait_for_answers(generations, number)
        generations.agree(number, now.current if undo and not again else "")
    _wait_until_all_show(generations, wanted)
    return Outcome(changes, done=True, again=again)


def _changes(old: Sources, new: Sources) -> Changes:
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        write(old, before)
        write(new, after)
        return Changes.between(before, after)


@contextmanager
def _asking(generations: Generations, sources: Sources) -> Iterator[str]:
    """Ask all servers, once nobody else does; what was not agreed to in the block is withdrawn."""
    number = secrets.token_hex(8)
    _until(
        lambda: generations.ask(sources, number),
        lambda: StorageError(tell("en anden er i gang med at udgive; prøv igen")),
    )
    try:
        yield number
    except BaseException:
        with suppress(StorageError):  # it lapses by itself
            generations.withdraw(number)
        raise


def _wait_for_answers(generations: Generations, number: str) -> None:
    """Wait until every server that lives has found it good.

    Raises:
        UdvejError: one has not, or is not heard any more, or takes too long.
    """
    lived = {one.id for one in generations.servers() if one.lives}
    waiting: Sequence[Server] = ()
    renewed = time.monotonic()

    def all_have_answered() -> bool:
        nonlocal waiting, renewed
        if time.monotonic() > renewed + _RENEWED_EVERY:
            generations.go_on(number)
            renewed = time.monotonic()
        servers = [one for one in generations.servers() if one.lives or one.id in lived]
        for one in servers:
            if one.answered == number and one.refused:
                raise UdvejError(f"{one.name}: {one.refused}")
        waiting = [one for one in servers if one.answered != number]
        for one in waiting:
            if not one.lives:
                raise _silent([one])
        return not waiting

    _until(all_have_answered, lambda: _silent(waiting))


def _wait_until_all_show(generations: Generations, wanted: str) -> None:
    waiting: Sequence[Server] = ()

    def all_show() -> bool:
        nonlocal waiting
        waiting = [one for one in generations.servers() if one.lives and one.shows != wanted]
        return not waiting

    _until(
        all_show,
        lambda: UdvejError(
            tell("udgivet, men %(names)s viser det ikke endnu", names=_named(waiting))
        ),
    )


def _silent(servers: Sequence[Server]) -> UdvejError:
    return UdvejError(tell("%(names)s svarer ikke; prøv igen", names=_named(servers)))


def _named(servers: Sequence[Server]) -> str:
    return ", ".join(one.name for one in servers)


def _until(done: Callable[[], bool], too_late: Callable[[], UdvejError]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        if time.monotonic() > end:
            raise too_late()
        time.sleep(_STEP_SECONDS)
