"""Drills: test referrals in a series of their own, and codes that show that they are opened.

A mail server that says 250 is not the reader. A drill can carry a code, sealed like all the rest;
who tells it has opened the mail.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update

from udvej.codes import random_code
from udvej.database import Database
from udvej.durations import DAY, Clock
from udvej.errors import WrongCode
from udvej.outbox.schema import DRILLS, REFERRALS
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import keep, take_turn

# 52 random bits, so that a plain hash hides a code and ten tries find nothing.
_GROUPS, _GROUP = 3, 4
_MOST_WRONG: Final = 10
_CODE_COUNTS: Final = 7 * DAY
_REMEMBERED: Final = 365 * DAY
# A code goes out so long before the last one is too old, since teams have weekends.
_AHEAD: Final = 3 * DAY
# And never at night, also when a timer makes up for a time when the machine was off.
_FIRST_HOUR, _LAST_HOUR = 7, 17
_DENMARK: Final = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True)
class Drill:
    """One drill, for the log of them.

    Attributes:
        number: in their own series, from 1.
        made: when it was made, in seconds since the epoch.
        sent: when the mail server took it; None where it has not.
        coded: whether it carried a code.
        confirmed: when its code was entered; None where it was not.
    """

    number: int
    made: float
    sent: float | None
    coded: bool
    confirmed: float | None


@dataclass(frozen=True)
class DrillResults:
    """What drills have shown, in seconds since then; infinite where they never have.

    Attributes:
        sent: that the mail server takes mails.
        opened: that the team can open what is sealed for the certificates of today.
    """

    sent: float
    opened: float


class Drills:
    """Makes drills, and remembers what became of them."""

    def __init__(self, database: Database, lasts: float = inf, clock: Clock = time.time) -> None:
        """Use the database of an outbox.

        Args:
            database: where the rows are; an `Outbox` has made them.
            lasts: how long a code that was entered counts, in seconds; infinite in a
                demonstration, which has no team.
            clock: gives seconds since the epoch.
        """
        self._database = database
        self.lasts = lasts
        self._clock = clock

    def make(self, seal: Callable[[int], Sealed], sealed_for: str, code: str = "") -> int:
        """Keep a test referral, in place of the last one if that has not been sent.

        So a mail server that fails for days heaps up one drill.

        Args:
            seal: seals it with the number it is given.
            sealed_for: names the certificates that it is sealed for.
            code: what the letter in it says, of `new_code`, or "".

        Returns:
            Its number in the outbox, which is below zero; see `udvej.outbox.series`.

        Raises:
            StorageError: it was not kept.
            SealingError: it was not kept, since it could not be sealed.
        """
        now = self._clock()
        with self._database.transaction(growing=True) as connection:
            take_turn(connection)
            last = connection.scalar(select(func.max(DRILLS.c.number))) or 0
            number = int(last) + 1
            unsent = REFERRALS.c.number < 0, REFERRALS.c.state != "sent"
            connection.execute(delete(REFERRALS).where(*unsent))
            connection.execute(delete(DRILLS).where(DRILLS.c.made < now - _REMEMBERED))
            keep(connection, -number, seal, now)
            hashed = _hashed(number, code) if code else None
            made = insert(DRILLS).values(number=number, made=now, sealed_for=sealed_for)
            connection.execute(made.values(code=hashed))
        return -number

    def confirm(self, code: str) -> int:
        """Enter the code that the team has read in a drill.

        Args:
            code: as a person types it: small letters, spaces and dashes do not matter.

        Returns:
            The number of the drill.

        Raises:
            WrongCode: no drill of the last days has that code, or too many wrong ones have been
                entered since.
            StorageError: the database does not answer.
        """
        now = self._clock()
        typed = "".join(filter(str.isalnum, code)).upper()
        asked = (
            DRILLS.c.code.is_not(None),
            DRILLS.c.confirmed.is_(None),
            DRILLS.c.wrong < _MOST_WRONG,
            DRILLS.c.made > now - _CODE_COUNTS,
        )
        with self._database.transaction() as connection:
            coded = select(DRILLS.c.number, DRILLS.c.code).where(*asked).with_for_update()
            rows = connection.execute(coded).all()
            # Each is compared, so that the time it takes tells nothing.
            found = [row.number for row in rows if _is(row.code, row.number, typed)]
            which = update(DRILLS).where(*asked)
            if found:
                connection.execute(which.where(DRILLS.c.number == found[0]).values(confirmed=now))
            else:
                connection.execute(which.values(wrong=DRILLS.c.wrong + 1))
        if not found:
            raise WrongCode(
                "no drill of the last seven days has that code, or too many wrong ones were"
                " entered; look again, or mail a new one"
            )
        return int(found[0])

    def sealed_for(self, number: int) -> str:
        """What names the certificates that a drill was sealed for.

        Args:
            number: of a drill that is in the log.

        Raises:
            StorageError: the database does not answer.
        """
        named = select(DRILLS.c.sealed_for).where(DRILLS.c.number == number)
        with self._database.reading() as connection:
            return str(connection.scalar(named))

    def shown(self, sealed_for: str) -> DrillResults:
        """What drills have shown.

        Args:
            sealed_for: names the certificates of today.

        Raises:
            StorageError: the database does not answer.
        """
        latest = select(func.max(DRILLS.c.confirmed)).where(DRILLS.c.sealed_for == sealed_for)
        with self._database.reading() as connection:
            sent = connection.scalar(select(func.max(DRILLS.c.sent)))
            opened = connection.scalar(latest)
        now = self._clock()
        return DrillResults(*(inf if at is None else max(0.0, now - at) for at in (sent, opened)))

    def asks(self, sealed_for: str) -> bool:
        """Whether it is time for a code: soon one is due, and the team is at work.

        Args:
            sealed_for: names the certificates of today.

        Raises:
            StorageError: the database does not answer.
        """
        hour = datetime.fromtimestamp(self._clock(), _DENMARK).hour
        due = self.lasts < inf and self.shown(sealed_for).opened > self.lasts - _AHEAD
        return due and _FIRST_HOUR <= hour < _LAST_HOUR

    def log(self) -> Sequence[Drill]:
        """Every drill of the last year, the oldest first.

        Raises:
            StorageError: the database does not answer.
        """
        coded = DRILLS.c.code.is_not(None)
        columns = DRILLS.c.number, DRILLS.c.made, DRILLS.c.sent, coded, DRILLS.c.confirmed
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).order_by(DRILLS.c.number)).all()
        return [Drill(*row) for row in rows]


def new_code() -> str:
    """A random code that can be read aloud, such as "7KD4-RM9P-XYAC"."""
    return random_code(_GROUPS, _GROUP)


def _is(hashed: bytes, number: int, typed: str) -> bool:
    return compare_digest(hashed, _hashed(number, typed))


def _hashed(number: int, code: str) -> bytes:
    return sha256(f"{number} {code.replace('-', '')}".encode()).digest()
