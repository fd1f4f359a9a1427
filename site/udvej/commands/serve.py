"""`udvej serve`."""

import logging
import os
from functools import partial

import click

from udvej.config import Config
from udvej.content import catalogue
from udvej.publish.freeze import freeze
from udvej.server.delivery import deliver
from udvej.server.processes import check_port, run
from udvej.services import Services

_log = logging.getLogger(__name__)


@click.command("serve")
@click.option("--host", help="address to listen on (127.0.0.1)")
@click.option("--port", help="port to listen on (8000)")
@click.option(
    "--without-delivery",
    is_flag=True,
    help="only answer visitors; `udvej deliver` runs as a service of its own",
)
def command(host: str | None, port: str | None, *, without_delivery: bool) -> None:
    """Run the site and deliver its referrals."""
    given = {"UDVEJ_HOST": host, "UDVEJ_PORT": port}
    os.environ.update({key: value for key, value in given.items() if value is not None})
    config = Config.from_environ(os.environ)
    services = Services.open(config)
    check_port(config)
    _check(services)
    _tell(services)
    delivers = None if without_delivery else partial(deliver, Services(config))
    run(config, "udvej.server.wsgi:application", delivers)


def _check(services: Services) -> None:
    """Fail here, once, rather than in every worker; what they need is made by then."""
    config = services.config
    _ = services.sealer
    freeze(config, config.state / "pages")
    for table in (services.outbox, services.drafts):
        table.close()  # no connection lives through a fork
    for found in catalogue.load(config.translations):
        for fault in found.faults:
            _log.warning("event=translation-left-out fault=%r", fault)


def _tell(services: Services) -> None:
    config, say = services.config, partial(click.echo, err=True)
    say(f"Udvej: {config.address}" + ("" if config.live else "/"))
    if config.live:
        for line in services.who_can_open():
            say(line)
        for fact in services.facts.missing():
            say(f"kommune.toml: {fact} is not filled in; the pages leave it out")
    else:
        say("Demonstration: nobody receives what is sent. Read it with: udvej inbox")
        say(f"It is kept in {config.state / 'demonstration' / 'mail'}")
