"""Every page and answer of the site before its judges, and broken pages before the same judges."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from hashlib import sha256
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
from limits import parse
from support.checkers import nu
from support.house import House, live
from support.judging import CONTENT, ERROR, FORM, LEAVING, RECEIPT, Page, Rule, faults, judge
from support.municipality import ADDRESSES, FACTS, PHONE, demonstration
from support.municipality import CONTENT as NORDBY
from support.others import names_of_others
from support.visiting import FILLED_IN, Visitor, reference
from udvej.config import Config
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.outbox.table import Outbox
from udvej.services import load_content
from werkzeug.datastructures import Headers

# Danish, and the languages it is translated into.
PREFIXES: Final = ("", "/en", "/ar")
CPR: Final = "010190-1234"


@pytest.fixture(scope="module", params=["demonstration", "live"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The site as a demonstration and as the real one."""
    state = tmp_path_factory.mktemp("state")
    if request.param == "live":
        return House(live(state, NORDBY))
    return House(demonstration(state))


def names_nobody_else(page: Page) -> Iterator[str]:
    """Neither the program nor another municipality, in what is seen, heard, kept or sent along."""
    whole = f"{page.html}\n{page.headers}".casefold()
    yield from (name for name in names_of_others() if name.casefold() in whole)


def content_page(address: str, house: House, prefix: str) -> Page:
    """A page of the content."""
    response = house.visitor().get(prefix + address)
    assert response.status_code == 200
    return house.page(response)


def refused(changes: Mapping[str, str], house: House, prefix: str) -> Page:
    """What is wrong with a form is said on its page, but for CPR numbers."""
    client = house.visitor()
    sent = Visitor(client, prefix).send(**changes)
    assert sent.status_code == 303, sent.text
    page = house.page(client.get(sent.location))
    assert 'role="alert"' in page.html
    assert CPR not in page.html
    return page


def receipt(writer: str, house: House, prefix: str) -> Page:
    """It has a reference; whoever sent can read it in the other languages too."""
    client = house.visitor()
    sent = Visitor(client, prefix).send(who=writer)
    page = house.page(client.get(sent.location))
    assert reference(page.html)
    return replace(page, fetch=lambda address: client.get(address).text)


def not_kept(changes: Mapping[str, str], house: House, prefix: str) -> Page:
    """What was typed comes back where nothing can be stored, whether it was right or wrong."""
    with (
        patch.object(Outbox, "accept", side_effect=StorageError),
        patch.object(Drafts, "keep", side_effect=StorageError),
    ):
        response = Visitor(house.visitor(), prefix).send(**changes, message="Hej, I to")
    assert response.status_code == 503
    assert "Hej, I to" in response.text
    return house.page(response)


def limited(drafts: int, status: int, house: House, prefix: str) -> Page:
    """A form beyond a limit leads to its draft, or is answered with what was typed; it says so."""
    with (
        patch("udvej.web.app._SENDINGS", parse("0/hour")),
        patch("udvej.web.app._CORRECTIONS", parse(f"{drafts}/hour")),
    ):
        strict = House(house.config, house.content)
    client = strict.visitor()
    response = Visitor(client, prefix).send(message="Hej, I to")
    assert response.status_code == status
    page = strict.page(client.get(response.location) if response.location else response)
    assert 'role="alert"' in page.html
    assert "Hej, I to" in page.html
    return page


def no_cookies(house: House, prefix: str) -> Page:
    """A browser that refuses cookies gets a page rather than a bare refusal."""
    client = house.visitor()
    response = client.get(client.post(f"{prefix}/skriv/", data=FILLED_IN).location)
    assert response.status_code == 200
    return house.page(response)


def too_long(house: House, prefix: str) -> Page:
    """A text that is too long to be read leads to a page that says so."""
    client = house.visitor()
    client.get(f"{prefix}/skriv/")
    response = client.post(f"{prefix}/skriv/", data={"message": "x" * 1_000_000})
    return house.page(client.get(response.location))


def error(status: int, method: str, address: str, house: House, prefix: str) -> Page:
    """Every error is told on a page."""
    fields = {400: {"token": "nej"}, 413: {"message": "a" * 1_000_000}}.get(status, {})
    client = house.visitor()
    client.get("/skriv/")
    response = client.open(prefix + address, method=method, data=fields)
    assert response.status_code == status
    return house.page(response)


