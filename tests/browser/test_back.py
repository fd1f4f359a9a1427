"""Whoever has left does not get back: in Chromium and Firefox, over HTTPS, by real keys."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

import pytest
from support.browser import CPR, Served
from support.chromium import Chromium
from support.firefox import Firefox
from support.internet import ELSEWHERE, ELSEWHERE_TITLE, ORIGIN, Internet, internet
from support.municipality import FACTS
from support.patience import until

pytestmark = pytest.mark.browser

Person = Chromium | Firefox

SECRET = "Hemmeligt om Sofie"
KINDS: dict[str, Callable[[Path, Internet], Person]] = {
    "chromium": Chromium,
    "chromium-no-script": partial(Chromium, script=False),
    "firefox": Firefox,
    "firefox-no-script": partial(Firefox, script=False),
}


@pytest.fixture(scope="module")
def net(site: Served) -> Iterator[Internet]:
    """The site, and a stand-in for all others."""
    with internet(site) as net:
        yield net


@pytest.fixture(scope="module")
def people(
    net: Internet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Person]]:
    """Somebody with a browser of each kind, who comes when first called."""
    with ExitStack() as stack:

        @cache
        def call(kind: str) -> Person:
            person = KINDS[kind](tmp_path_factory.mktemp("a"), net)
            stack.callback(person.kill)
            return person

        yield call


@pytest.fixture
def person(request: pytest.FixtureRequest, people: Callable[[str], Person]) -> Person:
    """The one that the test names."""
    return people(request.param)


def arrive(person: Person) -> None:
    """Come by a link from another site, and read."""
    person.forget_cookies()
    person.open(ELSEWHERE)
    person.click("a")
    until(lambda: person.address == f"{ORIGIN}/")
    for address in ("/om/", "/moedet/"):
        person.open(ORIGIN + address)


def be_refused(person: Person) -> None:
    """Write, and be shown what is wrong with it."""
    person.open(f"{ORIGIN}/skriv/")
    person.write("#name", SECRET)
    person.write("#message", f"Mit nummer er {CPR}.")
    person.click("main .button--primary")
    until(lambda: person.sees("[role=alert]"))


def send(person: Person) -> None:
    """Put it right, and see the receipt."""
    person.write("#phone", "20 12 34 56")
    for choice in ("#who-0", "#prefer-0"):
        person.choose(choice)
    person.click("main .button--primary")
    until(lambda: person.sees(".receipt-number"))


def begin_again(person: Person) -> None:
    """Write another message, and stop in the middle."""
    person.click("main form[action='/skriv/forfra/'] button")
    until(lambda: person.sees("#message"))
    person.write("#message", SECRET)


def is_outside(person: Person) -> bool:
    """Whether it shows a page of another site, ready."""
    return not person.address.startswith(ORIGIN) and person.title != ""


def leave(person: Person, way: str) -> None:
    """By keys or by the button."""
    if way == "shift":
        person.press("Shift", "Shift", "Shift")
    elif way == "skip":
        person.open(f"{ORIGIN}/kontakt/")
        person.press("Tab", "Tab", "Enter")
    else:
        person.click(way)
    until(lambda: is_outside(person))


# Each browser, and each with and without script, in `make test`; the other pairs in `make bench`.
WAYS = {
    "chromium": "shift",
    "firefox-no-script": "skip",
    "chromium-no-script": "skip",
    "firefox": "shift",
}
MARKS = {kind: [] if number < 2 else [pytest.mark.slow] for number, kind in enumerate(WAYS)}


@pytest.mark.parametrize(
    ("person", "way"),
    [pytest.param(kind, way, marks=MARKS[kind]) for kind, way in WAYS.items()],
    indirect=["person"],
)
def test_no_back_shows_the_site_or_what_was_typed(person: Person, way: str) -> None:
    """Having come by a link, read, been refused, sent, and left while writing again."""
    arrive(person)
    be_refused(person)
    send(person)
    begin_again(person)
    leave(person, way)
    seen = []
    while person.address != ELSEWHERE:
        assert person.back()
        until(lambda: is_outside(person))
        seen.append((person.title, person.words("body")))
    assert len(seen) >= 5
    assert seen[-1] == (ELSEWHERE_TITLE, "Sol")
    assert {words for _, words in seen[:-1]} == {"Vejret"}


@pytest.mark.parametrize(
    "person", [pytest.param(kind, marks=MARKS[kind]) for kind in KINDS], indirect=True
)
def test_back_would_be_seen_to_lead_to_the_site(person: Person) -> None:
    """Without the cookie of leaving it does, and then the test above fails."""
    arrive(person)
    leave(person, ".thumb-bar .leave-button")
    person.forget_cookies()
    assert person.back()
    until(lambda: not is_outside(person))
    assert FACTS.text("kommune.navn") in person.words("body")
