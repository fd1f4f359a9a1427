"""A server that lives is seen, whatever it or somebody else is doing at that moment."""

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.patience import PATIENCE, until
from support.running import ended, next_line, started
from udvej.publish.running import running

Start = Callable[..., "subprocess.Popen[bytes]"]

_SERVER = """
import sys, time
from pathlib import Path
from udvej.publish.running import Announced

def pause(_seconds):
    print("waits", flush=True)
    sys.stdin.readline()

if "waits" in sys.argv:
    time.sleep = pause
print("starts", flush=True)
announced = Announced(Path(sys.argv[1]), 8000, "build")
for number in range(int(sys.argv[2])):
    announced.report("build", str(number))
print("lives", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Start]:
    """Starts a server that says something new so many times, and then nothing more.

    Told to, it says that it waits for its lock, and waits for a line.
    """
    servers = []

    def start(times: int, *told: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", _SERVER, str(tmp_path), str(times), *told]
        servers.append(started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0))
        assert next_line(servers[-1]) == "starts\n"
        return servers[-1]

    yield start
    for each in servers:
        ended(each)


def pids(state: Path) -> list[int]:
    """Those of the servers that live."""
    return [one.pid for one in running(state)]


def test_one_that_says_something_at_this_moment_is_seen(server: Start, tmp_path: Path) -> None:
    """Else a publisher takes what it refuses for taken, or changes its pages behind its back."""
    one = server(1_000_000)
    until(lambda: pids(tmp_path) == [one.pid])
    for _ in range(3_000):
        assert pids(tmp_path) == [one.pid]


def test_one_that_starts_while_somebody_looks_is_seen_from_then_on(
    server: Start, tmp_path: Path
) -> None:
    """Whoever looks holds its lock for a moment."""
    with (tmp_path / "server-8000.lock").open("a") as looking:
        fcntl.lockf(looking, fcntl.LOCK_EX | fcntl.LOCK_NB)
        one = server(0, "waits")
        assert next_line(one) == "waits\n"
    assert one.stdin is not None
    one.stdin.write(b"\n")
    assert next_line(one) == "lives\n"
    assert pids(tmp_path) == [one.pid]


def test_one_that_has_ended_is_not_seen(server: Start, tmp_path: Path) -> None:
    """However it ended: its number may be another process's by now."""
    one = server(0)
    assert next_line(one) == "lives\n"
    one.kill()
    one.wait(PATIENCE)
    assert pids(tmp_path) == []
    assert (tmp_path / "server-8000.json").exists()
