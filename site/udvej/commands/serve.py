"""`udvej serve`."""

import os

import click

from udvej.content.kommune_toml import FACTS_FILE, examples
from udvej.installation import Installation
from udvej.server.processes import check_port, run
from udvej.server.sites import Sites
from udvej.services import Services
from udvej.settings import SETTINGS


def _said_of(key: str) -> str:
    return f"{SETTINGS[key].text} ({SETTINGS[key].default})"


@click.command("serve")
@click.option("--host", help=_said_of("UDVEJ_HOST"))
@click.option("--port", help=_said_of("UDVEJ_PORT"))
@click.option(
    "--without-delivery",
    is_flag=True,
    help="only answer visitors; `udvej deliver` runs as a service of its own",
)
def command(host: str | None, port: str | None, *, without_delivery: bool) -> None:
    """Run the site and deliver its referrals."""
    given = {"UDVEJ_HOST": host, "UDVEJ_PORT": port}
    os.environ.update({key: value for key, value in given.items() if value is not None})
    installation = Installation.from_environ(os.environ)
    check_port(installation)
    sites = Sites.at_start(installation)
    for name, checked in sites.good.items():
        _tell(checked.services, f"{name}: " if name else "")
    for name in installation.names:
        if name not in sites.good:
            click.echo(f"{name}: is kept out, see: udvej status {name}", err=True)
    run(sites, delivers=not without_delivery)


def _tell(services: Services, whose: str) -> None:
    config = services.config

    def say(line: str) -> None:
        click.echo(whose + line, err=True)

    say(f"Udvej: {config.address}" + ("" if config.live else "/"))
    if config.live:
        for line in services.who_can_open():
            say(line)
        if left := len([*services.facts.missing()]):
            say(f"kommune.toml: {left} facts are not filled in, so no page says them: udvej check")
    else:
        say("Demonstration: nobody receives what is sent. Read it with: udvej inbox")
        say(f"It is kept in {config.state / 'demonstration' / 'mail'}")
        if left := len([*examples(config.content / FACTS_FILE)]):
            say(f"{left} facts are still examples, with which no live site starts: udvej check")
