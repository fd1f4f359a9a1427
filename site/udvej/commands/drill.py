"""`udvej drill`."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

import click

from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.errors import WrongCode
from udvej.installation import command_line
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Carrier, Delivery
from udvej.outbox.drills import Drill, Drills, new_code
from udvej.outbox.series import named
from udvej.outbox.table import Outbox
from udvej.publish.swap import published
from udvej.services import Services

_NOTE: Final = "Det her er en prøve af hele vejen. Ingen venter på svar."
_CODE: Final = (
    "Koden er {}. Giv den til dem, der driver siden. Så ved de, at I kan læse beskederne."
)
_PATIENCE_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.5


@click.command("drill", cls=ForOneMunicipality)
@click.option("--confirm", is_flag=True, help="with a code, also where none is due yet")
@click.option("--code", metavar="CODE", help="enter the code that the team has read, and end")
@click.option("--log", "logged", is_flag=True, help="list the drills of the last year, and end")
def command(*, confirm: bool, code: str | None, logged: bool, name: str = "") -> int:
    """Send a marked test referral to the team; say whether it was taken.

    When it is time, it holds a code that shows that the team can open what is sent: ask them.
    """
    services = Services.open(published(config_of(name)))
    drills = services.drills
    if logged:
        for line in map(_line, drills.log()):
            click.echo(line)
        return 0
    if code is not None:
        return _enter(code, drills, services.sealer, command_line("drill", name, "--confirm"))
    sealer = services.sealer
    coded = confirm or drills.asks(sealer.recipients.fingerprint)
    number = make(services, new_code() if coded else "")
    outcome = wait_for(number, services.outbox, services.carrier)
    click.echo(f"{named(number).capitalize()}: {outcome}")
    if coded and outcome == "sent":
        entered = command_line("drill", name, "--code CODE")
        click.echo(f"It holds a code. Ask the team for it, and enter it: {entered}")
    return int(outcome != "sent")


def _enter(code: str, drills: Drills, sealer: Sealer, new: str) -> int:
    try:
        number = drills.confirm(code)
    except WrongCode as error:
        click.echo(f"udvej: {error}: {new}", err=True)
        return 1
    if drills.sealed_for(number) != sealer.recipients.fingerprint:
        click.echo(
            f"udvej: drill {number} was opened, but it was sealed for another certificate than"
            f" today's; mail a new one: {new}",
            err=True,
        )
        return 1
    click.echo(f"Drill {number} was opened by the team.")
    return 0


def make(services: Services, code: str = "") -> int:
    """Put a marked test referral where referrals wait.

    Args:
        services: of the site, whose form stays unanswered.
        code: for the team to report back, or "".

    Returns:
        Its number in the outbox.

    Raises:
        StorageError: it could not be kept.
        SealingError: it could not be sealed.
    """
    notes = [_NOTE, *([_CODE.format(code)] if code else [])]
    referral = services.form.unanswered().referral(datetime.now(UTC), notes)
    sealer = services.sealer
    return services.drills.make(partial(sealer.seal, referral), sealer.recipients.fingerprint, code)


def wait_for(
    number: int,
    outbox: Outbox,
    carrier: Carrier,
    *,
    patience: float = _PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Deliver what is due until a drill has been tried.

    Args:
        number: its number in the outbox.
        outbox: the real one; a delivery process next to this one may take the mail first.
        carrier: the real one.
        patience: how long to wait for 250, in seconds.
        sleep: waits.

    Returns:
        Its outcome: "sent", "failed: …" or "waiting: …".

    Raises:
        StorageError: the database does not answer.
    """
    delivery, end = Delivery(outbox, carrier), time.monotonic() + patience
    while (outcome := outbox.outcome(number)).startswith("waiting") and time.monotonic() < end:
        if not delivery.next():
            sleep(_LOOK_EVERY_SECONDS)
    return outcome


def _line(drill: Drill) -> str:
    return ", ".join((f"drill {drill.number}: made {_moment(drill.made)}", *_became(drill)))


def _became(drill: Drill) -> Iterator[str]:
    yield "not sent" if drill.sent is None else f"sent {_moment(drill.sent)}"
    if drill.confirmed is not None:
        yield f"opened by the team {_moment(drill.confirmed)}"
    elif drill.coded:
        yield "its code was not entered"


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
