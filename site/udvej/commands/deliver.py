"""`udvej deliver`."""

import os
import signal
import time
from argparse import Namespace
from threading import Event, Thread

from udvej import delivery, operations, state
from udvej.config import Config
from udvej.drafts import Drafts
from udvej.facts import load_facts
from udvej.outbox import Outbox
from udvej.terminal import say


def run(options: Namespace) -> int:
    """Deliver until told to stop, or put one referral back in the queue."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    outbox = Outbox.in_folder(config.state)
    if options.again is not None:
        outbox.again(options.again)
        say(f"Number {options.again} waits to be mailed again.")
        return 0
    facts = load_facts(config.content / "kommune.toml")
    carrier = operations.carrier(config, facts)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if options.with_parent:
        Thread(target=_stop_without_parent, args=(stop, os.getppid()), daemon=True).start()
    delivery.run(
        outbox,
        Drafts.in_folder(config.state),
        carrier,
        keep_days=facts["frister"]["gemmes_dage"],
        stop=stop,
    )
    return 0


def _stop_without_parent(stop: Event, parent: int) -> None:
    """So that a killed `serve` leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(1)
    stop.set()
