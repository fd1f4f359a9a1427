"""Drafts: kept for a quarter of an hour, for whoever holds the key, and for nobody else."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.clock import MINUTE, Clock
from support.letters import draft
from support.places import ON_SQLITE
from udvej.database import Database
from udvej.intake.cpr import Part, Trace
from udvej.intake.drafts import Draft, Drafts

DRAFT = Draft(
    token="0123456789abcdef" * 2,
    fields={"name": "Sofie Ærlig", "message": "linje 1\nlinje 2 👋", "phone": ""},
    cpr_in={"message": [Trace(Part.BIRTH_DATE, "født"), Trace(Part.LAST_FOUR, "")]},
    cut=("name",),
    expired=True,
    busy=False,
)


@pytest.fixture
def drafts(database: Database, clock: Clock) -> Drafts:
    """An empty desk, on the clock that the test moves."""
    return Drafts(database, clock)


def stored(folder: Path) -> bytes:
    """Every byte of a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_draft_is_opened_by_its_key(drafts: Drafts) -> None:
    """With all that is known of it, as often as it is asked for."""
    key = drafts.keep(DRAFT)
    assert drafts.open(key) == DRAFT
    assert drafts.open(key) == DRAFT


@pytest.mark.parametrize("key", ["", "forkert", "æøå", "A" * 43 + "=", "A" * 9999])
def test_another_key_opens_nothing(key: str, drafts: Drafts) -> None:
    """Whatever a cookie may hold."""
    drafts.keep(DRAFT)
    assert drafts.open(key) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda _: {"name": "Sofie", "cpr": "", "expired": "", "busy": "", "token": "0" * 32},
        lambda kept: {name: value for name, value in kept.items() if name != "busy"},
        lambda kept: {**kept, "fields": {"name": ["Sofie"]}},
        lambda kept: {**kept, "cpr_in": ["message"]},
        lambda kept: {**kept, "cpr_in": {"message": 1}},
        lambda kept: {**kept, "cpr_in": {"message": ["født"]}},
        lambda kept: {**kept, "cpr_in": {"message": [["birthday", "født"]]}},
        lambda kept: {**kept, "cut": "name"},
        lambda kept: {**kept, "cut": [1]},
        lambda kept: {**kept, "token": "en anden slags"},
    ],
)
def test_a_draft_of_another_version_is_gone(
    change: Callable[[dict[str, Any]], object], drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is opened as if its time was over; nobody who comes back meets an error."""
    monkeypatch.setattr("udvej.intake.drafts.asdict", lambda draft: change(asdict(draft)))
    assert drafts.open(drafts.keep(DRAFT)) is None


def test_a_draft_that_is_no_json_is_gone(drafts: Drafts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was sealed under the key."""
    monkeypatch.setattr("udvej.intake.drafts.json.dumps", lambda _, **_how: "{")
    assert drafts.open(drafts.keep(DRAFT)) is None


@ON_SQLITE
@pytest.mark.parametrize("words", ["", "e" * 1000, *("é" * length for length in range(1000, 1020))])
def test_the_size_of_a_draft_is_what_it_takes_on_the_disk(
    words: str, drafts: Drafts, database: Database
) -> None:
    """A letter that is not of English is no more than its bytes, and a third for the seal."""
    kept = draft(message=words)
    drafts.keep(kept)
    with database.reading() as connection:
        stored = connection.exec_driver_sql("SELECT length(sealed) FROM drafts").scalar_one()
    assert kept.size == stored
    assert stored < 4 / 3 * len(words.encode()) + 500


def test_drafts_do_not_mix(drafts: Drafts) -> None:
    """Each key has its own."""
    first, second = drafts.keep(draft(name="Den ene")), drafts.keep(draft(name="Den anden"))
    assert drafts.open(first) == draft(name="Den ene")
    assert drafts.open(second) == draft(name="Den anden")


def test_a_draft_expires_after_a_quarter_of_an_hour(drafts: Drafts, clock: Clock) -> None:
    """Also before anybody has tidied up."""
    key = drafts.keep(DRAFT)
    clock.move(15 * MINUTE)
    assert drafts.open(key) == DRAFT
    clock.move(1)
    assert drafts.open(key) is None


def test_a_dropped_draft_is_gone_and_the_others_are_not(drafts: Drafts) -> None:
    """Dropping what is gone already does no harm."""
    gone, kept = drafts.keep(DRAFT), drafts.keep(DRAFT)
    drafts.drop(gone)
    drafts.drop(gone)
    assert drafts.open(gone) is None
    assert drafts.open(kept) == DRAFT


def test_forgetting_takes_what_has_expired_and_nothing_else(drafts: Drafts, clock: Clock) -> None:
    """Clocks set back do not bring a forgotten draft back."""
    old = drafts.keep(DRAFT)
    clock.move(10 * MINUTE)
    young = drafts.keep(DRAFT)
    clock.move(6 * MINUTE)
    drafts.forget()
    assert drafts.open(young) == DRAFT
    clock.move(-16 * MINUTE)
    assert drafts.open(old) is None


@ON_SQLITE
def test_neither_words_nor_key_are_on_the_disk(drafts: Drafts, tmp_path: Path) -> None:
    """The draft itself is, which the search proves by finding it in place of the words."""
    key = drafts.keep(DRAFT)
    found = stored(tmp_path)
    assert b"gAAAAA" in found  # how what Fernet sealed begins
    for secret in (key.encode(), urlsafe_b64decode(key), b"Sofie", b"linje 1", b"message"):
        assert secret not in found
