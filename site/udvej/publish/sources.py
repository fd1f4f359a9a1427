"""What an editor writes, as it goes from one host to the others: each file by its path."""

import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from udvej.config import Config
from udvej.content.editions import translations_of
from udvej.durations import HOUR
from udvej.errors import ConfigError
from udvej.publish.freeze import SOURCES
from udvej.publish.stamps import inputs

# Their bytes by their paths, "content/…" and "translations/…", as they lie in a build.
Sources = Mapping[str, bytes]

_MOST_BYTES: Final = 16 * 2**20
_CONTENT: Final = "content"
_TRANSLATIONS: Final = "translations"
_RECEIVED: Final = "received"
_STAMP_LENGTH: Final = 32


def read(config: Config) -> Sources:
    """The sources that a site names.

    Raises:
        ConfigError: they take more than 16 MiB together, or cannot be read.
    """
    found = {}
    for name, folder in (
        (_CONTENT, config.content),
        (_TRANSLATIONS, translations_of(config.content)),
    ):
        try:
            for path in inputs(folder):
                found[f"{name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"UDVEJ_CONTENT: cannot be read ({error.strerror})") from error
    if sum(map(len, found.values())) > _MOST_BYTES:
        raise ConfigError(
            f"UDVEJ_CONTENT: content and translations take more than {_MOST_BYTES >> 20} MiB; take"
            " out what no page needs"
        )
    return found


def stamp(sources: Sources) -> str:
    """A hash over them, the same on every host."""
    digest = sha256()
    for path, body in sorted(sources.items()):
        digest.update(f"{len(path.encode())} {path} {len(body)} ".encode() + body)
    return digest.hexdigest()[:_STAMP_LENGTH]


def received(sources: Sources, config: Config) -> Config:
    """The same site with sources that came from another host, in its state folder.

    Those that came more than an hour ago are deleted; a build keeps its own.

    Raises:
        ConfigError: it cannot be written.
    """
    folder = config.state / f"{_RECEIVED}.{stamp(sources)}"
    try:
        if folder.is_dir():
            folder.touch()
        else:
            _forget_received(config.state)
            with TemporaryDirectory(dir=config.state, prefix=f"{_RECEIVED}-") as temporary:
                making = Path(temporary, _RECEIVED)
                write(sources, making)
                _put(making, folder)
    except OSError as error:
        raise ConfigError(f"UDVEJ_STATE: cannot be written ({error.strerror})") from error
    return replace(config, content=folder / SOURCES / _CONTENT)


def _put(making: Path, folder: Path) -> None:
    """Another server of this host may have done the same meanwhile, while it is upgraded."""
    try:
        making.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _forget_received(state: Path) -> None:
    for old in state.glob(f"{_RECEIVED}.*"):
        with suppress(FileNotFoundError):  # another server of this host was faster
            if time.time() - old.stat().st_mtime > HOUR:
                shutil.rmtree(old, ignore_errors=True)


def write(sources: Sources, folder: Path) -> None:
    """Write them into a folder as they lie in a build.

    Raises:
        ConfigError: a path leads out of the folder; nothing of ours makes such a one.
        OSError: it cannot be written.
    """
    for path, body in sources.items():
        parts = PurePosixPath(path).parts
        if parts[:1] not in ((_CONTENT,), (_TRANSLATIONS,)) or ".." in parts:
            raise ConfigError("UDVEJ_DATABASE: what is published there was not written by Udvej")
        target = folder.joinpath(SOURCES, *parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    for name in (_CONTENT, _TRANSLATIONS):
        (folder / SOURCES / name).mkdir(parents=True, exist_ok=True)
