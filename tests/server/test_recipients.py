"""Whom a live site mails to: those that are published, for all that acts for it, and no others."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.forked import Forked, run
from support.mailserver import Authority
from support.municipality import CONTENT
from support.road import Browser, Road, laid
from support.spoiling import spoil
from udvej.outbox.keys import TeamKey

OLD, NEW = "gammel@kommune.example", "ny@kommune.example"


@dataclass(frozen=True)
class Acting:
    """A live site, and a delivery that is a service of its own."""

    road: Road
    facts: Path

    def run(self, *arguments: str) -> str:
        """A command with the settings of the site; what it prints."""
        ran = run(*arguments, env=self.environ)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def environ(self) -> dict[str, str]:
        return {key: value for key, value in self.road.site.settings.items() if value}

    def names(self, old: str, new: str) -> None:
        """Change whom the content folder names."""
        spoil(self.facts, f'modtagere = ["{old}"]', f'modtagere = ["{new}"]')

    def mails_to(self) -> list[list[str]]:
        """Who receives a referral, and who a drill."""
        browser = Browser(self.road.site.port)
        assert browser.is_taken(browser.send())
        referral = self.road.mail().recipients
        assert self.run("drill").splitlines()[0].endswith(": sent")  # by day a code follows
        return [referral, self.road.mail().recipients]


@pytest.fixture
def acting(tmp_path: Path, authority: Authority, team: TeamKey) -> Iterator[Acting]:
    """It mails to those that `kommune.toml` names, first to the old one."""
    content = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    facts = content / "kommune.toml"
    spoil(facts, "[team]\n", f'[team]\nmodtagere = ["{OLD}"]\n')
    given = {"UDVEJ_CONTENT": str(content), "UDVEJ_MAIL_TO": ""}
    with laid("starttls", tmp_path, authority, team, "--without-delivery", **given) as road:
        made = Acting(road, facts)
        delivery = Forked("deliver", env=made.environ)
        try:
            yield made
        finally:
            delivery.end()


def test_a_recipient_counts_once_published_and_until_undone(acting: Acting) -> None:
    """For referrals and drills alike, without a restart: a drill proves where referrals go."""
    assert acting.mails_to() == [[OLD], [OLD]]
    acting.names(OLD, NEW)
    assert acting.mails_to() == [[OLD], [OLD]]
    acting.run("publish")
    assert acting.mails_to() == [[NEW], [NEW]]
    acting.run("publish", "--undo")
    assert acting.mails_to() == [[OLD], [OLD]]
