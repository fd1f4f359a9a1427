"""Whoever watches, on the way, in the browser or in the logs, finds nothing to follow."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Route
from support.browser import STATES, Served, Visit, visiting
from support.firefox import Firefox
from support.internet import HOST, ORIGIN, Internet, internet
from support.mailserver import Authority
from support.municipality import CONTENT, FACTS, PAGES
from support.patience import PATIENCE, until
from support.road import Road, laid
from support.searching import files, found, planted
from support.w3m import text_browser
from udvej.content.face import Face
from udvej.content.titles import tell_tale
from udvej.languages import DANISH
from udvej.outbox.keys import TeamKey
from udvej.web.assets import Assets

# Everything that tells browsers apart, and every place where something could be kept.
WATCHED = """() => {
    window.read = [];
    const watch = (object, name) => {
        for (const key of Object.getOwnPropertyNames(object)) {
            const found = Object.getOwnPropertyDescriptor(object, key);
            if (!found.configurable || key === "constructor") continue;
            const noted = function (...given) {
                window.read.push(name + "." + key);
                return (found.get || found.value).apply(this, given);
            };
            if (found.get) Object.defineProperty(object, key, { ...found, get: noted });
            else if (typeof found.value === "function")
                Object.defineProperty(object, key, { ...found, value: noted });
        }
    };
    for (const name of ["Navigator", "Screen", "HTMLCanvasElement", "CanvasRenderingContext2D",
        "Storage", "Performance", "History", "MediaDevices", "FontFaceSet", "IDBFactory",
        "CacheStorage", "WebGLRenderingContext", "BatteryManager", "VisualViewport",
        "XMLHttpRequest"])
        if (window[name]) watch(window[name].prototype, name);
    watch(Intl, "Intl");
    for (const key of ["cookie", "referrer"]) {
        const found = Object.getOwnPropertyDescriptor(Document.prototype, key);
        Object.defineProperty(Document.prototype, key, { ...found, get() {
            window.read.push("document." + key);
            return found.get.call(this);
        } });
    }
    for (const key of ["fetch", "matchMedia", "getComputedStyle", "localStorage",
        "devicePixelRatio", "sessionStorage", "innerWidth", "innerHeight", "outerWidth", "name"]) {
        const value = window[key];
        Object.defineProperty(window, key, { get() {
            window.read.push("window." + key);
            return typeof value === "function" ? value.bind(window) : value;
        } });
    }
}"""


@pytest.fixture(scope="module")
def net(site: Served) -> Iterator[Internet]:
    """The site by its name, and a stand-in for all others."""
    with internet(site) as net:
        yield net


# What Tor Browser sets at its level "safest": no script, no fonts from the network, no SVG, no
# MathML, a private window, and the answers that tell nobody apart.
SAFEST = {
    "browser.privatebrowsing.autostart": True,
    "gfx.downloadable_fonts.enabled": False,
    "gfx.font_rendering.graphite.enabled": False,
    "gfx.font_rendering.opentype_svg.enabled": False,
    "mathml.disabled": True,
    "media.webaudio.enabled": False,
    "privacy.firstparty.isolate": True,
    "privacy.resistFingerprinting": True,
    "svg.disabled": True,
}


# What scripts read.


@pytest.fixture(scope="module")
def watched(browser: Browser, site: Served) -> Iterator[Visit]:
    """Somebody whose browser writes down what scripts read of each page."""
    with visiting(browser, site) as visit:
        visit.page.add_init_script(f"({WATCHED})()")
        yield visit


@pytest.mark.browser
@pytest.mark.parametrize("state", ["forside", "moedet", "skriv-cpr", "skriv-tak", "findes-ikke"])
def test_script_reads_nothing_that_tells_browsers_apart(watched: Visit, state: str) -> None:
    """Nor anything that is kept; of the browser at most the languages its person reads."""
    watched.bring_about(STATES[state])
    for key in ("Shift", "a", "Tab"):
        watched.page.keyboard.press(key)
    assert {*watched.page.evaluate("read")} <= {"Navigator.languages"}


@pytest.mark.browser
@pytest.mark.parametrize(
    "reading",
    [
        "navigator.userAgent", "screen.width", "document.createElement('canvas').toDataURL()",
        "localStorage.length", "document.cookie", "innerWidth", "performance.now()",
        "Intl.DateTimeFormat()", "matchMedia('(color)')",
    ],
)  # fmt: skip
def test_what_a_script_reads_would_be_seen(watched: Visit, reading: str) -> None:
    """Each of the ways is written down."""
    watched.open("/om/")
    watched.page.evaluate("read.length = 0")
    watched.page.evaluate(reading)
    assert watched.page.evaluate("read") != []


# What another site sees.

SPY = "https://spion.example/"
# All that a page may ask of a window it opened, once that shows another site.
SEEN = "() => [opened.closed, opened.closed || opened.length]"


def _seen_by_whoever_opened_it(visit: Visit, *, left: bool, held: bool) -> object:
    """Open the site from a page of somebody else's, and look at the window."""
    weather = '<!doctype html><title>Vejret</title><iframe srcdoc="Reklame"></iframe>'
    visit.page.context.route(
        visit.is_outside, lambda route: route.fulfill(body=weather, content_type="text/html")
    )
    if left:
        visit.open("/")
        visit.page.click(".thumb-bar .leave-button")
        visit.page.wait_for_url(visit.is_outside)
    visit.page.goto(SPY)
    with visit.page.expect_popup() as popup:
        visit.page.evaluate(f"() => {{ window.opened = open('{visit.site.origin}/om/') }}")
    popup.value.wait_for_url(
        lambda address: address.startswith("https:") and visit.is_outside(address) == left
    )
    popup.value.wait_for_load_state()
    if not held:  # its end is told a moment later
        visit.page.wait_for_function("opened.closed")
    return visit.page.evaluate(SEEN)


