"""A connection on which nothing waits without end.

Only imported to connect: nobody on SQLite is to pay the driver's 9 MiB and tenth of a second.
"""

import time
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen

from udvej.database import PATIENCE

# Our transactions wait for nothing but the database, so an idle one belongs to a process or host
# that is gone or hangs. It is ended (3 s) before others give up on its locks (5 s), and they do
# before we take the server for hung (`PATIENCE`). READ COMMITTED: after waiting for a row lock a
# statement goes on with the new row; a stricter isolation would fail (40001).
_SETTINGS: Final = """
    SET synchronous_commit = on;
    SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = '3s';
    SET lock_timeout = '5s';
    SET statement_timeout = '8s';
"""


class Bounded(psycopg.Connection[Any]):
    """Waits for an answer as long as the rest of the site does.

    A server that is stopped, whose network is gone, or whose commit waits for a standby says
    nothing at all, and none of its own timeouts counts then.
    """

    def prepare(self) -> None:
        """Set the session's timeouts and isolation."""
        self.autocommit = True
        self.execute(_SETTINGS)
        self.autocommit = False

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg's, and no longer than `PATIENCE`; the connection is closed then."""
        end = time.monotonic() + PATIENCE
        try:
            return super().wait(gen, interval, timeout or PATIENCE)
        except psycopg.OperationalError:
            if time.monotonic() >= end:
                self.close()  # what is still to come would be taken for the next answer
            raise
