"""`udvej inbox`."""

import os

import click

from udvej.config import Config
from udvej.services import Services


@click.command("inbox")
def command() -> None:
    """Print the referrals of a demonstration, opened."""
    letters = [*Services.open(Config.from_environ(os.environ)).demonstration.letters()]
    click.echo(("\n" + "-" * 72 + "\n").join(letters) if letters else "Nothing has arrived yet.")
