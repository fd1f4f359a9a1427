"""`udvej number`."""

import click

from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.services import Services


@click.command("number", cls=ForOneMunicipality)
@click.argument("last", type=click.IntRange(min=0))
def command(last: int, name: str = "") -> None:
    """Go on after a running number, when the state folder was lost.

    LAST is the highest that was ever given: in the team's mailbox, or in the log (event=sent).
    """
    Services.open(config_of(name)).outbox.go_on_after(last)
    click.echo(f"The next referral gets number {last + 1}.", err=True)
