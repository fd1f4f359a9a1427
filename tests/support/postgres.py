"""A real PostgreSQL server in a folder of its own, on a socket there, which tests stop and kill.

It refuses to run as root: then it runs as the user that Debian's package makes for it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil
import psycopg
from support.patience import PATIENCE, until
from udvej.postgresql.connections import APPLICATION

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

    def make(self) -> None:
        """Make its data."""
        where: tuple[str | Path, ...] = ("-D", self.folder / "data", "--no-sync")
        what = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-instructions")
        _run("initdb", *where, *what)
        # Its administrator needs no password, and everybody else does.
        rules = ("all postgres trust", "all all scram-sha-256", "replication all trust")
        lines = "".join(f"local {rule}\n" for rule in rules)
        (self.folder / "data" / "pg_hba.conf").write_text(lines, "ascii")

    def copy(self, primary: "Server", name: str) -> None:
        """Take another's data, to follow it from then on.

        Args:
            primary: the other one.
            name: what it knows this one by.
        """
        whom = f"host={primary.folder} user=postgres application_name={name}"
        where: tuple[str | Path, ...] = ("-D", self.folder / "data", "--no-sync")
        _run("pg_basebackup", *where, "-d", whom, "-R", "-c", "fast")

    @property
    def url(self) -> str:
        """What `UDVEJ_DATABASE` says of it."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def database(self, name: str) -> str:
        """Make one more; its URL."""
        self.ask(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    @property
    def version(self) -> str:
        """What it calls itself, such as "PostgreSQL 15.18"."""
        ((told,),) = self.ask("SHOW server_version")
        return f"PostgreSQL {told.split()[0]}"

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
            with suppress(psutil.NoSuchProcess):  # it ends with the first one, or by itself
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
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in every:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    @contextmanager
    def exhausted(self, url: str = "") -> Iterator[None]:
        """Others take every connection that a user may have, and those of the site are broken.

        Args:
            url: of the user and database; the administrator's if left out.
        """
        given = url or self.url
        ours = f"pg_stat_activity WHERE application_name = '{APPLICATION}'"
        self.ask(f"SELECT pg_terminate_backend(pid) FROM {ours}")
        until(lambda: not self.ask(f"SELECT FROM {ours}"))
        with ExitStack() as taken:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.enter_context(connect(given))
            yield
        until(lambda: _has_one(given))

    def ask(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """What a statement of its administrator gives."""
        with connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def connect(url: str, *, autocommit: bool = False) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of a test's own, which is not waited for without end.

    Args:
        url: what `UDVEJ_DATABASE` says.
        autocommit: whether each statement is kept at once.
    """
    given = url.replace("+psycopg", "")
    return psycopg.connect(given, autocommit=autocommit, connect_timeout=int(PATIENCE))


@contextmanager
def serving(within: Path | None = None, **settings: str) -> Iterator[Server]:
    """A server that runs until the block ends.

    Args:
        within: the folder that is to hold its own; one for temporary files if left out. Its path
            must be short, for the socket's sake, and others than root must be able to walk it.
        settings: in its configuration.
    """
    with TemporaryDirectory(dir=within, prefix="udvej-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        server.make()
        server.start(**settings)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def following(primary: Server, name: str) -> Iterator[Server]:
    """A standby, without which the other one acknowledges nothing from now on."""
    with TemporaryDirectory(prefix="udvej-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        server.copy(primary, name)
        server.start()
        primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        primary.ask("SELECT pg_reload_conf()")
        state = "SELECT sync_state FROM pg_stat_replication"
        until(lambda: primary.ask(state) == [("sync",)])
        try:
            yield server
        finally:
            server.stop()


def _has_one(given: str) -> bool:
    try:
        connect(given).close()
    except psycopg.OperationalError:
        return False
    return True


def _run(program: str, *arguments: str | Path) -> None:
    command = [*_as_other(), _program(program), *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


def _program(name: str) -> Path:
    """One of the newest version that Debian has installed."""
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))


def _as_other(*options: str) -> Sequence[str | Path]:
    """Begins a command that is not run as root."""
    if os.geteuid() != 0:
        return ("setpriv", *options, "--") if options else ()
    other = (f"--reuid={_OTHER}", f"--regid={_OTHER}", "--clear-groups")
    return ("setpriv", *other, *options, "--")
