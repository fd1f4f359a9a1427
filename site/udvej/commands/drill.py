"""`udvej drill`."""

import os
from argparse import Namespace

from udvej import operations, state
from udvej.config import Config
from udvej.content.facts import load_facts
from udvej.outbox.table import Outbox


def run(_options: Namespace) -> int:
    """Send a test referral; 1 when it was not taken."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    carrier = operations.carrier(config, load_facts(config.content / "kommune.toml"))
    number, outcome = operations.drill(
        Outbox.in_folder(config.state), operations.sealer(config), carrier
    )
    print(f"Drill, number {number}: {outcome}")
    return int(outcome != "sent")
