"""The site as a person meets it: in a real Chromium, over HTTPS, with and without script."""

import re
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.browser import (
    CHOSEN,
    CPR,
    SEND,
    STATES,
    TYPED,
    Served,
    Visit,
    served,
    visiting,
)
from support.municipality import ADDRESSES, FACTS, PHONE, RECEIPT

pytestmark = pytest.mark.browser

# What Chromium says of every page that is answered with an error, and no more than that.
ANSWERED_WITH_AN_ERROR = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture
def visit(browser: Browser, site: Served) -> Iterator[Visit]:
    """A person whose browser runs scripts."""
    with visiting(browser, site) as visit:
        yield visit


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def any_visit(browser: Browser, site: Served, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A person whose browser runs scripts, and one whose browser does not."""
    with visiting(browser, site, java_script_enabled=request.param) as visit:
        yield visit


@pytest.fixture(scope="module")
def anybody(browser: Browser, site: Served) -> Iterator[Visit]:
    """A person who sees one page after the other."""
    with visiting(browser, site, reduced_motion="reduce") as visit:
        yield visit


@pytest.fixture(scope="module", params=STATES)
def visited(anybody: Visit, request: pytest.FixtureRequest) -> Visit:
    """Each state; its tests follow each other."""
    anybody.bring_about(STATES[request.param])
    return anybody


def with_and_without_script(name: str, cases: Collection[Any]) -> Callable[[Any], Any]:
    """Cases in turn with script and without in `make test`, each in both ways in `make bench`."""
    return pytest.mark.parametrize(
        (name, "any_visit"),
        [
            pytest.param(
                case,
                script,
                id=f"{'' if script else 'no-'}script-{getattr(case, '__name__', case)}",
                marks=[] if script == (number % 2 == 0) else pytest.mark.slow,
            )
            for number, case in enumerate(cases)
            for script in (True, False)
        ],
        indirect=["any_visit"],
    )


# The form.


def tab_to(visit: Visit, selector: str) -> None:
    """Press Tab until something has focus."""
    for _ in range(80):
        visit.page.keyboard.press("Tab")
        if visit.focused(selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def write_by_keyboard(visit: Visit) -> None:
    """From the front page to the receipt with nothing but keys."""
    keyboard = visit.page.keyboard
    visit.open("/")
    tab_to(visit, 'main a[href="/skriv/"]')
    keyboard.press("Enter")
    visit.page.wait_for_url("**/skriv/")
    tab_to(visit, "#who-0")
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    for field, text in (
        ("name", "Søren Ærø"),
        ("phone", "+46 70 123 45 67"),
        ("mail", "s@eksempel.dk"),
    ):
        tab_to(visit, f"#{field}")
        keyboard.type(text)
    tab_to(visit, "#prefer-0")
    keyboard.press("ArrowDown")
    tab_to(visit, "#times")
    keyboard.type("Altid om morgenen")
    tab_to(visit, "#may_leave_message")
    tab_to(visit, "#may_say_from")
    keyboard.press("Space")
    tab_to(visit, "#message")
    keyboard.type("Første linje")
    keyboard.press("Enter")
    keyboard.type("<b>Anden</b> linje")
    tab_to(visit, SEND)
    visit.linger()
    keyboard.press("Enter")
    visit.page.locator(".receipt-number").wait_for()


def test_form_is_sent_by_keyboard_alone(any_visit: Visit) -> None:
    """Keys are enough, and every field arrives with the team as it was typed."""
    write_by_keyboard(any_visit)
    reference = any_visit.page.inner_text(".receipt-number")
    [letter] = [letter for letter in any_visit.site.letters() if reference in letter]
    for part in (
        f"Reference: {reference}\n",
        "Siden var på: dansk\n",
        "HVEM SKRIVER\nEn pårørende. Det handler om en anden.\nVil kaldes:\n> Søren Ærø\n",
        "Helst: Sms\nTelefon:\n> +46 70 123 45 67\nMail:\n> s@eksempel.dk\n",
        "Hvornår:\n> Altid om morgenen\nLæg en besked: NEJ\n",
        "Sig, hvor I ringer fra: ja, det må I gerne\n",
        "BESKED\n> Første linje\n> <b>Anden</b> linje\n",
    ):
        assert part in letter


def test_form_is_sent_over_plain_http_on_this_machine(
    browser: Browser, furnished: Path, tmp_path: Path
) -> None:
    """`make run` has no TLS; the browser takes the Secure cookie from 127.0.0.1 all the same."""
    state = Path(shutil.copytree(furnished, tmp_path / "state"))
    with served(state, https=False) as site, visiting(browser, site) as visit:
        STATES["skriv-tak"](visit)
        expect(visit.page.locator(".receipt-number")).to_be_visible()
        assert site.received() == 1


def test_empty_form_is_refused_field_by_field(any_visit: Visit) -> None:
    """The summary has focus, and each of its links leads to the field that it speaks of."""
    STATES["skriv-fejl"](any_visit)
    assert any_visit.comes_to_focus(".notice:not([role]):has(> [role=alert])")
    links = any_visit.page.locator("[role=alert] a[href^='#']")
    assert links.count() == 3
    for link in links.all():
        link.focus()
        any_visit.page.keyboard.press("Enter")
        field = link.get_attribute("href") or ""
        assert any_visit.comes_to_focus(field)
        words = any_visit.page.locator(f".field:has({field}) > .field-error").last
        expect(words).to_contain_text(link.inner_text())


# Whether nothing lies on top of a text, and it is within the window.
SEEN = """element => {
    const box = element.getClientRects()[0];
    return element.contains(document.elementFromPoint(box.left + 1, box.top + 1));
}"""


@with_and_without_script("size", [(360, 740), (1280, 900)])
def test_link_of_the_summary_shows_what_the_field_asks(
    any_visit: Visit, size: tuple[int, int]
) -> None:
    """Question and error are in sight above the field, and clear of the header that stays."""
    page = any_visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(reduced_motion="reduce")
    STATES["skriv-fejl"](any_visit)
    assert _seen_from_the_summary(any_visit) == [True, True, True]
    page.evaluate("document.querySelectorAll('input').forEach(it => it.style.scrollMargin = 0)")
    assert _seen_from_the_summary(any_visit) == [False, False, False]


def _seen_from_the_summary(visit: Visit) -> list[bool]:
    """Of each field that a link leads to, whether its legend or label is seen then."""
    seen = []
    for field in ("#who-0", "#phone", "#prefer-0"):
        visit.page.click(f".notice a[href='{field}']")
        assert visit.comes_to_focus(field)
        whole = visit.page.locator(f".field:has({field})").last
        seen.append(bool(whole.locator("> legend, > label").evaluate(SEEN)))
    return seen


@with_and_without_script("field", TYPED)
def test_cpr_number_is_refused_in_every_field(any_visit: Visit, field: str) -> None:
    """It is gone from the page and kept nowhere, while all else that was typed stays."""
    around = ("", "@eksempel.dk") if field == "mail" else ("", " her")
    any_visit.fill_in(**{field: CPR.join(around)})
    any_visit.send()
    assert any_visit.page.url.endswith("/skriv/")
    assert any_visit.comes_to_focus(".notice:has(> [role=alert])")
    expect(any_visit.page.locator("[role=alert]")).to_contain_text("CPR-nummer")
    expect(any_visit.page.locator("[role=alert] a[href^='https:']")).to_have_text("sikker post")
    expect(any_visit.page.locator(f"#{field}-error")).to_contain_text("CPR-nummer")
    kept = {**TYPED, field: "".join(around).strip()}
    assert {name: any_visit.page.input_value(f"#{name}").strip() for name in TYPED} == kept
    for choice in CHOSEN:
        expect(any_visit.page.locator(choice)).to_be_checked()
    for written in (CPR, CPR.replace("-", "")):
        assert written not in any_visit.page.content()
        assert not any_visit.site.holds(written)


def test_what_is_kept_on_the_disk_would_be_found(visit: Visit) -> None:
    """The search for CPR numbers above can find something: what a file holds in clear."""
    (visit.site.state / "prøve").write_text(f"x{CPR}x")
    assert visit.site.holds(CPR)
    (visit.site.state / "prøve").unlink()


def press_twice(visit: Visit) -> None:
    """Click, click."""
    visit.page.dblclick(SEND)


def press_enter_twice(visit: Visit) -> None:
    """Enter in a field sends; so does the second."""
    visit.page.focus("#name")
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.press("Enter")


def reload_the_receipt(visit: Visit) -> None:
    """Send, and reload what comes."""
    visit.send()
    visit.page.reload()


def go_back_and_send_again(visit: Visit) -> None:
    """Send, go back, and send the same words once more."""
    with visit.page.expect_request(lambda request: request.method == "POST") as sending:
        visit.send()
    visit.go_back()
    visit.page.locator(".receipt-number").wait_for()
    sent = sending.value
    again = visit.page.request.post(
        sent.url, data=sent.post_data, headers={"Content-Type": sent.headers["content-type"]}
    )
    assert again.url.endswith("/skriv/")
    assert visit.page.inner_text(".receipt-number") in again.text()


@with_and_without_script(
    "send", [press_twice, press_enter_twice, go_back_and_send_again, reload_the_receipt]
)
def test_what_is_sent_twice_arrives_once(any_visit: Visit, send: Callable[[Visit], None]) -> None:
    """However the same words come a second time, the team gets one referral."""
    before = any_visit.site.received()
    any_visit.fill_in()
    send(any_visit)
    # Not the address: to wait for that fails when the second press breaks off the first.
    any_visit.page.locator(".receipt-number").wait_for()
    assert any_visit.site.received() == before + 1


# Four readers, each from the front page to what they came for.


# The lines of a text, at the left of which nothing lies on top and which are within the window.
LINES_SEEN = """element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].filter(({ width }) => width > 1).map((line) => {
        const middle = (line.top + line.bottom) / 2;
        return element.contains(document.elementFromPoint(line.left + 2, middle));
    });
}"""


@pytest.fixture
def reader(browser: Browser, site: Served) -> Iterator[Visit]:
    """Somebody with a phone, whose browser runs no script, on the front page."""
    phone = {"width": 360, "height": 740}
    with visiting(browser, site, viewport=phone, java_script_enabled=False) as visit:
        visit.open("/")
        yield visit


def sees(visit: Visit, *words: str) -> None:
    """Without scrolling: whole blocks of the text that begin with some words, and the bar."""
    blocks = visit.page.locator("main :is(h1, h2, h3, p, li, legend)")
    hidden = [
        begins
        for begins in words
        if not any(
            (lines := block.evaluate(LINES_SEEN)) and all(lines)
            for block in blocks.filter(has_text=re.compile(f"^\\s*{re.escape(begins)}")).all()
        )
    ]
    assert hidden == []
    for choice in visit.page.locator(".thumb-bar > *").all():
        expect(choice).to_be_in_viewport(ratio=1)


def follows(visit: Visit, address: str) -> None:
    """Press a link of the text or of the bar."""
    visit.page.click(f':is(main, .thumb-bar) a[href="{address}"] >> nth=0')
    visit.page.wait_for_url(f"**{address}")


def sends(visit: Visit, writer: str) -> str:
    """Say who writes and where to answer, and press the button.

    Returns:
        The letter that the team gets.
    """
    page = visit.page
    page.get_by_label(writer).check()
    page.get_by_label("Telefon").fill("20 12 34 56")
    page.get_by_label("Ring til mig").check()
    visit.linger()
    page.get_by_role("button", name="Send til kommunen").click()
    reference = page.inner_text(".receipt-number")
    (letter,) = [letter for letter in visit.site.letters() if reference in letter]
    return letter


def steps(visit: Visit) -> list[str]:
    """What the receipt says will happen."""
    return visit.page.locator("main .vej h3").all_inner_texts()


def road(writer: str) -> list[str]:
    """What the content says will happen to that kind of writer."""
    return re.findall(r"<h3[^>]*>(.*?)</h3>", RECEIPT.body(writer))


def test_somebody_who_wants_out_writes_and_is_told_of_the_meeting(reader: Visit) -> None:
    """What there is to get is on the first screen; the questions for others never open."""
    sees(reader, "Er du færdig med rockerklubben", "Er du i fare nu?", "Hvem kan være med?")
    sees(reader, "Hvad kan jeg få?")
    follows(reader, "/skriv/")
    sees(reader, "Send en besked", "Er du i fare nu?", "Hvem skriver?")
    assert reader.page.locator("details[open]").count() == 0
    letter = sends(reader, "Jeg vil selv ud")
    sees(reader, "Tak for prøven.", "Beskedens nummer:")
    assert steps(reader) == road("selv")
    assert "HVEM SKRIVER\nEn, der selv vil ud\n" in letter


def test_a_relative_finds_a_number_and_gets_a_receipt_that_is_theirs(reader: Visit) -> None:
    """Whom to call is on the first screen of their page; nobody asks them to a meeting."""
    follows(reader, "/paaroerende/")
    sees(reader, "Vil du hjælpe en, du holder af?", "Er der nogen i fare nu?")
    sees(reader, FACTS.text("team.navn"), f"Telefon: {PHONE}")
    follows(reader, "/skriv/")
    reader.page.get_by_text("Skriver du for en anden?").click()
    reader.page.get_by_role("radiogroup", name="Ved personen").get_by_label("Nej").check()
    letter = sends(reader, "Jeg er pårørende")
    sees(reader, "Tak for prøven.", "Beskedens nummer:")
    assert steps(reader) == road("paaroerende") != road("selv")
    assert "Mødet begynder" not in reader.page.inner_text("main")
    assert "En pårørende. Det handler om en anden.\n" in letter
    assert "Ved, at der er skrevet: NEJ\nHar sagt ja til, at I får det at vide: (ikke valgt)\n" in (
        letter
    )


def test_a_professional_finds_what_to_say_and_whom_to_call(reader: Visit) -> None:
    """Both are on the first screen of their page, the police's part in it too."""
    follows(reader, "/fagfolk/")
    sees(reader, "Vil en, du møder i dit arbejde, ud?", FACTS.text("team.navn"))
    sees(reader, f"Telefon: {PHONE}", "»Du kan få hjælp til at komme ud.")
    sees(reader, "»Du skal være over 18 år", "»Politiet får det at vide, før I ses.«")


