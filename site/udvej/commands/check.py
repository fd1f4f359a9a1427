"""`udvej check`."""

import os

import click

from udvej.check.content import check
from udvej.config import content_folder


@click.command("check")
def command() -> int:
    """Check the content and its translations, and how easy it reads."""
    report = check(content_folder(os.environ))
    click.echo("\n".join(report.lines), err=True)
    return int(not report.good)
