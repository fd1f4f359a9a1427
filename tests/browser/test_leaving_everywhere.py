"""Leaving is in reach on every page, in every state, on every screen: in a real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from support.browser import STATES, Served, Visit, visiting
from support.rare import RARE

pytestmark = pytest.mark.browser

PHONE, SMALL, SIDEWAYS, COMPUTER = (360, 640), (320, 568), (640, 360), (1280, 800)

# Whether the button of the bar is whole within the window with nothing on top of it, at the top of
# the page, midway and at its end.
IN_REACH = """() => [0, document.body.scrollHeight / 2, document.body.scrollHeight].every((top) => {
    scrollTo({ top, behavior: "instant" });
    const button = document.querySelector(".thumb-bar .leave-button");
    const box = button.getBoundingClientRect();
    const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight
        && box.right <= innerWidth && box.height >= 44;
    const points = [[.5, .5], [.05, .1], [.95, .1], [.05, .9], [.95, .9]];
    return inside && points.every(([x, y]) => button.contains(
        document.elementFromPoint(box.left + x * box.width, box.top + y * box.height)));
})"""
# How far down the window its middle is, from 0 to 1.
DEPTH = """() => {
    const box = document.querySelector(".thumb-bar .leave-button").getBoundingClientRect();
    return (box.top + box.bottom) / 2 / innerHeight;
}"""


@pytest.fixture(scope="module")
def visit(browser: Browser, site: Served) -> Iterator[Visit]:
    """Somebody with a phone."""
    with visiting(browser, site, reduced_motion="reduce") as visit:
        yield visit


@pytest.fixture(params=[*STATES, *RARE])
def shown(request: pytest.FixtureRequest, visit: Visit) -> Visit:
    """Somebody who sees a page in one of its states, or an answer that is seldom met."""
    visit.page.set_viewport_size(_size(PHONE))
    visit.bring_about({**STATES, **RARE}[request.param])
    return visit


def _size(screen: tuple[int, int]) -> ViewportSize:
    return {"width": screen[0], "height": screen[1]}


def in_reach(page: Page) -> bool:
    """Whether the bar's button can be pressed at the top of the page, midway and at its end."""
    return bool(page.evaluate(IN_REACH))


def test_leaving_is_in_reach_on_every_page(shown: Visit) -> None:
    """Never scrolled away or covered; under the thumb of who holds a phone upright.

    As a skip link too: the second stop of the keyboard, and seen there. Shift three times leaves.
    """
    for screen in (SMALL, SIDEWAYS, COMPUTER, PHONE):
        shown.page.set_viewport_size(_size(screen))
        assert in_reach(shown.page)
        if screen in (SMALL, PHONE):
            assert shown.page.evaluate(DEPTH) > 0.8
    shown.page.focus("body > :first-child a:first-child")
    shown.page.keyboard.press("Tab")
    assert shown.comes_to_focus(".skip-links .leave-button")
    expect(shown.page.locator(".skip-links .leave-button")).to_be_in_viewport(ratio=1)
    for _ in range(3):
        shown.page.keyboard.press("Shift")
    shown.page.wait_for_url(shown.is_outside)


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
    with visiting(browser, site, viewport=_size(PHONE), bypass_csp=True) as visit:
        visit.open("/om/")
        assert in_reach(visit.page)
        spoil(visit.page)
        assert not in_reach(visit.page)


@pytest.mark.parametrize("state", ["skriv", "skriv-fejl", "skriv-cpr"])
@pytest.mark.parametrize("screen", [PHONE, COMPUTER])
def test_leaving_stands_beside_the_send_button(
    visit: Visit, state: str, screen: tuple[int, int]
) -> None:
    """Next to it for eye and keyboard, where a phone's own keyboard may cover the bar.

    Yet far enough away, at the other edge, and narrower: neither is pressed for the other.
    """
    visit.page.set_viewport_size(_size(screen))
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
