"""`udvej build`."""

import os
from pathlib import Path

import click

from udvej.config import Config, state_folder
from udvej.errors import ContentError, UdvejError
from udvej.publish.freeze import PAGES, freeze, with_sources_of
from udvej.publish.swap import Builds
from udvej.server.checked import Checked, refuse


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--checked",
    is_flag=True,
    help="only where settings and certificates are good too, as a reload of the site wants it;"
    " what is wrong is said by /sundhed and `udvej status`",
)
def command(folder: Path, *, checked: bool) -> None:
    """Freeze the pages to files, for a web server in front.

    FOLDER becomes a link to a folder next to it, which `udvej publish` changes along with the
    site. Wrong content leaves it as it was; where it was not there, it gets the pages that the site
    was last found good with.
    """
    if checked:
        _check()
    config, folder = Config.from_environ(os.environ), folder.absolute()
    builds = Builds(config.state)
    try:
        click.echo(freeze(builds.served(config), folder))
        if config.live:
            builds.note_front(folder)
    except ContentError:
        good = config.state / PAGES
        if good.is_dir() and not folder.exists():
            freeze(with_sources_of(good, config), folder)
        raise


def _check() -> None:
    try:
        Checked.from_environ(os.environ)
    except UdvejError as error:
        refuse(error, state_folder(os.environ))
        raise
