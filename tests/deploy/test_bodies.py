"""What passes through nginx never lies in a file, not for a moment and not without a name.

Nginx removes the name of such a file as it opens it: a search in its folders finds nothing then,
while the words are on the disk. So the files that its processes have open are looked at, while a
form is on its way to the application and its answer on the way back.
"""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import Final

import psutil
import pytest
from support.front import HOST, Front, Ports, standing
from support.municipality import demonstration
from support.patience import PATIENCE, until
from udvej.content.addresses import FORM
from udvej.publish.freeze import freeze

LARGEST: Final = 512 * 1024


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Path:
    """Frozen pages of a site that does not run."""
    folder = tmp_path_factory.mktemp("pages")
    freeze(demonstration(Path(shutil.copytree(furnished, folder / "state"))), folder / "site")
    return folder / "site"


def leads_to(link: Path) -> Iterator[str]:
    """Where an open file is, unless it is closed by now."""
    with suppress(FileNotFoundError):
        yield str(link.readlink())


def processes(front: Front) -> Sequence[psutil.Process]:
    """Those of nginx."""
    first = psutil.Process(front._process.pid)  # noqa: SLF001 (whose files are looked at)
    workers = first.children(recursive=True)
    assert workers
    return [first, *workers]


def spooled(front: Front) -> list[str]:
    """The files of nginx's spools that any of its processes has open, named or not."""
    links = [link for each in processes(front) for link in Path(f"/proc/{each.pid}/fd").iterdir()]
    opened = [path for link in links for path in leads_to(link)]
    assert [path for path in opened if path.startswith("socket:")]
    return [path for path in opened if str(front.folder / "spool") in path]


@contextmanager
def between(pages: Path, folder: Path, **changes: str) -> Iterator[tuple[Front, socket.socket]]:
    """Nginx, and the application's place behind it."""
    with socket.create_server(("127.0.0.1", 0)) as application:
        application.settimeout(PATIENCE)
        ports = Ports.free(site=application.getsockname()[1])
        with standing(ports, pages, folder, **changes) as front:
            yield front, application


def sent_whole(front: Front, application: socket.socket, held: list[socket.socket]) -> None:
    """Send the largest form there is, and hear all of it as the application."""
    head = f"POST {FORM} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LARGEST}\r\n\r\n"
    browser = front.connect()
    held.append(browser)
    browser.settimeout(PATIENCE)
    browser.sendall(head.encode() + b"m" * LARGEST)
    heard, _ = application.accept()
    held.append(heard)
    heard.settimeout(PATIENCE)
    got = b""
    while got.count(b"m" * 1024) < LARGEST // 1024:
        more = heard.recv(65536)
        assert more
        got += more


def close(held: list[socket.socket]) -> None:
    """Hang up."""
    for each in held:
        each.close()


def test_the_largest_form_on_its_way_is_in_no_file(pages: Path, tmp_path: Path) -> None:
    """All of it has come through nginx, which keeps it until the application has answered."""
    held: list[socket.socket] = []
    with between(pages, tmp_path / "nginx") as (front, application):
        sent_whole(front, application, held)
        assert spooled(front) == []
        close(held)


def test_a_form_in_a_file_without_a_name_would_be_found(pages: Path, tmp_path: Path) -> None:
    """With a buffer that is too small; a search by name finds nothing of it."""
    held: list[socket.socket] = []
    small = {"client_body_buffer_size 640k;": "client_body_buffer_size 16k;"}
    with between(pages, tmp_path / "nginx", **small) as (front, application):
        sent_whole(front, application, held)
        assert spooled(front)
        assert [name for name in front.written() if name.startswith("spool")] == []
        close(held)


def answered_whole(front: Front, application: socket.socket, held: list[socket.socket]) -> bool:
    """Answer with more than the buffers hold, until nginx takes no more; whether it took all."""
    heard, _ = application.accept()
    held.append(heard)
    heard.settimeout(PATIENCE)
    heard.recv(65536)
    length = 64 * 2**20
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    rest = memoryview(head + b"m" * length)
    heard.settimeout(0)

    def is_over() -> bool:
        nonlocal rest
        while rest and select([], [heard], [], 0.2)[1]:
            rest = rest[heard.send(rest) :]
        # One that is only slow would be at work.
        return not rest or all(each.status() == psutil.STATUS_SLEEPING for each in processes(front))

    until(is_over)
    return not rest


@pytest.mark.parametrize(
    ("changes", "found"),
    [({}, False), ({"    proxy_max_temp_file_size 0;\n": ""}, True)],
    ids=["as shipped", "control"],
)
def test_an_answer_that_is_read_slowly_waits_in_the_application_and_in_no_file(
    pages: Path, tmp_path: Path, changes: dict[str, str], *, found: bool
) -> None:
    """It may hold the form as it was typed, when nothing could be kept."""
    held: list[socket.socket] = []
    with between(pages, tmp_path / "nginx", **changes) as (front, application):
        slow = front.connect()
        held.append(slow)
        slow.sendall(f"GET {FORM} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert answered_whole(front, application, held) == found
        assert bool(spooled(front)) == found
        close(held)
