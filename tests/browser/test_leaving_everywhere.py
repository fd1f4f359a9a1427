"""Leaving is in reach on every page, in every state, on every screen: in a real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.accessibility import Found, Look, Shown, bring_measures
from support.browser import STATES, Served, Visit, visiting
from support.rare_answers import RARE
from support.tour import AT_HAND, COMPUTER, LARGER_PHONE

pytestmark = pytest.mark.browser

# The button of the bar, at the top of the page, midway and at its end.
IN_REACH, DEPTH = "leavingInReach()", "leavingDepth()"


@pytest.fixture(scope="module")
def visit(browser: Browser, site: Served) -> Iterator[Visit]:
    """Somebody with a phone."""
    with visiting(browser, site, reduced_motion="reduce") as visit:
        yield visit


@pytest.mark.parametrize("state", [*STATES, *RARE])
def test_leaving_is_in_reach_on_every_page(found: Callable[[str], Found], state: str) -> None:
    """Never scrolled away or covered; under the thumb of who holds a phone upright."""
    taken = found(state)
    for look in AT_HAND[IN_REACH]:
        assert taken[IN_REACH, look], look
    for look in AT_HAND[DEPTH]:
        assert taken[DEPTH, look] > 0.8, look


@pytest.mark.parametrize("state", [*STATES, *RARE])
def test_leaving_is_at_the_first_keys_on_every_page(visit: Visit, state: str) -> None:
    """The second stop of the keyboard, and seen there. Shift three times leaves."""
    visit.page.set_viewport_size(LARGER_PHONE.size)
    visit.bring_about({**STATES, **RARE}[state])
    visit.page.focus("body > :first-child a:first-child")
    visit.page.keyboard.press("Tab")
    assert visit.comes_to_focus(".skip-links .leave-button")
    expect(visit.page.locator(".skip-links .leave-button")).to_be_in_viewport(ratio=1)
    for _ in range(3):
        visit.page.keyboard.press("Shift")
    visit.page.wait_for_url(visit.is_outside)


def cover(page: Page) -> None:
    """Lay the page over the bar."""
    page.add_style_tag(content=".layout-sheet { position: relative; z-index: 9; background: #fff }")


def scroll_away(page: Page) -> None:
    """Let the bar go with the page."""
    page.add_style_tag(content=".thumb-bar { position: absolute !important }")


@pytest.mark.parametrize("spoil", [cover, scroll_away])
def test_what_is_out_of_reach_would_be_seen(
    browser: Browser, site: Served, spoil: Callable[[Page], None]
) -> None:
    """The measure notices each of the ways."""
    with visiting(browser, site, viewport=LARGER_PHONE.size, bypass_csp=True) as visit:
        bring_measures(visit.page.context)
        visit.open("/om/")
        shown = Shown("om", visit.page)
        assert shown.measure(IN_REACH)
        spoil(visit.page)
        assert not shown.measure(IN_REACH)


@pytest.mark.parametrize("state", ["skriv", "skriv-fejl", "skriv-cpr"])
@pytest.mark.parametrize("look", [LARGER_PHONE, COMPUTER])
def test_leaving_stands_beside_the_send_button(visit: Visit, state: str, look: Look) -> None:
    """Next to it for eye and keyboard, where a phone's own keyboard may cover the bar.

    Yet far enough away, at the other edge, and narrower: neither is pressed for the other.
    """
    visit.page.set_viewport_size(look.size)
    visit.bring_about(STATES[state])
    visit.page.focus("main .button--primary")
    visit.page.keyboard.press("Tab")
    assert visit.comes_to_focus("main .leave-button")
    gap, narrower, aside = visit.page.evaluate(
        """() => {
            const [leave, send] = ["main .leave-button", "main .button--primary"]
                .map((button) => document.querySelector(button).getBoundingClientRect());
            return [leave.top - send.bottom, send.width - leave.width, leave.left - send.left];
        }"""
    )
    assert 48 <= gap <= 96
    assert narrower >= 96
    assert aside >= 96
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(visit.is_outside)
