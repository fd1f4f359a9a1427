"""`udvej inbox`."""

import click

from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.services import Services


@click.command("inbox", cls=ForOneMunicipality)
def command(name: str = "") -> None:
    """Print the referrals of a demonstration, opened."""
    letters = [*Services.open(config_of(name)).demonstration.letters()]
    click.echo(("\n" + "-" * 72 + "\n").join(letters) if letters else "Nothing has arrived yet.")
