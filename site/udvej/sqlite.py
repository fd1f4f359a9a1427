"""SQLite databases of a machine, shared by its web and delivery processes."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import IO, Final
from weakref import finalize

from sqlalchemy import Connection, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from udvej.database import PATIENCE, Database, missing
from udvej.errors import FullError, StorageError

_PAGE_BYTES: Final = 4096
_ANY_PAGES: Final = 2**30
_READ: Final = "udvej_read"

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
)

# The program's few statements, compiled: those of one file take 150 KiB, and many have files here.
_statements: Final[dict[object, object]] = {}


@cache
def _dialect() -> Dialect:
    """SQLAlchemy's for SQLite, as its first connection makes it."""
    engine = create_engine("sqlite://")
    engine.connect().close()
    engine.dispose()
    return engine.dialect


class SQLite(Database):
    """A file in the state folder."""

    def __init__(
        self,
        state: Path,
        name: str = "udvej",
        *,
        most_bytes: int = 2**30,
        durable: bool = True,
    ) -> None:
        """Open, or create. One connection serves the process and stays open.

        Args:
            state: the state folder, which exists.
            name: of the file, without its ending.
            most_bytes: how large it may grow; what is new and would make it larger is not taken.
            durable: whether a commit is on the disk when it returns.
        """
        self._path = self.file(state, name)
        self._most_pages = most_bytes // _PAGE_BYTES
        self._lock = state / f"{name}.lock"
        # hide_parameters: an error must not carry what was to be stored.
        self._engine = create_engine(
            f"sqlite:///{self._path}",
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=PATIENCE,
            hide_parameters=True,
        )
        # The statement cache is keyed by dialect: with one for all files each is compiled once.
        self._engine.dialect = _dialect()
        self._engine.update_execution_options(compiled_cache=_statements)
        pragmas = (
            *_PRAGMAS,
            f"PRAGMA synchronous={'FULL' if durable else 'OFF'}",
        )
        _prepare(self._engine, pragmas)
        self._readers = self._engine.execution_options(**{_READ: True})
        finalize(self, self._engine.dispose)

    @staticmethod
    def file(state: Path, name: str = "udvej") -> Path:
        """Where it lies, whether it is there or not."""
        return state / f"{name}.sqlite3"

    def create(
        self,
        tables: MetaData,
        upgrades: Sequence[str] = (),
        begin: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        """As `Database.create`; the version is SQLite's `user_version`."""
        with self.transaction() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            lacking = missing(version, upgrades, "UDVEJ_STATE")
            if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
                for statement in lacking:
                    connection.exec_driver_sql(statement)
            tables.create_all(connection)
            if lacking:
                connection.exec_driver_sql(f"PRAGMA user_version={len(upgrades)}")
            begin(connection)

    @contextmanager
    def transaction(self, *, growing: bool = False) -> Iterator[Connection]:
        """As `Database.transaction`.

        Processes take turns by a file lock, since SQLite's own waiting can starve one of them
        for seconds.
        """
        try:
            with self._turn(), self._engine.begin() as connection:
                most = self._most_pages if growing else _ANY_PAGES
                connection.exec_driver_sql(f"PRAGMA max_page_count={most}")
                yield connection
        except (SQLAlchemyError, OSError) as error:
            full = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
            kind = FullError if full == sqlite3.SQLITE_FULL else StorageError
            raise kind("the database did not take it") from error

    def limit_to_share(self, connection: Connection, share: float) -> None:
        """As `Database.limit_to_share`."""
        connection.exec_driver_sql(f"PRAGMA max_page_count={int(self._most_pages * share)}")

    def filled(self, connection: Connection) -> float:
        """As `Database.filled`."""
        count, free = (
            connection.exec_driver_sql(f"PRAGMA {asked}").scalar_one()
            for asked in ("page_count", "freelist_count")
        )
        return float((count - free) / self._most_pages)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """As `Database.reading`."""
        try:
            with self._readers.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StorageError("the database does not answer") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock.open("ab") as lock:
            _take(lock)
            yield

    def checkpoint(self) -> None:
        """Carry the log into the database and empty it, so that deleted rows leave it too."""
        try:
            # On the DBAPI connection: SQLAlchemy begins a transaction, in which a checkpoint fails.
            with self._turn(), closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StorageError("the database's log could not be emptied") from error

    def is_used(self) -> bool:
        """As `Database.is_used`: leaving WAL mode succeeds only without other connections."""
        self.close()
        try:
            with closing(sqlite3.connect(self._path, timeout=0)) as connection:
                mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                return True
            raise StorageError("the database cannot be opened") from error
        return bool(mode != ("delete",))

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.dispose()


def _take(lock: IO[bytes]) -> None:
    """Take a file lock, or give up after a while: the process that holds it may hang.

    The kernel serves waiting processes in turn, which polling does not: it can starve one for
    seconds. `flock` has no timeout, so it waits in a thread, which can be abandoned.

    Raises:
        TimeoutError: it could not be had in time.
    """
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    taken = Event()

    def wait() -> None:
        with suppress(OSError, ValueError):  # closed by now
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.set()

    Thread(target=wait, daemon=True).start()
    if not taken.wait(PATIENCE):
        raise TimeoutError


def _prepare(engine: Engine, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READ)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
