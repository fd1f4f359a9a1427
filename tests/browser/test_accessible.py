"""WCAG 2.2 at AA, and of AAA what we promise, in a real Chromium: each criterion by its number.

What html5lib can tell (names, labels, order of headings, language: 1.3.1, 2.4.1, 2.4.2, 3.1.1) is
judged for every page in `web/test_judged.py`; the form by keys alone in `test_journeys.py`. What a
municipality's own words can do to a page is looked at in `real_content/`.
EN 301 549 asks the same of a web page in chapter 9; of what it asks beyond, 11.7 (the reader's own
settings) is shown here, chapter 10 by there being no other documents, 12 by the page about it all.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from support.accessibility import (
    ALL_STATES,
    COLOURS,
    FORCED,
    SCHEMES,
    SNAPSHOTS,
    VAGUE,
    Found,
    Look,
    Shown,
    bring_measures,
)
from support.browser import STATES
from support.municipality import FACTS
from support.terms import unexplained
from support.tour import ASIDE, COMPUTER, ENLARGED, LARGER_PHONE, PAGES, PHONE

pytestmark = pytest.mark.browser

FORM: Final = "skriv"
# What falls short by a measure, with the look in which it does.
Faults = Callable[[str], list[tuple[Look, Any]]]


@pytest.fixture(scope="module", params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    """Every page and state; the tests of one follow each other."""
    return str(request.param)


@pytest.fixture
def shown(show: Callable[[str], Shown], state: str) -> Shown:
    """Each of them, as most people see it."""
    shown = show(state)
    shown.look()
    return shown


@pytest.fixture
def faults(found: Callable[[str], Found], state: str) -> Faults:
    """What falls short by a measure in any of its looks."""

    def faults(measure: str) -> list[tuple[Look, Any]]:
        taken = found(state)
        return [(look, taken[measure, look]) for look in PAGES[measure] if taken[measure, look]]

    return faults


@pytest.fixture(scope="module", params=["skriv-fejl"])
def spoilt(show: Callable[[str], Shown], request: pytest.FixtureRequest) -> Callable[[], Shown]:
    """A page that tests may spoil by styles of their own."""
    return partial(show, request.param)


# axe.


IN_THE_DARK: Final = replace(PHONE, scheme="dark")


def axe_finds_nothing(shown: Shown, *looks: tuple[Look, Sequence[str]]) -> None:
    """No rule of axe is broken in any of the looks, but for those that are left out there."""
    for look, left in looks:
        # In the dark axe takes the browser's own colours, as on the blank page, for light ones.
        light = replace(look, scheme="light") if shown.state == "forlad" else look
        shown.look(light)
        assert shown.complaints_of_axe(left) == [], light


# The form in each language, errors, and two pages of words: all such pages `real_content` judges in
# the same templates, and the test below these too.
JUDGED_BY_AXE: Final = [
    state for state in ALL_STATES if re.match("fejl|findes|forlad|forside|om$|.*skriv", state)
]


@pytest.mark.parametrize("state", JUDGED_BY_AXE, scope="module")
def test_axe_finds_nothing(show: Callable[[str], Shown], state: str) -> None:
    """No rule of axe is broken, on a phone in the dark and on a computer in the light.

    1.1.1, 1.3.1, 1.4.1, 1.4.3, 2.4.1, 2.4.4, 2.5.3, 2.5.8, 3.1.1, 3.1.2, 4.1.2 and more. What it
    is not sure of stands above. Colours, which take axe longer than all else, once for each state:
    the other languages have the same, and the test below measures them in every scheme.
    """
    if state.startswith(("en", "ar")):
        look = COMPUTER if state.startswith("en") else IN_THE_DARK
        axe_finds_nothing(show(state), (look, COLOURS))
    else:
        axe_finds_nothing(show(state), (IN_THE_DARK, ()), (COMPUTER, COLOURS))


@pytest.mark.slow
@pytest.mark.parametrize("state", ALL_STATES, scope="module")
def test_axe_finds_nothing_by_any_rule_in_any_look(
    show: Callable[[str], Shown], state: str
) -> None:
    """The same with every rule each time."""
    axe_finds_nothing(show(state), (IN_THE_DARK, ()), (COMPUTER, ()))


def test_axe_would_find_something(browser: Browser) -> None:
    """Its rules are on, those beyond the law too."""
    with browser.new_context() as context:
        bring_measures(context)
        page = context.new_page()
        page.goto("about:blank")
        page.set_content(
            """<html><title>x</title><body><h1>En</h1><h3>Tre</h3>
            <p style="color: #767676">Ord</p><p>Ord</p>
            <img src="x"><a href="https://a.test/">Ord</a><a href="https://b.test/">Ord</a>"""
        )
        found = Shown("", page).axe()
    assert {rule for rule, _ in found["violations"]} >= {
        "color-contrast-enhanced",  # AAA
        "heading-order",  # best practice
        "image-alt",  # A
        "region",  # best practice
    }
    assert "identical-links-same-purpose" in {rule for rule, _ in found["incomplete"]}


# Colours.


def test_contrast_of_text_is_seven_to_one(faults: Faults) -> None:
    """1.4.3 and 1.4.6: all text, in the light, the dark and where more contrast is asked for.

    On paper too.
    """
    assert faults("faintText(7)") == []


def test_edges_of_buttons_and_fields_stand_out(faults: Faults) -> None:
    """1.4.11: 3:1 against what they stand on, in forced colours too."""
    assert faults("faintEdges(3)") == []


def test_choices_stand_out(show: Callable[[str], Shown]) -> None:
    """1.4.11: the browser's own radio buttons and boxes are drawn 3:1 against the page."""
    shown = show(FORM)
    unfold = "open => document.querySelectorAll('details').forEach(part => { part.open = open; })"
    shown.page.evaluate(unfold, True)  # noqa: FBT003 (what the script takes)
    for scheme, forced in product(SCHEMES, FORCED):
        shown.look(Look(scheme=scheme, forced=forced, motion="reduce"))
        choices = shown.page.locator(".choice input").element_handles()
        assert choices
        for choice in choices:
            choice.scroll_into_view_if_needed()
            drawn = shown.measure(f"standingOut('{shown.picture(choice, 2)}', 3)")
            assert drawn >= 2 * 28, (scheme, forced)
    shown.page.evaluate(unfold, False)  # noqa: FBT003


