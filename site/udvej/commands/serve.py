"""`udvej serve`."""

import os
from functools import partial

import click

from udvej.config import Config
from udvej.content.kommune_toml import FACTS_FILE, examples
from udvej.server.checked import Checked
from udvej.server.processes import check_port, run
from udvej.services import Services


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
    check_port(Config.from_environ(os.environ))
    checked = Checked.at_start(os.environ)
    _tell(checked.services)
    run(checked, delivers=not without_delivery)


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
        if left := len([*examples(config.content / FACTS_FILE)]):
            say(f"{left} facts are still examples, with which no live site starts: udvej check")