def left(address: str, house: House, prefix: str) -> Page:
    """The leave button and, for some minutes after, every address lead to the blank page."""
    client = house.visitor()
    response = client.post("/forlad/")
    if address != "/forlad/":
        response = client.get(prefix + address)
    assert response.status_code == 200
    return house.page(response)


@dataclass(frozen=True)
class State:
    """Something that the site can answer.

    Attributes:
        bring: gives it, in the language of a prefix.
        rules: what it must keep.
        prefixes: the languages in which it is looked at.
    """

    bring: Callable[[House, str], Page]
    rules: Sequence[Rule]
    prefixes: Sequence[str] = PREFIXES


STATES: Final[Mapping[str, State]] = {
    **{
        address: State(partial(content_page, address), FORM if address == "/skriv/" else CONTENT)
        for address in ADDRESSES
    },
    **{
        f"refused-{name}": State(partial(refused, changes), FORM)
        for name, changes in {
            "empty": dict.fromkeys(FILLED_IN, ""),
            "wrong": {"mail": "nej", "phone": "1"},
            "cpr": {"message": CPR},
            "cpr-twice": {"phone": CPR, "name": CPR},
            "expired": {"csrf_token": "gammel"},
            "doubtful": {"mail": "søren@eksempel.dk"},
            "cut": {"message": "x" * 20_000},
        }.items()
    },
    **{
        f"receipt-{writer}": State(partial(receipt, writer), RECEIPT)
        for writer in ("self", "relative", "professional")
    },
    "not-kept": State(partial(not_kept, {}), FORM, [""]),
    "not-kept-wrong": State(partial(not_kept, {"phone": "1"}), FORM, [""]),
    "limited": State(partial(limited, 1, 303), FORM),
    "limited-without-draft": State(partial(limited, 0, 429), FORM),
    "no-cookies": State(no_cookies, ERROR),
    "too-long": State(too_long, ERROR),
    **{
        f"error-{status}": State(partial(error, status, method, address), ERROR, [""])
        for status, method, address in (
            (400, "POST", "/skriv/"),
            (404, "GET", "/findes-ikke/"),
            (405, "POST", "/om/"),
            (413, "POST", "/skriv/forfra/"),
            (429, "GET", "/travlt/"),
            (500, "GET", "/i-stykker/"),
            (503, "GET", "/fuldt/"),
        )
    },
    **{
        f"left-{address}": State(partial(left, address), LEAVING, [""])
        for address in ("/forlad/", *ADDRESSES, "/skriv/cookie/", "/findes-ikke/")
    },
}
IN_LANGUAGES: Final = [
    (name, prefix) for name, state in STATES.items() for prefix in state.prefixes
]


@pytest.mark.parametrize(("name", "prefix"), IN_LANGUAGES)
def test_page_passes_the_judge(house: House, name: str, prefix: str) -> None:
    """Whatever is answered, it is a good page, and its municipality's own."""
    state = STATES[name]
    judge(state.bring(house, prefix), (*state.rules, names_nobody_else))


@pytest.mark.heavy
def test_html_is_valid(config: Config, tmp_path: Path) -> None:
    """The checker has no error and no warning for any of them; 4.1.1 of WCAG 2.1 is this.

    All in one run, since the checker takes longer to start than to read. A demonstration differs
    by its banner.
    """
    houses = {
        "live": House(live(tmp_path, NORDBY)),
        "demonstration": House(config),
    }
    pages = {
        f"{kind} {prefix}{name}": STATES[name].bring(house, prefix).html
        for kind, house in houses.items()
        for name, prefix in IN_LANGUAGES
        if kind == "live" or name in ("/", "/skriv/", "receipt-self", "error-404")
        if name == "left-/forlad/" or not name.startswith("left")  # the others are the same page
    }
    assert nu(tmp_path, pages) == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_titles_tell_pages_apart(house: House, prefix: str) -> None:
    """No two pages of the content share a title."""
    titles = [house.page(house.visitor().get(prefix + address)).title for address in ADDRESSES]
    assert len(set(titles)) == len(ADDRESSES)


# The judge, judged.

