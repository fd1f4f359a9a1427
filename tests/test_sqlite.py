"""One SQLite file, written by turns; all of a transaction or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import MetaData, text
from support.patience import PATIENCE
from udvej.errors import StorageError
from udvej.sqlite import SQLite


def numbers(database: SQLite) -> list[int]:
    """What the table of these tests holds."""
    with database.transaction() as connection:
        return [*connection.scalars(text("SELECT number FROM counted ORDER BY number"))]


def insert_and_raise(database: SQLite, number: int) -> None:
    """Something breaks when a row has been written."""
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO counted VALUES (:number)"), {"number": number})
        raise KeyError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLite]:
    """An empty database."""
    database = SQLite(tmp_path)
    yield database
    database.close()


@pytest.fixture
def counted(database: SQLite) -> SQLite:
    """A database with a table to write to."""
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER UNIQUE)"))
    return database


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Another program holds the database."""
    connection = sqlite3.connect(state / "udvej.sqlite3", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    yield
    connection.close()


def test_many_threads_take_turns(counted: SQLite) -> None:
    """Read, then write, without another in between."""

    def count() -> None:
        for _ in range(20):
            with counted.transaction() as connection:
                last = connection.scalar(text("SELECT coalesce(max(number), 0) FROM counted"))
                connection.execute(text("INSERT INTO counted VALUES (:n)"), {"n": (last or 0) + 1})

    threads = [Thread(target=count, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert numbers(counted) == [*range(1, 161)]


def test_a_checkpoint_empties_the_log_and_the_next_transaction_works(
    counted: SQLite, tmp_path: Path
) -> None:
    """The rows are in the database file then."""
    with counted.transaction() as connection:
        connection.execute(text("INSERT INTO counted VALUES (1)"))
    log = tmp_path / "udvej.sqlite3-wal"
    assert log.stat().st_size > 0
    counted.checkpoint()
    assert log.stat().st_size == 0
    with pytest.raises(KeyError):
        insert_and_raise(counted, 2)
    assert numbers(counted) == [1]


def test_a_locked_database_is_a_storage_error_and_works_when_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else holds it."""
    monkeypatch.setattr("udvej.sqlite._PRAGMAS", ("PRAGMA busy_timeout=50",))
    database = SQLite(tmp_path)
    with locked(tmp_path):
        with pytest.raises(StorageError), database.transaction():
            pass
        with pytest.raises(StorageError):
            SQLite(tmp_path).create(MetaData())
    with database.transaction() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    database.close()


def test_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    """The state folder is made before."""
    with pytest.raises(StorageError):
        SQLite(tmp_path / "gone").create(MetaData())


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    """It is left as it is."""
    file = tmp_path / "udvej.sqlite3"
    file.write_bytes(b"not a database, but long enough to be looked at " * 100)
    before = file.read_bytes()
    with pytest.raises(StorageError):
        SQLite(tmp_path).create(MetaData())
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
def test_a_commit_is_on_the_disk_and_deleted_bytes_are_overwritten(
    pragma: str, value: object, database: SQLite
) -> None:
    """The settings that this rests on hold, after a checkpoint too."""
    for _ in range(2):
        with database.transaction() as connection:
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value
        database.checkpoint()
