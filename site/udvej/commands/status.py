"""`udvej status`."""

import os
from collections.abc import Iterator

import click

from udvej.config import Config
from udvej.durations import DAY, HOUR, MINUTE
from udvej.errors import ConfigError, ContentError, SealingError
from udvej.health import Level, certificate_shown
from udvej.notes import Note, Notes
from udvej.outbox.series import named
from udvej.outbox.watch import Status
from udvej.services import Services

# A tenth is more than people ever leave waiting.
_WORTH_SAYING = 0.1


@click.command("status")
def command() -> int:
    """Say how many wait or have failed, and what is not well."""
    config = Config.from_environ(os.environ)
    if not config.state.is_dir():
        raise ConfigError(
            "UDVEJ_STATE: there is no such folder, so no site has run with these settings; name"
            " the site's, with all its other settings"
        )
    services = Services.open(config)
    problems: list[str] = []
    click.echo("\n".join(describe(services.outbox.status())))
    try:
        for line in services.who_can_open():
            click.echo(line)
        problems += services.health.problems()
    except (ContentError, SealingError) as error:
        problems.append(str(error))
    if config.live:
        try:
            shown = certificate_shown(config.address)
            problems += [str(shown)] if shown.level is Level.FAILURE else []
        except OSError as error:
            click.echo(f"{config.address} cannot be asked from here ({type(error).__name__})")
    for line in Notes(config.state).text(Note.REFUSED).splitlines():
        click.echo(f"refused: {line}")
    for problem in problems:
        click.echo(f"NOT WELL: {problem}")
    return int(bool(problems))


def describe(status: Status) -> Iterator[str]:
    """The status in lines for a terminal."""
    yield f"waiting: {status.waiting}" + (
        f", the oldest for {_span(status.oldest)}" if status.waiting else ""
    )
    if status.reason:
        yield f"    not sent yet: {status.reason}"
    if status.paced:
        yield f"    behind the others, since they may be a robot's: {status.paced}"
    if status.aside:
        yield f"set aside, behind all others: {status.aside}; see: udvej flood"
    yield f"sent and still kept: {status.sent}"
    if status.full > _WORTH_SAYING:
        yield f"room taken by what is not mailed: {status.full:.0%}"
    yield f"failed: {len(status.failed)}"
    for number, reason in status.failed:
        again = f"udvej deliver --again {number}" if number > 0 else "udvej drill"
        yield f"    {named(number)}: {reason}; try again with: {again}"
    yield f"last number given: {status.last}"


def _span(seconds: float) -> str:
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
