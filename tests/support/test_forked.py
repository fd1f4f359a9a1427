"""A forked `udvej` is as one that Python starts, and ends with those that asked for it."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import psutil
import pytest
from support.forked import run
from support.municipality import places
from support.patience import PATIENCE, until
from support.road import Site
from support.running import ended, held_port, started

pytestmark = pytest.mark.heavy

# What another's start could have left in a process (proc(5)).
_KEPT: Final = ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt")


@pytest.mark.parametrize("arguments", [["--help"], ["serv"], ["status"]])
def test_a_command_says_the_same_and_ends_the_same(tmp_path: Path, arguments: list[str]) -> None:
    """Whether it ends well, badly, or by a state that is not there."""
    env = {**os.environ, **places(), "UDVEJ_STATE": str(tmp_path / "none")}
    whole = subprocess.run(
        [sys.executable, "-m", "udvej", *arguments],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    forked = run(*arguments, env=env, cwd=tmp_path)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        whole.returncode,
        whole.stdout,
        whole.stderr,
    )


def test_who_is_interrupted_leaves_no_answer_for_the_next() -> None:
    """A stale answer of 0 read as a process id would make `killpg` end the whole test run."""
    send = socket.send_fds

    def interrupted(*given: Any) -> None:  # noqa: ANN401 (what is sent)
        send(*given)
        raise KeyboardInterrupt

    with patch.object(socket, "send_fds", interrupted), pytest.raises(KeyboardInterrupt):
        run("--help", env=os.environ)
    assert run("serv", env=os.environ).returncode == 2


@dataclass(frozen=True)
class Kernel:
    """What the kernel knows of a process and of those that it has made."""

    kept: Sequence[str]
    leads: bool
    folder: Path
    files: list[str]
    children: Sequence[Sequence[str]]

    @classmethod
    def of(cls, process: psutil.Process) -> "Kernel":
        """As it is now."""
        return cls(
            _kept(process),
            os.getsid(process.pid) == os.getpgid(process.pid) == process.pid,
            Path(process.cwd()),
            sorted(_kind(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()),
            sorted(map(_kept, process.children())),
        )


def _kept(process: psutil.Process) -> list[str]:
    lines = Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return [told[name].strip() for name in _KEPT]


def _kind(descriptor: Path) -> str:
    """The file's name, or what it is where that has none of its own."""
    return re.sub(r"\d+", "", descriptor.readlink().name)


def test_a_site_begins_the_same(furnished: Path, tmp_path: Path) -> None:
    """Signals, threads, umask, session, folder and open files, of its workers too."""

    def settings(name: str) -> dict[str, str]:
        state = shutil.copytree(furnished, tmp_path / name)
        return {**places(), "UDVEJ_STATE": str(state), "UDVEJ_PORT": str(held_port())}

    whole_settings = settings("whole")
    site = Site(settings("forked"), tmp_path / "forked" / "printed")
    try:
        with (tmp_path / "whole" / "printed").open("wb") as printed:
            whole = started(
                [sys.executable, "-m", "udvej", "serve"],
                env={**os.environ, **whole_settings},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )
        try:
            both = psutil.Process(site.pid), psutil.Process(whole.pid)
            until(lambda: all(len(process.children()) == 3 for process in both))
            until(lambda: Kernel.of(both[0]) == Kernel.of(both[1]))
        finally:
            ended(whole)
    finally:
        site.kill()
