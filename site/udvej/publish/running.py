"""The running servers of a site, and what a publisher asks of them.

Each server holds a lock on a file of its own in the state folder as long as it lives, so that no
signal is ever sent to a process that has taken the number of a dead one. What it says is in another
file next to it, which is replaced whole: read half written, it would count as no server.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Final

from udvej.publish.turns import is_held
from udvej.replacing import replace_text

# In the state folder: held while somebody publishes, and what they ask for.
PUBLISHING: Final = "publish.lock"
_ASKED: Final = "publish.json"
_SERVERS: Final = "server-{}.lock"
# `running` tests a lock by taking it, so a server that starts may find its own held, and retries.
_RETRY_SECONDS: Final = 2.0
_STEP_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Asked:
    """What servers are asked to serve from now on.

    Attributes:
        number: the id of the request, random hex.
        build: a folder that `freeze.build` made in the state folder.
        fronts: the same for the web server in front, by the link that leads to it.
        undoes: the sources that it takes out of use, as `stamps.stamp_of_sources` names them, or
            "" where those of the content folder are published.
    """

    number: str
    build: str
    fronts: dict[str, str]
    undoes: str = ""

    def write(self, state: Path) -> None:
        """Ask for it, before the servers get their signal.

        Raises:
            OSError: it cannot be written.
        """
        replace_text(state / _ASKED, json.dumps(asdict(self)))

    @classmethod
    def read(cls, state: Path) -> Iterator["Asked"]:
        """What is asked for now; nothing where the publisher is gone."""
        if is_held(state / PUBLISHING):
            with suppress(OSError, ValueError):
                yield cls(**json.loads((state / _ASKED).read_text("utf-8")))

    @staticmethod
    def forget(state: Path) -> None:
        """Ask for nothing any more."""
        (state / _ASKED).unlink(missing_ok=True)


@dataclass(frozen=True)
class Running:
    """A server as it last said itself.

    Attributes:
        pid: its first process, which takes SIGHUP.
        build: the folder that it serves.
        answered: the id of the last request that it has answered.
        refused: why it went on as it was then, or "".
    """

    pid: int
    build: str
    answered: str = ""
    refused: str = ""

    def request_reload(self) -> None:
        """Let it look at what is asked for."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGHUP)


def running(state: Path) -> Iterator[Running]:
    """The servers that live.

    Raises:
        OSError: what one of them says cannot be read.
    """
    for lock in sorted(state.glob(_SERVERS.format("*"))):
        if _server_runs(lock):
            yield Running(**json.loads(_status_file(lock).read_text("utf-8")))


class Announced:
    """A server's own file; the lock on it is not handed on to forked processes (fcntl(2))."""

    def __init__(self, state: Path, port: int, build: str = "") -> None:
        """Say that a server lives.

        Args:
            state: the state folder.
            port: its own, since two may serve one site while it is upgraded.
            build: the name of the folder that it serves, "" for none.

        Raises:
            OSError: it cannot be written.
        """
        lock = state / _SERVERS.format(port)
        self._path = _status_file(lock)
        self._write(Running(os.getpid(), build))
        self._lock = lock.open("a")
        until = time.monotonic() + _RETRY_SECONDS
        # Two on one port: the other one is about to end.
        while not _takes(self._lock) and time.monotonic() < until:
            time.sleep(_STEP_SECONDS)

    def report(self, build: str, answered: str = "", refused: str = "") -> None:
        """Say what it serves, and what became of what it was asked for."""
        said = replace(self._said, build=build, answered=answered, refused=refused)
        if said != self._said:
            with suppress(OSError):
                self._write(said)

    def _write(self, said: Running) -> None:
        replace_text(self._path, json.dumps(asdict(said)))
        self._said = said


def _status_file(lock: Path) -> Path:
    return lock.with_suffix(".json")


def _server_runs(lock: Path) -> bool:
    with suppress(OSError), lock.open("a") as file:
        return not _takes(file)
    return False


def _takes(lock: IO[str]) -> bool:
    """Take a lock, unless another process has it; whether it was taken."""
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