def test_a_professional_says_where_they_work(reader: Visit) -> None:
    """And that the person knows; the team reads both."""
    follows(reader, "/fagfolk/")
    follows(reader, "/skriv/")
    page = reader.page
    page.get_by_text("Skriver du for en anden?").click()
    for question in ("Ved personen", "Har personen sagt ja"):
        page.get_by_role("radiogroup", name=question).get_by_label("Ja").check()
    page.get_by_label("Din arbejdsplads").fill("Fængslet")
    page.get_by_label("Din titel").fill("Betjent")
    page.get_by_text("Vil du fortælle mere?").click()
    for tick in ("Over 18 år", "Sidder inde"):
        page.get_by_label(tick).check()
    letter = sends(reader, "Jeg er fagperson")
    assert steps(reader) == road("fagperson") != road("selv")
    assert "En fagperson. Det handler om en anden.\n" in letter
    assert "Arbejdsplads:\n> Fængslet\nTitel:\n> Betjent\n" in letter


def test_the_caseworker_reads_whom_it_is_about_and_what_was_said_of_the_police(
    reader: Visit,
) -> None:
    """Each answer in its part; and last what stood at the button when it was pressed."""
    follows(reader, "/skriv/")
    reader.page.get_by_text("Vil du fortælle mere?").click()
    reader.page.get_by_label("Bor her i kommunen").check()
    said = reader.page.inner_text("#send-hint")
    letter = sends(reader, "Jeg vil selv ud")
    about, last = letter.split("\n\n")[2], letter.split("\n\n")[-1]
    assert about.splitlines() == [
        "OM DEN, DER VIL UD",
        "Over 18 år: (intet kryds)",
        "Sidder inde: (intet kryds)",
        "Bor i kommunen: ja",
    ]
    assert last.strip() == f"Ved knappen stod, før den blev sendt: »{said}«"
    assert "samtykke" in said
    assert "politiet" in said


