"""The delivery process."""

import signal
from threading import Event

from udvej.outbox import delivery
from udvej.services import Services


def deliver(services: Services) -> None:
    """Deliver until this process gets SIGTERM or SIGINT; the mail in hand is let through.

    Raises:
        ContentError: `kommune.toml` is wrong.
        SealingError: the server's own key cannot be used.
        StorageError: the database cannot be opened.
    """
    keep_days, stop = services.facts["frister"]["gemmes_dage"], Event()
    outbox, carrier, sweep = services.outbox, services.carrier, services.drafts.forget
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    delivery.run(outbox, carrier, sweep=sweep, keep_days=keep_days, stop=stop)
