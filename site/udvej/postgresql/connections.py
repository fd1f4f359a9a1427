"""Connections of this process: few, none that waits for ever, none that lives through a fork."""

import os
import time
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import Engine, create_engine, event

from udvej.database import PATIENCE
from udvej.postgresql.url import checked

# How a server's administrator knows our connections.
APPLICATION: Final = "udvej"
# A thread of a web worker each; a delivery has one.
_CONNECTIONS: Final = 4
_CONNECT_SECONDS: Final = 3
# None of our transactions waits for anything but the database. So one that does is of a process
# or a host that is gone or hangs, and ends before others give up waiting for its rows; and they do
# before we think that the server hangs.
_SETTINGS: Final = """
    SET synchronous_commit = on;
    SET idle_in_transaction_session_timeout = '3s';
    SET lock_timeout = '5s';
    SET statement_timeout = '8s';
"""


class _Bounded(psycopg.Connection[Any]):
    """Waits for an answer as long as the rest of the site does.

    A server that is stopped, whose network is gone, or whose commit waits for a standby says
    nothing at all, and none of its own timeouts counts then.
    """

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        end = time.monotonic() + PATIENCE
        try:
            return super().wait(gen, interval, timeout or PATIENCE)
        except psycopg.OperationalError:
            if time.monotonic() >= end:
                self.close()  # what is still to come would be taken for the next answer
            raise


@cache
def engine(url: str) -> Engine:
    """The connections of this process to a database, made once and shared by all that keep there.

    Args:
        url: as `UDVEJ_DATABASE` gives it.

    Raises:
        ConfigError: it is no such URL.
    """
    given = checked(url)
    defaults = {
        "connect_timeout": str(_CONNECT_SECONDS),
        "target_session_attrs": "read-write",  # of several hosts, the primary
        "gssencmode": "disable",
        "client_encoding": "UTF8",
        "application_name": APPLICATION,
    }
    # hide_parameters: an error must not carry what was to be stored.
    made = create_engine(
        given.set(query={**defaults, **given.query}),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,  # the server may have been started again since
        pool_use_lifo=True,
        hide_parameters=True,
    )

    @event.listens_for(made, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> _Bounded:  # noqa: ANN401 (what SQLAlchemy hands over)
        return _Bounded.connect(*arguments, **named)

    @event.listens_for(made, "connect")
    def connected(connection: _Bounded, _record: object) -> None:
        connection.autocommit = True
        connection.execute(_SETTINGS)
        connection.autocommit = False

    os.register_at_fork(after_in_child=lambda: made.dispose(close=False))
    return made
