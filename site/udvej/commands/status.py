"""`udvej status`."""

import os
from collections.abc import Iterator

import click

from udvej.commands.naming import ForEachMunicipality
from udvej.config import Config
from udvej.durations import DAY, HOUR, MINUTE
from udvej.errors import ConfigError, ContentError, SealingError, UdvejError
from udvej.health import Level, certificate_shown
from udvej.installation import Installation, command_line
from udvej.notes import Note, Notes
from udvej.outbox.series import named
from udvej.outbox.watch import Status
from udvej.publish import everywhere
from udvej.publish.hosts import servers_of, unwell
from udvej.publish.swap import published
from udvej.services import Services

# A tenth is more than people ever leave waiting.
_WORTH_SAYING = 0.1
_NOT_WELL = "NOT WELL: "


@click.command("status", cls=ForEachMunicipality)
def command(name: str | None = None) -> int:
    """Say how many wait or have failed, and what is not well."""
    installation = Installation.from_environ(os.environ)
    worst = 0
    for one in [name] if name else installation.names:
        try:
            for line in _about(installation.one(one)):
                click.echo(f"{one}: {line}" if one else line)
                worst = max(worst, int(line.startswith(_NOT_WELL)))
        except UdvejError as error:
            if not one:
                raise
            for line in str(error).splitlines():  # the others are looked at all the same
                click.echo(f"{one}: {_NOT_WELL}{line}")
            worst = 1
    return worst


def _about(config: Config) -> Iterator[str]:
    """What there is to say of one.

    Raises:
        UdvejError: it has never run, or its database cannot be opened.
    """
    if not config.state.is_dir():
        raise ConfigError(
            "UDVEJ_STATE: there is no such folder, so no site has run with these settings; name"
            " the site's, with all its other settings"
        )
    services = Services.open(published(config))
    problems: list[str] = []
    yield from describe(services.outbox.status(), config.name)
    try:
        yield from services.who_can_open()
        if everywhere.is_shared(config):
            current, servers = servers_of(config)
            yield f"servers: {', '.join(one.name for one in servers) or 'none'}"
            problems += map(str, unwell(current, servers))
        problems += services.health.problems()
    except (ContentError, SealingError) as error:
        problems.append(str(error))
    if config.live:
        try:
            shown = certificate_shown(config.address)
            problems += [str(shown)] if shown.level is Level.FAILURE else []
        except OSError as error:
            yield f"{config.address} cannot be asked from here ({type(error).__name__})"
    for line in Notes(config.state).text(Note.REFUSED).splitlines():
        yield f"refused: {line}"
    for problem in problems:
        yield f"{_NOT_WELL}{problem}"


def describe(status: Status, name: str = "") -> Iterator[str]:
    """The status in lines for a terminal.

    Args:
        status: of an outbox.
        name: the municipality's, "" where it is alone.
    """
    yield f"waiting: {status.waiting}" + (
        f", the oldest for {_span(status.oldest)}" if status.waiting else ""
    )
    if status.reason:
        yield f"    not sent yet: {status.reason}"
    if status.paced:
        yield f"    behind the others, since they may be a robot's: {status.paced}"
    if status.aside:
        yield f"set aside, behind all others: {status.aside}; see: {command_line('flood', name)}"
    yield f"sent and still kept: {status.sent}"
    if status.full > _WORTH_SAYING:
        yield f"room taken by what is not mailed: {status.full:.0%}"
    yield f"failed: {len(status.failed)}"
    for number, reason in status.failed:
        drill = command_line("drill", name)
        again = command_line("deliver", name, f"--again {number}") if number > 0 else drill
        yield f"    {named(number)}: {reason}; try again with: {again}"
    yield f"last number given: {status.last}"


def _span(seconds: float) -> str:
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
