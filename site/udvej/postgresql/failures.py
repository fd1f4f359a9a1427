"""What PostgreSQL refuses, in words that say what to do."""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from udvej.errors import FullError, LostError, StorageError

_READ_ONLY: Final = (
    "it is read-only, as a standby is; name the primary, or several hosts and"
    " target_session_attrs=read-write"
)
_NONE_LEFT: Final = "it has no connection left; raise max_connections, or run fewer processes"
_STOPPED: Final = "it is being stopped or started"
_FULL: Final = "53100"
_CANCELED: Final = "57014"
# By the beginning of the SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_STATES: Final = {
    "53300": _NONE_LEFT,
    _FULL: "its disk is full",
    "55P03": "another transaction held the rows for too long; see pg_stat_activity",
    _CANCELED: "it took too long",
    "57P": _STOPPED,
    "40P01": "two transactions waited for each other, and this one gave way",
}
_STATES_TO_MEND: Final = {
    "25006": _READ_ONLY,
    "42501": "this user may not make what is kept there; make it the owner of the database:"
    " ALTER DATABASE … OWNER TO …",
}
# A connection that is not taken has no SQLSTATE: libpq has but words for it, and the server's are
# in its own language.
_WORDS: Final = {
    "too many clients": _NONE_LEFT,
    "too many connections": _NONE_LEFT,
    "connection slots": _NONE_LEFT,
    "starting up": _STOPPED,
    "shutting down": _STOPPED,
    "recovery": _STOPPED,
    "could not translate host name": "there is no host of that name",
}
_WORDS_TO_MEND: Final = {
    "password authentication failed": "it does not take the password of this user",
    "no password supplied": "it wants a password; write it as USER:PASSWORD@",
    "no pg_hba.conf entry": "its pg_hba.conf does not let this user in from here",
    "authentication failed": "it does not let this user in",
    'FATAL:  database "': "it has no such database; make it: createdb --owner USER DATABASE",
    'FATAL:  role "': "it has no such user; make it: createuser --pwprompt USER",
    "certificate": "its certificate is not accepted; name its authority by sslrootcert=FILE",
    "does not support SSL": "it has no TLS; set ssl = on in its postgresql.conf",
    "session is read-only": _READ_ONLY,
}


class NeedsRepair(StorageError):
    """A person has to mend something first."""


def failure(error: BaseException) -> StorageError:
    """What to raise for an error of SQLAlchemy.

    Args:
        error: as it came; its text may hold what was to be stored, so nothing of that is taken.
    """
    if isinstance(error, NoneFree):
        return StorageError("UDVEJ_DATABASE: all connections of this process are taken")
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None) or ""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return LostError("UDVEJ_DATABASE: the connection broke; see the server's log")
    for text in _named(state, str(original), _STATES_TO_MEND, _WORDS_TO_MEND):
        return NeedsRepair(f"UDVEJ_DATABASE: {text}")
    kind = FullError if state == _FULL else StorageError
    unknown = f"it did not take it (SQLSTATE {state})" if state else "see that it runs"
    text = next(_named(state, str(original), _STATES, _WORDS), unknown)
    return kind(f"UDVEJ_DATABASE: {text if state else f'it cannot be reached; {text}'}")


def _named(
    state: str, words: str, states: Mapping[str, str], said: Mapping[str, str]
) -> Iterator[str]:
    """What is known of an error, by its state, or by its words where it has none."""
    if state:
        yield from (text for begins, text in states.items() if state.startswith(begins))
    else:
        yield from (text for part, text in said.items() if part in words)


def cause(error: BaseException) -> BaseException:
    """An error of the same kind, to be its cause, without the values that its text may hold."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return type(error.orig)(f"SQLSTATE {getattr(error.orig, 'sqlstate', None)}")
    return error


def took_too_long(error: BaseException) -> bool:
    """Whether the server gave up by its own timeout."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == _CANCELED
