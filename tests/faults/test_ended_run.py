"""What a test run has started ends with it, however it ends."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.checkout import CHECKOUT
from support.patience import PATIENCE, until
from support.road import furnish
from support.running import ended, held_port, started

# A run in which a test waits in the middle, with a site, a process and a fixture.
_WAITING = """
import json, time
from pathlib import Path
import pytest
from support.road import Site
from support.running import started

HERE = Path(__file__).parent

@pytest.fixture
def torn_down():
    yield
    (HERE / "torn-down").touch()

def test_waits(torn_down):
    site = Site(json.loads((HERE / "settings").read_text()), HERE / "printed-by-the-site")
    started(["sleep", "600"])  # and forgotten, as the site is
    (HERE / "begun").touch()
    time.sleep(600)
"""


@pytest.fixture
def run(tmp_path: Path, settings: dict[str, str]) -> Iterator[tuple[psutil.Process, Path]]:
    """A run of its own, with a worker, that is in the middle of its test; and its folder."""
    settings["UDVEJ_PORT"] = str(held_port())
    furnish(settings)
    (tmp_path / "settings").write_text(json.dumps(settings))
    (tmp_path / "test_waiting.py").write_text(_WAITING)
    command = (
        *(sys.executable, "-m", "pytest", "-n1", "-p", "conftest"),
        *("-c", CHECKOUT / "pyproject.toml", "--rootdir", CHECKOUT),
        *("--basetemp", tmp_path / "made", tmp_path / "test_waiting.py"),
    )
    with (tmp_path / "printed").open("wb") as printed:
        process = started(
            command,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT / "tests")},
            stdout=printed,
            stderr=printed,
        )
    try:
        until(lambda: (tmp_path / "begun").exists() or process.poll() is not None)
        assert process.poll() is None, (tmp_path / "printed").read_text()
        yield psutil.Process(process.pid), tmp_path
    finally:
        ended(process)


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_run_that_is_ended_leaves_no_process_behind(
    run: tuple[psutil.Process, Path], how: signal.Signals
) -> None:
    """Neither the site with its workers nor what the test forgot; workers of the run likewise."""
    process, folder = run
    left = [process, *process.children(recursive=True)]
    assert len(left) >= 7  # the run and its worker, sleep, the site with two workers and delivery
    process.send_signal(how)
    _, alive = psutil.wait_procs(left, PATIENCE)
    assert alive == []
    assert (folder / "torn-down").exists() >= (how == signal.SIGTERM)


def test_a_held_port_is_free_for_a_server_and_for_nobody_else() -> None:
    """Nobody listens on it until the server does; the system gives it to no other."""
    port = held_port()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE)
    for _ in range(2):  # a server may come again
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
