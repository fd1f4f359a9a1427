"""`udvej flood`."""

import click

from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.outbox.floods import Hour
from udvej.services import Services

_NUMBER = click.IntRange(min=1)


@click.command("flood", cls=ForOneMunicipality)
@click.option(
    "--aside", type=(_NUMBER, _NUMBER), metavar="FIRST LAST", help="mail these after all others"
)
@click.option(
    "--back", type=(_NUMBER, _NUMBER), metavar="FIRST LAST", help="let these wait as they did"
)
def command(aside: tuple[int, int] | None, back: tuple[int, int] | None, name: str = "") -> None:
    """Show what waits, by the hour, and set numbers aside.

    Many in an hour of one size are likely one robot's. Nothing is deleted: a real one may be among
    them, and what is set aside is mailed a minute apart once nothing else is due.
    """
    floods = Services.open(config_of(name)).floods
    if aside:
        click.echo(f"Set aside: {floods.set_aside(*aside)}", err=True)
    if back:
        click.echo(f"Brought back: {floods.bring_back(*back)}", err=True)
    for hour in floods.hours():
        click.echo(described(hour))


def described(hour: Hour) -> str:
    """An hour in a line for a terminal."""
    smallest, largest = (f"{size / 1024:.0f}" for size in (hour.smallest, hour.largest))
    sizes = smallest if smallest == largest else f"{smallest} to {largest}"
    return (
        f"{hour.began:%Y-%m-%d %H}:00 UTC, numbers {hour.first} to {hour.last}: {hour.count} of"
        f" {sizes} KiB, {hour.paced} behind the others, {hour.aside} set aside"
    )