MUNICIPALITY, TEAM = FACTS.text("kommune.navn"), FACTS.text("team.navn")
OFFICER, MOBILE = FACTS.text("politi.navn"), FACTS.text("politi.telefon")
OTHER_OFFICERS = "".join(
    f'<p>{other.text("politi.navn")} <a href="{other.link("politi.telefon")}">'
    f"{other.text('politi.telefon')}</a></p>"
    for other in FACTS.each("politi")[1:]
)
SITE, OTHER_SITE = FACTS["forlad"]["sider"][:2]

SOUND = f"""<!doctype html>
<html lang="da" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forside</title>
<meta name="description" content="En sætning.">
<link rel="icon" href="data:image/svg+xml,x">
<style>p{{color:red}}</style>
</head>
<body>
<a href="#indhold">Gå til teksten</a>
<form method="post" action="/forlad/"><button>Forlad</button></form>
<aside aria-label="Prøveversion"><p>Prøveversion. Ingen får din besked.</p></aside>
<nav aria-label="Menu"><ul><li><a href="/om/#mere">Om</a></li></ul></nav>
<main id="indhold">
<h1>Hjælp</h1>
<h2 id="tal">Tal med os</h2>
<p>{TEAM} <a href="{FACTS.link("team.telefon")}">{PHONE}</a></p>
<p>Ring til {OFFICER} <a href="{FACTS.link("politi.telefon")}">{MOBILE}</a></p>
{OTHER_OFFICERS}
<p><a href="mailto:navn@eksempel.dk">Mail</a> <a href="https://eksempel.dk/">Ud</a></p>
<form method="post" action="/skriv/">
<fieldset><legend>Navn</legend>
<label for="navn">Navn</label><input id="navn" name="navn">
</fieldset>
</form>
</main>
<script>void 0</script>
</body>
</html>"""
SOUND_ICON = '<link rel="icon" href="data:image/svg+xml,x">'
BLANK = f"""<!doctype html>
<html lang="da" dir="ltr">
<head>
<meta charset="utf-8">
<title>vejret</title>
<meta http-equiv="refresh" content="0; url={SITE}">
</head>
<body>
<main><h1><a href="{SITE}">vejret</a></h1></main>
<script>void 0</script>
</body>
</html>"""

SOUND_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; img-src data:; "
    "script-src 'sha256-yyjq/GGlTvm0YhdkNx72uPxcwaIXqWZBYZftmpA6pYU=' "
    "'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='; "
    "style-src 'sha256-p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64='"
)
SOUND_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": SOUND_POLICY,
    "Content-Type": "text/html; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), "
        "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), picture-in-picture=(), "
        "publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
FORM_COOKIE = "__Host-skema=x; Secure; HttpOnly; Path=/; SameSite=Strict"
OVER_COOKIE = "__Host-skema=; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=Strict"
SHUT_SECONDS = FACTS["forlad"]["minutter"] * 60
SHUT_COOKIE = f"__Host-videre=1; Max-Age={SHUT_SECONDS}; Secure; HttpOnly; Path=/; SameSite=Lax"


LANGUAGES = {
    tag: edition.language for tag, edition in load_content(demonstration(Path())).editions.items()
}


def sound(html: str, *cookies: str) -> Page:
    """A page that nothing is wrong with."""
    headers = Headers([*SOUND_HEADERS.items(), *(("Set-Cookie", cookie) for cookie in cookies)])
    others = {"/om/": '<h2 id="mere">Mere</h2>'}
    return Page(html, headers, True, FACTS, LANGUAGES, others.get)  # noqa: FBT003


KINDS = (
    ((*CONTENT, names_nobody_else), sound(SOUND)),
    (FORM, sound(SOUND, FORM_COOKIE)),
    (LEAVING, sound(BLANK, SHUT_COOKIE, OVER_COOKIE)),
)

Change = Callable[[Page], Page]


def put(new: str, *, instead_of: str) -> Change:
    """Other words in the page."""

    def change(page: Page) -> Page:
        assert page.html.count(instead_of) == 1, instead_of
        return replace(page, html=page.html.replace(instead_of, new))

    return change


def add(new: str, *, before: str) -> Change:
    """More words in the page."""
    return put(new + before, instead_of=before)


def header(name: str, *values: str) -> Change:
    """Other values of a header, or none."""

    def change(page: Page) -> Page:
        kept = [(key, value) for key, value in page.headers if key != name]
        return replace(page, headers=Headers([*kept, *((name, value) for value in values)]))

    return change


