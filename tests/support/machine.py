"""A Debian machine of a test's own: made by debootstrap, booted under systemd by systemd-nspawn."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.checkout import CHECKOUT
from support.front import SHIPPED
from support.patience import PATIENCE, until
from support.running import ended, started

_NEEDED: Final = ("debootstrap", "systemd-nspawn", "nsenter", "git")
_MAKING_SECONDS: Final = 900
# What any Debian machine has, and the smallest that debootstrap makes has not.
_GIVEN: Final = ("systemd-sysv", "dbus", "adduser", "ca-certificates")
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def why_not() -> str:
    """Why no machine can be made here, or ""."""
    if os.geteuid() != 0:
        return "only root may boot a machine"
    missing = [name for name in _NEEDED if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def guide(section: int) -> list[str]:
    """The commands of a section of the guide, each in one line."""
    text = (SHIPPED / "README.md").read_text("utf-8").replace("\\\n", "")
    _, _, rest = text.partition(f"\n## {section}. ")
    return re.findall(r"^    (\S.*)$", rest.partition("\n## ")[0], re.MULTILINE)


def make(root: Path) -> None:
    """Make a machine with the program on it, as the guide's first two sections do.

    Args:
        root: a folder that is not there yet.
    """
    release = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text("utf-8"))
    assert release
    given = f"--include={','.join(_GIVEN)}"
    _run("debootstrap", "--variant=minbase", given, release[1], str(root))
    # The network of the machine that it is made on, while the program is installed.
    shutil.copyfile("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.copyfile(_AUTHORITIES, root / _AUTHORITIES.relative_to("/"))
    place = root / "opt" / "udvej" / "tested"
    for name in _listed():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, place / name)
    kept = [f"PIP_CERT={_AUTHORITIES}", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    kept += ["DEBIAN_FRONTEND=noninteractive"]
    inside = ["chroot", str(root), "env", "-i", *kept]
    for command in guide(1):
        _run(*inside, "sh", "-ec", command.replace("apt-get install", "apt-get install --yes"))
    _run(*inside, "make", "-C", "/opt/udvej/tested", "setup")
    (root / "opt" / "udvej" / "current").symlink_to("tested")


def _listed() -> list[str]:
    listed = ["git", "-C", str(CHECKOUT), "ls-files", "-z"]
    names = subprocess.run(listed, capture_output=True, check=True, timeout=PATIENCE).stdout
    return [name for name in names.decode().split("\0") if name and (CHECKOUT / name).is_file()]


def _run(*command: str) -> None:
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_MAKING_SECONDS,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]


@dataclass(frozen=True)
class Machine:
    """One that runs."""

    root: Path
    first: int

    def run(self, command: str, *, well: bool = True) -> str:
        """What a command prints; it ends well, or must not."""
        ran = subprocess.run(
            ["nsenter", "-t", str(self.first), "-a", "sh", "-ec", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if (ran.returncode == 0) is not well:
            journal = self.run("journalctl --no-pager --lines 40")
            raise AssertionError(f"{command}\n{ran.stdout}{ran.stderr}\n{journal}")
        return ran.stdout + ran.stderr

    def becomes(self, unit: str, state: str) -> None:
        """Wait until a unit is in a state (`ActiveState`)."""
        asked = f"systemctl show --property ActiveState --value {unit}"
        until(lambda: self.run(asked).strip() == state)


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """A machine with systemd as its first process, and a network in which it is alone."""
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network"]
    command += ["--console=pipe", "--boot", f"--directory={root}"]
    with (root.parent / "console").open("ab") as console:
        process = started(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
        )
        try:
            until(lambda: _is_up(_machine(root, process.pid)))
            machine = _machine(root, process.pid)
            yield machine
            machine.run("systemctl --no-block poweroff")
            process.wait(PATIENCE)
        finally:
            ended(process)


def _machine(root: Path, supervisor: int) -> Machine:
    """By the last process that the supervisor has made; the one before only prepares."""
    made = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text("ascii").split()
    return Machine(root, int(made[-1]) if made else 0)


def _is_up(machine: Machine) -> bool:
    asked = ["nsenter", "-t", str(machine.first), "-a", "systemctl", "is-system-running"]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return ran.stdout.strip() in ("running", "degraded")
