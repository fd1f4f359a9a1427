"""What a build is made of, and the hash over it that its name ends with."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

from udvej import shipped
from udvej.config import Config
from udvej.content.editions import translations_of

_PACKAGE: Final = Path(__file__).parents[1]
_MAKERS: Final = ("babel", "bleach", "brotli", "flask", "jinja2", "markdown-it-py", "phonenumbers")
_STAMP_LENGTH: Final = 16  # of each of its two halves


def built(config: Config, folder: Path) -> Path:
    """The folder that a build has where it is made; one for each content and program."""
    return folder.with_name(f"{folder.name}.{stamp(config)}")


def stamp(config: Config) -> str:
    """A hash over the program, then one over all else that pages are made of."""
    live = config.live
    own = f"{config.address}\n{live and live.sealing}\n{stamp_of_sources(config)}"
    # Nobody changes the program of a live site while it runs; a developer does in a demonstration.
    program = _stamp_of_program() if live else _stamp_of_program.__wrapped__()
    return program + _short(own)


@cache
def _stamp_of_program() -> str:
    made_by = [sys.version, *map(version, _MAKERS), hash_of(shipped.TRANSLATIONS, _PACKAGE)]
    return _short("\n".join(made_by))


def _short(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:_STAMP_LENGTH]


def is_of_this_program(folder: Path) -> bool:
    """Whether a link leads to a build that this version of the program has made.

    Args:
        folder: as for `freeze`.
    """
    made = folder.resolve()
    return made.suffix.startswith(f".{_stamp_of_program()}") and made.is_dir()


def stamp_of_sources(config: Config) -> str:
    """A hash over what an editor writes: whatever the program makes of it."""
    return hash_of(config.content, translations_of(config.content))


def hash_of(*folders: Path) -> str:
    """A hash over the files that pages are made of in some folders, and their names."""
    digest = sha256()
    for folder in folders:
        for path in inputs(folder):
            digest.update(f"\n{path.relative_to(folder)}\n".encode())
            with suppress(OSError):  # what cannot be read is named when the page is
                digest.update(path.read_bytes())
    return digest.hexdigest()


def inputs(folder: Path) -> Iterator[Path]:
    """The files of a folder that pages are made of, in order; of none that is not there."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:  # a start reads thousands
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from inputs(path)
            elif entry.is_file() and not _is_hidden(path):
                yield path


def _is_hidden(path: Path) -> bool:
    """Whether a file is hidden, or generated from others, and so no source."""
    return path.name.startswith(".") or path.suffix in (".pyc", ".mo", ".pot")
