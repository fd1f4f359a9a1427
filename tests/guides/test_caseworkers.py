"""The page for caseworkers: short enough to hang on a wall, and true to what they receive."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser
from support.guides import CASEWORKERS, html, text
from support.mailserver import Authority, delivered
from udvej.commands import keys
from udvej.durations import DAY
from udvej.intake.form import ReferralForm
from udvej.intake.sealing import Sealer
from udvej.outbox import drills
from udvej.outbox.keys import TeamKey
from udvej.outbox.series import title
from udvej.outbox.table import Leased

PAGE: Final = text(CASEWORKERS)
# As a word processor sets it. A browser's own sheet has larger type.
SHEET: Final = """
body { font: 10pt/1.3 sans-serif; margin: 0 }
h1 { font-size: 1.5em; margin: 0 }
h2 { font-size: 1.15em; margin: 0.8em 0 0.2em }
p, ul, ol { margin: 0.4em 0 }
"""


@pytest.mark.browser
@pytest.mark.parametrize(("style", "most"), [(SHEET, 1), ("", 2)])
def test_it_is_one_printed_page_of_a4(browser: Browser, style: str, most: int) -> None:
    """Two at most, whatever the type."""
    page = browser.new_page()
    page.set_content(html(CASEWORKERS))
    page.add_style_tag(content=style or "main {}")
    margin = {"top": "14mm", "bottom": "14mm", "left": "18mm", "right": "18mm"}
    printed = page.pdf(format="A4", margin=margin)  # type: ignore[arg-type]  # a plain dict is one
    page.close()
    assert len(re.findall(rb"/Type /Page\b", printed)) in range(1, most + 1)


def test_it_names_what_the_mail_shows(team: TeamKey, authority: Authority, tmp_path: Path) -> None:
    """The subject, the file that a program shows which cannot open it, the words of the letter."""
    certificate = tmp_path / "team-certificate.pem"
    certificate.write_bytes(team.certificate_pem())
    referral = ReferralForm.unanswered().referral(datetime.now(UTC), ["Læs det her."])
    leased = Leased(7, Sealer.for_team(certificate).seal(referral, 7), 0.0, 0)
    mail = message_from_bytes(delivered(leased, authority))
    assert f"»{mail['Subject']}«" in PAGE
    assert f"`{mail.get_filename()}`" in PAGE
    assert "BEMÆRK" in PAGE
    assert "BEMÆRK: Læs det her." in referral.letter(7)


def test_it_tells_a_drill_as_it_comes() -> None:
    """By its subject, and for how long its code counts."""
    assert f"»{title(-3)}«" in PAGE
    assert "Koden gælder i syv dage" in PAGE
    assert drills._CODE_COUNTS == 7 * DAY  # noqa: SLF001 (looked at and not used)


def test_it_names_what_the_command_makes(team: TeamKey) -> None:
    """The file with the key, the option for older programs, and the years that it is good for."""
    bundle = next(name for name in keys._team_files(team, older=True) if name.endswith(".p12"))  # noqa: SLF001 (looked at and not used)
    assert f"`{bundle}`" in PAGE
    assert {*re.findall(r"`(--\w+)`", PAGE)} <= {
        option for parameter in keys.command.params for option in parameter.opts
    }
    lasts = team.certificate.not_valid_after_utc - team.certificate.not_valid_before_utc
    assert round(lasts.days / 365) == 2
    assert "før to år er gået" in PAGE


def test_every_program_is_one_that_was_tried_or_is_said_not_to_be() -> None:
    """Nobody hangs it up who thinks that Outlook was tried here."""
    last = PAGE.strip().splitlines()[-1]
    programs = re.findall(r"^- \*\*(\w+)", PAGE, re.MULTILINE)
    assert programs == ["Thunderbird", "Outlook", "Mac"]
    assert all(program in last for program in programs)
    assert "ikke prøvet her" in last
