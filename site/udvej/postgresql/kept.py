"""A schema of PostgreSQL, in which one municipality keeps what it takes."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, reduce
from hashlib import sha256
from operator import add
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    ScalarSelect,
    Select,
    String,
    Table,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from udvej.database import Database, missing
from udvej.errors import ConfigError, FullError
from udvej.postgresql.connections import APPLICATION, engine
from udvej.postgresql.failures import NeedsRepair, cause, failure, took_too_long

# What a row takes at least besides its binary columns.
_ROW_BYTES: Final = 128
_GONE_SECONDS: Final = 2.0
_MOST: Final = "udvej_most_bytes"
# With more room left than this, look at most once a second: no flood writes as much in a second.
_FAR_BYTES: Final = 16 * 2**20
_LOOK_SECONDS: Final = 1.0

_VERSIONS = Table(
    "versions",
    MetaData(),
    Column("part", String, primary_key=True),
    Column("version", Integer, nullable=False),
)


class PostgreSQL(Database):
    """One part of what a municipality keeps, in its schema."""

    def __init__(
        self,
        url: str,
        schema: str,
        name: str = "udvej",
        *,
        most_bytes: int = 2**30,
        durable: bool = True,
    ) -> None:
        """Connect when it is first used.

        Args:
            url: as `UDVEJ_DATABASE` gives it.
            schema: the municipality's own.
            name: of the part, which has a version of its own.
            most_bytes: how much it may hold; what is new and would make it more is not taken.
            durable: whether it is kept when the server is killed.

        Raises:
            ConfigError: it is no such URL.
        """
        self._engine = engine(url).execution_options(schema_translate_map={None: schema})
        self._readers = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._schema, self._name = schema, name
        self._most_bytes, self._durable = most_bytes, durable
        self._tables: Sequence[Table] = ()
        self._looked, self._seen_bytes = 0.0, most_bytes

    def create(
        self,
        tables: MetaData,
        upgrades: Sequence[str] = (),
        begin: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        """As `Database.create`; the version is in a table of the schema.

        Processes take turns by an advisory lock, on other hosts too.
        """
        self._tables = tables.sorted_tables
        try:
            with self.transaction() as connection:
                _check_durability(connection)
                connection.execute(select(func.pg_advisory_xact_lock(_turn_of(self._schema))))
                # IF NOT EXISTS would want the right to make one where it exists, too.
                if not inspect(connection).has_schema(self._schema):
                    connection.execute(CreateSchema(self._schema))
                _VERSIONS.create(connection, checkfirst=True)
                self._bring_up_to_date(connection, tables, upgrades)
                begin(connection)
        except NeedsRepair as error:
            raise ConfigError(str(error)) from error

    def _bring_up_to_date(
        self, connection: Connection, tables: MetaData, upgrades: Sequence[str]
    ) -> None:
        ours = _VERSIONS.c.part == self._name
        version = connection.scalar(select(_VERSIONS.c.version).where(ours))
        if version is None:
            connection.execute(insert(_VERSIONS).values(part=self._name, version=len(upgrades)))
        elif lacking := missing(version, upgrades, "UDVEJ_DATABASE"):
            schema = connection.dialect.identifier_preparer.quote(self._schema)
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            for statement in lacking:
                connection.exec_driver_sql(statement)
            connection.execute(update(_VERSIONS).where(ours).values(version=len(upgrades)))
        tables.create_all(connection)
        if version is None:
            self._suit(connection)

    def _suit(self, connection: Connection) -> None:
        """Set storage options of new tables that SQLAlchemy cannot express."""
        for table, name in zip(self._tables, self._qualified(), strict=True):
            for column in _binary(table):
                # Sealed: ciphertext does not compress.
                connection.exec_driver_sql(
                    f'ALTER TABLE {name} ALTER COLUMN "{column.name}" SET STORAGE EXTERNAL'
                )
            if not self._durable:
                connection.exec_driver_sql(f"ALTER TABLE {name} SET UNLOGGED")

    @contextmanager
    def transaction(self, *, growing: bool = False) -> Iterator[Connection]:
        """As `Database.transaction`; rows are locked by who selects them for update."""
        try:
            with self._engine.begin() as connection:
                if not growing:
                    yield connection
                    return
                connection.info[_MOST] = self._most_bytes
                yield connection
                self._check_room(connection)
        except (SQLAlchemyError, OSError) as error:
            raise failure(error) from cause(error)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """As `Database.reading`."""
        try:
            with self._readers.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise failure(error) from cause(error)

    def limit_to_share(self, connection: Connection, share: float) -> None:
        """As `Database.limit_to_share`."""
        connection.info[_MOST] = int(self._most_bytes * share)

    def filled(self, connection: Connection) -> float:
        """As `Database.filled`, by what the rows hold."""
        return float((connection.scalar(self._held) or 0) / self._most_bytes)

    def checkpoint(self) -> None:
        """Take deleted rows out of the tables, before the server finds it worth while.

        Left to the server where it takes longer than a transaction may.
        """
        names = ", ".join(self._qualified())
        outside = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with outside.connect() as connection:
                connection.exec_driver_sql(f"VACUUM (SKIP_LOCKED) {names}")
        except (SQLAlchemyError, OSError) as error:
            if not took_too_long(error):
                raise failure(error) from cause(error)

    def is_used(self) -> bool:
        """As `Database.is_used`; a connection that was just closed may be seen for a moment."""
        self.close()
        until = time.monotonic() + _GONE_SECONDS
        while used := self._others():
            if time.monotonic() > until:
                break
            time.sleep(_GONE_SECONDS / 20)
        return bool(used)

    def _others(self) -> int:
        with self.reading() as connection:
            sessions = "SELECT pid, application_name FROM pg_stat_activity"
            ours = f"{sessions} WHERE datname = current_database() AND pid <> pg_backend_pid()"
            return sum(row[1] == APPLICATION for row in connection.exec_driver_sql(ours))

    def close(self) -> None:
        """Let go of the connections that nobody uses now; others in this process share them."""
        self._engine.pool.dispose()

    def _check_room(self, connection: Connection) -> None:
        """Compare file sizes first, which is cheap; they include the space of deleted rows."""
        most, now = connection.info[_MOST], time.monotonic()
        if now < self._looked + _LOOK_SECONDS and self._seen_bytes < most - _FAR_BYTES:
            return
        self._looked, self._seen_bytes = now, connection.scalar(self._files) or 0
        if self._seen_bytes > most < (connection.scalar(self._held) or 0):
            raise FullError("there is no room left for what is new")

    def _qualified(self) -> Sequence[str]:
        quote = self._engine.dialect.identifier_preparer.quote
        return [f"{quote(self._schema)}.{quote(table.name)}" for table in self._tables]

    @cached_property
    def _files(self) -> Select[int]:
        """Asks for the bytes of the files of all tables, with what was deleted from them."""
        sizes = (func.pg_total_relation_size(func.to_regclass(name)) for name in self._qualified())
        return select(reduce(add, sizes))

    @cached_property
    def _held(self) -> Select[int]:
        """Asks for the bytes of all rows."""
        return select(reduce(add, map(_bytes, self._tables)))


def _binary(table: Table) -> Sequence[Column[bytes]]:
    return [column for column in table.c if isinstance(column.type, LargeBinary)]


def _bytes(table: Table) -> ScalarSelect[int]:
    sizes = (func.coalesce(func.octet_length(column), 0) for column in _binary(table))
    each = reduce(add, sizes, literal(_ROW_BYTES))
    return select(func.coalesce(func.sum(each), 0)).select_from(table).scalar_subquery()


def _check_durability(connection: Connection) -> None:
    """Check that what is committed outlives the server.

    Raises:
        ConfigError: it may not.
    """
    for setting in ("fsync", "full_page_writes"):
        if connection.scalar(select(func.current_setting(setting))) != "on":
            raise ConfigError(
                f"UDVEJ_DATABASE: the server has {setting} = off, with which a crash loses what it"
                " has said is kept; set it on in its postgresql.conf"
            )


def _turn_of(schema: str) -> int:
    """The number of the advisory lock of a schema, one of 64 bits."""
    return int.from_bytes(sha256(f"udvej {schema}".encode()).digest()[:8], "big", signed=True)
