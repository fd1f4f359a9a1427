"""Who holds connections open: nginx and the kernel bound them, by homes, and generously."""

import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from support.front import HOST, SHIPPED, Front, Ports, everything, standing
from support.municipality import demonstration
from support.patience import PATIENCE, until
from udvej.content.addresses import FORM
from udvej.publish.freeze import freeze


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Path:
    """Frozen pages of a site that does not run."""
    return freeze(demonstration(furnished), tmp_path_factory.mktemp("pages") / "site")


@contextmanager
def few_open_files() -> Iterator[None]:
    """As services begin: with 1,024, but for what asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_each_worker_may_open_as_many_files_as_it_has_connections(
    pages: Path, tmp_path: Path
) -> None:
    """The guide sees to it: with the 1,024 that services begin with, as many shut nginx."""
    with few_open_files(), standing(Ports.free(), pages, tmp_path):
        connections = re.search(r"worker_connections (\d+)", (tmp_path / "nginx.conf").read_text())
        assert connections
        assert int(connections[1]) > 4096
        pid = tmp_path / "pid"
        until(lambda: pid.exists() and pid.read_text() != "")
        main = int(pid.read_text())
        # The address is listened on before the worker is there, and has asked for more.
        until(lambda: open_files_of_a_worker(main) > int(connections[1]))


def open_files_of_a_worker(main: int) -> int:
    """How many files nginx's worker may open; 0 while there is none."""
    workers = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    limits = [Path(f"/proc/{worker}/limits").read_text() for worker in workers]
    found = [re.search(r"Max open files +(\d+)", text) for text in limits]
    return min((int(limit[1]) for limit in found if limit), default=0)


# Two at once are allowed here; nginx is told who asks by a header.
TOLD: Final = {
    "limit_conn udvej 200;": (
        "limit_conn udvej 2; set_real_ip_from 127.0.0.1; real_ip_header X-Test;"
    )
}
HOME: Final = ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6")


@pytest.mark.parametrize(
    ("clients", "status"),
    [
        ((*HOME, "2001:db8:1:2:ffff:ffff:ffff:ffff"), 429),
        (("2001:db8:1::1", "2001:db8:1::2:3", "2001:db8:1::"), 429),
        (("192.0.2.7", "192.0.2.7", "192.0.2.7"), 429),
        (("192.0.2.7", "192.0.2.7", "192.0.2.8"), 200),
        ((*HOME, "2001:db8:1:3::1"), 200),
        ((*HOME, "2001:db8:1::2"), 200),
        (("2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1"), 200),
        (("2001:db8:1::1", "2001:db8:1::2", "2001:db8::1"), 200),
    ],
)
def test_the_connections_of_one_home_are_counted_together(
    clients: tuple[str, str, str], status: int, pages: Path, tmp_path: Path
) -> None:
    """IPv6 by its /64; the neighbour has a count of its own."""
    with socket.create_server(("127.0.0.1", 0)) as application, ExitStack() as held:
        application.settimeout(PATIENCE)
        ports = Ports.free(site=application.getsockname()[1])
        front = held.enter_context(standing(ports, pages, tmp_path, **TOLD))
        *waiting, third = clients
        for client in waiting:
            held.enter_context(asking(front, client, FORM))
            held.enter_context(application.accept()[0])
        with asking(front, third, "/om/", "Connection: close\r\n") as last:
            assert everything(last).startswith(f"HTTP/1.1 {status} ".encode())


def asking(front: Front, client: str, address: str, header: str = "") -> socket.socket:
    """A connection that has asked, and waits."""
    connection = front.connect()
    connection.sendall(
        f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\nX-Test: {client}\r\n{header}\r\n".encode()
    )
    return connection


# In a network of its own: what connects in turn from each address, and whether it came through.
_KERNEL: Final = """\
import socket, sys
servers = {
    family: socket.create_server(("::" if family == socket.AF_INET6 else "", 443), family=family)
    for family in (socket.AF_INET, socket.AF_INET6)
}
held = []

def comes(source, to):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    connection = socket.socket(family)
    connection.settimeout(60)
    held.append(connection)
    connection.bind((source, 0))
    try:
        connection.connect((to, 443))
    except ConnectionRefusedError:
        return False
    held.append(servers[family].accept()[0])
    return True

for _ in range(400):
    assert comes("127.0.0.2", "127.0.0.1")
print(comes("127.0.0.2", "127.0.0.1"), comes("127.0.0.3", "127.0.0.1"))
for turn in range(400):
    assert comes(f"2001:db8:1:2::{turn % 2 + 1}", "::1")
print(comes("2001:db8:1:2::1", "::1"), comes("2001:db8:1:2::3", "::1"))
print(comes("2001:db8:1:3::1", "::1"))
"""
_NETWORK: Final = """\
ip link set lo up
for address in 2001:db8:1:2::1 2001:db8:1:2::2 2001:db8:1:2::3 2001:db8:1:3::1; do
    ip address add $address/128 dev lo nodad
done
nft -f {rules} && nft -f {rules} && exec {python} -c "$1"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="may make no network of its own here")
def test_the_kernel_refuses_what_one_home_opens_beyond_its_share() -> None:
    """Though it says nothing; the next home comes through. The rules may be loaded twice."""
    rules = SHIPPED / "nftables" / "udvej.nft"
    script = _NETWORK.format(rules=rules, python=sys.executable)
    ran = subprocess.run(
        ["unshare", "--net", "sh", "-ec", script, "sh", _KERNEL],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (ran.stdout.split(), ran.stderr) == (["False", "True", "False", "False", "True"], "")
