"""`udvej drill`."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import click

from udvej.config import Config
from udvej.intake.form import ReferralForm
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Carrier, Delivery
from udvej.outbox.table import Outbox
from udvej.services import Services

_NOTE: Final = "Det her er en prøve af hele vejen. Ingen venter på svar."
_PATIENCE_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.5


@click.command("drill")
def command() -> int:
    """Send a marked test referral to the team; say whether it was taken."""
    services = Services.open(Config.from_environ(os.environ))
    number, outcome = drill(services.form, services.outbox, services.sealer, services.carrier)
    click.echo(f"Drill, number {number}: {outcome}")
    return int(outcome != "sent")


def drill(  # noqa: PLR0913 (the parts of the pipe, in their order)
    form: type[ReferralForm],
    outbox: Outbox,
    sealer: Sealer,
    carrier: Carrier,
    *,
    patience: float = _PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[int, str]:
    """Send a marked test referral through the whole pipe, or the last one if it still waits.

    Args:
        form: the real one, unanswered.
        outbox: the real one; a delivery process next to this one may take the mail first.
        sealer: the real one.
        carrier: the real one.
        patience: how long to wait for 250, in seconds.
        sleep: waits.

    Returns:
        Its running number, and its outcome: "sent", "failed: …" or "waiting: …".

    Raises:
        StorageError: it could not be kept.
        SealingError: it could not be sealed.
    """
    referral = form.unanswered().referral(datetime.now(UTC), [_NOTE])
    number = outbox.drill(partial(sealer.seal, referral))
    delivery, end = Delivery(outbox, carrier), time.monotonic() + patience
    while (outcome := outbox.outcome(number)).startswith("waiting") and time.monotonic() < end:
        if not delivery.next():
            sleep(_LOOK_EVERY_SECONDS)
    return number, outcome