# Without the line that blinks where one writes.
CALM: Final = Look(motion="reduce", styles="* { caret-color: transparent !important }")
FOCUS_SEEN_ON: Final = ("forside", "skriv-fejl", "skriv-tak")
FOCUS_SEEN_IN: Final = (CALM, replace(CALM, scheme="dark"), replace(CALM, forced="active"))


@pytest.mark.parametrize(
    ("state", "look"),
    [
        # Each state and each look once in `make test`, every pair in `make bench`.
        pytest.param(
            state, look, id=f"{state}-{number}", marks=[] if number == turn else pytest.mark.slow
        )
        for turn, state in enumerate(FOCUS_SEEN_ON)
        for number, look in enumerate(FOCUS_SEEN_IN)
    ],
)
def test_focus_is_seen(show: Callable[[str], Shown], state: str, look: Look) -> None:
    """2.4.7 and 2.4.13: what focus changes is as large as a line of 2 pixels around, and 3:1.

    Measured on pictures of each kind of link, button and field without and with focus.
    """
    shown = show(state)
    shown.look(look)
    shown.page.keyboard.press("Tab")
    kinds = [*shown.kinds()]
    assert len(kinds) > 5
    for kind in kinds:
        kind.evaluate("element => element.scrollIntoView({block: 'center'})")
        shown.page.evaluate("document.activeElement.blur()")
        before = shown.picture(kind, 12)
        kind.evaluate("element => element.focus({preventScroll: true})")
        after = shown.picture(kind, 12)
        changed = shown.measure(f"changed('{before}', '{after}', 3)")
        line = kind.evaluate("element => 4 * (element.offsetWidth + element.offsetHeight)")
        assert changed >= line, (look, kind.evaluate("element => element.outerHTML"))


