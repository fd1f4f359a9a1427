"""`udvej check`."""

import os
from datetime import UTC, datetime

import click

from udvej.check.content import check
from udvej.commands.naming import ForEachMunicipality, names_meant
from udvej.errors import ConfigError
from udvej.installation import content_of


@click.command("check", cls=ForEachMunicipality)
def command(name: str | None = None) -> int:
    """Check the content and its translations, and how easy it reads."""
    today = datetime.now(UTC).astimezone().date()
    status = 0
    for one in names_meant(name):
        try:
            report = check(content_of(os.environ, one), today)
        except ConfigError as error:
            if not one:
                raise
            click.echo(f"{one}: {error}", err=True)
            status = 1
            continue
        if one:
            click.echo(f"{one}:")
        click.echo("\n".join(report.lines()))
        status = max(status, int(bool(report.mistakes)))
    return status
