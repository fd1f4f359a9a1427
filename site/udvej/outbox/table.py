"""The durable table of sealed referrals, from accepted until mailed and forgotten."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    Connection,
    Row,
    Update,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from udvej.database import Database
from udvej.durations import DAY, HOUR, MINUTE, Clock
from udvej.errors import ConfigError, FullError, LostError, StorageError, UnknownNumber
from udvej.outbox import receipts, watch
from udvej.outbox.schema import DRILLS, MOVED, NUMBERS, REFERRALS, TABLES, UPGRADES
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Sealed, new_token
from udvej.outbox.series import named
from udvej.outbox.watch import Status

# A referral that a process took and did not settle, since it died, is due again after this time.
_LEASE: Final = 5 * MINUTE
_FIRST_RETRY: Final = 30.0
_LONGEST_RETRY: Final = HOUR
_GIVE_UP: Final = 5 * DAY
# What comes faster than people write is mailed this far apart, after everything else: a flood
# neither fills the team's mailbox nor delays a real referral.
PACE: Final = MINUTE
# Room for some twenty thousand of the longest referrals: the most that a flood can take.
MOST_BYTES: Final = 256 * 2**20
# The rest is for what comes at the pace of people, so that a flood shuts nobody out.
_SHARE_OF_PACED: Final = 0.75
# Sent ones that give way at once when there is no room: more than one letter needs.
_ROOM: Final = 64

# Compiled once: to build them for each referral takes longer than the disk does. Each costs a
# round trip to PostgreSQL, so there are few.
_LAST_NUMBER = select(NUMBERS.c.last).with_for_update()
_NEXT_NUMBER = update(NUMBERS).values(last=NUMBERS.c.last + 1).returning(NUMBERS.c.last)
_SET_LAST = update(NUMBERS).values(last=bindparam("number"))
_KEEP = insert(REFERRALS)


@dataclass(frozen=True)
class Leased:
    """A referral that this process alone may try to mail until the lease ends.

    Attributes:
        number: the running number, below zero for a drill; see `udvej.outbox.series`.
        sealed: what to mail.
        accepted: when it was accepted, in seconds since the epoch.
        tries: how many times it has been tried before.
    """

    number: int
    sealed: Sealed
    accepted: float
    tries: int


class Outbox:
    """Takes sealed referrals in, hands them out for mailing, forgets them in time.

    Attributes:
        database: where the rows are.
    """

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        """Use a database.

        Args:
            database: where the rows are.
            clock: gives seconds since the epoch.

        Raises:
            ConfigError: a newer version of Udvej has made it, or a person has to mend it first.
            StorageError: the database cannot be opened or written.
        """
        self.database = database
        self._clock = clock
        database.create(TABLES, UPGRADES, self._begin)

    def _begin(self, connection: Connection) -> None:
        if moved := connection.execute(select(MOVED.c.to)).one_or_none():
            if moved.to:
                raise ConfigError(f"UDVEJ_DATABASE: what was kept here has moved to {moved.to}")
            raise ConfigError(
                "UDVEJ_DATABASE: a move to here was interrupted; run udvej move once more"
            )
        if connection.scalar(select(NUMBERS.c.last)) is None:
            connection.execute(insert(NUMBERS).values(last=0))
        watch.begin(connection, self._clock())

    def accept(
        self, key: bytes, reference: str, seal: Callable[[int], Sealed], *, paced: bool = False
    ) -> str:
        """Keep a referral; when this returns it is on the disk.

        Args:
            key: the same for the same sending of the same words.
            reference: what the receipt is to show.
            seal: seals the referral with the running number it is given.
            paced: whether it may be a robot's, and so is mailed behind the others.

        Returns:
            The reference of the receipt: the one given, or the earlier one when this was accepted
            before.

        Raises:
            StorageError: it was not kept.
            SealingError: it was not kept, since it could not be sealed.
        """
        try:
            return self._accept(key, reference, seal, paced=paced)
        except LostError:
            # Nobody knows whether it is kept. Under the same key that can be asked for again.
            return self._accept(key, reference, seal, paced=paced)
        except FullError:
            if not self._make_room():
                raise
            return self._accept(key, reference, seal, paced=paced)

    def _accept(
        self, key: bytes, reference: str, seal: Callable[[int], Sealed], *, paced: bool
    ) -> str:
        now = self._clock()
        with self.database.transaction(growing=True) as connection:
            number = _or_moved(connection.scalar(_NEXT_NUMBER))
            earlier, crowded = receipts.look(connection, key, now)
            if earlier:
                connection.execute(_SET_LAST, {"number": number - 1})  # numbers have no gap
                return earlier
            if paced := paced or crowded:
                self.database.limit_to_share(connection, _SHARE_OF_PACED)
            keep(connection, number, seal, now, paced=paced)
            receipts.keep(connection, key, reference, now)
        return reference

    def _make_room(self) -> bool:
        """Delete what the mail server took longest ago; whether there was any."""
        oldest = (
            select(REFERRALS.c.number)
            .where(REFERRALS.c.state == "sent")
            .order_by(REFERRALS.c.settled)
            .limit(_ROOM)
        )
        with self.database.transaction() as connection:
            made = delete(REFERRALS).where(REFERRALS.c.number.in_(oldest))
            return bool(connection.execute(made).rowcount)

    def go_on_after(self, number: int) -> None:
        """Give the next referral the number after this one, when the state folder was lost.

        Raises:
            UnknownNumber: it is lower than one that was given.
            StorageError: the database does not answer.
        """
        with self.database.transaction() as connection:
            last = take_turn(connection)
            if number < last:
                raise UnknownNumber(f"{last} was given already; a number is never given twice")
            connection.execute(_SET_LAST, {"number": number})

    def heartbeat(self) -> None:
        """Say that a delivery process is at work.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.transaction() as connection:
            watch.heartbeat(connection, self._clock())

    def receipt(self, key: bytes, within: float) -> str:
        """The reference of what was sent under a key, or "" where that is too long ago.

        Args:
            key: as given to `accept`.
            within: how long ago at most, in seconds.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.reading() as connection:
            return receipts.reference(connection, key, since=self._clock() - within)

    def lease(self) -> Leased | None:
        """The next referral that is due, for this process alone; None when nothing is due.

        Raises:
            StorageError: the database does not answer.
        """
        now = self._clock()
        waiting = REFERRALS.c.state == "waiting"
        due, one_by_one = REFERRALS.c.due, (REFERRALS.c.due, REFERRALS.c.number)
        # Each is ordered by the index that finds it, so that no query scans all that wait.
        kinds = (
            ((waiting, due <= now), one_by_one),
            # Accepted or due later than any rule sets: the clock was set back.
            ((waiting, REFERRALS.c.accepted > now), (REFERRALS.c.accepted,)),
            ((waiting, ~REFERRALS.c.paced, due > now + _LONGEST_RETRY), one_by_one),
            ((REFERRALS.c.state == "aside", due <= now), one_by_one),
        )
        take = (
            update(REFERRALS)
            .values(
                state="waiting",
                due=now + _LEASE,
                tries=REFERRALS.c.tries + 1,
                paced=False,  # once it has been tried, a retry follows the ordinary times
                # Else the clock rule above would match it again before this lease ends.
                accepted=case((REFERRALS.c.accepted > now, now), else_=REFERRALS.c.accepted),
                tried=case((REFERRALS.c.tried <= now, REFERRALS.c.tried), else_=now),
            )
            .returning(REFERRALS)
        )
        with self.database.transaction() as connection:
            for kind, order in kinds:
                found = select(REFERRALS.c.number).where(*kind).order_by(*order).limit(1)
                # What another process is taking is passed over rather than waited for.
                first = found.with_for_update(skip_locked=True)
                which = REFERRALS.c.number == first.scalar_subquery()
                if row := connection.execute(take.where(which)).one_or_none():
                    return _leased(row)
        return None

    def sent(self, leased: Leased) -> None:
        """The mail server has taken it (250). What was sealed for the transport alone is deleted.

        Raises:
            StorageError: the database does not answer.
        """
        this = REFERRALS.c.number == leased.number
        with self.database.transaction() as connection:
            drill = DRILLS.c.number == -leased.number, DRILLS.c.sent.is_(None)
            connection.execute(update(DRILLS).where(*drill).values(sent=self._clock()))
            if leased.sealed.scheme is Scheme.TRANSPORT:
                connection.execute(delete(REFERRALS).where(this))
            else:
                connection.execute(
                    update(REFERRALS)
                    .where(this, REFERRALS.c.state != "sent")
                    .values(state="sent", reason="", settled=self._clock())
                )
        if leased.sealed.scheme is Scheme.TRANSPORT:
            self.database.checkpoint()  # else it stays in the write-ahead log for a while

    def failed(self, leased: Leased, reason: str) -> None:
        """The mail server refused it for good; it stays until a person has looked.

        Raises:
            StorageError: the database does not answer.
        """
        self._change(leased, state="failed", reason=reason, settled=self._clock())

    def retry(self, leased: Leased, reason: str) -> None:
        """Try again later: soon at first, then hourly, for days; after that it counts as failed.

        The days count from the first try: one behind a flood has waited for its turn before.

        Raises:
            StorageError: the database does not answer.
        """
        now = self._clock()
        with self.database.reading() as connection:
            tried = connection.scalar(
                select(REFERRALS.c.tried).where(REFERRALS.c.number == leased.number)
            )
        if now - (tried or leased.accepted) > _GIVE_UP:
            self.failed(leased, reason)
            return
        wait = min(_FIRST_RETRY * 2.0 ** min(leased.tries, 20), _LONGEST_RETRY)
        wait *= random.uniform(0.5, 1)  # noqa: S311 (spreads tries, keeps no secret)
        self._change(leased, due=now + wait, reason=reason)

    def _change(self, leased: Leased, **values: object) -> None:
        """Settle it only while the lease is ours: another process may have taken it since."""
        with self.database.transaction() as connection:
            connection.execute(
                update(REFERRALS)
                .where(
                    REFERRALS.c.number == leased.number,
                    REFERRALS.c.state == "waiting",
                    REFERRALS.c.tries == leased.tries + 1,
                )
                .values(**values)
            )

    def requeue(self, number: int) -> None:
        """Mail a referral once more, that was sent or has failed and is still kept.

        Raises:
            UnknownNumber: there is none of that number, or it waits already.
            StorageError: the database does not answer.
        """
        now = self._clock()
        with self.database.transaction() as connection:
            found = connection.execute(
                _as_new(now).where(
                    REFERRALS.c.number == number,
                    REFERRALS.c.number > 0,
                    REFERRALS.c.state != "waiting",
                )
            ).rowcount
        if not found:
            raise UnknownNumber(
                f"number {number} is not kept, or is waiting already; see: udvej status"
            )

    def outcome(self, number: int) -> str:
        """The state of a referral or drill: "waiting…", "failed…" with the reason, or "sent".

        Raises:
            UnknownNumber: that number was never given.
            StorageError: the database does not answer.
        """
        with self.database.reading() as connection:
            row = connection.execute(
                select(REFERRALS.c.state, REFERRALS.c.reason).where(REFERRALS.c.number == number)
            ).one_or_none()
            last = connection.execute(select(NUMBERS.c.last)).scalar_one()
            drill = DRILLS.c.number == -number, DRILLS.c.sent.is_not(None)
            drilled = connection.scalar(select(DRILLS.c.number).where(*drill))
        if row is None:
            if not (0 < number <= last or drilled):
                raise UnknownNumber(f"{named(number)} was never given, or gave way to a later one")
            return "sent"  # only what was sent is ever deleted
        return f"{row.state}: {row.reason}" if row.reason else str(row.state)

    def forget(self, keep_days: int) -> None:
        """Delete what has expired, and empty the database's log.

        Args:
            keep_days: how long a sealed referral stays after 250.

        Raises:
            StorageError: the database does not answer.
        """
        now = self._clock()
        with self.database.transaction() as connection:
            connection.execute(
                delete(REFERRALS).where(
                    REFERRALS.c.state == "sent", REFERRALS.c.settled < now - keep_days * DAY
                )
            )
            receipts.forget(connection, now)
        self.database.checkpoint()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def probe(self) -> None:
        """Check that a referral could be kept.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.transaction() as connection:
            take_turn(connection)

    def status(self) -> Status:
        """How many wait, for how long, and what has failed.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.reading() as connection:
            return watch.look(connection, self._clock(), self.database.filled(connection))

    def delay(self) -> float:
        """In how many seconds the last of what may be a flood's is mailed; 0 where none waits.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.reading() as connection:
            return watch.delay(connection, self._clock())


