"""A real PostgreSQL server in a folder of its own, on a socket there, which tests stop and kill.

It refuses to run as root: then it runs as the user that Debian's package makes for it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil
import psycopg
from support.patience import PATIENCE, until

_OTHER: Final = "postgres"
_QUIET: Final = {
    "listen_addresses": "",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "log_min_messages": "panic",
}


class Server:
    """One of them."""

    def __init__(self, folder: Path) -> None:
        """With its data and its socket in a folder.

        Args:
            folder: an empty one, whose path others may walk.
        """
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(folder, _OTHER, _OTHER)
        what: tuple[str | Path, ...] = (
            "-D",
            folder / "data",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
        )
        quick = ("--locale=C", "--no-sync", "--no-instructions")
        command = [*_as_other(), _program("initdb"), *what, *quick]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
        # Its administrator needs no password, and everybody else does.
        rules = (
            "local all postgres trust\nlocal all all scram-sha-256\nlocal replication all trust\n"
        )
        (folder / "data" / "pg_hba.conf").write_text(rules, "ascii")

    @property
    def url(self) -> str:
        """What `UDVEJ_DATABASE` says of it."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def start(self, **settings: str) -> None:
        """Start it, and wait until it answers.

        Args:
            settings: in its configuration.
        """
        given = {**_QUIET, "unix_socket_directories": str(self.folder), **settings}
        told = [part for key, value in given.items() for part in ("-c", f"{key}={value}")]
        program: list[str | Path] = [_program("postgres"), "-D", self.folder / "data", *told]
        with (self.folder / "log").open("ab") as log:
            # The kernel ends it with this process (prctl(2), PR_SET_PDEATHSIG).
            self._process = subprocess.Popen(
                [*_as_other("--pdeathsig", "INT"), *program],
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg.OperationalError:
            return False

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The first of its processes."""
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """End all of its processes at once, as a power cut does."""
        first = psutil.Process(self.process.pid)
        every = [first, *first.children(recursive=True)]
        for process in every:
            process.kill()
        self.process.wait(PATIENCE)
        psutil.wait_procs(every, PATIENCE)

    def stop(self) -> None:
        """Stop it, unless it has ended, and break its connections."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """All of its processes stand still, as those of a machine that hangs."""
        first = psutil.Process(self.process.pid)
        every = [first, *first.children(recursive=True)]
        for process in every:
            process.suspend()
        try:
            yield
        finally:
            for process in every:
                process.resume()

    def ask(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """What a statement of its administrator gives."""
        with psycopg.connect(
            host=str(self.folder),
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=int(PATIENCE),
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """A server that runs until the block ends.

    Args:
        settings: in its configuration.
    """
    # Its socket's path must be short, and others than root must be able to walk it.
    with TemporaryDirectory(prefix="udvej-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        server.start(**settings)
        try:
            yield server
        finally:
            server.stop()


def _program(name: str) -> Path:
    """One of the newest version that Debian has installed."""
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))


def _as_other(*options: str) -> Sequence[str | Path]:
    """Begins a command that is not run as root."""
    if os.geteuid() != 0:
        return ("setpriv", *options, "--") if options else ()
    other = (f"--reuid={_OTHER}", f"--regid={_OTHER}", "--clear-groups")
    return ("setpriv", *other, *options, "--")
