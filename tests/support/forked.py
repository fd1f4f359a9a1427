"""`udvej` in a process of its own, forked from one that has imported it (`fork_server`).

It is what `python -m udvej` is, but that a module which a command forgets to import may be there
already; some tests start Python itself: those of the wheel, of a stop right after the start, of
`udvej deliver` and of another municipality's whole way.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from select import select
from tempfile import TemporaryFile
from typing import IO, Any, Final

from support.patience import PATIENCE

_SERVER: Final = Path(__file__).with_name("fork_server.py")


class _Server:
    """The process that forks."""

    def __init__(self) -> None:
        """Start it; it ends with this process, since nobody else has the other end."""
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                # Neither the folder of the program is searched for modules, nor what tests need.
                [sys.executable, "-P", _SERVER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={key: value for key, value in os.environ.items() if "UDVEJ_" not in key},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ask(self, message: object, *files: int) -> int:
        """Ask one thing, and wait for the answer."""
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as answer:
            try:
                socket.send_fds(self._asking, [json.dumps(message).encode()], [writing, *files])
            finally:
                os.close(writing)
            assert select([answer], [], [], PATIENCE)[0], "nobody answers"
            return int(answer.read1())  # without waiting for copies that a fork has made

    def end(self) -> None:
        """Let it end."""
        self._asking.close()
        self._process.wait(PATIENCE)


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.end)
    return server


class Forked:
    """A process, in a group of its own; as `subprocess.Popen`, as far as tests need it.

    Attributes:
        pid: its id, and its group's.
        returncode: its exit status once it was asked for; below 0 the signal that ended it.
    """

    def __init__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str],
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start it.

        Args:
            arguments: of `udvej`.
            env: the whole environment.
            stdout: takes what it prints; nobody does if left out.
            stderr: takes its errors; likewise.
            cwd: the folder where it is typed; this process's if left out.
        """
        umask = os.umask(0o077)
        os.umask(umask)
        asked = {
            "arguments": [*map(str, arguments)],
            "environment": dict(env),
            "folder": str(cwd or Path.cwd()),
            "umask": umask,
        }
        with Path(os.devnull).open("wb") as nobody:
            files = [(file or nobody).fileno() for file in (stdout, stderr)]
            self.pid = _server().ask(asked, *files)
        self.returncode: int | None = None
        self._ended = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """The exit status if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for its end.

        Args:
            timeout: for how many seconds.

        Returns:
            The exit status.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        if self.returncode is None:
            if not select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("udvej", timeout)
            self.returncode = _server().ask(self.pid)
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def end(self) -> None:
        """See that it ends, and its group with it, unless it has ended by itself."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()


def run(
    *arguments: str | Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    patience: float = PATIENCE,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of `udvej` to its end, and hear what it says.

    Args:
        arguments: as of `Forked`.
        env: likewise.
        cwd: likewise.
        patience: for how many seconds to wait.
    """
    with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as err:
        process = Forked(*arguments, env=env, stdout=out, stderr=err, cwd=cwd)
        try:
            status = process.wait(patience)
        finally:
            process.end()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([*arguments], status, out.read(), err.read())
