"""`udvej metrics`."""

import os

import click

from udvej.config import Config
from udvej.server.metrics import listening


@click.command("metrics")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=9118, show_default=True, help="of 127.0.0.1"
)
def command(port: int) -> None:
    """Answer Prometheus on this machine with counts and ages, never content."""
    with listening(Config.from_environ(os.environ), port) as server:
        server.serve_forever()
