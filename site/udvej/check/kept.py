"""Figures that take a while to find, kept from one run to the next."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from udvej.replacing import replace_text

_PACKAGE: Final = Path(__file__).parents[1]


class Kept:
    """Answers by what they were made of, in a file of the user's cache folder.

    Nothing is lost with the file: where it is gone, or cannot be written, all is found again.
    """

    def __init__(self, path: Path) -> None:
        """Read what is kept."""
        self._path = path
        self._used: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            self._before = dict(json.loads(path.read_text("utf-8")))

    @classmethod
    def of_folder(cls, folder: Path) -> "Kept":
        """What is kept of one content folder (XDG Base Directory, XDG_CACHE_HOME)."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        named = sha256(str(folder.absolute()).encode()).hexdigest()[:16]
        return cls(Path(cache, "udvej", f"check-{named}.json"))

    def of(self, inputs: bytes, find: Callable[[], Any]) -> Any:  # noqa: ANN401 (what JSON can hold)
        """An answer, found only where it is not kept.

        Args:
            inputs: all that it is made of, but for the program.
            find: finds it; gives what JSON can hold.
        """
        key = sha256(_program() + inputs).hexdigest()
        found = self._before[key] if key in self._before else find()
        self._used[key] = found
        return found

    def write(self) -> None:
        """Keep what was asked for this time, and no more."""
        if self._used == self._before:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(self._path, json.dumps(self._used))


@cache
def _program() -> bytes:
    """Changes with every file of the program."""
    files = (path.stat() for path in sorted(_PACKAGE.rglob("*")) if path.suffix != ".pyc")
    return sha256(repr([(each.st_mtime_ns, each.st_size) for each in files]).encode()).digest()
