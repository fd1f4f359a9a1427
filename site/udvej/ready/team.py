"""Questions about the way to the team, and whether somebody is at its end."""

from collections.abc import Iterator
from typing import Final

from udvej.durations import DAY
from udvej.errors import PermanentFailure, TemporaryFailure
from udvej.health import Answer, Level, together
from udvej.installation import command_line
from udvej.outbox.mail import Relay
from udvej.outbox.scheme import Scheme
from udvej.outbox.series import named
from udvej.services import Services

# It is daily.
_DRILLED: Final = 2 * DAY


def mail_server(services: Services) -> Answer:
    """Whether the mail server would take a mail for the team; none is sent."""
    relay = services.carrier
    if not isinstance(relay, Relay):
        return Answer(Level.FAILURE, "a demonstration has no mail server")
    try:
        relay.probe()
    except TemporaryFailure as failure:
        return Answer(Level.FAILURE, str(failure), "ask your mail administrator, then ask again")
    except PermanentFailure as failure:
        return Answer(
            Level.FAILURE,
            f"{failure}: it takes no mail for {_written(services)}",
            "see UDVEJ_MAIL_TO and UDVEJ_MAIL_FROM, or ask your mail administrator",
        )
    return Answer(Level.OK, f"takes mail for {_written(services)} over verified TLS")


def _written(services: Services) -> str:
    return ", ".join(services.team_addresses)


def who_can_open(services: Services) -> Answer:
    """Who can open what is sealed, until when, and whether the mails go to them."""
    recipients = services.sealer.recipients
    if services.sealer.scheme is Scheme.TRANSPORT:
        return together(services.health.certificate(), "whoever reads the team's mail")
    return together(
        [
            *services.health.certificate(),
            *(Answer(Level.WARNING, line) for line in recipients.warnings(services.team_addresses)),
        ],
        ", ".join(recipients.lines()),
    )


def delivery(services: Services) -> Answer:
    """Whether what is accepted is mailed, and what went wrong last."""
    return together([*services.health.delivery(), *_last_errors(services)], "at work")


def _last_errors(services: Services) -> Iterator[Answer]:
    status = services.outbox.status()
    if status.reason:
        yield Answer(Level.WARNING, f"what waits longest: {status.reason}", "see: udvej status")
    for number, reason in status.failed:
        yield Answer(Level.FAILURE, f"{named(number)}: {reason}")


def drills(services: Services) -> Answer:
    """Whether the way to the team has been tried recently."""
    if services.health.shown().sent > _DRILLED:
        return Answer(
            Level.FAILURE,
            "no drill was sent within two days",
            f"try: {command_line('drill', services.config.name)}; and enable its timer",
        )
    return Answer(Level.OK, "sent within two days")


def opens(services: Services) -> Answer:
    """Whether the team has shown that it can open what is sent."""
    return together(services.health.opened(), "the team has told the code of a drill")