# Size and setting.


def test_targets_are_as_large_as_a_thumb(faults: Faults) -> None:
    """2.5.5 and 2.5.8: 44 by 44 pixels, but for a link within a sentence; none lies on another."""
    assert faults("smallTargets(44)") == []
    assert faults("touchingTargets()") == []


def test_nothing_is_lost_when_text_grows(
    found: Callable[[str], Found], faults: Faults, state: str
) -> None:
    """1.4.4, 1.4.10 and 1.4.12: nothing is cut off, lies on other text or is too wide to be read.

    400 % is 320 pixels of width; 200 % of the text alone is the reader's own setting. Nothing is
    cut off on a phone on its side and on paper either.
    """
    for look in PAGES["width()"]:
        assert found(state)["width()", look] == look.width
    assert faults("cutOff()") == []
    assert faults("overlapping()") == []


def test_text_is_set_to_be_read(faults: Faults) -> None:
    """1.4.8: at most 80 characters a line, not justified, lines at least 1.5 apart.

    From the last line of a paragraph to the first of the next there is half a line more. Colours
    are the reader's to choose (forced colours), 200 % is shown above.
    """
    assert faults("badlySet(80, 1.5)") == []


def test_nothing_moves(faults: Faults) -> None:
    """2.2.2, 2.3.1, 2.3.2, 2.3.3: nothing is animated; a jump slides only where that is liked."""
    assert faults("moving()") == []


def test_either_way_up(found: Callable[[str], Found], state: str) -> None:
    """1.3.4: a phone on its side shows the same words."""
    assert found(state)["text()", ASIDE] == found(state)["text()", PHONE] != ""


def test_paper_holds_what_matters(faults: Faults) -> None:
    """Every word is printed, each number and address too; buttons and menus are not."""
    assert faults("print()") == []


# Each way to spoil a page, and the measure that must notice.
FAULTS: Final[Sequence[tuple[str, str]]] = (
    ("p { color: #777 }", "faintText(7)"),
    ("h2 { opacity: .5 }", "faintText(7)"),
    ("textarea { border-color: #ccc }", "faintEdges(3)"),
    (".button--primary { border: 0 }", "faintEdges(3)"),
    (".menu a { padding: 0; min-height: 0 }", "smallTargets(44)"),
    (".error-summary a { padding: 0 }", "smallTargets(44)"),
    (".menu { display: block } .menu li { margin-top: -1rem }", "touchingTargets()"),
    ("main h1 { white-space: nowrap; font-size: 12rem }", "cutOff()"),
    ("button { height: 1rem; min-height: 0; padding: 0 }", "cutOff()"),
    (".notice { height: 4rem; overflow: hidden }", "cutOff()"),
    ("main p { margin-bottom: -1.5em }", "overlapping()"),
    ("main { width: 80rem }", "badlySet(80, 1.5)"),
    ("main p { line-height: 1.3 }", "badlySet(80, 1.5)"),
    ("main p { margin: 0 }", "badlySet(80, 1.5)"),
    ("main p { text-align: justify }", "badlySet(80, 1.5)"),
    ("a { transition: color 1s }", "moving()"),
    ("@media print { button { display: block !important } }", "print()"),
    ("@media print { .notice { display: none } }", "print()"),
)


