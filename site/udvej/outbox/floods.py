"""What a person sees of a flood, and sets aside: times, numbers and sizes, never a word of it.

Nothing is deleted: a real referral may be among them. What is set aside is mailed after all else.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Integer, bindparam, case, cast, func, select, update

from udvej.database import Database
from udvej.durations import HOUR, Clock
from udvej.outbox.schema import REFERRALS
from udvej.outbox.table import PACE

_REFERRAL = REFERRALS.c.number > 0  # and no drill
_WAITING = _REFERRAL & (REFERRALS.c.state == "waiting")
_ASIDE = _REFERRAL & (REFERRALS.c.state == "aside")


@dataclass(frozen=True)
class Hour:
    """What was accepted within an hour and is not mailed yet.

    Attributes:
        began: the hour's first moment.
        first: the lowest running number.
        last: the highest one.
        count: how many there are.
        paced: how many of them are mailed a minute apart, since they may be a robot's.
        aside: how many somebody has set aside.
        smallest: bytes of the smallest, sealed.
        largest: bytes of the largest.
    """

    began: datetime
    first: int
    last: int
    count: int
    paced: int
    aside: int
    smallest: int
    largest: int


class Floods:
    """Looks at what waits, and sets some of it aside."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        """Use the database of an outbox.

        Args:
            database: where the rows are; an `Outbox` has made them.
            clock: gives seconds since the epoch.
        """
        self._database = database
        self._clock = clock

    def hours(self) -> Sequence[Hour]:
        """What waits or is set aside, by the hour it was accepted in, the oldest first.

        Raises:
            StorageError: the database does not answer.
        """
        # PostgreSQL rounds where SQLite cuts off.
        near = cast(REFERRALS.c.accepted / HOUR, Integer)
        hour = near - case((near * HOUR > REFERRALS.c.accepted, 1), else_=0)
        number, size = REFERRALS.c.number, func.length(REFERRALS.c.cms)
        paced = func.sum(case((REFERRALS.c.paced & _WAITING, 1), else_=0))
        aside = func.sum(case((_ASIDE, 1), else_=0))
        counted = (func.min(number), func.max(number), func.count(), paced, aside)
        asked = select(hour, *counted, func.min(size), func.max(size))
        with self._database.reading() as connection:
            rows = connection.execute(
                asked.where(_WAITING | _ASIDE).group_by(hour).order_by(hour)
            ).all()
        return [Hour(datetime.fromtimestamp(began * HOUR, UTC), *rest) for began, *rest in rows]

    def set_aside(self, first: int, last: int) -> int:
        """Mail these after all others, a minute apart, and the others sooner.

        Args:
            first: the lowest running number.
            last: the highest one, itself included.

        Returns:
            How many of them waited.

        Raises:
            StorageError: the database does not answer.
        """
        return self._change(first, last, "waiting", "aside")

    def bring_back(self, first: int, last: int) -> int:
        """Let these wait as they did: at once, or a minute apart where they may be a robot's.

        Args:
            first: the lowest running number.
            last: the highest one, itself included.

        Returns:
            How many of them had been set aside.

        Raises:
            StorageError: the database does not answer.
        """
        return self._change(first, last, "aside", "waiting")

    def _change(self, first: int, last: int, state: str, becomes: str) -> int:
        now = self._clock()
        which = (_REFERRAL, REFERRALS.c.state == state, REFERRALS.c.number.between(first, last))
        with self._database.transaction() as connection:
            changed = connection.execute(
                update(REFERRALS).where(*which).values(state=becomes, due=now)
            ).rowcount
            if changed:
                _pace_again(connection, now)
        return changed


def _pace_again(connection: Connection, now: float) -> None:
    """Close the gaps that what was set aside has left, and put it behind the rest."""
    by_number = select(REFERRALS.c.number).order_by(REFERRALS.c.number)
    numbers = [
        number
        for which in (_WAITING & REFERRALS.c.paced, _ASIDE)
        for number in connection.scalars(by_number.where(which))
    ]
    pacing = (
        update(REFERRALS)
        .where(REFERRALS.c.number == bindparam("which"))
        .values(due=bindparam("then"))
    )
    turns = [{"which": number, "then": now + PACE * turn} for turn, number in enumerate(numbers, 1)]
    if turns:
        connection.execute(pacing, turns)
