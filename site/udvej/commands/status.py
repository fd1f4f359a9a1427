"""`udvej status`."""

import os
from argparse import Namespace

from udvej import operations, state
from udvej.config import Config
from udvej.health import Health
from udvej.outbox.table import Outbox


def run(_options: Namespace) -> int:
    """Say how the outbox stands; 1 when something is not well."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    outbox = Outbox.in_folder(config.state)
    print("\n".join(operations.describe(outbox.status())))
    problems = [*Health(outbox, operations.sealer(config), config.state).problems()]
    for problem in problems:
        print(f"NOT WELL: {problem}")
    return int(bool(problems))
