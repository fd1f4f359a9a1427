"""Move an outbox from one database to another: copied and compared before the source is closed.

Wherever a move is interrupted, no two databases give out numbers: the target stays closed until the
source has been closed, and a site started on either of them refuses with a message.
"""

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, Result, Table, delete, func, insert, select

from udvej.database import Database
from udvej.errors import ConfigError, StorageError
from udvej.outbox.schema import (
    DELIVERIES,
    DRILLS,
    MOVED,
    NUMBERS,
    RECEIPTS,
    REFERRALS,
    TABLES,
    UPGRADES,
)
from udvej.outbox.table import take_turn

_ALL: Final = (REFERRALS, NUMBERS, DRILLS, DELIVERIES, RECEIPTS)
_AT_ONCE: Final = 100


def move(source: Database, target: Database, to: str) -> Mapping[str, int]:
    """Move all of it; nobody may use either of the two.

    Args:
        source: is closed for good, and keeps all that it has.
        target: holds nothing.
        to: names the target, for who starts a site on the source.

    Returns:
        How many rows of each table there are now, by its name.

    Raises:
        ConfigError: somebody uses one of them, or the target is not empty, or it has been moved
            before.
        StorageError: one of them does not answer, or what is in the target is not what is in the
            source; the site may go on with the source.
    """
    for database in (source, target):
        if database.is_used():
            raise ConfigError(
                "a process of this site still runs, here or on another host; stop all of them first"
            )
        database.create(TABLES, UPGRADES)
    left, begun = _mark(source, closed=True), _mark(target, closed=False)
    if left and left != begun:
        raise ConfigError("what was kept there has been moved already; nothing is moved twice")
    if not (left or _can_be_left(source)):
        raise ConfigError(
            "nothing has ever been kept there, or a move to there was interrupted; see that"
            " UDVEJ_STATE and UDVEJ_DATABASE are the site's"
        )
    if not left:  # else all that an interruption has left to do is to open the target
        mark = secrets.token_hex()
        _copy(source, target, mark, again=bool(begun))
        _close(source, target, mark, to)
    with target.transaction() as connection:
        connection.execute(delete(MOVED))
    with target.reading() as connection:
        return {table.name: _count(connection, table) for table in _ALL}


def is_left_behind(database: Database) -> bool:
    """Whether a database holds referrals, drills or numbers that nobody has moved elsewhere.

    Raises:
        ConfigError: a newer version of Udvej has made it.
        StorageError: it cannot be opened or written.
    """
    database.create(TABLES, UPGRADES)
    with database.reading() as connection:
        return not _is_empty(connection) and not _count(connection, MOVED)


def _mark(database: Database, *, closed: bool) -> str:
    """The mark of the move that closed a database, or that has not opened it yet; "" for none."""
    which = MOVED.c.to != "" if closed else MOVED.c.to == ""
    with database.reading() as connection:
        return connection.scalar(select(MOVED.c.mark).where(which)) or ""


def _can_be_left(database: Database) -> bool:
    """Whether it is a live outbox: it gives out numbers, and no move has touched it."""
    with database.reading() as connection:
        begun = connection.scalar(select(NUMBERS.c.last)) is not None
        return begun and not _count(connection, MOVED)


def _copy(source: Database, target: Database, mark: str, *, again: bool) -> None:
    """Put all of it into the target, closed, or nothing."""
    with target.transaction() as taking:
        if not again and not _is_empty(taking):
            raise ConfigError(
                "the database that is to take it holds referrals, drills or receipts already, or"
                " has given numbers; move it out of the way first"
            )
        for table in (*_ALL, MOVED):
            taking.execute(delete(table))
        taking.execute(insert(MOVED).values(mark=mark, to=""))
        with source.reading() as giving:
            for table in _ALL:
                for rows in _rows(giving, table).partitions():
                    taking.execute(insert(table), [row._asdict() for row in rows])


def _is_empty(connection: Connection) -> bool:
    held = any(_count(connection, table) for table in (REFERRALS, DRILLS, RECEIPTS, MOVED))
    return not held and not connection.scalar(select(NUMBERS.c.last))


def _close(source: Database, target: Database, mark: str, to: str) -> None:
    """Close the source if it is what the target is.

    Raises:
        StorageError: it is not; then it stays open, and the target closed.
    """
    with target.reading() as taken:
        there = _digests(taken)
    with source.transaction() as connection:
        take_turn(connection)
        if _digests(connection) != there:
            raise StorageError(
                "what was copied is not what is kept now, so nothing has been moved; see that no"
                " process of this site runs, here or on another host, and try again"
            )
        connection.execute(insert(MOVED).values(mark=mark, to=to))
        connection.execute(delete(NUMBERS))  # a process that still has it open gives none either


def _digests(connection: Connection) -> Sequence[tuple[int, str]]:
    """How many rows each table has, and a hash of them all."""
    return [(_count(connection, table), _digest(connection, table)) for table in _ALL]


def _digest(connection: Connection, table: Table) -> str:
    digest = sha256()
    for row in _rows(connection, table):
        digest.update(f"{tuple(row)!r}\n".encode())
    return digest.hexdigest()


def _rows(connection: Connection, table: Table) -> Result[tuple[object, ...]]:
    """All rows, in an order that is the same for every engine, not all in memory at once."""
    order = [*table.primary_key] or [*table.c]
    every: Result[tuple[object, ...]] = connection.execute(
        select(table).order_by(*order), execution_options={"yield_per": _AT_ONCE}
    )
    return every


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
