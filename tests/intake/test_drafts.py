"""Drafts: kept for a quarter of an hour, for whoever holds the key, and for nobody else."""

from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from support.clock import MINUTE, Clock
from udvej.database import Database
from udvej.intake.drafts import Drafts

FIELDS = {"name": "Sofie Ærlig", "message": "linje 1\nlinje 2 👋", "phone": ""}


@pytest.fixture
def drafts(database: Database, clock: Clock) -> Drafts:
    """An empty desk, on the clock that the test moves."""
    return Drafts(database, clock)


def stored(folder: Path) -> bytes:
    """Every byte of a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_draft_is_opened_by_its_key(drafts: Drafts) -> None:
    """Just as it was typed, as often as it is asked for."""
    key = drafts.keep(FIELDS)
    assert drafts.open(key) == FIELDS
    assert drafts.open(key) == FIELDS


@pytest.mark.parametrize("key", ["", "forkert", "æøå", "A" * 43 + "=", "A" * 9999])
def test_another_key_opens_nothing(key: str, drafts: Drafts) -> None:
    """Whatever a cookie may hold."""
    drafts.keep(FIELDS)
    assert drafts.open(key) == {}


def test_drafts_do_not_mix(drafts: Drafts) -> None:
    """Each key has its own."""
    first, second = drafts.keep({"name": "Den ene"}), drafts.keep({"name": "Den anden"})
    assert drafts.open(first) == {"name": "Den ene"}
    assert drafts.open(second) == {"name": "Den anden"}


def test_a_draft_expires_after_a_quarter_of_an_hour(drafts: Drafts, clock: Clock) -> None:
    """Also before anybody has tidied up."""
    key = drafts.keep(FIELDS)
    clock.move(15 * MINUTE)
    assert drafts.open(key) == FIELDS
    clock.move(1)
    assert drafts.open(key) == {}


def test_a_dropped_draft_is_gone_and_the_others_are_not(drafts: Drafts) -> None:
    """Dropping what is gone already does no harm."""
    gone, kept = drafts.keep(FIELDS), drafts.keep(FIELDS)
    drafts.drop(gone)
    drafts.drop(gone)
    assert drafts.open(gone) == {}
    assert drafts.open(kept) == FIELDS


def test_forgetting_takes_what_has_expired_and_nothing_else(drafts: Drafts, clock: Clock) -> None:
    """Clocks set back do not bring a forgotten draft back."""
    old = drafts.keep(FIELDS)
    clock.move(10 * MINUTE)
    young = drafts.keep(FIELDS)
    clock.move(6 * MINUTE)
    drafts.forget()
    assert drafts.open(young) == FIELDS
    clock.move(-16 * MINUTE)
    assert drafts.open(old) == {}


def test_neither_words_nor_key_are_on_the_disk(drafts: Drafts, tmp_path: Path) -> None:
    """The draft itself is, which the search proves by finding it in place of the words."""
    key = drafts.keep(FIELDS)
    found = stored(tmp_path)
    assert b"gAAAAA" in found  # how what Fernet sealed begins
    for secret in (key.encode(), urlsafe_b64decode(key), b"Sofie", b"linje 1", b"message"):
        assert secret not in found
