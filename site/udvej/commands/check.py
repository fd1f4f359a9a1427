"""`udvej check`."""

import os
from datetime import UTC, datetime

import click

from udvej.check.content import check
from udvej.config import content_folder


@click.command("check")
def command() -> int:
    """Check the content and its translations, and how easy it reads."""
    today = datetime.now(UTC).astimezone().date()
    report = check(content_folder(os.environ), today)
    click.echo("\n".join(report.lines()))
    return int(bool(report.mistakes))