@pytest.mark.parametrize(("styles", "measure"), FAULTS)
def test_measure_notices_a_fault(spoilt: Callable[[], Shown], styles: str, measure: str) -> None:
    """Each measure above can fail."""
    shown, look = spoilt(), Look(600, 700, media="print" if "print" in measure else "screen")
    spoiling = replace(look, styles=styles)
    assert shown.measure_all({measure: [look]}) == {(measure, look): []}
    try:
        assert shown.measure_all({measure: [spoiling]}) != {(measure, spoiling): []}
    except Exception as error:
        if "cannot be measured" not in str(error):
            raise


# The keyboard.


def out_of_order_or_covered(shown: Shown, look: Look) -> tuple[object, Sequence[str]]:
    """Stops of the keyboard that do not come in their turn, and what lies on any of them."""
    shown.look(look)
    stops = shown.page.evaluate_handle("measures.stops()")
    count = stops.evaluate("stops => stops.length")
    assert count > 20
    stops.evaluate("stops => stops[0].focus()")
    seen = shown.page.evaluate_handle("measures.watchFocus()")
    covered = []
    for _ in range(count - 1):
        covered += shown.measure("covered()")
        shown.page.keyboard.press("Tab")
    covered += shown.measure("covered()")
    wrong = seen.evaluate(
        """(seen, stops) => stops.slice(1)
            .map((stop, at) => seen[at] === stop ? null : [at, stop.outerHTML])
            .filter((wrong) => wrong)""",
        stops,
    )
    return wrong, covered


def test_keyboard_reaches_everything_in_order(shown: Shown) -> None:
    """2.1.1, 2.1.2, 2.1.3, 2.4.3: Tab stops at all that can be used, as it is read, and goes on.

    2.4.12: each stop is seen whole, at 400 % too.
    """
    assert out_of_order_or_covered(shown, ENLARGED) == ([], [])


@pytest.mark.parametrize("look", [LARGER_PHONE, COMPUTER])
def test_keyboard_reaches_everything_on_every_screen(
    show: Callable[[str], Shown], look: Look
) -> None:
    """The same on a page with much to be reached, where the bar lies over it and where not."""
    shown = show("skriv-fejl")
    assert out_of_order_or_covered(shown, replace(look, motion="reduce")) == ([], [])


def test_what_is_too_wide_or_covered_would_be_seen(spoilt: Callable[[], Shown]) -> None:
    """The measures notice what lies over a page, and is wider than it."""
    shown = spoilt()
    over = "main { position: absolute; inset: 0; width: 400px; z-index: 99 }"
    shown.look(replace(ENLARGED, styles=over))
    shown.page.focus(".thumb-bar button")
    assert shown.measure("width()") > 320
    assert shown.measure("covered()") != []


# Words.


def test_one_knows_where_one_is(shown: Shown) -> None:
    """2.4.2, 2.4.8: one h1, a title of its own, and a menu of all pages in which this is marked.

    Enough for a house whose rooms all lie behind its one door. What is no page but an answer (an
    error, the receipt) has no place in the menu; its h1 and its title say what it answers.
    """
    assert shown.page.locator("h1:visible").count() == 1
    marked = shown.page.locator("[aria-current=page]")
    if shown.state in ("findes-ikke", "skriv-cookies", "skriv-tak"):
        assert marked.count() == 0
        return
    assert marked.count() == 1
    if shown.state != "forside":
        assert marked.inner_text() in shown.page.title()


@pytest.fixture(scope="module")
def leads() -> dict[str, str]:
    """Where words have led so far, on the pages that were looked at."""
    return {}


def test_link_says_by_itself_where_it_leads(
    found: Callable[[str], Found], state: str, leads: dict[str, str]
) -> None:
    """2.4.4, 2.4.9, 3.2.4: the same words lead to the same place on every page, and tell which."""
    links = found(state)["links()", COMPUTER]
    assert len(links) > 10
    known = {link["words"]: leads.setdefault(link["words"], link["address"]) for link in links}
    assert [link for link in links if link["address"] != known[link["words"]]] == []
    assert [words for words in known if VAGUE.search(words)] == []