def test_what_is_out_of_sight_would_be_noticed(reader: Visit) -> None:
    """Below the window, or under the bar."""
    with pytest.raises(AssertionError):
        sees(reader, "Vi taler med politiet")
    top = reader.page.locator(".thumb-bar").bounding_box()
    assert top
    reader.page.evaluate(f"document.querySelector('h1').style.marginTop = '{top['y'] - 200}px'")
    with pytest.raises(AssertionError):
        sees(reader, "Er du færdig med rockerklubben")


# What the browser asks for and keeps.


def test_each_page_is_one_request(visit: Visit) -> None:
    """One view, one request, and none to anybody else."""
    for address in ADDRESSES:
        visit.open(address)
    assert visit.requests == [visit.site.origin + address for address in ADDRESSES]


def test_browser_has_nothing_to_complain_of(visited: Visit) -> None:
    """No error, no warning, nothing refused by the policy, no request to anybody else."""
    complaints = [
        text for text in visited.complaints if not text.startswith(ANSWERED_WITH_AN_ERROR)
    ]
    assert complaints == []
    assert visited.requests
    assert not any(map(visited.is_outside, visited.requests))


def test_complaints_and_requests_would_be_seen(visit: Visit) -> None:
    """What the tests above look for does reach them when it happens."""
    visit.open("/")
    visit.page.evaluate("document.body.append(Object.assign(new Image(), {src: '/billede'}))")
    visit.page.evaluate("fetch('/om/')")
    assert visit.requests[1:] == [visit.site.origin + "/billede", visit.site.origin + "/om/"]
    assert any("Content Security Policy" in text for text in visit.complaints)


