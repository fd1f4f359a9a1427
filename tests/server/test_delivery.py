"""The delivery process: which parts of the site it is made of, and what ends it."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest
from support.letters import draft
from support.spoiling import spoil
from udvej.config import Config
from udvej.intake.drafts import Drafts
from udvej.outbox.delivery import Carrier, Rounds
from udvej.outbox.mail import Relay
from udvej.outbox.table import Outbox
from udvej.publish.freeze import PAGES, freeze
from udvej.publish.swap import published
from udvej.server import delivery
from udvej.services import Services
from udvej.sqlite import SQLite


@dataclass(frozen=True)
class Given:
    """What the loop was given."""

    outbox: Outbox
    carrier: Carrier
    sweep: Callable[[], None]
    keep_days: int
    stop: Event
    take_up: Callable[[Rounds], None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Given]]:
    """In place of the loop; the process's own signals are put back."""
    found: list[Given] = []

    def run(rounds: dict[str, Any], *, stop: Event, take_up: Callable[[Rounds], None]) -> None:
        found.append(Given(**rounds, stop=stop, take_up=take_up))

    def rounds(outbox: Outbox, carrier: Carrier, **others: object) -> dict[str, object]:
        return {"outbox": outbox, "carrier": carrier, **others}

    monkeypatch.setattr("udvej.server.delivery.Rounds", rounds)
    monkeypatch.setattr("udvej.outbox.delivery.run", run)
    names = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(name) for name in names]
    yield found
    for name, handler in zip(names, before, strict=True):
        signal.signal(name, handler)


def test_it_delivers_from_the_sites_own_outbox_by_its_own_carrier(
    config: Config, given: list[Given]
) -> None:
    """And no other."""
    services = Services.open(config)
    delivery.deliver(services)
    (loop,) = given
    assert loop.outbox is services.outbox
    assert loop.carrier is services.carrier


def test_it_keeps_what_was_sent_for_as_many_days_as_the_municipality_says(
    config: Config, given: list[Given]
) -> None:
    """Which its privacy page tells too."""
    days = Services.open(config).facts["frister"]["gemmes_dage"]
    spoil(config.content / "kommune.toml", f"gemmes_dage = {days}", "gemmes_dage = 87")
    delivery.deliver(Services.open(config))
    assert given[0].keep_days == 87


def test_it_sweeps_the_drafts_of_the_site(
    config: Config, given: list[Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have had their time, out of the very file that the web processes write."""
    monkeypatch.setattr("udvej.intake.drafts.KEPT", -1.0)
    Drafts(SQLite(config.state, "drafts")).keep(draft(name="Sofie"))

    def kept() -> int:
        with closing(sqlite3.connect(config.state / "drafts.sqlite3")) as connection:
            return int(connection.execute("SELECT count(*) FROM drafts").fetchone()[0])

    assert kept() == 1
    delivery.deliver(Services.open(config))
    given[0].sweep()
    assert kept() == 0


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to(
    name: signal.Signals, config: Config, given: list[Given]
) -> None:
    """After the mail in hand: the signal only sets what the loop looks at."""
    delivery.deliver(Services.open(config))
    assert not given[0].stop.is_set()
    os.kill(os.getpid(), name)
    assert given[0].stop.wait(60)


def test_each_of_several_mails_to_those_that_are_published(settings: Mapping[str, str]) -> None:
    """Looked at again and again by one process, which nobody starts again; so are the days."""
    config = Config.from_environ({**settings, "UDVEJ_MAIL_TO": ""})
    facts = config.content / "kommune.toml"
    spoil(facts, "[team]\n", '[team]\nmodtagere = ["gammel@kommune.example"]\n')
    freeze(config, config.state / PAGES)
    one = delivery.Municipality("nordby", Services(published(config)))
    seen: list[tuple[list[str], int]] = []

    def look() -> None:
        one.look()
        rounds = one._rounds  # noqa: SLF001
        assert rounds is not None
        relay = rounds._delivery.carrier  # noqa: SLF001
        assert isinstance(relay, Relay)
        seen.append(([*relay._recipients], rounds._keep_days))  # noqa: SLF001

    look()
    spoil(facts, "gammel@", "ny@")
    spoil(facts, "gemmes_dage = 9\n", "gemmes_dage = 3\n")
    look()
    freeze(config, config.state / PAGES)
    look()
    old, new = (["gammel@kommune.example"], 9), (["ny@kommune.example"], 3)
    assert seen == [old, old, new]
