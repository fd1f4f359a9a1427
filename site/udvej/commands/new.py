"""`udvej new`."""

from pathlib import Path

import click

from udvej.content.beginning import begin
from udvej.content.facts import FACTS_FILE
from udvej.errors import ConfigError


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make a folder for a municipality: pages, translations and facts to fill in.

    FOLDER is made. Keep it in a git of your own: no upgrade of the program touches it.
    """
    try:
        content = begin(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror})") from error
    click.echo(f"{folder} is made. Look at it, from inside:")
    click.echo("    udvej serve")
    click.echo(f"Write your own facts in {content / FACTS_FILE}. What is missing is told by:")
    click.echo("    udvej check")
