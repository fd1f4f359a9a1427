"""`udvej deliver`."""

import os

import click

from udvej.commands.naming import ForEachMunicipality
from udvej.installation import Installation
from udvej.publish.swap import published
from udvej.server.delivery import deliver, deliver_for
from udvej.services import Services


@click.command("deliver", cls=ForEachMunicipality)
@click.option("--again", type=int, metavar="NUMBER", help="mail this one again, and end")
def command(again: int | None, name: str | None = None) -> None:
    """Only deliver referrals; `serve` does this too."""
    installation = Installation.from_environ(os.environ)
    if installation.is_many and name is None:
        if again is not None:
            names = ", ".join(installation.names)
            raise click.UsageError(f"say whose that number is, first of all: {names}")
        configs = installation.configs.items()
        deliver_for({one: Services(published(config)) for one, config in configs})
        return
    services = Services.open(published(installation.one(name or "")))
    if again is None:
        deliver(services)
    else:
        services.outbox.requeue(again)
        click.echo(f"Number {again} waits to be mailed again.", err=True)
