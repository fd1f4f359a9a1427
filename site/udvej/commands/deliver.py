"""`udvej deliver`."""

import os

import click

from udvej.config import Config
from udvej.server.delivery import deliver
from udvej.services import Services


@click.command("deliver")
@click.option("--again", type=int, metavar="NUMBER", help="mail this one again, and end")
def command(again: int | None) -> None:
    """Only deliver referrals; `serve` does this too."""
    services = Services.open(Config.from_environ(os.environ))
    if again is None:
        deliver(services)
    else:
        services.outbox.again(again)
        click.echo(f"Number {again} waits to be mailed again.", err=True)
