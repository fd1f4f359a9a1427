"""A Debian machine of a test's own: made by debootstrap, booted under systemd by systemd-nspawn."""

import ctypes
import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

from support.checkout import CHECKOUT
from support.front import HOST, SHIPPED
from support.patience import PATIENCE, until
from support.running import ended, started

# The units of a live site, and nginx's.
WEB: Final = "udvej-web@8000.service"
DELIVERY: Final = "udvej-deliver.service"
NGINX: Final = "nginx.service"

_NEEDED: Final = ("debootstrap", "systemd-nspawn", "nsenter", "git")
_MAKING_SECONDS: Final = 900
# What any Debian machine has, and the smallest that debootstrap makes has not.
_GIVEN: Final = ("systemd-sysv", "dbus", "adduser", "ca-certificates")
# Without these, and control groups of version 2, systemd there warns that it cannot do what
# IPAddressDeny= says, and starts the unit all the same.
_FILTERING: Final = ("--capability=CAP_BPF,CAP_NET_ADMIN", "--system-call-filter=bpf")
_CLONE_NEWNET: Final = 0x40000000
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def why_not() -> str:
    """Why no machine can be made here, or ""."""
    if os.geteuid() != 0:
        return "only root may boot a machine"
    if os.statvfs(gettempdir()).f_flag & os.ST_NODEV:
        return "no machine can be made where temporary files are; run with TMPDIR=/var/tmp"
    missing = [name for name in _NEEDED if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def guide(section: int | str) -> list[str]:
    """The commands of a section of the guide, each in one line.

    Args:
        section: its number, or all of its heading.
    """
    text = _page("README.md")
    heading = f"{section}. " if isinstance(section, int) else f"{section}\n"
    _, found, rest = text.partition(f"\n## {heading}")
    assert found
    return re.findall(r"^    (\S.*)$", rest.partition("\n## ")[0], re.MULTILINE)


def block(page: str, beginning: str) -> str:
    """A block of commands of one of the pages, each in one line, for a shell.

    Args:
        page: its file's name.
        beginning: how the block begins.
    """
    found = re.search(
        rf"^    {re.escape(beginning)}.*\n(?:(?:    .*)?\n)*?(?=\S|\Z)", _page(page), re.MULTILINE
    )
    assert found, beginning
    return textwrap.dedent(found[0]).strip()


def _page(name: str) -> str:
    """One of the pages, without a break within a command."""
    return re.sub(r" *\\\n *", " ", (SHIPPED / name).read_text("utf-8"))


def make(root: Path) -> None:
    """Make a machine with the program on it, as the guide's first two sections do.

    Args:
        root: a folder that is not there yet.
    """
    debian(root)
    checkout(root / "opt" / "udvej" / "tested")
    for command in guide(1):
        inside(root, command.replace("apt-get install", "apt-get install --yes"))
    inside(root, "make -C /opt/udvej/tested setup")
    (root / "opt" / "udvej" / "current").symlink_to("tested")


def debian(root: Path) -> None:
    """Make an empty Debian, such as the guide begins with.

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


def checkout(folder: Path) -> None:
    """Copy what the repository lists, as it is now."""
    for name in _listed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, folder / name)


def inside(root: Path, command: str, status: int = 0) -> str:
    """Run a command on a machine that is not booted, with the network of this one.

    Args:
        root: the machine.
        command: for its shell.
        status: how it must end.

    Returns:
        What it prints.
    """
    kept = [f"PIP_CERT={_AUTHORITIES}", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    kept += ["DEBIAN_FRONTEND=noninteractive"]
    return _run("chroot", str(root), "env", "-i", *kept, "sh", "-ec", command, status=status)


def _listed() -> list[str]:
    listed = ["git", "-C", str(CHECKOUT), "ls-files", "-z"]
    names = subprocess.run(listed, capture_output=True, check=True, timeout=PATIENCE).stdout
    return [name for name in names.decode().split("\0") if name and (CHECKOUT / name).is_file()]


def _run(*command: str, status: int = 0) -> str:
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_MAKING_SECONDS,
    )
    assert ran.returncode == status, ran.stdout[-3000:]
    return ran.stdout


@dataclass(frozen=True)
class Machine:
    """One that runs."""

    root: Path
    first: int

    def run(self, command: str, *, well: bool = True, patience: float = PATIENCE) -> str:
        """What a command prints; it ends well, or must not, within so many seconds."""
        ran = subprocess.run(
            ["nsenter", "-t", str(self.first), "-a", "sh", "-ec", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )
        if (ran.returncode == 0) is not well:
            journal = self.run("journalctl --no-pager --lines 40")
            raise AssertionError(f"{command}\n{ran.stdout}{ran.stderr}\n{journal}")
        return ran.stdout + ran.stderr

    def becomes(self, unit: str, state: str) -> None:
        """Wait until a unit is in a state (`ActiveState`)."""
        asked = f"systemctl show --property ActiveState --value {unit}"
        until(lambda: self.run(asked).strip() == state)

    def asked(self, address: str, *options: str, host: str = HOST) -> str:
        """What nginx answers over HTTPS for a host."""
        to = f"--insecure --resolve {host}:443:127.0.0.1 https://{host}{address}"
        return self.run(f"curl --silent {' '.join(options)} {to}")

    def status(self, address: str, *options: str, host: str = HOST) -> str:
        """The status of an answer."""
        only = "--output /dev/null --write-out '%{http_code}'"
        return self.asked(address, only, *options, host=host)

    def network(self) -> AbstractContextManager[None]:
        """Sockets that this thread makes meanwhile are on the machine's network."""
        return entered(Path(f"/proc/{self.first}/ns/net"))


@contextmanager
def entered(network: Path) -> Iterator[None]:
    """Sockets that this thread makes meanwhile are in a network namespace (setns(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as ours, network.open("rb") as its:
        assert libc.setns(its.fileno(), _CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(ours.fileno(), _CLONE_NEWNET) == 0


@contextmanager
def booted(root: Path, network: Path | None = None) -> Iterator[Machine]:
    """A machine with systemd as its first process.

    Args:
        root: its files.
        network: its namespace; one in which it is alone if left out.
    """
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]
    command += [f"--network-namespace-path={network}" if network else "--private-network"]
    command += [*_FILTERING, "--console=pipe", "--boot", f"--directory={root}"]
    with _control_group() as group, (root.parent / "console").open("ab") as console:
        process = started(
            ["sh", "-ec", 'echo $$ > "$0" && exec "$@"', group / "cgroup.procs", *command],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
        try:
            until(lambda: _is_up(_machine(root, process.pid)))
            machine = _machine(root, process.pid)
            with _journal_shown(machine):
                yield machine
            machine.run("systemctl --no-block poweroff")
            process.wait(PATIENCE)
        finally:
            # The supervisor alone would leave the machine running.
            (group / "cgroup.kill").write_text("1", "ascii")
            ended(process)


@contextmanager
def _control_group() -> Iterator[Path]:
    """One of a machine's own, in that of this process (cgroups(7), version 2).

    Two machines in one take each other's services of the same name for their own: each deletes
    the group that the other is about to start its service in.
    """
    mounted, *_ = _found(r"\S+ (\S+) cgroup2 .*", "/proc/mounts")
    (ours,) = _found(r"0::/(.*)", "/proc/self/cgroup")
    group = Path(mkdtemp(prefix="machine-", dir=Path(mounted, ours)))
    try:
        yield group
    finally:
        until(lambda: "populated 0" in (group / "cgroup.events").read_text("ascii"))
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()


def _found(line: str, path: str) -> list[str]:
    return re.findall(f"^{line}$", Path(path).read_text("utf-8"), re.MULTILINE)


@contextmanager
def _journal_shown(machine: Machine) -> Iterator[None]:
    """Where a test fails, what its machines wrote is the only trace of the cause."""
    try:
        yield
    except AssertionError as error:
        journal = machine.run("journalctl --no-pager --lines 200")
        error.add_note(f"{machine.root.name}:\n{journal}")
        raise


def _machine(root: Path, supervisor: int) -> Machine:
    """By the last process that the supervisor has made; the one before only prepares."""
    made = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text("ascii").split()
    return Machine(root, int(made[-1]) if made else 0)


def _is_up(machine: Machine) -> bool:
    asked = ["nsenter", "-t", str(machine.first), "-a", "systemctl", "is-system-running"]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return ran.stdout.strip() in ("running", "degraded")
