"""`udvej move`."""

from dataclasses import replace

import click

from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.errors import ConfigError
from udvej.outbox.moving import move
from udvej.publish.running import running
from udvej.services import Services, referrals


@click.command("move", cls=ForOneMunicipality)
@click.argument("to", type=click.Choice(["postgresql", "sqlite"]))
def command(to: str, name: str = "") -> None:
    """Move all that is kept from SQLite to PostgreSQL, or back.

    Both are named by the settings: UDVEJ_STATE has the one, UDVEJ_DATABASE is the other. No process
    of the site may run meanwhile. All is compared before it counts. What it was moved from is left
    as it is, and closed. Drafts, which last a quarter of an hour, stay behind. After an
    interruption, run it again.
    """
    config = config_of(name)
    if not config.database:
        raise ConfigError("UDVEJ_DATABASE: missing; it names the PostgreSQL database")
    for server in running(config.state):
        raise ConfigError(
            f"UDVEJ_STATE: a server of this site runs (process {server.pid}); stop it"
        )
    Services.open(config)
    here, there = referrals(replace(config, database=None)), referrals(config)
    if to == "postgresql":
        moved, then = move(here, there, "PostgreSQL"), "leave UDVEJ_DATABASE as it is"
    else:
        moved, then = move(there, here, "SQLite"), "take UDVEJ_DATABASE out of the settings"
    counts = ", ".join(f"{count} {name}" for name, count in moved.items())
    click.echo(f"Moved and compared: {counts}. Now {then}, and start the site.")
