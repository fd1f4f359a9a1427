"""What processes do that a test kills: accept referrals, and deliver them."""

import multiprocessing
import os
import time
from collections.abc import Callable
from ctypes import c_double
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.sharedctypes import RawValue
from threading import Event, Thread
from typing import Final, TypeVar

from cryptography import x509
from support.letters import referral
from support.places import Place
from udvej.config import MailServer
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.intake.sealing import Sealer
from udvej.outbox import delivery
from udvej.outbox.mail import Relay
from udvej.outbox.recipients import Recipients
from udvej.outbox.table import Outbox

_START: Final = 1_800_000_000.0
# Slower than a crowd, so that nothing is mailed behind the others.
_BETWEEN: Final = 15.0
_LONG: Final = 10_000
_TRIES_AGAIN: Final = 0.1

_Done = TypeVar("_Done")

# Processes made of one that has read the program already, which takes longer than all else.
FORKED: Final = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        "pytest",
        "udvej.intake.drafts",
        "udvej.intake.sealing",
        "udvej.outbox.delivery",
        "udvej.outbox.mail",
        "udvej.postgresql.kept",
        "udvej.sqlite",
    ]
)


class SharedClock:
    """One time for several processes, without a lock that a killed one could keep."""

    def __init__(self) -> None:
        """Begin at a moment that is nobody's present."""
        self._now = RawValue(c_double, _START)

    def __call__(self) -> float:
        """The time."""
        return float(self._now.value)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now.value += seconds


def started(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A process of its own, which ends with this one however that ends."""
    process = FORKED.Process(target=_bound, args=(target, *arguments), daemon=True)
    process.start()
    return process


def _bound(target: Callable[..., None], *arguments: object) -> None:
    def end_with_parent() -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    Thread(target=end_with_parent, daemon=True).start()
    target(*arguments)


def accepting(
    place: Place, clock: SharedClock, certificate: bytes, door: "Connection[str, str]"
) -> None:
    """Accept a referral for each key that comes, as a web process does, and answer each with it.

    Who is answered that it could not be kept sends it again.

    Args:
        place: where they are kept.
        clock: moved on by each.
        certificate: the team's, PEM.
        door: where keys come, which the letters hold as names, and answers go.
    """
    outbox = _once_there(place, lambda: Outbox(place.open(), clock))
    sealer = Sealer(Recipients(x509.load_pem_x509_certificates(certificate)))
    while key := door.recv():
        seal = partial(sealer.seal, referral(name=key, message="Hej"))
        _once_there(place, partial(outbox.accept, key.encode(), key, seal))
        door.send(key)
        clock.move(_BETWEEN)


def _once_there(place: Place, do: Callable[[], _Done]) -> _Done:
    """Do what fails while PostgreSQL is away until it is done.

    A person presses again, and systemd starts a site again.
    """
    while True:
        try:
            return do()
        except StorageError:
            if not place.url:
                raise
            time.sleep(_TRIES_AGAIN)


def delivering(place: Place, clock: SharedClock, server: MailServer) -> None:
    """Deliver without end, as `udvej deliver` does."""
    outbox = _once_there(place, lambda: Outbox(place.open(), clock))
    drafts = _once_there(place, lambda: Drafts(place.open("drafts"), clock))
    relay = Relay(server, [""])
    rounds = delivery.Rounds(outbox, relay, sweep=drafts.forget, keep_days=_LONG)
    delivery.run(rounds, stop=Event())