def test_no_cookie_before_the_form(visit: Visit) -> None:
    """Reading leaves no cookie; the form sets its one, for the session and locked."""
    for address in ADDRESSES:
        if address != "/skriv/":
            visit.open(address)
    assert visit.page.context.cookies() == []
    visit.open("/skriv/")
    [cookie] = visit.page.context.cookies()
    assert cookie["name"] == "__Host-skema"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    assert (cookie["path"], cookie["expires"]) == ("/", -1)


def test_browser_stores_nothing(visited: Visit) -> None:
    """After reading, after writing and after sending the browser's stores are empty."""
    stores = """async () => [
        localStorage.length,
        sessionStorage.length,
        (await indexedDB.databases()).length,
        (await caches.keys()).length,
        (await navigator.serviceWorker.getRegistrations()).length,
    ]"""
    assert visited.page.evaluate(stores) == [0, 0, 0, 0, 0]


# Leaving.


def arrive_and_write(visit: Visit) -> None:
    """Come from another site, read, and begin to write."""
    # A press while the page still glides to the field can miss the button.
    visit.page.emulate_media(reduced_motion="reduce")
    visit.page.goto("https://eksempel.dk/")
    visit.page.click("a")
    visit.open("/om/")
    visit.open("/skriv/")
    visit.page.fill("#message", "Hemmeligt")


