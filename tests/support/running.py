"""Processes and ports of a test: gone when the test run is, however that ends."""

import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from select import select
from typing import Any, Final

import psutil
from support.patience import PATIENCE

_HELD: Final[list[socket.socket]] = []


def started(command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[Any]":  # noqa: ANN401 (what Popen takes)
    """Start a process, in a process group of its own.

    The kernel sends it SIGTERM when the thread that started it is gone (prctl(2),
    PR_SET_PDEATHSIG), so that not even `kill -9` of the test run leaves it behind.

    Args:
        command: the program and its arguments.
        options: of `subprocess.Popen`.
    """
    bound = ("setpriv", "--pdeathsig", "TERM", "--")
    return subprocess.Popen([*bound, *command], start_new_session=True, **options)


def ended(process: "subprocess.Popen[Any]") -> None:
    """See that a process ends, and its group with it, unless it has ended by itself."""
    if process.poll() is None:  # once that has fetched its end, its number may be another's
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
    for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
        pipe.close()


def lives(process: psutil.Process) -> bool:
    """Whether a process runs still; it may end while it is looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def next_line(process: "subprocess.Popen[bytes]") -> str:
    """The next line that a process prints to a pipe without a buffer (`bufsize=0`)."""
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        told, _, _ = select([process.stdout], [], [], PATIENCE)
        assert told, "it printed nothing"
        more = process.stdout.readline()
        assert more, "it has ended"
        line += more
    return line.decode()


def held_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and which the system gives to nobody else.

    It stays bound until this process ends. SO_REUSEADDR lets a server bind it all the same
    (socket(7)), as long as we do not listen there ourselves.
    """
    holding = socket.socket()
    holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holding.bind(("127.0.0.1", 0))
    _HELD.append(holding)
    return int(holding.getsockname()[1])
