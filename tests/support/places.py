"""Where a site keeps what it takes: files of SQLite, or a schema of PostgreSQL."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from udvej.config import Config
from udvej.database import Database
from udvej.postgresql.connections import engine
from udvej.postgresql.kept import PostgreSQL
from udvej.sqlite import SQLite

# Of a test that is about one engine.
ENGINES: Final = ("sqlite", pytest.param("postgresql", marks=pytest.mark.heavy))
ON_SQLITE: Final = pytest.mark.parametrize("place", ENGINES[:1], indirect=True)
ON_POSTGRESQL: Final = pytest.mark.parametrize("place", ENGINES[1:], indirect=True)


@dataclass(frozen=True)
class Place:
    """One of them; it can be handed to other processes.

    Attributes:
        state: the state folder.
        url: of PostgreSQL, or "" for SQLite.
    """

    state: Path
    url: str = ""

    def open(
        self, name: str = "udvej", *, most_bytes: int = 2**30, durable: bool = True
    ) -> Database:
        """A database there, to be closed."""
        if self.url:
            return PostgreSQL(self.url, "udvej", name, most_bytes=most_bytes, durable=durable)
        return SQLite(self.state, name, most_bytes=most_bytes, durable=durable)

    def of(self, config: Config) -> Config:
        """The same site, which keeps there what it takes."""
        return replace(config, database=self.url or None)

    def forget(self) -> None:
        """Let go of the connections of this process."""
        if self.url:
            engine(self.url).pool.dispose()