def _let_the_window_be_held(visit: Visit) -> None:
    """Answer without the header that lets go of whoever opened the site."""

    def answer(route: Route) -> None:
        answered = route.fetch()
        headers = {**answered.headers}
        del headers["cross-origin-opener-policy"]
        route.fulfill(response=answered, headers=headers)

    visit.page.context.route(f"{visit.site.origin}/**", answer)


@pytest.mark.browser
@pytest.mark.parametrize("held", [False, True])
def test_page_that_opens_the_site_does_not_see_whether_it_was_left(
    browser: Browser, site: Served, *, held: bool
) -> None:
    """The cookie of leaving comes along with a link from anywhere; the header hides what it does.

    Without the header (held) the frames of the weather would be seen.
    """
    seen = []
    for left in (False, True):
        with visiting(browser, site) as visit:
            if held:
                _let_the_window_be_held(visit)
            seen.append(_seen_by_whoever_opened_it(visit, left=left, held=held))
    assert (seen[0] != seen[1]) == held, seen


# What goes out.


@pytest.mark.browser
def test_firefox_at_its_safest_sends_the_form_and_asks_nobody_but_the_site(
    net: Internet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As Tor Browser is at its safest: reading, being refused, sending, leaving."""
    person = Firefox(tmp_path_factory.mktemp("a"), net, script=False, preferences=SAFEST)
    try:
        for address in ("/", "/moedet/", "/skriv/"):
            person.open(ORIGIN + address)
            assert person.words("h1")
        person.write("#name", "Kim")
        person.click("main .button--primary")
        until(lambda: person.sees("[role=alert]"))
        person.write("#phone", "20 12 34 56")
        for choice in ("#who-0", "#prefer-0"):
            person.choose(choice)
        person.click("main .button--primary")
        until(lambda: person.sees(".receipt-number"))
        assert {host for host in net.asked if not host.endswith(person.OWN)} == {HOST}
        person.click(".thumb-bar .leave-button")
        until(lambda: not person.address.startswith(ORIGIN) and person.title != "")
        assert len({host for host in net.asked if not host.endswith(person.OWN)}) == 2
    finally:
        person.kill()


# What is neutral.


def test_icon_holds_no_tell_tale_word() -> None:
    """Browsers keep it beside the address."""
    icon = Assets.load(Face.load(CONTENT, FACTS)).icon
    assert icon.startswith("data:")
    assert not [word for word in tell_tale(DANISH) if word in unquote(icon).casefold()]


# In a terminal.

(HEADING,) = re.findall("<h1>(.*)</h1>", PAGES["/skriv/"].body)


def test_text_browser_shows_every_field_and_button(site: Served, tmp_path: Path) -> None:
    """In w3m, which knows no script and no style; and leaving comes before everything else."""
    options = ("-dump", "-cols", "80", "-o", "ssl_verify_server=0")
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    shown = subprocess.run(
        ["w3m", *options, f"{site.origin}/skriv/"],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE,
    ).stdout
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[1] == "Forlad siden"
    assert lines.index("Send til kommunen") + 1 == len(lines) - 1 - lines[::-1].index(
        "Forlad siden"
    )
    for words in (
        HEADING,
        "( ) Jeg vil selv ud",
        "( ) Jeg er pårørende",
        "( ) Jeg er fagperson",
        "Hvad må vi kalde dig? (valgfrit)",
        "( ) Ring til mig",
        "( ) Send en sms",
        "( ) Skriv en mail",
        "[ ] I må lægge en besked, hvis jeg ikke svarer",
        "[ ] I må sige, hvor I ringer fra",
        "Er der noget, vi skal vide? (valgfrit)",
    ):
        assert words in lines
    assert shown.count("[                    ]") >= 6


def test_text_browser_is_refused_mends_the_form_and_reaches_the_receipt(
    site: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By keys alone; the team opens what was written, under the reference on the screen."""
    message = "Ring ikke til min bror.\nHan må ikke vide det.\n"
    with text_browser(tmp_path_factory.mktemp("a"), f"{site.origin}/skriv/", message) as person:
        person.sees(HEADING)
        person.choose("Hvem skriver?", "Jeg vil selv ud")
        person.write("Hvad må vi kalde dig?", "Kim Æbelø")
        person.edit("Er der noget, vi skal vide?")
        person.sees("[Ring ikke til min br]")
        person.press("Send")
        person.sees("Din besked er ikke sendt")
        person.sees("  • Vælg, hvordan vi helst skal svare dig.")
        person.sees("[Kim Æbelø")
        person.write("Telefon", "20 12 34 56")
        person.choose("Hvordan vil du helst have svar?", "Ring til mig")
        person.press("Send")
        person.sees("Tak")
        (shown,) = re.findall(r"\b[0-9A-Z]{3}-[0-9A-Z]{3}\b", "\n".join(person.screen))
    (letter,) = (letter for letter in site.letters() if f"Reference: {shown}\n" in letter)
    for words in ("Kim Æbelø", "+45 20 12 34 56", *message.splitlines()):
        assert f"> {words}\n" in letter


# What logs tell.

AGENT, ADDRESS, FROM = "mærkelig-browser-4711", "203.0.113.47", "https://henvist-4711.example/"
MARKERS = {AGENT, ADDRESS, FROM, "adresse-4711", "sprog-4711", "cookie-4711"}


def ask(road: Road, method: str, address: str, body: bytes | None = None) -> int:
    """One request with everything that could be written down of who asks."""
    headers: dict[str, str | bytes] = {
        "User-Agent": AGENT.encode(),
        "X-Forwarded-For": ADDRESS,
        "Forwarded": f"for={ADDRESS}",
        "Referer": FROM,
        "Accept-Language": "sprog-4711",
        "Cookie": "__Host-skema=cookie-4711",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    with closing(HTTPConnection("127.0.0.1", road.site.port, timeout=PATIENCE)) as connection:
        connection.request(method, f"{address}?q=adresse-4711", body, headers)
        return connection.getresponse().status


def test_no_log_or_file_tells_who_asked(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Not the address, browser, language, cookie, or where they came from: of no answer."""
    with laid("starttls", tmp_path, authority, team, UDVEJ_PROXIES="1") as road:
        answered = [
            ask(road, "GET", "/"),
            ask(road, "GET", "/om"),
            ask(road, "GET", "/adresse-4711/"),
            ask(road, "PUT", "/om/"),
            ask(road, "POST", "/skriv/", b"%00"),
            ask(road, "POST", "/skriv/", b"message=" + b"x" * 600_000),
            ask(road, "POST", "/skriv/forfra/", b"message=" + b"x" * 600_000),
            ask(road, "POST", "/forlad/"),
            *(ask(road, "POST", "/skriv/", b"message=hej&token=x&csrf_token=x") for _ in range(3)),
        ]
        assert {200, 303, 308, 404, 405, 400, 413} <= {*answered}
        (tmp_path / "kontrol").write_bytes(planted(AGENT))
        places = dict(files(tmp_path)) | {"printed": road.site.printed().encode()}
        hits = found(MARKERS, places)
        assert {place for place, _, _ in hits} == {"kontrol"}
        assert {word for _, word, _ in hits} == {AGENT}
