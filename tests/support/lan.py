"""A network of a test's own between the machines that it boots; nothing leads out of it.

Each namespace lives as long as a process of the test's, so that even `kill -9` leaves none behind.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.patience import PATIENCE
from support.running import ended, next_line, started

# Of TEST-NET-1 (RFC 5737), which is nobody's: those outside, and the first machine.
VISITORS: Final = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
_FIRST: Final = 11


@dataclass(frozen=True)
class Lan:
    """One of them.

    Attributes:
        addresses: of each machine, by its name.
        outside: the namespace of the switch, in which are those who visit.
    """

    addresses: Mapping[str, str]
    outside: Path
    _places: Mapping[str, Path]

    def place(self, name: str) -> Path:
        """The namespace in which a machine is to be booted; its network is up already."""
        return self._places[name]

    def cut(self, name: str) -> None:
        """Take a machine's link down: its peers hear nothing more, not even a FIN."""
        _run(self.outside, f"ip link set {name} down")

    def mend(self, name: str) -> None:
        """Take it up again."""
        _run(self.outside, f"ip link set {name} up")


@contextmanager
def lan(*names: str) -> Iterator[Lan]:
    """A switch, and a namespace for each machine, joined to it."""
    with ExitStack() as stack:
        outside = stack.enter_context(_namespace())
        _run(outside, "ip link add switch type bridge && ip link set switch up")
        for visitor in VISITORS:
            _run(outside, f"ip address add {visitor}/24 dev switch")
        places = {name: stack.enter_context(_namespace()) for name in names}
        addresses = {name: f"192.0.2.{_FIRST + index}" for index, name in enumerate(names)}
        for name, place in places.items():
            peer = f"type veth peer name {name} netns {outside.parts[2]}"
            _run(place, f"ip link add host0 {peer}")
            _run(place, f"ip address add {addresses[name]}/24 dev host0 && ip link set host0 up")
            _run(outside, f"ip link set {name} master switch up")
        yield Lan(addresses, outside, places)


@contextmanager
def _namespace() -> Iterator[Path]:
    """A network namespace in which only loopback is up."""
    up = "ip link set lo up && echo && exec sleep infinity"
    command = ["unshare", "--net", "sh", "-ec", up]
    process = started(command, stdout=subprocess.PIPE, bufsize=0)
    try:
        next_line(process)
        yield Path(f"/proc/{process.pid}/ns/net")
    finally:
        ended(process)


def _run(namespace: Path, command: str) -> None:
    within = ["nsenter", f"--net={namespace}", "sh", "-ec", command]
    ran = subprocess.run(within, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
