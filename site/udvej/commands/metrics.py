"""`udvej metrics`."""

import os

import click

from udvej.commands.naming import ForEachMunicipality
from udvej.installation import Installation
from udvej.server.metrics import listening


@click.command("metrics", cls=ForEachMunicipality)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=9118, show_default=True, help="of 127.0.0.1"
)
def command(port: int, name: str | None = None) -> None:
    """Answer Prometheus on this machine with counts and ages, never content."""

    def installation() -> Installation:
        read = Installation.from_environ(os.environ)
        return read.only(name) if name else read

    installation()
    with listening(installation, port) as server:
        server.serve_forever()
