"""What is published for all hosts of a site, and what its servers say of it, in their database.

A publisher asks for new sources; each server that lives builds and checks them, and answers; when
all have found them good the publisher makes them the current ones by one commit, which each server
then takes up. So all hosts change, or none. What is asked lapses with a publisher who is killed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from udvej.config import Config
from udvej.database import Database
from udvej.errors import StorageError
from udvej.postgresql.kept import PostgreSQL
from udvej.publish.sources import Sources, stamp

# A server says that it lives every two seconds, and a publisher that it still wants an answer.
ALIVE_SECONDS: Final = 30.0
_MOST_BYTES: Final = 256 * 2**20
_FORGOTTEN_SECONDS: Final = 24 * 3600.0

_TABLES: Final = MetaData()
_files = Table(
    "sources",
    _TABLES,
    Column("stamp", String, primary_key=True),
    Column("path", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
# One row.
_published = Table(
    "published",
    _TABLES,
    Column("current", String, nullable=False),
    Column("before", String, nullable=False),
    Column("undone", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("number", String, nullable=False),
    Column("until", Float, nullable=False),
)
_servers = Table(
    "servers",
    _TABLES,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("seen", Float, nullable=False),
    Column("shows", String, nullable=False),
    Column("answered", String, nullable=False),
    Column("refused", String, nullable=False),
)
# By the database's clock alone: those of hosts differ.
_NOW: Final = func.extract("epoch", func.clock_timestamp())


@dataclass(frozen=True)
class Published:
    """What is published, by the stamps of sources; "" for none.

    Attributes:
        current: what every server is to show.
        before: what they showed before it.
        undone: what the last undo took out of use.
        asked: what a publisher wants to be current.
        number: the id of that request, random hex.
    """

    current: str
    before: str
    undone: str
    asked: str
    number: str


@dataclass(frozen=True)
class Server:
    """A server as it last said itself.

    Attributes:
        id: its own, from its start to its end.
        name: its host and port, for people.
        shows: the sources that it shows, by their stamp.
        answered: the id of the last request that it has answered.
        refused: why it cannot show that, or "".
        silent: for how many seconds it has not been heard.
    """

    id: str
    name: str
    shows: str = ""
    answered: str = ""
    refused: str = ""
    silent: float = 0.0

    @property
    def lives(self) -> bool:
        """Whether it was heard recently."""
        return self.silent < ALIVE_SECONDS


class Generations:
    """The sources of one municipality."""

    def __init__(self, database: Database) -> None:
        """Use a database.

        Raises:
            StorageError: it cannot be opened or written.
        """
        database.create(_TABLES, begin=_begin)
        self._database = database

    @classmethod
    def of(cls, config: Config) -> "Generations":
        """Those of a site whose hosts share a database.

        Raises:
            StorageError: it cannot be opened or written.
        """
        url = config.database or ""
        return cls(PostgreSQL(url, config.schema, "published", most_bytes=_MOST_BYTES))

    def published(self) -> Published:
        """What is published now, and asked for.

        Raises:
            StorageError: the database does not answer.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(_published, _published.c.until > _NOW)).one()
        current, before, undone, asked, number, _, wanted = row
        return Published(current, before, undone, asked, number if wanted else "")

    def sources(self, stamp_: str) -> Sources:
        """Sources by their stamp; none where they are not kept any more.

        Raises:
            StorageError: the database does not answer.
        """
        columns = select(_files.c.path, _files.c.body).where(_files.c.stamp == stamp_)
        with self._database.reading() as connection:
            return {row.path: row.body for row in connection.execute(columns)}

    def begin_with(self, sources: Sources) -> None:
        """Make these current where nothing has been published yet.

        Raises:
            StorageError: it could not be done.
        """
        with self._database.transaction(growing=True) as connection:
            first = update(_published).where(_published.c.current == "")
            if connection.execute(first.values(current=stamp(sources))).rowcount:
                _keep(connection, sources)

    def ask(self, sources: Sources, number: str) -> bool:
        """Ask all servers for an answer to these; whether nobody else asks for one now.

        Raises:
            StorageError: it could not be done.
        """
        with self._database.transaction(growing=True) as connection:
            free = update(_published).where(_published.c.until < _NOW)
            wanted = free.values(asked=stamp(sources), number=number, until=_NOW + ALIVE_SECONDS)
            if not connection.execute(wanted).rowcount:
                return False
            _keep(connection, sources)
        return True

    def go_on(self, number: str) -> None:
        """Ask for some seconds more.

        Raises:
            StorageError: it could not be done, or somebody else asks for something meanwhile.
        """
        self._change(number, until=_NOW + ALIVE_SECONDS)

    def agree(self, number: str, undone: str) -> None:
        """Make what is asked for current.

        Args:
            number: of what was asked.
            undone: the sources that this undo takes out of use, or "".

        Raises:
            StorageError: it could not be done, and nothing has changed.
        """
        columns = _published.c
        self._change(
            number, before=columns.current, current=columns.asked, undone=undone, until=0.0
        )

    def withdraw(self, number: str) -> None:
        """Ask for nothing any more; nothing has changed.

        Raises:
            StorageError: it could not be done.
        """
        with self._database.transaction() as connection:
            asked = update(_published).where(_published.c.number == number)
            connection.execute(asked.values(until=0.0))

    def clear_undo(self) -> None:
        """Drop the undo marker: the content folder may be published again.

        Raises:
            StorageError: it could not be done.
        """
        with self._database.transaction() as connection:
            connection.execute(update(_published).values(undone=""))

    def _change(self, number: str, **values: object) -> None:
        with self._database.transaction() as connection:
            ours = update(_published).where(
                _published.c.number == number, _published.c.until > _NOW
            )
            if not connection.execute(ours.values(**values)).rowcount:
                raise StorageError("what was to be published took too long; nothing has changed")
            _drop_what_nobody_names(connection)

    def announce(self, server: Server) -> None:
        """Record a server's heartbeat and what it shows; delete the rows of servers that are gone.

        Raises:
            StorageError: it could not be done.
        """
        said = {
            "name": server.name,
            "shows": server.shows,
            "answered": server.answered,
            "refused": server.refused,
            "seen": _NOW,
        }
        row = insert_or(_servers).values(id=server.id, **said)
        with self._database.transaction() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=said))
            forgotten = _servers.c.seen < _NOW - _FORGOTTEN_SECONDS
            # One that was lost, and has been started again.
            same = (_servers.c.name == server.name) & (_servers.c.seen < _NOW - ALIVE_SECONDS)
            connection.execute(delete(_servers).where(forgotten | same))

    def leave(self, server: Server) -> None:
        """Say that a server has ended.

        Raises:
            StorageError: it could not be done.
        """
        with self._database.transaction() as connection:
            connection.execute(delete(_servers).where(_servers.c.id == server.id))

    def servers(self) -> Sequence[Server]:
        """Those seen in the last day, neither ended nor started again; by name.

        Raises:
            StorageError: the database does not answer.
        """
        columns = _servers.c
        asked = select(
            columns.id,
            columns.name,
            columns.shows,
            columns.answered,
            columns.refused,
            _NOW - columns.seen,
        ).order_by(columns.name)
        with self._database.reading() as connection:
            return [
                Server(id_, name, shows, answered, refused, float(silent))
                for id_, name, shows, answered, refused, silent in connection.execute(asked)
            ]

    def close(self) -> None:
        """Let go of the connections of this process."""
        self._database.close()


def _begin(connection: Connection) -> None:
    if not connection.scalar(select(func.count()).select_from(_published)):
        nothing = dict.fromkeys(("current", "before", "undone", "asked", "number"), "")
        connection.execute(insert(_published).values(until=0.0, **nothing))


def _keep(connection: Connection, sources: Sources) -> None:
    named = stamp(sources)
    if not connection.scalar(select(func.count()).where(_files.c.stamp == named)):
        rows = [{"stamp": named, "path": path, "body": body} for path, body in sources.items()]
        connection.execute(insert(_files), rows)


def _drop_what_nobody_names(connection: Connection) -> None:
    named = connection.execute(
        select(_published.c.current, _published.c.before, _published.c.asked)
    ).one()
    connection.execute(delete(_files).where(_files.c.stamp.not_in([*named])))
