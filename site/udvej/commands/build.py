"""`udvej build`."""

import os
from pathlib import Path

import click

from udvej import logs
from udvej.config import Config
from udvej.errors import ConfigError, ContentError, UdvejError
from udvej.installation import Installation
from udvej.publish.freeze import PAGES, freeze, with_sources_of
from udvej.publish.swap import Builds
from udvej.server.checked import Checked, refuse

_WRONG = 2


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--checked",
    is_flag=True,
    help="only where settings and certificates are good too, as a reload of the site wants it;"
    " what is wrong is said by /sundhed and `udvej status`",
)
def command(folder: Path, *, checked: bool) -> int:
    """Freeze the pages to files, for a web server in front.

    FOLDER becomes a link to a folder next to it, which `udvej publish` changes along with the
    site. Wrong content leaves it as it was; where it was not there, it gets the pages that the site
    was last found good with. Each of several municipalities gets such a link in FOLDER.
    """
    installation, folder = Installation.from_environ(os.environ), folder.absolute()
    if not installation.is_many:
        _build(installation.one(""), folder, checked=checked)
        return 0
    _make(folder)
    status = 0
    for name in installation.names:
        with logs.of(name):
            try:
                _build(installation.one(name), folder / name, checked=checked)
            except UdvejError as error:  # the others are built all the same
                click.echo(f"udvej: {name}: {error}", err=True)
                status = _WRONG
    return status


def _build(config: Config, folder: Path, *, checked: bool) -> None:
    if checked:
        _check(config)
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


def _check(config: Config) -> None:
    try:
        Checked.of(config)
    except UdvejError as error:
        refuse(error, config.state)
        raise


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror})") from error
