"""`udvej build`."""

import os
from pathlib import Path

import click

from udvej.config import Config
from udvej.publish.freeze import freeze


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Freeze the pages to files, for a web server in front.

    FOLDER becomes a link to a folder next to it.
    """
    click.echo(freeze(Config.from_environ(os.environ), folder.absolute()))
