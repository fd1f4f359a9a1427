"""What the caseworkers' page says of Thunderbird, tried with the real one.

It needs Debian's package `thunderbird`, which `make bench` installs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from support.mailserver import TEAM, Authority, delivered
from support.thunderbird import Thunderbird, installed
from udvej.cli import main
from udvej.intake.form import ReferralForm
from udvej.intake.sealing import Sealer
from udvej.outbox.table import Leased

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not installed(), reason="Thunderbird is not installed: make bench"),
]

WORDS: Final = "Skriv kun sms. Æ, ø og å skal kunne læses."
Keys = Callable[[str], tuple[Path, Path, str]]


@pytest.fixture
def keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Keys:
    """Makes a team's key by the command: its certificate, its bundle and the passphrase."""

    def make(name: str, *options: str) -> tuple[Path, Path, str]:
        folder = tmp_path / name
        assert main(["keys", str(folder), "--mail", TEAM, *options]) == 0
        passphrase = capsys.readouterr().out.rpartition("passphrase, shown only now: ")[2].strip()
        return folder / "team-certificate.pem", folder / "team.p12", passphrase

    return make


def mailed(number: int, certificates: Path, authority: Authority) -> bytes:
    """A referral as it reaches the team's mailbox."""
    now = datetime.now(UTC)
    referral = ReferralForm.unanswered().referral(now, [WORDS])
    leased = Leased(
        number, Sealer.for_team(certificates).seal(referral, number), now.timestamp(), 0
    )
    return delivered(leased, authority)


@contextmanager
def opened(folder: Path, *mails: bytes) -> Iterator[Thunderbird]:
    """Thunderbird with these in its inbox."""
    thunderbird = Thunderbird(folder, mails)
    try:
        yield thunderbird
    finally:
        thunderbird.close()


@pytest.mark.parametrize("options", [(), ("--older",)])
def test_a_letter_opens_when_the_key_is_imported(
    options: tuple[str, ...], keys: Keys, authority: Authority, tmp_path: Path
) -> None:
    """And not before, nor with a wrong passphrase."""
    certificate, bundle, passphrase = keys("team", *options)
    with opened(tmp_path / "home", mailed(7, certificate, authority)) as thunderbird:
        assert thunderbird.read("Henvendelse nr. 7") == ""
        assert not thunderbird.import_key(bundle, "en anden")
        assert thunderbird.read("Henvendelse nr. 7") == ""
        assert thunderbird.import_key(bundle, passphrase)
        shown = thunderbird.read("Henvendelse nr. 7")
    assert WORDS in shown
    assert "X-Padding" not in shown


def test_a_key_is_renewed_side_by_side(keys: Keys, authority: Authority, tmp_path: Path) -> None:
    """While both certificates are in one file either key opens; old letters want the old one."""
    old_certificate, old, old_passphrase = keys("old")
    new_certificate, new, new_passphrase = keys("new")
    both = tmp_path / "both.pem"
    both.write_bytes(old_certificate.read_bytes() + new_certificate.read_bytes())
    sealed_for = {7: old_certificate, 8: both, 9: new_certificate}
    mails = [mailed(number, file, authority) for number, file in sealed_for.items()]
    with opened(tmp_path / "first", *mails) as thunderbird:
        assert thunderbird.import_key(new, new_passphrase)
        opens = [WORDS in thunderbird.read(f"Henvendelse nr. {number}") for number in (7, 8, 9)]
        assert opens == [False, True, True]
        assert thunderbird.import_key(old, old_passphrase)
        opens = [WORDS in thunderbird.read(f"Henvendelse nr. {number}") for number in (7, 8, 9)]
        assert opens == [True, True, True]
    with opened(tmp_path / "second", *mails) as thunderbird:
        assert thunderbird.import_key(old, old_passphrase)
        opens = [WORDS in thunderbird.read(f"Henvendelse nr. {number}") for number in (7, 8, 9)]
        assert opens == [True, True, False]
