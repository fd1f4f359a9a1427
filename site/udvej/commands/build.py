"""`udvej build`."""

import os
from pathlib import Path

import click

from udvej.config import Config
from udvej.errors import ContentError
from udvej.publish.freeze import PAGES, freeze, with_sources_of


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Freeze the pages to files, for a web server in front.

    FOLDER becomes a link to a folder next to it. Wrong content leaves it as it was; where it was
    not there, it gets the pages that the site was last found good with.
    """
    config, folder = Config.from_environ(os.environ), folder.absolute()
    try:
        click.echo(freeze(config, folder))
    except ContentError:
        good = config.state / PAGES
        if good.is_dir() and not folder.exists():
            freeze(with_sources_of(good, config), folder)
        raise
