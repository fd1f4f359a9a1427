"""The delivery process: one for all municipalities, of which none waits for another's mail."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import heappop, heappush
from threading import Condition, Thread
from typing import Final

from udvej import logs
from udvej.durations import MINUTE
from udvej.errors import UdvejError
from udvej.outbox import delivery
from udvej.outbox.delivery import Rounds
from udvej.publish.freeze import with_sources_of
from udvej.publish.swap import Builds, published
from udvej.server.signalled import Signalled, stopped_by_signals
from udvej.services import Services

# A hung mail server blocks a thread for half a minute; one municipality never holds two.
_THREADS: Final = 4
# Polls a second, over all outboxes: with more than five, each waits longer than a second.
_LOOKS_A_SECOND: Final = 5
_AGAIN_SECONDS: Final = MINUTE

_log = logging.getLogger(__name__)


def deliver(services: Services) -> None:
    """Deliver until this process gets SIGTERM or SIGINT; the mail in hand is let through.

    Args:
        services: of the site with the content that its visitors see (`publish.swap.published`);
            what is published later is taken up.

    Raises:
        ContentError: `kommune.toml` is wrong.
        SealingError: the server's own key cannot be used.
        StorageError: the database cannot be opened.
    """
    shown = PublishedContent(services)
    delivery.run(_rounds(services), stop=stopped_by_signals(), take_up=shown.take_up)


def deliver_for(sites: Mapping[str, Services]) -> None:
    """As `deliver`, for several municipalities by name; what is wrong with one is logged."""
    stop = stopped_by_signals()
    turns = Turns(map(Municipality, sites, sites.values()))
    threads = [Thread(target=turns.take, args=(stop,)) for _ in range(min(_THREADS, len(sites)))]
    for thread in threads:
        thread.start()
    stop.wait()
    turns.end()
    for thread in threads:
        thread.join()


def _rounds(services: Services) -> Rounds:
    return Rounds(
        services.outbox,
        services.carrier,
        sweep=services.drafts.forget,
        keep_days=services.facts["frister"]["gemmes_dage"],
    )


class PublishedContent:
    """Follows the published content, which names the recipients and how long referrals are kept."""

    def __init__(self, services: Services) -> None:
        """Start from the content that `services` was made from.

        Args:
            services: the parts of the site.
        """
        self._config, self._content = services.config, services.config.content
        self._build = Builds(services.config.state).current

    def take_up(self, rounds: Rounds) -> None:
        """Switch to newly published content; if it is wrong, log that once and keep the old."""
        content = with_sources_of(self._build, self._config).content
        if content == self._content or not (self._config.live and content.is_dir()):
            return
        self._content = content
        try:
            services = Services(published(self._config))
            rounds.reconfigure(services.carrier, services.facts["frister"]["gemmes_dage"])
        except UdvejError:
            _log.exception("event=cannot-take-up")
        else:
            _log.info("event=taken-up")


class Municipality:
    """What is to be delivered for one, whose parts are made when it is first looked at."""

    def __init__(self, name: str, services: Services) -> None:
        """Make nothing yet.

        Args:
            name: its own.
            services: its parts.
        """
        self._name, self._services, self._shown = name, services, PublishedContent(services)
        self._rounds: Rounds | None = None

    def look(self) -> bool:
        """Try the next referral that is due; whether there was one.

        Raises:
            UdvejError: its parts cannot be made.
        """
        services = self._services
        with logs.of(self._name):
            if self._rounds is None:
                Services.open(services.config)
                self._rounds = _rounds(services)
            self._shown.take_up(self._rounds)
            busy = self._rounds.next()
        if not busy:
            services.close_files()
        return busy

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Log what is wrong with it, and nothing of its message."""
        try:
            yield
        except UdvejError:
            with logs.of(self._name):
                _log.exception("event=cannot-deliver")


class Turns:
    """Round robin: each municipality gets one mail tried, then goes to the back of the queue."""

    def __init__(self, municipalities: Iterable[Municipality]) -> None:
        """Spread the first polls over time, so that they do not all fall into the start.

        Args:
            municipalities: in any order.
        """
        now = time.monotonic()
        self._due = [
            (now + number / _LOOKS_A_SECOND, number, one)
            for number, one in enumerate(municipalities)
        ]
        self._pause = max(1.0, len(self._due) / _LOOKS_A_SECOND)
        self._changed = Condition()

    def take(self, stop: Signalled) -> None:
        """Work until stopped; several threads may, each on another municipality."""
        while not stop.is_set():
            with self._changed:
                wait = self._due[0][0] - time.monotonic() if self._due else self._pause
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, number, one = heappop(self._due)
            again = _AGAIN_SECONDS
            with one.failing():
                again = 0.0 if one.look() else self._pause
            with self._changed:
                heappush(self._due, (time.monotonic() + again, number, one))
                self._changed.notify()

    def end(self) -> None:
        """Wake those that wait, to see that they are stopped."""
        with self._changed:
            self._changed.notify_all()
