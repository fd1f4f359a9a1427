"""The demonstration: a throwaway team, so that the whole road can be tried."""

from concurrent.futures import ThreadPoolExecutor
from mailbox import Maildir
from pathlib import Path

import pytest
from support.letters import referral
from support.patience import PATIENCE
from udvej.intake.sealing import Sealer
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Leased


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a demonstration in it."""
    state = tmp_path_factory.mktemp("state")
    Demonstration.prepare(state)
    return state


@pytest.fixture
def demonstration(home: Path) -> Demonstration:
    """The demonstration, with an empty mailbox."""
    demonstration = Demonstration.prepare(home)
    Maildir(demonstration.folder).clear()
    return demonstration


def test_it_is_made_once(home: Path) -> None:
    """Started again it opens what came before."""
    files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    again = Demonstration.prepare(home)
    assert again.secret_key == (home / "demonstration" / "secret-key").read_text("ascii")
    assert len(again.secret_key) == 64
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == files


def test_two_have_nothing_in_common(tmp_path: Path, demonstration: Demonstration) -> None:
    """Every machine makes its own."""
    other = Demonstration.prepare(tmp_path)
    assert other.secret_key != demonstration.secret_key
    assert other.private_key.read_bytes() != demonstration.private_key.read_bytes()


def test_only_its_owner_reads_it(home: Path) -> None:
    """The private key is in clear there."""
    assert (home / "demonstration").stat().st_mode & 0o777 == 0o700


def test_its_secrets_are_not_in_its_repr(demonstration: Demonstration) -> None:
    """Which a log may hold."""
    assert demonstration.secret_key not in repr(demonstration)


def test_many_that_start_at_once_agree(tmp_path: Path) -> None:
    """Web, delivery and inbox may all be first."""
    with ThreadPoolExecutor(4) as starters:
        made = list(
            starters.map(lambda _: Demonstration.prepare(tmp_path), range(4), timeout=PATIENCE)
        )
    assert len({demonstration.secret_key for demonstration in made}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["demonstration"]


def test_what_was_mailed_is_read_opened_and_in_order(demonstration: Demonstration) -> None:
    """By its number: ten comes after two."""
    sealer = Sealer.for_team(demonstration.team_certificate)
    for number in (10, 2, 1):
        sealed = sealer.seal(referral(), number)
        demonstration.carry(Leased(number, sealed, accepted=1e9, tries=0))
    assert [*demonstration.letters()] == [referral().letter(number) for number in (1, 2, 10)]


def test_the_mailbox_holds_nothing_readable(demonstration: Demonstration) -> None:
    """It is sealed as on the real site."""
    sealed = Sealer.for_team(demonstration.team_certificate).seal(referral(), 1)
    demonstration.carry(Leased(1, sealed, accepted=1e9, tries=0))
    (mail,) = Maildir(demonstration.folder)
    assert b"Sofie" not in mail.get_payload(decode=True)


def test_an_empty_mailbox_has_no_letters(demonstration: Demonstration) -> None:
    """Nothing has arrived yet."""
    assert [*demonstration.letters()] == []
