"""What is held of how pages look: nothing moves from page to page, and buttons are well set."""

from collections.abc import Callable
from typing import Final

import pytest
from support.accessibility import SCHEMES, Found, Look, Shown
from support.browser import STATES
from support.rare_answers import RARE
from support.tour import PAGES, SCREENS

pytestmark = pytest.mark.browser

# With the form and a long page in the other languages, whose words are of another length.
MOVING: Final = (
    *STATES,
    *RARE,
    *(f"{tag}-{state}" for tag in ("en", "ar") for state in ("skriv", "skriv-fejl", "moedet")),
)


@pytest.mark.parametrize("state", MOVING)
def test_nothing_at_hand_moves_from_page_to_page(found: Callable[[str], Found], state: str) -> None:
    """3.2.3: leave, call and write, the languages and the way home: the same place in each state.

    Where something is written there is no way to write, which would lose the text; the others stay
    where they are.
    """
    prefix = state[:3] if state.startswith(("en-", "ar-")) else ""
    for screen in SCREENS:
        there = found(f"{prefix}om")["places()", screen]
        assert len(there["bar"]) == 3
        here = found(state)["places()", screen]
        at_hand = 2 if here["written"] else 3
        expected = {**there, "bar": there["bar"][:at_hand], "written": here["written"]}
        assert here == expected, screen


def test_what_moves_would_be_seen(show: Callable[[str], Shown]) -> None:
    """The measure notices a step aside."""
    shown = show("om")
    before = shown.measure("places()")
    shown.page.evaluate("document.querySelector('.thumb-bar-leave').remove()")
    try:
        assert shown.measure("places()") != before
    finally:
        shown.page.reload()


@pytest.mark.parametrize("state", STATES)
def test_words_stand_in_the_middle_of_their_button(
    found: Callable[[str], Found], state: str
) -> None:
    """As far from the top as from the bottom, from the left as from the right."""
    for look in PAGES["offCentre()"]:
        buttons = found(state)["offCentre()", look]
        assert buttons
        assert [words for words, *off in buttons if max(off) > 1.5] == [], (look, buttons)


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
