"""`udvej build`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from udvej import logs
from udvej.config import Config, state_folder
from udvej.errors import ConfigError, ContentError, UdvejError
from udvej.installation import Installation, host_of
from udvej.publish import everywhere, nginx
from udvej.publish.freeze import PAGES, freeze, with_sources_of
from udvej.publish.swap import Builds
from udvej.replacing import replace_text
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
    was last found good with. Each of several municipalities gets such a link in FOLDER, by its
    name, and a site for nginx in FOLDER/nginx/. What is wrong with one keeps them from no other; it
    fails this command, which with --checked fails only where no municipality is good.
    """
    with _refused(checked, state_folder(os.environ)):
        installation = Installation.from_environ(os.environ)
    folder = folder.absolute()
    if not installation.is_many:
        _build(installation.one(""), folder, checked=checked)
        return 0
    wrong = 0
    _write(folder, "shared", nginx.shared())
    for name in installation.names:
        with logs.of(name):
            try:
                with _refused(checked, installation.state_of(name)):
                    config = installation.one(name)
                _write(folder, name, nginx.site_of(name, host_of(config.address), folder / name))
                _build(config, folder / name, checked=checked)
            except UdvejError as error:  # the others are built all the same
                click.echo(f"udvej: {name}: {error}", err=True)
                wrong += 1
    # A reload goes on with the application, for all the others.
    return _WRONG if wrong and (not checked or wrong == len(installation.names)) else 0


def _build(config: Config, folder: Path, *, checked: bool) -> None:
    builds = Builds(config.state)
    if checked:
        with _refused(checked, config.state):
            found = Checked.before_reload(config)
        wanted, like = found.written, found.build
    else:
        wanted, like = everywhere.served(config), builds.current.resolve()
    try:
        click.echo(freeze(wanted, folder, like))
        if config.live:
            builds.note_front(folder)
    except ContentError:
        good = config.state / PAGES
        if good.is_dir() and not folder.exists():
            freeze(with_sources_of(good, config), folder)
        raise


@contextmanager
def _refused(noted: bool, state: Path) -> Iterator[None]:  # noqa: FBT001 (read where it is used)
    """Note what is wrong for monitoring, where a reload asked for it."""
    try:
        yield
    except UdvejError as error:
        if noted:
            refuse(error, state)
        raise


def _write(folder: Path, name: str, text: str) -> None:
    """Write a configuration for nginx, in one step, in `nginx/` of a folder."""
    path = folder / "nginx" / f"{name}.conf"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror})") from error
