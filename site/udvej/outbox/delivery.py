"""From the outbox to the mail server, one sealed referral after the other."""

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from udvej.errors import PermanentFailure, StorageError, TemporaryFailure
from udvej.outbox.series import logged
from udvej.outbox.table import Leased, Outbox

_PAUSE_SECONDS: Final = 1.0
_FORGET_EVERY_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Takes mails: a mail server, or in a demonstration a folder."""

    def carry(self, leased: Leased) -> None:
        """Take one mail.

        Raises:
            TemporaryFailure: it may succeed later.
            PermanentFailure: this mail was refused for good.
        """


class Stop(Protocol):
    """Tells when to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether it is time."""

    def wait(self, timeout: float) -> bool:
        """Wait for it, for so many seconds at most; whether it is time."""


class Delivery:
    """Takes what is due out of the outbox and hands it over.

    Attributes:
        carrier: what takes the mails; another may take the next one.
    """

    def __init__(self, outbox: Outbox, carrier: Carrier) -> None:
        """Prepare.

        Args:
            outbox: where the referrals wait.
            carrier: what takes the mails.
        """
        self._outbox = outbox
        self.carrier = carrier
        # Taken by the server, but the database failed to record it: recorded later, not sent again.
        self._unmarked: dict[int, Leased] = {}

    def next(self) -> bool:
        """Try the next referral that is due.

        Returns:
            Whether there was one.

        Raises:
            StorageError: the database does not answer.
        """
        for leased in [*self._unmarked.values()]:
            self._mark(leased)
        leased_now = self._outbox.lease()
        if leased_now is None:
            return False
        self._try(leased_now)
        return True

    def _try(self, leased: Leased) -> None:
        try:
            self.carrier.carry(leased)
        except TemporaryFailure as failure:
            _log.warning("event=not-sent-yet %s reason=%r", logged(leased.number), str(failure))
            self._outbox.retry(leased, str(failure))
        except PermanentFailure as failure:
            reason = str(failure)
            _log.error("event=failed %s reason=%r", logged(leased.number), reason)
            self._outbox.failed(leased, reason)
        else:
            _log.info("event=sent %s", logged(leased.number))
            self._unmarked[leased.number] = leased
            self._mark(leased)

    def _mark(self, leased: Leased) -> None:
        self._outbox.sent(leased)
        del self._unmarked[leased.number]


class Rounds:
    """What is to be done for one outbox, again and again."""

    def __init__(
        self, outbox: Outbox, carrier: Carrier, *, sweep: Callable[[], None], keep_days: int
    ) -> None:
        """Prepare.

        Args:
            outbox: where the referrals wait.
            carrier: what takes the mails.
            sweep: deletes what others keep and is out of date; called each minute.
            keep_days: how long a sealed referral stays after 250.
        """
        self._outbox, self._sweep, self._keep_days = outbox, sweep, keep_days
        self._delivery = Delivery(outbox, carrier)
        self._forgotten = float("-inf")

    def reconfigure(self, carrier: Carrier, keep_days: int) -> None:
        """Let another carrier take the mails from now on, and keep them for as many days."""
        self._delivery.carrier, self._keep_days = carrier, keep_days

    def next(self) -> bool:
        """Try the next referral that is due, and each minute delete what has expired.

        Returns:
            Whether there was one.
        """
        try:
            if time.monotonic() - self._forgotten > _FORGET_EVERY_SECONDS:
                self._outbox.heartbeat()
                self._outbox.forget(self._keep_days)
                self._sweep()
                self._forgotten = time.monotonic()
            return self._delivery.next()
        except StorageError:
            _log.exception("event=storage-failed")
            return False


def run(rounds: Rounds, *, stop: Stop, take_up: Callable[[Rounds], None] = lambda _: None) -> None:
    """Deliver until stopped, and delete what has been kept long enough.

    Args:
        rounds: what is to be done.
        stop: set to end after the mail in hand.
        take_up: called before each round, to take up what has changed.
    """
    while not stop.is_set():
        take_up(rounds)
        if not rounds.next():
            stop.wait(_PAUSE_SECONDS)
