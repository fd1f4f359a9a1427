"""The page about people's data tells what the program does with them, in whatever words.

The papers of `site/guides/` are held to the same numbers, in `tests/guides/test_papers.py`.
"""

import re
from typing import Final

import pytest
from support.guides import said
from support.house import House
from support.judging import text
from udvej.intake import drafts
from udvej.intake.form import ReferralForm
from udvej.intake.referral import Section
from udvej.outbox import receipts

pytestmark = pytest.mark.content

PRIVACY: Final = "/privatliv/"
# What the form asks, by the parts of the letter that show it, and words of which one tells it.
ASKED: Final = {
    Section.TOP: ("svar", "kontakt", "tolk"),
    Section.WHO: ("hvem der skriver", "hvem du er", "navn"),
    Section.ABOUT: ("dig selv", "en anden", "den, der vil ud"),
    Section.REPLY: ("svar", "kontakt"),
    Section.MESSAGE: ("fortæl",),
}


@pytest.fixture(scope="module")
def page(house: House) -> str:
    """What a reader sees of it, in Danish, where referrals are sealed for the team."""
    (main,) = house.page(house.visitor().get(PRIVACY)).all("main")
    return text(main)


def test_each_time_that_something_typed_is_kept_is_on_the_page(house: House, page: str) -> None:
    """Of a draft, of what tells that it was sent, and of a sealed letter that was mailed."""
    days = house.facts["frister"]["gemmes_dage"]
    for what, kept in (("a draft", drafts.KEPT), ("a receipt", receipts.SENT_ONCE)):
        assert said(kept) in page, f"{PRIVACY} should say that {what} is kept for {said(kept)}"
    assert re.search(rf"\b{days} dage?\b", page), f"{PRIVACY} should say {{frister.gemmes_dage}}"


def test_both_cookies_are_on_the_page(house: House, page: str) -> None:
    """The form's, and the one of leaving with its minutes; see `datavejen.md` for their names."""
    told = page.partition("Cookies")[2]
    assert "formular" in told
    assert "Forlad siden" in told
    assert re.search(rf"\b{house.facts['forlad']['minutter']} minut(?:ter)?\b", told)


def test_each_part_of_what_the_form_asks_is_on_the_page(page: str) -> None:
    """A new part of the letter is told there too."""
    sections = {question.answer.section for question in ReferralForm.unanswered().questions}
    assert {*ASKED} == sections, (
        f"{sections ^ {*ASKED}}: tell on {PRIVACY} what the form asks there, and add to ASKED what"
        " tells it"
    )
    for section, words in ASKED.items():
        assert any(word in page.casefold() for word in words), f"{PRIVACY} does not tell {section}"