def really(**headers: str) -> Change:
    """The page on the real site."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda page: replace(page, headers=Headers([*page.headers, *given]), demonstration=False)


def together(*changes: Change) -> Change:
    """Several changes that only together break a rule."""
    return lambda page: reduce(lambda changed, change: change(changed), changes, page)


def styled(css: str) -> Change:
    """Another style, which the policy allows."""
    digest = b64encode(sha256(css.encode()).digest()).decode()
    policy = SOUND_POLICY.replace("p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64=", digest)
    return together(put(css, instead_of="p{color:red}"), header("Content-Security-Policy", policy))


# What the checker must refuse.
NOT_VALID: Sequence[Change] = [
    put("<p><font>Ring</font> til", instead_of="<p>Ring til"),
    put('<p align="left">Ring til', instead_of="<p>Ring til"),
    put('<p aria-labeledby="navn">Ring til', instead_of="<p>Ring til"),
    put("<button>Ud</button></a>", instead_of="Ud</a>"),
    put("Navn<button>?</button></label>", instead_of="Navn</label>"),
    put('<span tabindex="0">Ud</span></a>', instead_of="Ud</a>"),
    put('<h2 id="tal"><div>Tal</div></h2>', instead_of='<h2 id="tal">Tal med os</h2>'),
    put('<address><h2 id="tal">Tal</h2></address>', instead_of='<h2 id="tal">Tal med os</h2>'),
    add("<p>Se:</p>", before="<li>"),
    add("<li>Ring</li>", before="<p>Ring til"),
    add("<p>Hvem?</p>", before="<legend>"),
    add("<legend>Hvem?</legend>", before="<p>Ring til"),
    put('<h2 id="navn">', instead_of='<h2 id="tal">'),
    put('<h2 id="">', instead_of='<h2 id="tal">'),
    put('<h2 id="tal her">', instead_of='<h2 id="tal">'),
]

# By the one reason for which the judge must refuse them.
BROKEN: Mapping[str, Sequence[Change]] = {
    "valid_html": [
        put("", instead_of="<!doctype html>\n"),
        put("</b></p>", instead_of="</a> <a"),
        put('<input id="navn" id="navn"', instead_of='<input id="navn"'),
        add('<form method="post" action="/skriv/">', before="<fieldset>"),
        put("<p>&nej;Ring til", instead_of="<p>Ring til"),
        add("<div>", before="</main>"),
    ],
    "decorative_drawings": [
        put("<p><svg></svg>Ring til", instead_of="<p>Ring til"),
        put('<p><svg aria-hidden="true"><text>Ja</text></svg>Ring til', instead_of="<p>Ring til"),
    ],
    "kept_references": [
        put('<input aria-describedby="tal nej" id="navn"', instead_of='<input id="navn"'),
        put('<p aria-labelledby="nej">Ring til', instead_of="<p>Ring til"),
        put('<p aria-controls="nej">Ring til', instead_of="<p>Ring til"),
        put('<input form="tal" id="navn"', instead_of='<input id="navn"'),
        add('<label for="tal">Tal</label>', before="<label"),
    ],
    "named_controls": [
        put("<p>Navn</p>", instead_of='<label for="navn">Navn</label>'),
        put("<button></button>", instead_of="<button>Forlad</button>"),
        put("></a>", instead_of=">Ud</a>"),
        put("", instead_of="<legend>Navn</legend>"),
    ],
    "named_regions": [
        put("<nav>", instead_of='<nav aria-label="Menu">'),
        put('<nav aria-label="Prøveversion">', instead_of='<nav aria-label="Menu">'),
        add("<main></main>", before="<script>"),
    ],
    "order_of_the_keyboard": [
        put('<p tabindex="1">Ring til', instead_of="<p>Ring til"),
        together(
            put('<p tabindex="-1" autofocus>Ring til', instead_of="<p>Ring til"),
            put('<input autofocus id="navn"', instead_of='<input id="navn"'),
        ),
    ],
    "one_h1": [
        put("<h2>Hjælp</h2>", instead_of="<h1>Hjælp</h1>"),
        add("<h1>Mere</h1>", before="<h1>"),
    ],
    "headings_in_order": [
        put("<h3>Tal</h3>", instead_of='<h2 id="tal">Tal med os</h2>'),
        add("<h4>Mere</h4>", before="<p>Ring til"),
    ],
    "neutral_title": [
        put("<title>Om exit</title>", instead_of="<title>Forside</title>"),
        put("<title>Prøveversion</title>", instead_of="<title>Forside</title>"),
        put("<title></title>", instead_of="<title>Forside</title>"),
        add("<title>To</title>", before="<title>"),
    ],
    "language": [
        put("<html>", instead_of='<html lang="da" dir="ltr">'),
        put('<html lang="da">', instead_of='<html lang="da" dir="ltr">'),
        put('<html lang="fa" dir="ltr">', instead_of='<html lang="da" dir="ltr">'),
        put('<p lang="dansk">Ring til', instead_of="<p>Ring til"),
    ],
    "may_be_enlarged": [
        add(", maximum-scale=1", before='">\n<title>'),
        put("vindue", instead_of="viewport"),
    ],
    "links_lead_somewhere": [
        put('<a href="tel:12">', instead_of='<a href="https://eksempel.dk/">'),
        put('<a href="tel:20123456">', instead_of='<a href="https://eksempel.dk/">'),
        put('<a href="mailto:navn">', instead_of='<a href="mailto:navn@eksempel.dk">'),
        put('<a href="http://eksempel.dk/">', instead_of='<a href="https://eksempel.dk/">'),
        put('<a href="javascript:void 0">', instead_of='<a href="https://eksempel.dk/">'),
        put("<a>", instead_of='<a href="https://eksempel.dk/">'),
        put('<a href="/nej/">', instead_of='<a href="/om/#mere">'),
        put('<a href="/om">', instead_of='<a href="/om/#mere">'),
        put('<a href="/om/#nej">', instead_of='<a href="/om/#mere">'),
        put('<a href="#nej">', instead_of='<a href="/om/#mere">'),
        put('<a href="">', instead_of='<a href="/om/#mere">'),
    ],
    "forms_post_to_us": [
        put('<form action="/skriv/">', instead_of='<form method="post" action="/skriv/">'),
        put('<form method="post">', instead_of='<form method="post" action="/skriv/">'),
        put('"https://eksempel.dk/skriv/"', instead_of='"/skriv/"'),
        put('"//eksempel.dk/skriv/"', instead_of='"/skriv/"'),
    ],
    "nothing_fetched": [
        add('<script src="/x.js"></script>', before="<script>"),
        add('<link rel="stylesheet" href="/x.css">', before="<link"),
        put('<link rel="icon" href="/x.svg">', instead_of=SOUND_ICON),
        put('<input type="image" src="/x.svg" id="navn"', instead_of='<input id="navn"'),
        styled("@import '/x.css'"),
        styled("p{background:url(/x.svg)}"),
    ],
    "stays": [add('<meta http-equiv="refresh" content="9">', before="<title>")],
    "no_inline_attributes": [
        put('<p style="color: red">Ring til', instead_of="<p>Ring til"),
        put('<p onclick="void 0">Ring til', instead_of="<p>Ring til"),
    ],
    "allowed_by_hash": [
        add("<script>void 1</script>", before="<script>"),
        put("<style>p{color:blue}</style>", instead_of="<style>p{color:red}</style>"),
        put("<script>void 0 </script>", instead_of="<script>void 0</script>"),
    ],
    "security_headers": [
        *(header(name) for name in SOUND_HEADERS),
        *(header(name, value + ", x") for name, value in SOUND_HEADERS.items()),
        *(header(name, value, value) for name, value in SOUND_HEADERS.items()),
        header("Content-Security-Policy", SOUND_POLICY.replace("'none'", "'self'", 1)),
        header("Content-Security-Policy", SOUND_POLICY + " 'unsafe-inline'"),
        header("Cache-Control", "private"),
        header("Access-Control-Allow-Origin", "*"),
        header("Server", "x"),
        header("Strict-Transport-Security", "max-age=31536000"),
    ],
    "no_cookie": [header("Set-Cookie", FORM_COOKIE)],
    "only_the_forms_cookie": [
        header("Set-Cookie", FORM_COOKIE, "andet=1; Secure; HttpOnly; Path=/; SameSite=Strict"),
        header("Set-Cookie", FORM_COOKIE.replace(" HttpOnly;", "")),
        header("Set-Cookie", FORM_COOKIE.replace("Strict", "Lax")),
        header("Set-Cookie", FORM_COOKIE + "; Max-Age=600"),
        header("Set-Cookie", FORM_COOKIE + "; Domain=eksempel.dk"),
    ],
    "described": [
        put("", instead_of='<meta name="description" content="En sætning.">'),
        put(" ", instead_of="En sætning."),
        put("a" * 161, instead_of="En sætning."),
    ],
    "somebody_to_call": [
        put("99 88 77 67", instead_of=PHONE),
        put("tel:+45-30-40-50-61", instead_of=FACTS.link("politi.telefon")),
        put("En anden", instead_of=OFFICER),
        put("tel:+45-30-40-50-71", instead_of=FACTS.each("politi")[1].link("politi.telefon")),
    ],
    "way_out": [
        put('"/skriv/forfra/"', instead_of='"/forlad/"'),
        add('<input type="hidden" name="x">', before="<button>"),
    ],
    "skip_link": [
        add('<a href="/om/">Om</a>', before='<a href="#indhold">'),
        put('<a href="#tal">', instead_of='<a href="#indhold">'),
    ],
    "says_what_it_is": [
        put("Velkommen.", instead_of="Prøveversion. Ingen får din besked."),
        really(Strict_Transport_Security="max-age=31536000"),
    ],
    "moves_on": [
        put(f"0; url={OTHER_SITE}", instead_of=f"0; url={SITE}"),
        put(f"5; url={SITE}", instead_of=f"0; url={SITE}"),
        put('"https://eksempel.dk/"', instead_of=f'"{SITE}"'),
    ],
    "tells_nothing": [
        add("Exit: ", before="<a"),
        add(f"{MUNICIPALITY}: ", before="<a"),
    ],
    "names_nobody_else": [
        add("<p>UDVEJ</p>", before="<p>Ring til"),
        put('<main class="udvej-main" id', instead_of="<main id"),
        header("X-Powered-By-Udvej", "1"),
    ],
    "cookies_of_leaving": [
        header("Set-Cookie", SHUT_COOKIE),
        header("Set-Cookie", OVER_COOKIE),
        header("Set-Cookie", OVER_COOKIE, SHUT_COOKIE.replace("Lax", "Strict")),
        header("Set-Cookie", OVER_COOKIE, SHUT_COOKIE.replace(f"={SHUT_SECONDS}", "=60")),
        header("Set-Cookie", OVER_COOKIE, SHUT_COOKIE, "andet=1"),
    ],
}


@pytest.mark.parametrize(("rules", "page"), KINDS, ids=["content", "form", "leaving"])
def test_judge_lets_a_sound_page_pass(rules: Sequence[Rule], page: Page) -> None:
    """What is refused below is refused for what was changed."""
    judge(page, rules)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        pytest.param(reason, change, id=f"{reason}-{number}")
        for reason, changes in BROKEN.items()
        for number, change in enumerate(changes, start=1)
    ],
)
def test_judge_refuses_a_broken_page_for_its_own_reason(reason: str, change: Change) -> None:
    """A page with one thing wrong breaks one rule, and no other."""
    rules, page = next(
        (rules, page) for rules, page in KINDS if reason in [rule.__name__ for rule in rules]
    )
    assert {name for name, _ in faults(change(page), rules)} == {reason}


def test_each_name_of_others_is_noticed() -> None:
    """However it is written."""
    for name in names_of_others():
        named = add(f"<p>{name.upper()}</p>", before="<p>Ring til")(sound(SOUND))
        assert {rule for rule, _ in faults(named, KINDS[0][0])} == {"names_nobody_else"}, name


@pytest.mark.heavy
def test_invalid_html_is_noticed(tmp_path: Path) -> None:
    """The checker has something to say of each page with one thing wrong, and only of those."""
    pages = {str(number): change(sound(SOUND)).html for number, change in enumerate(NOT_VALID)}
    said = nu(tmp_path, {**pages, "sound": SOUND, "blank": BLANK})
    assert {name for name, _ in said} == pages.keys()


def test_every_rule_of_the_judge_can_refuse() -> None:
    """A rule that nothing breaks would be no rule."""
    rules = {rule.__name__ for kind in (FORM, LEAVING, RECEIPT, ERROR) for rule in kind}
    rules |= {rule.__name__ for rule in KINDS[0][0]}
    assert rules == set(BROKEN)
