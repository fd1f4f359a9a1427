"""`udvej number`."""

import os

import click

from udvej.config import Config
from udvej.services import Services


@click.command("number")
@click.argument("last", type=click.IntRange(min=0))
def command(last: int) -> None:
    """Go on after a running number, when the state folder was lost.

    LAST is the highest that was ever given: in the team's mailbox, or in the log (event=sent).
    """
    Services.open(Config.from_environ(os.environ)).outbox.go_on_after(last)
    click.echo(f"The next referral gets number {last + 1}.", err=True)
