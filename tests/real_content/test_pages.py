"""The pages of the content: valid, readable, light, reachable, and neutral where it is seen."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from support.checkers import nu
from support.contents import CONTENTS
from support.house import House
from support.judging import CONTENT, FORM, Page, judge, text
from support.terms import unexplained
from udvej.check.content import check
from udvej.content.pages import NEEDED
from udvej.languages import Language

pytestmark = pytest.mark.content


@cache
def pages(house: House, language: Language) -> dict[str, Page]:
    """Every page in a language, by its address in Danish."""
    found = {}
    for address in house.content.editions[language.tag].pages:
        response = house.visitor().get(language.at(address))
        assert response.status_code == 200, address
        found[address] = house.page(response)
    return found


def test_editors_have_nothing_to_mend(contents: Path) -> None:
    """Loaded whole, easy to read, light, translations without a fault: what `udvej check` says."""
    report = check(contents, date.today())  # noqa: DTZ011 (a day more or less)
    assert report.mistakes == []
    # A year without a review, and Danish that waits for a translator, are no faults of the text.
    later = re.compile(r"gennemgaaet:|(?:\d+ tekster )?vises på dansk|og \d+ til, som ikke")
    assert [found for found in report.warnings if not later.match(found.words)] == []


def test_every_page_passes_the_judge_in_every_language(house: House) -> None:
    """Links lead somewhere, titles are neutral, contacts are at hand."""
    for language in house.languages.values():
        shown = pages(house, language)
        for address, page in shown.items():
            judge(page, FORM if address == "/skriv/" else CONTENT)
        titles = [page.title for page in shown.values()]
        assert len(set(titles)) == len(titles)


def test_html_is_valid(houses: Callable[[str], House], tmp_path: Path) -> None:
    """Of every page in every language. In one run, since the checker takes long to start.

    But for the other municipality's, which `web/test_judged.py` has checked.
    """
    html = {
        f"{name}: {language.at(address)}": page.html
        for name in CONTENTS
        if name != "another-municipality"
        for language in houses(name).languages.values()
        for address, page in pages(houses(name), language).items()
    }
    assert len(html) >= (len(CONTENTS) - 1) * len(NEEDED)
    assert nu(tmp_path, html) == []


def test_every_page_is_reached_from_the_first(house: House) -> None:
    """By links, in each language; what nothing leads to is never read."""
    for language in house.languages.values():
        shown = {language.at(address): page for address, page in pages(house, language).items()}
        reached, waiting = set(), [language.at("/")]
        while waiting:
            address = waiting.pop()
            reached.add(address)
            links = {link.get("href", "").partition("#")[0] for link in shown[address].all("a")}
            waiting += (links & shown.keys()) - reached - {*waiting}
        assert reached == shown.keys()


def test_words_of_the_trade_are_explained_where_they_stand(house: House) -> None:
    """3.1.3 and 3.1.4: an unusual word or abbreviation is explained on the page that uses it."""
    [danish] = (language for language in house.languages.values() if language.is_danish)
    for address, page in pages(house, danish).items():
        assert unexplained(text(page.root), house.facts) == [], address
