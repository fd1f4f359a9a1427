"""What monitoring asks of the outbox: what waits and how long, who delivers, what room is left."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from udvej.outbox.schema import DELIVERIES, NUMBERS, REFERRALS

_WAITING = REFERRALS.c.state == "waiting"

# Compiled once: to build it for each referral takes longer than the disk does.
_LAST_PACED = select(func.max(REFERRALS.c.due)).where(REFERRALS.c.paced, _WAITING)


@dataclass(frozen=True)
class Status:
    """The state of the outbox, without a word of what is in it.

    Attributes:
        waiting: how many the mail server has yet to take.
        oldest: how long the oldest of them has waited, in seconds.
        sent: how many it has taken and are still kept.
        failed: numbers that it refused for good, each with the reason; a drill's is below zero.
        last: the last running number given; 0 before the first.
        reason: why the oldest that has been tried still waits, or "".
        silent: how long no delivery process has said that it is at work, in seconds.
        paced: how many of those that wait may be a flood's.
        aside: how many somebody has set aside; see `udvej.outbox.floods`.
        full: the part of the room, 0 to 1, that is taken by what does not give way.
    """

    waiting: int
    oldest: float
    sent: int
    failed: Sequence[tuple[int, str]]
    last: int
    reason: str = ""
    silent: float = 0.0
    paced: int = 0
    aside: int = 0
    full: float = 0.0


def look(connection: Connection, now: float, filled: float) -> Status:
    """How many wait, for how long, and what has failed.

    Args:
        connection: within a transaction.
        now: seconds since the epoch.
        filled: the part of the room that is in use, 0 to 1.
    """
    states = select(REFERRALS.c.state, func.count(), func.min(REFERRALS.c.accepted))
    counts = {
        state: (count, since)
        for state, count, since in connection.execute(states.group_by(REFERRALS.c.state))
    }
    waiting, since = counts.get("waiting", (0, now))
    sent, aside = (counts.get(state, (0, now))[0] for state in ("sent", "aside"))
    failed = connection.execute(
        select(REFERRALS.c.number, REFERRALS.c.reason)
        .where(REFERRALS.c.state == "failed")
        .order_by(REFERRALS.c.number)
    ).all()
    reason = connection.scalar(
        select(REFERRALS.c.reason)
        .where(_WAITING, REFERRALS.c.reason != "")
        .order_by(REFERRALS.c.accepted)
        .limit(1)
    )
    seen = connection.scalar(select(DELIVERIES.c.seen))
    paced = connection.scalar(select(func.count()).where(REFERRALS.c.paced, _WAITING))
    all_kept = sum(count for count, _ in counts.values())
    return Status(
        waiting=waiting,
        oldest=max(0.0, now - since),
        sent=sent,
        failed=[(row.number, row.reason) for row in failed],
        last=connection.execute(select(NUMBERS.c.last)).scalar_one(),
        reason=reason or "",
        silent=max(0.0, now - (now if seen is None else seen)),
        paced=paced or 0,
        aside=aside,
        # Sent ones give way when there is no room. They are as long as the others, on the whole.
        full=filled * (all_kept - sent) / all_kept if all_kept else 0.0,
    )


def delay(connection: Connection, now: float) -> float:
    """In how many seconds the last of what may be a flood's is mailed; 0 where none waits."""
    return max(0.0, (connection.scalar(_LAST_PACED) or 0.0) - now)


def begin(connection: Connection, now: float) -> None:
    """Count the silence of the delivery from now on, where nothing has delivered yet."""
    if connection.scalar(select(DELIVERIES.c.seen)) is None:
        connection.execute(insert(DELIVERIES).values(seen=now))


def heartbeat(connection: Connection, now: float) -> None:
    """Write down that a delivery process is at work."""
    connection.execute(update(DELIVERIES).values(seen=now))
