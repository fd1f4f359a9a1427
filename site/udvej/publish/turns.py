"""One process at a time, by a file lock that the kernel releases when its holder ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from udvej.errors import StorageError

_PATIENCE_SECONDS: Final = 120.0
_STEP_SECONDS: Final = 0.05


@contextmanager
def turn(lock: Path) -> Iterator[None]:
    """Hold the lock for the block, waiting for it if need be.

    Args:
        lock: a file that is made if need be; its folder exists.

    Raises:
        StorageError: another one has not come to an end in two minutes.
        OSError: the file cannot be made.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    with lock.open("a") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > until:
                raise StorageError(f"{lock}: another process has held it for long; try again")
            time.sleep(_STEP_SECONDS)
        yield


def is_held(lock: Path) -> bool:
    """Whether somebody has their turn now."""
    try:
        with lock.open("r") as file:
            return not _taken(file.fileno())
    except OSError:
        return False


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
