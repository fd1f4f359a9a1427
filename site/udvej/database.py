"""What both engines promise to those who keep rows: transactions, room for what is new, forgetting.

SQLite's own needs are in `udvej.sqlite`, PostgreSQL's in `udvej.postgresql`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import Connection, MetaData

from udvej.errors import ConfigError

# How long anything waits for others, in seconds, before it is given up.
PATIENCE: Final = 10.0


class Database(ABC):
    """Atomic transactions on one database."""

    @abstractmethod
    def create(
        self,
        tables: MetaData,
        upgrades: Sequence[str] = (),
        begin: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        """Create the tables that are missing, and bring older ones up to date.

        Processes that start together take turns.

        Args:
            tables: as they are now.
            upgrades: what each version has that the one before had not, oldest first: one
                statement a version, which both engines understand.
            begin: writes the first rows, in the same turn; called at every start.

        Raises:
            ConfigError: a newer version of the program has made them, or a person has to mend
                something before anything can be kept.
            StorageError: the database cannot be opened or written.
        """

    @abstractmethod
    def transaction(self, *, growing: bool = False) -> AbstractContextManager[Connection]:
        """A write transaction: when the block ends all of it is on the disk, or none of it.

        Args:
            growing: whether it brings something new, for which there may be no room left; what
                is here already can be marked and deleted all the same.

        Raises:
            FullError: there is no room for it; nothing of it has been done.
            LostError: the connection broke; all of it has been done, or nothing.
            StorageError: it could not be done; nothing of it has been.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Read, as of one moment, without waiting for writers.

        Raises:
            StorageError: the database does not answer.
        """

    @abstractmethod
    def limit_to_share(self, connection: Connection, share: float) -> None:
        """Lower the size limit of a growing transaction to a share of the whole, 0 to 1."""

    @abstractmethod
    def filled(self, connection: Connection) -> float:
        """The part of the bytes there may be that is in use, 0 to 1."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Remove deleted rows from the log or the files of tables too, as far as possible.

        Raises:
            StorageError: it could not be done.
        """

    @abstractmethod
    def is_used(self) -> bool:
        """Whether another process has a connection to it, of any municipality's.

        Raises:
            StorageError: it does not answer.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the connections."""


def missing(version: int, upgrades: Sequence[str], key: str) -> Sequence[str]:
    """The upgrades that tables of an older version have yet to get.

    Args:
        version: theirs.
        upgrades: all there are, oldest first.
        key: the setting that says where the tables are.

    Raises:
        ConfigError: a newer version of the program has made them.
    """
    if version > len(upgrades):
        raise ConfigError(f"{key}: a newer version of Udvej has made the database; run that one")
    return upgrades[version:]
