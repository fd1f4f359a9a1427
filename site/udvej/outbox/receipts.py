"""Idempotency: what was sent is remembered under a key, so that nothing is accepted twice.

The key is a hash and says nothing of the content. A second press, a reload or Back within
`SENT_ONCE` leads to the same receipt.
"""

from typing import Final

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    select,
)

from udvej.durations import HOUR
from udvej.outbox.schema import RECEIPTS

SENT_ONCE: Final = 24 * HOUR
# More than people write in an hour.
_CROWD: Final = 300

# Compiled once: to build them for each referral takes longer than the disk does.
_SINCE = select(RECEIPTS.c.reference).where(
    RECEIPTS.c.key == bindparam("key"), RECEIPTS.c.accepted >= bindparam("since")
)
_CROWDED_SINCE = (
    select(RECEIPTS.c.accepted).order_by(RECEIPTS.c.accepted.desc()).offset(_CROWD - 1).limit(1)
)
_LOOK = select(
    select(RECEIPTS.c.reference).where(RECEIPTS.c.key == bindparam("key")).scalar_subquery(),
    _CROWDED_SINCE.scalar_subquery(),
)
_KEEP = insert(RECEIPTS)


def reference(connection: Connection, key: bytes, since: float) -> str:
    """The reference of what was sent under a key, or "".

    Args:
        connection: within a transaction.
        key: as given to `keep`.
        since: only what was sent at this moment or later, in seconds since the epoch.
    """
    return connection.scalar(_SINCE, {"key": key, "since": since}) or ""


def look(connection: Connection, key: bytes, now: float) -> tuple[str, bool]:
    """What was sent before.

    Args:
        connection: within a transaction.
        key: as given to `keep`.
        now: seconds since the epoch.

    Returns:
        The reference of what was sent under the key, or "", and whether more was sent within an
        hour than people write.
    """
    earlier, since = connection.execute(_LOOK, {"key": key}).one()
    return earlier or "", since is not None and since > now - HOUR


def keep(connection: Connection, key: bytes, shown: str, now: float) -> None:
    """Remember what was sent.

    Args:
        connection: within a transaction.
        key: the same for the same sending of the same words.
        shown: the reference on its receipt.
        now: seconds since the epoch.
    """
    connection.execute(_KEEP, {"key": key, "reference": shown, "accepted": now})


def forget(connection: Connection, now: float) -> None:
    """Delete what is older than `SENT_ONCE`."""
    connection.execute(delete(RECEIPTS).where(RECEIPTS.c.accepted < now - SENT_ONCE))
