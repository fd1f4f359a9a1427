"""`udvej inbox`."""

import os
from argparse import Namespace

from udvej import state
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.outbox.demonstration import Demonstration


def run(_options: Namespace) -> int:
    """Print what a demonstration has received."""
    config = Config.from_environ(os.environ)
    if config.live:
        raise ConfigError("only a demonstration has an inbox here; the team opens its own mail")
    state.prepare(config)
    letters = [*Demonstration.prepare(config.state).letters()]
    print(("\n" + "-" * 72 + "\n").join(letters) if letters else "Nothing has arrived yet.")
    return 0
