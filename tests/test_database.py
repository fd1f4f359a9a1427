"""What both engines promise: all of a transaction or nothing, and nothing of it in an error."""

from collections.abc import Iterator
from random import randbytes
from time import sleep

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from support.places import ON_POSTGRESQL, Place
from udvej.database import Database
from udvej.errors import ConfigError, FullError, StorageError
from udvej.postgresql.connections import engine

TABLES, BULKY = MetaData(), MetaData()
COUNTED = Table(
    "counted",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("words", String, unique=True),
)
BULK = Table(
    "bulk",
    BULKY,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary),
)


def numbers(database: Database) -> list[int]:
    """What the table of these tests holds."""
    with database.reading() as connection:
        return [*connection.scalars(select(COUNTED.c.number).order_by(COUNTED.c.number))]


def insert_and_raise(database: Database, number: int) -> None:
    """Something breaks when a row has been written."""
    with database.transaction() as connection:
        connection.execute(insert(COUNTED).values(number=number))
        raise KeyError


@pytest.fixture
def counted(database: Database) -> Database:
    """A database with a table to write to."""
    database.create(TABLES)
    return database


def test_what_was_written_is_there_when_opened_again(counted: Database, place: Place) -> None:
    """By this process or another."""
    with counted.transaction() as connection:
        connection.execute(insert(COUNTED).values(number=1))
    again = place.open()
    assert numbers(again) == [1]
    again.close()


def test_a_block_that_raises_leaves_nothing(counted: Database) -> None:
    """And what it raised comes out unchanged when it is not the database's."""
    with pytest.raises(KeyError):
        insert_and_raise(counted, 1)
    assert numbers(counted) == []


def test_an_error_of_the_database_is_a_storage_error_without_what_was_stored(
    counted: Database,
) -> None:
    """Nor does its cause hold it, since causes are logged."""
    words = insert(COUNTED).values(words="hemmeligt")
    with counted.transaction() as connection:
        connection.execute(words.values(number=1))
    with pytest.raises(StorageError) as raised, counted.transaction() as connection:
        connection.execute(words.values(number=2))
    assert "hemmeligt" not in f"{raised.value}{raised.value.__cause__}"
    assert raised.value.__cause__ is not None


def test_what_the_engine_says_of_a_statement_is_without_what_was_to_be_stored(
    database: Database,
) -> None:
    """Nobody logs it; should somebody ever do, it names no value."""
    with database.transaction() as connection, pytest.raises(SQLAlchemyError) as raised:
        connection.execute(insert(COUNTED).values(number=1, words="hemmeligt"))  # no such table
    assert "INSERT INTO" in str(raised.value)
    assert "hemmeligt" not in str(raised.value)


def test_a_reader_sees_one_moment_and_waits_for_nobody(counted: Database, place: Place) -> None:
    """Whatever is written meanwhile, half or wholly."""
    other = place.open()
    with other.transaction() as writing:
        writing.execute(insert(COUNTED).values(number=1))
        with counted.reading() as connection:
            assert connection.scalars(select(COUNTED.c.number)).all() == []
    with counted.reading() as connection:
        assert connection.scalars(select(COUNTED.c.number)).all() == [1]
        with other.transaction() as writing:
            writing.execute(insert(COUNTED).values(number=2))
        assert connection.scalars(select(COUNTED.c.number)).all() == [1]
    other.close()


def test_the_first_rows_are_written_with_the_tables(database: Database) -> None:
    """At every start, in one turn with what makes them."""

    def begin(connection: Connection) -> None:
        if connection.scalar(select(COUNTED.c.number)) is None:
            connection.execute(insert(COUNTED).values(number=7))

    for _ in range(2):
        database.create(TABLES, begin=begin)
    assert numbers(database) == [7]


def test_upgrades_are_made_once_and_in_order(database: Database, place: Place) -> None:
    """Each by its statement; tables that are new have all of them already."""
    first, second = "ALTER TABLE counted ADD COLUMN a FLOAT", "ALTER TABLE counted RENAME a TO b"
    database.create(TABLES)
    database.create(TABLES, [first])
    again = place.open()
    again.create(TABLES, [first, second])
    again.create(TABLES, [first, second])
    with again.reading() as connection:
        assert connection.execute(select(COUNTED)).all() == []
    with pytest.raises(ConfigError, match="a newer version of Udvej has made the database"):
        database.create(TABLES, [first])
    again.close()


def fill(
    database: Database,
    share: float = 1.0,
    *,
    each: int = 10_000,
    at_most: int = 1000,
    pause: float = 0.0,
) -> None:
    """Write until there is no room; each what sealing makes, which nothing can compress."""
    for number in range(at_most):
        with database.transaction(growing=True) as connection:
            if share < 1:
                database.limit_to_share(connection, share)
            connection.execute(insert(BULK).values(number=number, content=randbytes(each)))
        sleep(pause)


@pytest.fixture
def small(place: Place) -> Iterator[Database]:
    """A database with little room."""
    database = place.open(most_bytes=2**20, durable=False)
    database.create(BULKY)
    yield database
    database.close()


def test_what_is_new_is_refused_where_there_is_no_room(small: Database) -> None:
    """All of it; what is here can be marked and deleted, and then there is room again."""
    with pytest.raises(FullError):
        fill(small)
    with small.reading() as connection:
        kept = connection.scalars(select(BULK.c.number).order_by(BULK.c.number)).all()
        assert 0.9 < small.filled(connection) <= 1
    assert kept == [*range(len(kept))]
    with small.transaction() as connection:
        connection.execute(delete(BULK).where(BULK.c.number < len(kept) // 2))
    with small.reading() as connection:
        assert 0.4 < small.filled(connection) < 0.6
    with small.transaction(growing=True) as connection:
        connection.execute(insert(BULK).values(number=9999, content=bytes(10_000)))


def test_what_was_far_from_full_is_soon_seen_to_be_full(place: Place) -> None:
    """Where nobody looks at each transaction, somebody does a second later."""
    database = place.open(most_bytes=20 * 2**20, durable=False)
    database.create(BULKY)
    with pytest.raises(FullError):
        fill(database, each=2**20, at_most=60, pause=0.05)
    with database.reading() as connection:
        assert (connection.scalar(select(func.count()).select_from(BULK)) or 0) >= 18
    database.close()


@ON_POSTGRESQL
def test_what_takes_longer_to_clear_than_a_statement_may_is_left_to_the_server(
    place: Place,
) -> None:
    """Whatever is deleted is gone all the same, and nobody is told of trouble."""
    database = place.open(most_bytes=2**26, durable=False)
    database.create(BULKY)
    fill(database, each=2**10, at_most=2_000)
    with database.transaction() as connection:
        connection.execute(delete(BULK))
    outside = engine(place.url).execution_options(isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:  # which is the next to be used again
        connection.exec_driver_sql("SET statement_timeout = 1")  # ms
    database.checkpoint()
    database.close()


@ON_POSTGRESQL
def test_what_this_process_has_open_itself_is_no_use_by_others(counted: Database) -> None:
    """However many connections it had at once; `udvej move` asks."""
    with counted.reading(), counted.reading():
        pass
    assert not counted.is_used()
    with counted.reading():
        assert counted.is_used()


def test_a_share_of_the_room_is_kept_for_others(small: Database) -> None:
    """Who is bound finds it full sooner than who is not."""
    with pytest.raises(FullError):
        fill(small, 0.5)
    with small.reading() as connection:
        assert 0.4 < small.filled(connection) <= 0.5
    with small.transaction(growing=True) as connection:
        connection.execute(insert(BULK).values(number=9999, content=bytes(10_000)))