def keep(
    connection: Connection,
    number: int,
    seal: Callable[[int], Sealed],
    now: float,
    *,
    paced: bool = False,
) -> None:
    """Put a referral or a drill into the table, due now or behind all that is paced."""
    sealed = seal(number)
    connection.execute(
        _KEEP,
        {
            "number": number,
            "cms": sealed.cms,
            "token": sealed.token,
            "scheme": sealed.scheme,
            "accepted": now,
            "paced": paced,
            "due": _paced_due(connection, now) if paced else now,
        },
    )


def _as_new(now: float) -> Update:
    """It may be tried for days again, under a Message-ID that no server has seen."""
    return update(REFERRALS).values(
        state="waiting",
        accepted=now,
        due=now,
        tries=0,
        tried=None,
        token=new_token(),
        settled=None,
        reason="",
    )


def take_turn(connection: Connection) -> int:
    """Let no other transaction give a number before this one ends.

    Args:
        connection: within a transaction.

    Returns:
        The last running number given; 0 before the first.

    Raises:
        StorageError: all of it has been moved elsewhere since this process began.
    """
    return _or_moved(connection.scalar(_LAST_NUMBER))


def _or_moved(number: int | None) -> int:
    if number is None:
        raise StorageError("what was kept here has moved; start this process again")
    return number


def _paced_due(connection: Connection, now: float) -> float:
    return now + watch.delay(connection, now) + PACE


def _leased(row: Row[tuple[object, ...]]) -> Leased:
    sealed = Sealed(row.cms, row.token, Scheme(row.scheme))
    return Leased(row.number, sealed, row.accepted, row.tries - 1)