def test_vague_words_are_known() -> None:
    """The words that the test above refuses, and some that it lets pass."""
    for words in ("Læs mere", "Her", "Klik her", "Læs mere om det", "Læs, hvad du kan gøre"):
        assert VAGUE.search(words), words
    for words in ("Skriv til os", "Ring 112", "Læs om, hvem der får hvad at vide"):
        assert not VAGUE.search(words), words


def test_headings_divide_the_text(found: Callable[[str], Found], state: str) -> None:
    """2.4.6, 2.4.10: nobody reads more than a screen or so of text without one."""
    stretches = found(state)["stretches()", COMPUTER]
    assert stretches
    assert max(stretches) <= 130


def test_help_is_at_hand(shown: Shown) -> None:
    """3.2.6, 3.3.5: the number to call stands on every page in the same two places.

    A page whose own text gives it, and that of the police, does not give them again at the end.
    On the form each question that could be answered wrongly has a hint or an example.
    """
    number = shown.page.locator(".thumb-bar a[href^='tel:']").get_attribute("href")
    gives_both = all(
        shown.page.locator(f"main a[href='{link}']").count()
        for link in (number, *(police.link("politi.telefon") for police in FACTS.each("politi")))
    )
    assert shown.page.locator(f".layout-foot a[href='{number}']").count() == (not gives_both)
    if shown.state == FORM:
        for field in ("name", "reach", "times", "message"):
            assert shown.page.locator(f"#{field}-hint").is_visible()


def test_words_are_explained_where_they_stand(shown: Shown) -> None:
    """3.1.3 and 3.1.4: an unusual word or abbreviation is explained on the page that uses it."""
    text = shown.page.inner_text("body")
    without_names = re.sub(r"\S+@\S+|\b[0-9A-Z]{3}-[0-9A-Z]{3}\b", "", text)
    assert unexplained(without_names, FACTS) == []


def test_unexplained_word_would_be_noticed() -> None:
    """What is not explained is found, and so is an abbreviation that nobody thought of."""
    assert unexplained("Skriv ikke dit CPR-nummer. Spørg PET.", FACTS) == ["CPR", "PET"]
    assert unexplained("Vi følger WCAG, et fælles sæt regler for hjemmesider.", FACTS) == []


# What is said, and what is true.


def test_errors_can_be_mended_before_anything_is_sent(show: Callable[[str], Shown]) -> None:
    """3.3.1, 3.3.3, 3.3.4, 3.3.6: what is sent is checked first, and can be put right.

    A message cannot be called back when it has arrived; so the check is what we rely on, and the
    receipt tells how to say that something has changed.
    """
    refused = show("skriv-fejl").page
    assert refused.locator("[role=alert] a[href^='#']").count() == 3
    assert refused.locator("[aria-invalid=true]").count() == 3
    assert show("skriv-tak").page.locator("main a[href^='tel:']").count() == 1


def test_deviation_is_declared(show: Callable[[str], Shown]) -> None:
    """1.3.5 is not met: no field has a purpose by which a browser remembers. The page says so."""
    fields = show(FORM).page.locator("form input:visible:not([type=radio], [type=checkbox])")
    assert fields.count() >= 4
    for field in fields.all():
        assert field.get_attribute("autocomplete") == "off"
    assert "1.3.5" in show("tilgaengelighed").page.inner_text("main")


# What is heard.


def test_accessibility_tree_is_the_one_that_was_read(shown: Shown) -> None:
    """1.3.1, 1.3.2, 4.1.2, 4.1.3: roles, names and order are those a person has read through.

    `make snapshots` renews them; read the difference as a screen reader would.
    """
    assert shown.tree() == (SNAPSHOTS / f"{shown.state}.yml").read_text("utf-8")


def test_no_tree_is_left_over() -> None:
    """Each snapshot belongs to a page."""
    assert {path.stem for path in SNAPSHOTS.glob("*.yml")} == set(STATES)
