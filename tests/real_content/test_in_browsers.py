"""The content in a real Chromium: what a long word, a link or a heading can do to a page.

Colours, targets, focus, keyboard and print are the program's, whatever is said: `tests/browser`
measures them on every state.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.accessibility import COLOURS, VAGUE, Found, Shown, bring_measures
from support.browser import served, visiting
from support.contents import in_place
from support.editions import BOXES
from support.tour import COMPUTER, PHONE
from udvej.content.editions import Content
from udvej.content.pages import NEEDED, Edition

pytestmark = [pytest.mark.content, pytest.mark.browser]

MEASURED = dict.fromkeys(
    ("cutOff()", "overlapping()", "smallTargets(44)", "touchingTargets()"), (PHONE, COMPUTER)
)


@pytest.fixture(scope="module")
def editions() -> Mapping[str, Edition]:
    """The content in place, by the tags of its languages."""
    return Content.load(in_place(Path()), BOXES).editions


@pytest.fixture(scope="module")
def pages(
    browser: Browser,
    editions: Mapping[str, Edition],
    furnished: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Iterator[Shown]]]:
    """Every page of it in one language, opened one after the other."""
    folder = tmp_path_factory.mktemp("site")
    state = Path(shutil.copytree(furnished, folder / "state"))
    settings = {"UDVEJ_CONTENT": str(in_place(folder))}
    with served(state, settings) as site, visiting(browser, site) as visit:
        bring_measures(visit.page.context)

        def pages(tag: str) -> Iterator[Shown]:
            edition = editions[tag]
            for address in edition.pages:
                visit.open(edition.language.at(address))
                yield Shown(edition.language.at(address), visit.page)

        yield pages


def out_of_place(shown: Shown) -> Found:
    """What is cut off, lies on something else or is too small for a thumb."""
    return {where: found for where, found in shown.measure_all(MEASURED).items() if found}


def test_no_page_breaks_a_rule_of_axe_or_is_cut_off_in_any_language(
    pages: Callable[[str], Iterator[Shown]], editions: Mapping[str, Edition]
) -> None:
    """Order of headings, names of links, languages of parts and more of axe's.

    1.4.10: the longest word fits the narrowest screen; 2.5.8: links lie apart.
    """
    for tag in editions:
        opened = 0
        for shown in pages(tag):
            opened += 1
            assert out_of_place(shown) == {}, shown.state
            assert shown.complaints_of_axe(left=COLOURS) == [], shown.state
        assert opened >= len(NEEDED)


def test_headings_divide_the_text_and_links_say_where_they_lead(
    pages: Callable[[str], Iterator[Shown]],
) -> None:
    """2.4.6, 2.4.10: nobody reads more than a screen or so of text without a heading.

    2.4.4, 2.4.9, 3.2.4: the same words lead to the same place on every page, and tell which.
    """
    leads: dict[str, set[str]] = {}
    for shown in pages("da"):
        assert max(shown.measure("stretches()")) <= 130, shown.state
        for link in shown.measure("links()"):
            leads.setdefault(link["words"], set()).add(link["address"])
    assert {words: places for words, places in leads.items() if len(places) > 1} == {}
    assert [words for words in leads if VAGUE.search(words)] == []
