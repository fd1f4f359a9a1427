"""`udvej serve`."""

import logging
import os
from argparse import Namespace
from functools import partial

from udvej import operations, state
from udvej.config import Config
from udvej.content import catalogue
from udvej.content.facts import load_facts
from udvej.intake.drafts import Drafts
from udvej.outbox.table import Outbox
from udvej.publish.freeze import freeze
from udvej.server.processes import check_port, serve
from udvej.terminal import say

_log = logging.getLogger(__name__)


def run(options: Namespace) -> int:
    """Run the site until it is told to stop."""
    given = {"UDVEJ_HOST": options.host, "UDVEJ_PORT": options.port}
    os.environ.update({key: value for key, value in given.items() if value is not None})
    config = Config.from_environ(os.environ)
    state.prepare(config)
    check_port(config)
    _check(config)
    address = config.live.public_address if config.live else f"http://{config.host}:{config.port}/"
    say(f"Udvej: {address}")
    if config.live:
        for fact in load_facts(config.content / "kommune.toml").missing():
            say(f"kommune.toml: {fact} is not filled in; the pages leave it out")
    else:
        say("Demonstration: nobody receives what is sent. Read it with: udvej inbox")
        say(f"It is kept in {config.state / 'demonstration' / 'mail'}")
    deliver = None if options.without_delivery else partial(operations.deliver, config)
    serve(config, "udvej.server.wsgi:application", deliver)
    return 0


def _check(config: Config) -> None:
    """Whatever is wrong is said here, once; what every worker needs is then there already."""
    operations.sealer(config)
    freeze(config, config.state / "pages")
    for table in (Outbox, Drafts):
        table.in_folder(config.state).close()  # no connection lives through a fork
    for found in catalogue.load(config.translations):
        for fault in found.faults:
            _log.warning("event=translation-left-out fault=%r", fault)
