"""`udvej deliver`."""

import os
from argparse import Namespace

from udvej import operations, state
from udvej.config import Config
from udvej.outbox.table import Outbox
from udvej.terminal import say


def run(options: Namespace) -> int:
    """Deliver until told to stop, or put one referral back in the queue."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    if options.again is None:
        operations.deliver(config)
    else:
        Outbox.in_folder(config.state).again(options.again)
        say(f"Number {options.again} waits to be mailed again.")
    return 0
