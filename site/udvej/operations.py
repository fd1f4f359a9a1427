"""What those who run the site ask of it: how it stands, and whether the whole pipe works."""

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Final

from udvej.config import Config, Scheme
from udvej.content.facts import Facts, load_facts
from udvej.durations import DAY, HOUR, MINUTE
from udvej.intake.drafts import Drafts
from udvej.intake.form import ReferralForm
from udvej.intake.sealing import Sealer
from udvej.outbox import delivery
from udvej.outbox.delivery import Carrier, Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.mail import Relay
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox, Status

_DRILL: Final = "Det her er en prøve af hele vejen. Ingen venter på svar."
_PATIENCE_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.5


def sealer(config: Config) -> Sealer:
    """What seals referrals.

    Raises:
        SealingError: the certificate cannot be used.
    """
    if config.live is None:
        return Sealer.for_team(Demonstration.prepare(config.state).team_certificate)
    make = Sealer.for_transport if config.live.sealing is Scheme.TRANSPORT else Sealer.for_team
    return make(config.live.seal_for)


def carrier(config: Config, facts: Facts) -> Carrier:
    """What takes the mails.

    Raises:
        SealingError: the server's own key cannot be used.
    """
    if config.live is None:
        return Demonstration.prepare(config.state)
    opener = None
    if config.live.sealing is Scheme.TRANSPORT:
        opener = Opener.from_file(config.live.seal_for)
    return Relay(config.live.mail, team=facts["team"]["mail"], opener=opener)


def deliver(config: Config) -> None:
    """Deliver until this process gets SIGTERM or SIGINT; the mail in hand is let through.

    Raises:
        ContentError: `kommune.toml` is wrong.
        SealingError: the server's own key cannot be used.
        StorageError: the database cannot be opened.
    """
    facts = load_facts(config.content / "kommune.toml")
    outbox, drafts = Outbox.in_folder(config.state), Drafts.in_folder(config.state)
    taker, stop = carrier(config, facts), Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    keep_days = facts["frister"]["gemmes_dage"]
    delivery.run(outbox, taker, sweep=drafts.forget, keep_days=keep_days, stop=stop)


def describe(status: Status) -> Iterator[str]:
    """The status in lines for a terminal."""
    yield f"waiting: {status.waiting}" + (
        f", the oldest for {_span(status.oldest)}" if status.waiting else ""
    )
    yield f"sent and still kept: {status.sent}"
    yield f"failed: {len(status.failed)}"
    for number, reason in status.failed:
        yield f"    number {number}: {reason}; try again with: udvej deliver --again {number}"
    yield f"last number given: {status.last}"


def drill(
    outbox: Outbox,
    sealer: Sealer,
    carrier: Carrier,
    *,
    patience: float = _PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[int, str]:
    """Send a marked test referral through the whole pipe.

    Args:
        outbox: the real one; a delivery process beside may take the mail before us.
        sealer: the real one.
        carrier: the real one.
        patience: how long to wait for 250, in seconds.
        sleep: waits.

    Returns:
        Its running number, and how it stands: "sent", "failed: …" or "waiting: …".

    Raises:
        StorageError: it could not be kept.
        SealingError: it could not be sealed.
    """
    number = 0
    referral = ReferralForm.unanswered().referral(datetime.now(UTC), [_DRILL])

    def seal(given: int) -> Sealed:
        nonlocal number
        number = given
        return sealer.seal(referral, given)

    outbox.accept(secrets.token_bytes(32), referral.reference, seal)
    delivery, end = Delivery(outbox, carrier), time.monotonic() + patience
    while (outcome := outbox.outcome(number)).startswith("waiting") and time.monotonic() < end:
        if not delivery.next():
            sleep(_LOOK_EVERY_SECONDS)
    return number, outcome


def _span(seconds: float) -> str:
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
