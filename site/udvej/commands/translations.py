"""`udvej translations`."""

import os

import click

from udvej.commands.naming import ForOneMunicipality
from udvej.content.translators import add, update
from udvej.installation import content_of


@click.command("translations", cls=ForOneMunicipality)
@click.option("--add", "language", metavar="LANGUAGE", help="begin one: its code, such as pl")
def command(language: str | None, name: str = "") -> None:
    """Bring the Danish of the content to its translators.

    New and changed texts get into each content.po next to the content folder; no translation is
    lost.
    """
    content = content_of(os.environ, name)
    if language:
        for path in add(content, language):
            click.echo(f"made {path}")
    for path in update(content):
        click.echo(f"changed {path}")
