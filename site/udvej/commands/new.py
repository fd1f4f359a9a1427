"""`udvej new`."""

import errno
import shlex
import sys
from pathlib import Path
from shutil import which

import click

from udvej.content.beginning import begin
from udvej.content.kommune_toml import FACTS_FILE
from udvej.errors import ConfigError
from udvej.wording import tell


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make a folder for a municipality: pages, translations and facts to fill in.

    FOLDER is made. Keep it in a git of your own: no upgrade of the program touches it.
    """
    try:
        content = begin(folder)
    except OSError as error:
        raise ConfigError(_why_not(folder, error)) from error
    program = _as_typed()
    click.echo(tell("Mappen %(folder)s er lavet. Gå ind i den, og se siden:", folder=folder))
    click.echo(f"    cd {shlex.quote(str(folder))}\n    {program} serve")
    click.echo(
        tell("Ret jeres oplysninger i %(file)s. Se, hvad der mangler:", file=content / FACTS_FILE)
    )
    click.echo(f"    {program} check")
    click.echo(tell("Gem mappen i jeres eget git, så serveren kan hente den:"))
    click.echo("    git init --initial-branch=main\n    git add --all\n    git commit")


def _why_not(folder: Path, error: OSError) -> str:
    if error.errno == errno.EEXIST:
        return tell("%(found)s er der i forvejen; vælg en anden mappe", found=error.filename)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return tell("%(folder)s: her må du ikke skrive; vælg en anden mappe", folder=folder)
    if error.errno == errno.ENOTDIR:
        return tell("%(folder)s er en fil; vælg en anden mappe", folder=folder)
    return tell("%(folder)s kan ikke laves (%(reason)s)", folder=folder, reason=error.strerror)


def _as_typed() -> str:
    """How the command is typed from any folder: by its name alone only where the shell finds it."""
    ours = Path(sys.executable).with_name("udvej")
    return "udvej" if which("udvej") or not ours.is_file() else shlex.quote(str(ours))
