"""What is held of how pages look: nothing moves from page to page, and buttons are well set."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from support.accessibility import SCHEMES, Look, Shown, gallery
from support.browser import STATES, Served
from support.rare import RARE

pytestmark = pytest.mark.browser

SCREENS: Final = ((320, 568), (360, 640), (768, 1024), (1023, 700), (1024, 768), (1280, 800))

# The place of what must never move: leave, call, write; the languages; the way home.
PLACES: Final = """() => {
    const boxes = (selector) => [...document.querySelectorAll(selector)]
        .map((element) => element.getBoundingClientRect());
    return {
        bar: boxes(".thumb-bar > :is(form, a)").map(({ x, y, width }) => [x, y, width]),
        // On the page, which may be scrolled to what has focus.
        // The language of the page is bold, and a little wider.
        languages: boxes(".layout-languages .language-menu")
            .map(({ right, top, bottom }) => [right, top + scrollY, bottom + scrollY]),
        home: boxes(".layout-mark").map(({ x, y, width }) => [x, y + scrollY, width]),
    };
}"""

# How far the words of each button stand from its middle, across and down.
OFF_CENTRE: Final = """() => [...document.querySelectorAll(".button")].flatMap((button) => {
    const box = button.getBoundingClientRect(), range = document.createRange();
    if (!box.width || button.closest(".unseen")) return [];
    range.selectNodeContents(button);
    const lines = [...range.getClientRects()].filter((line) => line.width > 1);
    const middle = (from, to) => (Math.min(...lines.map((line) => line[from]))
        + Math.max(...lines.map((line) => line[to]))) / 2;
    return [[button.textContent,
        Math.abs(middle("left", "right") - (box.left + box.right) / 2),
        Math.abs(middle("top", "bottom") - (box.top + box.bottom) / 2)]];
})"""


@pytest.fixture(scope="module")
def show(browser: Browser, site: Served) -> Iterator[Callable[[str], Shown]]:
    """Any page, open until another is asked for."""
    with gallery(browser, site) as show:
        yield show


@pytest.fixture(scope="module")
def expected(show: Callable[[str], Shown]) -> Callable[[str], Mapping[tuple[int, int], Any]]:
    """Where things stand on a page of a language, by the beginning of its address."""
    return cache(lambda prefix: places(show(f"{prefix}om")))


def places(shown: Shown) -> Mapping[tuple[int, int], Any]:
    """Where things stand, on each screen."""
    found = {}
    for width, height in SCREENS:
        shown.look(Look(width, height, motion="reduce"))
        found[width, height] = shown.page.evaluate(PLACES)
    return found


# With the form and a long page in the other languages, whose words are of another length.
MOVING: Final = (
    *STATES,
    *RARE,
    *(f"{tag}-{state}" for tag in ("en", "ar") for state in ("skriv", "skriv-fejl", "moedet")),
)


@pytest.mark.parametrize("state", MOVING, scope="module")
def test_nothing_at_hand_moves_from_page_to_page(
    show: Callable[[str], Shown],
    expected: Callable[[str], Mapping[tuple[int, int], Any]],
    state: str,
) -> None:
    """3.2.3: leave, call and write, the languages and the way home: the same place in each state.

    The form has no way to write, which would lose the text; the others stay where they are.
    """
    of_its_language = expected(state[:3] if state.startswith(("en-", "ar-")) else "")
    shown = show(state)
    at_hand = 2 if shown.page.locator("main :is(textarea, .receipt-number)").count() else 3
    for screen, found in places(shown).items():
        there = of_its_language[screen]
        assert len(there["bar"]) == 3
        assert found == {**there, "bar": there["bar"][:at_hand]}, screen


def test_what_moves_would_be_seen(show: Callable[[str], Shown]) -> None:
    """The measure notices a step aside."""
    shown = show("om")
    before = places(shown)
    shown.page.evaluate("document.querySelector('.thumb-bar form').remove()")
    try:
        assert places(shown) != before
    finally:
        shown.page.reload()


@pytest.mark.parametrize("state", STATES, scope="module")
def test_words_stand_in_the_middle_of_their_button(
    show: Callable[[str], Shown], state: str
) -> None:
    """As far from the top as from the bottom, from the left as from the right."""
    shown = show(state)
    for width in (360, 1280):
        shown.look(Look(width))
        found = shown.page.evaluate(OFF_CENTRE)
        assert found
        assert [words for words, *off in found if max(off) > 1.5] == [], (width, found)


def test_rows_that_lead_on_are_as_wide_as_the_page(show: Callable[[str], Shown]) -> None:
    """All of each can be pressed."""
    shown = show("forside")
    for width in (360, 1280):
        shown.look(Look(width))
        sizes = shown.page.evaluate(
            """() => [...document.querySelectorAll(".genveje a")].map((link) =>
                [link.offsetWidth - link.closest("main").offsetWidth, link.offsetHeight >= 48])"""
        )
        assert sizes
        assert sizes == [[0, True]] * len(sizes)


@pytest.mark.parametrize("state", ["forside", "skriv"])
def test_the_bars_of_the_browser_take_on_the_colour_of_the_paper(
    show: Callable[[str], Shown], state: str
) -> None:
    """`theme-color` is the page's own ground, in the light and in the dark."""
    shown = show(state)
    for scheme in SCHEMES:
        shown.look(Look(scheme=scheme))
        ground, colours = shown.page.evaluate(
            """() => {
                const paint = document.createElement("canvas").getContext("2d");
                const rgb = (colour) => (paint.fillStyle = colour, paint.fillStyle);
                return [rgb(getComputedStyle(document.documentElement).backgroundColor),
                    [...document.querySelectorAll("meta[name=theme-color]")]
                        .filter((meta) => matchMedia(meta.media).matches)
                        .map((meta) => rgb(meta.content))];
            }"""
        )
        assert colours == [ground]
