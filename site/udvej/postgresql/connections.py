"""Connections of this process: few, none that waits for ever, none that lives through a fork."""

import os
from functools import cache
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event

from udvej.database import PATIENCE
from udvej.postgresql.url import checked

# How a server's administrator knows our connections.
APPLICATION: Final = "udvej"
# One for each thread: a web worker and the delivery process have at most four each.
_CONNECTIONS: Final = 4
_CONNECT_SECONDS: Final = 3


@cache
def engine(url: str) -> Engine:
    """The connections of this process to a database, made once and shared by all that keep there.

    Args:
        url: as `UDVEJ_DATABASE` gives it.

    Raises:
        ConfigError: it is no such URL.
    """
    from udvej.postgresql.bounded import Bounded  # noqa: PLC0415 (see there)

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
    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> Bounded:  # noqa: ANN401 (what SQLAlchemy hands over)
        return Bounded.connect(*arguments, **named)

    @event.listens_for(made, "connect")
    def connected(connection: Bounded, _record: object) -> None:
        connection.prepare()

    os.register_at_fork(after_in_child=lambda: made.dispose(close=False))
    return made