def expect_the_site_to_be_shut(visit: Visit) -> None:
    """Whoever asks for it is led away at once; `test_back` shows that Back is too."""
    visit.page.wait_for_url(visit.is_outside, wait_until="commit")
    for address in ("/om/", "/skriv/"):
        visit.page.goto(visit.site.origin + address, wait_until="commit")
        visit.page.wait_for_url(visit.is_outside, wait_until="commit")
        expect(visit.page).to_have_title("Vejret")


def test_leave_button_shuts_the_site(any_visit: Visit) -> None:
    """The button leads to an ordinary site, and no address leads back."""
    arrive_and_write(any_visit)
    any_visit.page.click(".thumb-bar .leave-button")
    expect_the_site_to_be_shut(any_visit)


def test_three_presses_of_shift_leave(visit: Visit) -> None:
    """They do what the button does."""
    arrive_and_write(visit)
    for _ in range(3):
        visit.page.keyboard.press("Shift")
    expect_the_site_to_be_shut(visit)


@pytest.mark.parametrize(("milliseconds", "shut"), [(2_000, True), (3_000, False)])
def test_shift_may_be_pressed_slowly(visit: Visit, milliseconds: int, *, shut: bool) -> None:
    """Five seconds are enough for a hand that shakes; what lies further apart is no sign."""
    visit.page.clock.install()
    arrive_and_write(visit)
    for _ in range(3):
        visit.page.keyboard.press("Shift")
        visit.page.clock.fast_forward(milliseconds)
    if shut:
        expect_the_site_to_be_shut(visit)
    else:
        expect(visit.page.locator("body")).to_be_visible()
        assert visit.requests[-1] == visit.site.origin + "/skriv/"


def test_leaving_on_a_slow_line_shows_and_says_that_it_was_understood(visit: Visit) -> None:
    """The page is gone before anything is answered; a word that tells nothing is read aloud."""
    arrive_and_write(visit)
    visit.page.evaluate("addEventListener('submit', event => event.preventDefault())")
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    visit.page.click(".thumb-bar .leave-button")
    expect(visit.page.get_by_role("alert")).to_have_text("Vent lidt.")
    expect(visit.page.locator("body")).to_be_hidden()


def test_shift_with_other_keys_between_does_not_leave(visit: Visit) -> None:
    """Whoever writes capital letters is not thrown out."""
    arrive_and_write(visit)
    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        visit.page.keyboard.press(key)
    visit.page.wait_for_function("document.readyState == 'complete'")
    assert visit.page.input_value("#message") == "Hemmeligta"
    expect(visit.page.locator("body")).to_be_visible()
    assert visit.requests[-1] == visit.site.origin + "/skriv/"
