import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from support.patience import PATIENCE, until
from support.running import ended, held_port, lives, started
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.installation import Installation
from udvej.server.processes import check_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_free_port_is_free_afterwards(config: Config, taken: int, host: str) -> None:
    """Looking does not take it."""
    free = held_port()
    assert free != taken
    for _ in range(2):
        check_port(Installation.of(replace(config, host=host, port=free)))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_is_refused(config: Config, taken: int, host: str) -> None:
    """By the settings' keys, with what to do."""
    with pytest.raises(ConfigError) as refused:
        check_port(Installation.of(replace(config, host=host, port=taken)))
    message = str(refused.value)
    assert message.startswith("UDVEJ_HOST, UDVEJ_PORT: cannot listen there (")
    assert message.endswith("; stop what listens there, or choose another port")
    assert str(taken) not in message


@pytest.mark.parametrize("host", ["192.0.2.1", "x" * 64, "a..b", ".dk"])
def test_a_host_that_is_not_ours_is_refused(config: Config, host: str) -> None:
    """Another machine's address, and what cannot be a name at all."""
    with pytest.raises(ConfigError) as refused:
        check_port(Installation.of(replace(config, host=host)))
    assert str(refused.value).startswith("UDVEJ_HOST, UDVEJ_PORT: cannot listen there (")
    assert host not in str(refused.value)


# A process with another beside it, which breaks the first time.
_PARENT = """
import os, signal, sys
from threading import Event
from udvej import logs
from udvej.server.granian import reset_signals_in_workers
from udvej.server.supervised import Supervised

def work():
    print(os.getpid(), flush=True)
    if not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        raise ValueError("hemmelig")
    signal.pause()

logs.configure()
if "exits" in sys.argv:
    Supervised(signal.pause)
    sys.exit()
stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
reset_signals_in_workers()
beside = Supervised(work)
stop.wait()
beside.end()
"""


def test_what_is_beside_a_process_that_exits_at_once_does_not_hold_it_back() -> None:
    """As when it is told to stop before it could keep what it has made."""
    command = [sys.executable, "-c", _PARENT, "exits"]
    assert subprocess.run(command, check=False, timeout=PATIENCE).returncode == 0


@dataclass(frozen=True)
class Parent:
    """A process with another beside it, and what both write."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    def beside(self) -> tuple[int, int]:
        """The first process beside it, which breaks, and the one that comes in its place."""
        until(lambda: self.out.read_text().count("\n") == 2)
        first, second = map(int, self.out.read_text().split())
        return first, second


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    """Ends when it is told to."""
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "broken")]
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = started(command, stdout=stdout, stderr=stderr)
    yield Parent(process, out, err)
    ended(process)


def test_what_ends_beside_the_workers_is_made_anew(parent: Parent) -> None:
    """It is told where it broke, never what it said of it; and it ends with the rest."""
    first, second = parent.beside()
    assert first != second
    parent.process.terminate()
    assert parent.process.wait(PATIENCE) == 0
    told = parent.err.read_text()
    assert "event=broken exception=ValueError at " in told
    assert "event=delivery-ended status=1" in told
    assert "hemmelig" not in told
    assert not psutil.pid_exists(second)


def test_what_is_beside_a_killed_process_ends_too(parent: Parent) -> None:
    """Else a second delivery would stay behind each time."""
    beside = psutil.Process(parent.beside()[1])
    parent.process.kill()
    # Nobody may be there to fetch its end; then it stays as a name without a process.
    until(lambda: not lives(beside))
