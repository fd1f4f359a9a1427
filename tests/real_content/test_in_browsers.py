"""The content in a real Chromium: what a long word, a link or a heading can do to a page.

Colours, targets, focus, keyboard and print are the program's, whatever is said: `tests/browser`
measures them on every state.
"""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.accessibility import VAGUE, Look, Shown, gallery
from support.browser import Visit, served
from support.contents import in_place
from udvej.content.editions import Content
from udvej.outbox.sealed import Scheme
from udvej.services import boxes_for

pytestmark = [pytest.mark.content, pytest.mark.browser]

PHONE, COMPUTER = Look(320, 568), Look()


@pytest.fixture(scope="module")
def editions(
    browser: Browser, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, list[Shown]]]:
    """Every page of the content in place, open, by language."""
    folder = tmp_path_factory.mktemp("site")
    contents = in_place(folder)
    state = Path(shutil.copytree(furnished, folder / "state"))
    settings = {
        "UDVEJ_CONTENT": str(contents.content),
        "UDVEJ_TRANSLATIONS": str(contents.translations),
    }
    content = Content.load(contents.content, contents.translations, boxes_for(Scheme.SMIME))
    addresses = {
        tag: [edition.language.at(address) for address in edition.pages]
        for tag, edition in content.editions.items()
    }
    states = {
        address: partial(Visit.open, address=address)
        for listed in addresses.values()
        for address in listed
    }
    with served(state, settings) as site, gallery(browser, site, states) as show:
        yield {tag: [show(address) for address in listed] for tag, listed in addresses.items()}


def test_axe_finds_nothing(editions: dict[str, list[Shown]]) -> None:
    """No rule of axe is broken: order of headings, names of links, languages of parts and more."""
    for shown in (shown for pages in editions.values() for shown in pages):
        shown.look(PHONE)
        assert shown.complaints_of_axe() == [], shown.state


def test_nothing_is_cut_off_or_overlaps(editions: dict[str, list[Shown]]) -> None:
    """1.4.10: the longest word fits the narrowest screen; 2.5.8: links lie apart."""
    for shown in (shown for pages in editions.values() for shown in pages):
        for look in (PHONE, COMPUTER):
            shown.look(look)
            for measure in ("cutOff()", "overlapping()", "smallTargets(44)", "touchingTargets()"):
                assert shown.measure(measure) == [], (shown.state, look, measure)


def test_headings_divide_the_text(editions: dict[str, list[Shown]]) -> None:
    """2.4.6, 2.4.10: nobody reads more than a screen or so of text without one."""
    for shown in editions["da"]:
        assert max(shown.measure("stretches()")) <= 130, shown.state


def test_link_says_by_itself_where_it_leads(editions: dict[str, list[Shown]]) -> None:
    """2.4.4, 2.4.9, 3.2.4: the same words lead to the same place on every page, and tell which."""
    leads: dict[str, set[str]] = {}
    for shown in editions["da"]:
        for link in shown.measure("links()"):
            leads.setdefault(link["words"], set()).add(link["address"])
    assert {words: places for words, places in leads.items() if len(places) > 1} == {}
    assert [words for words in leads if VAGUE.search(words)] == []
