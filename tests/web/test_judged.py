"""Every page of the site before its judge, broken pages before the same judge, and the facts."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, reduce
from hashlib import sha256

import pytest
from flask import abort
from flask.testing import FlaskClient
from limits import parse
from support.checkout import CHECKOUT
from support.editions import BOXES
from support.judging import CONTENT, ERROR, FORM, LEAVING, RECEIPT, Page, Rule, faults, judge
from support.visiting import FILLED_IN, Visitor, reference
from udvej.config import Config
from udvej.content.pages import Edition, load_edition
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.outbox.keys import TeamKey
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

CONTENT_FOLDER = CHECKOUT / "content"

# Where people have been told to look, by us and by others. Addresses come; none may go.
ADDRESSES = (
    "/", "/om/", "/hjaelp/", "/forloeb/", "/samtykke/", "/tid-inde/", "/paaroerende/", "/svar/",
    "/kontakt/", "/skriv/", "/sikker-brug/", "/privatliv/", "/tilgaengelighed/",
)  # fmt: skip

# Danish, and the languages it is translated into.
PREFIXES = ("", "/en", "/ar")

CPR = "010190-1234"


class House:
    """A site with a visitor in it, whose pages can be judged."""

    def __init__(self, config: Config) -> None:
        """Open the site, with doors to the errors that no request should meet."""
        self.demonstration = config.live is None
        self.app = create_app(Services.open(config))
        self.fetch = cache(self._fetch)
        for name, view in {"travlt": _busy, "i-stykker": _broken, "fuldt": _full}.items():
            self.app.add_url_rule(f"/{name}/", name, view)

    def visitor(self) -> FlaskClient:
        """Somebody who has not been here before, over HTTPS as cookies want it."""
        client = self.app.test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        return client

    def page(self, response: TestResponse) -> Page:
        """An answer for the judge."""
        return Page(response.text, response.headers, self.demonstration, self.fetch)

    def _fetch(self, address: str) -> str | None:
        response = self.visitor().get(address)
        return response.text if response.status_code == 200 else None


def _busy() -> str:
    abort(429)


def _broken() -> str:
    raise RuntimeError


def _full() -> str:
    raise StorageError


@pytest.fixture(scope="module")
def site() -> Edition:
    """What `content/` says."""
    return load_edition(CONTENT_FOLDER, boxes=BOXES)


@pytest.fixture(scope="module", params=["demonstration", "live"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The site as a demonstration and as the real one."""
    state = tmp_path_factory.mktemp("state")
    certificate = state / "team-certificate.pem"
    certificate.write_bytes(TeamKey.make("team@eksempel.dk").certificate_pem())
    live = {
        "UDVEJ_PUBLIC_ADDRESS": "https://eksempel.dk",
        "UDVEJ_SECRET_KEY": "hemmelig" * 8,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "mail.invalid",
    }
    settings = {"UDVEJ_STATE": str(state)} | (live if request.param == "live" else {})
    return House(Config.from_environ(settings))


def send(client: FlaskClient, prefix: str = "", **changes: str) -> TestResponse:
    """Send the form as a browser does, and see where that leads."""
    sent = Visitor(client, prefix).send(**changes)
    assert sent.status_code == 303, sent.text
    return client.get(sent.location)


# The pages of the content.


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_content_page_passes_the_judge(house: House, address: str, prefix: str) -> None:
    """Every page of the content is there and good."""
    response = house.visitor().get(prefix + address)
    assert response.status_code == 200
    judge(house.page(response), FORM if address == "/skriv/" else CONTENT)


def test_no_content_address_disappears(site: Edition) -> None:
    """A page that is added stands in the list above, and is judged; one that goes is missed."""
    assert set(site.pages) == set(ADDRESSES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_titles_tell_pages_apart(house: House, prefix: str) -> None:
    """No two pages of the content share a title."""
    titles = [house.page(house.visitor().get(prefix + address)).title for address in ADDRESSES]
    assert len(set(titles)) == len(ADDRESSES)


# What happens to a form.


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(dict.fromkeys(FILLED_IN, ""), id="empty"),
        pytest.param({"mail": "nej", "phone": "1"}, id="wrong"),
        pytest.param({"message": CPR}, id="cpr"),
        pytest.param({"phone": CPR, "name": CPR}, id="cpr-twice"),
        pytest.param({"csrf_token": "gammel"}, id="expired"),
    ],
)
def test_refused_form_passes_the_judge(
    house: House, changes: Mapping[str, str], prefix: str
) -> None:
    """Whatever is wrong with a form, its page is good, and says so."""
    page = house.page(send(house.visitor(), prefix, **changes))
    judge(page, FORM)
    assert 'role="alert"' in page.html
    assert CPR not in page.html


@pytest.mark.parametrize("prefix", PREFIXES)
def test_receipt_passes_the_judge(house: House, prefix: str) -> None:
    """The receipt is a good page; whoever sent can read it in the other languages too."""
    client = house.visitor()
    page = house.page(send(client, prefix))
    judge(replace(page, fetch=lambda address: client.get(address).text), RECEIPT)
    assert reference(page.html)


@pytest.mark.parametrize("changes", [{}, {"phone": "1"}], ids=["right", "wrong"])
def test_form_that_could_not_be_kept_passes_the_judge(
    house: House, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, str]
) -> None:
    """The answer that holds what was typed is a good page, whether that was right or wrong."""

    def fail(*_: object, **__: object) -> str:
        raise StorageError

    monkeypatch.setattr(Outbox, "accept", fail)
    monkeypatch.setattr(Drafts, "keep", fail)
    response = Visitor(house.visitor()).send(**changes, message="Hej, I to")
    assert response.status_code == 503
    judge(house.page(response), FORM)
    assert "Hej, I to" in response.text


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("drafts", "status"), [(1, 303), (0, 429)], ids=["kept", "answered"])
def test_form_that_met_a_limit_passes_the_judge(
    config: Config, monkeypatch: pytest.MonkeyPatch, drafts: int, status: int, prefix: str
) -> None:
    """Led to its draft or answered with what was typed, it is a good page that says so."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("0/hour"))
    monkeypatch.setattr("udvej.web.app._CORRECTIONS", parse(f"{drafts}/hour"))
    house = House(config)
    client = house.visitor()
    response = Visitor(client, prefix).send(message="Hej, I to")
    assert response.status_code == status
    page = house.page(client.get(response.location) if response.location else response)
    judge(page, FORM)
    assert 'role="alert"' in page.html
    assert "Hej, I to" in page.html


@pytest.mark.parametrize("prefix", PREFIXES)
def test_page_for_who_has_no_cookies_passes_the_judge(house: House, prefix: str) -> None:
    """A browser that refuses cookies gets a good page rather than a bare refusal."""
    client = house.visitor()
    response = client.get(client.post(f"{prefix}/skriv/", data=FILLED_IN).location)
    assert response.status_code == 200
    judge(house.page(response), ERROR)


# Errors and leaving.


@pytest.mark.parametrize(
    ("status", "method", "address", "fields"),
    [
        (400, "POST", "/skriv/", {"token": "nej"}),
        (404, "GET", "/findes-ikke/", {}),
        (405, "POST", "/om/", {}),
        (413, "POST", "/skriv/", {"message": "a" * 1_000_000}),
        (429, "GET", "/travlt/", {}),
        (500, "GET", "/i-stykker/", {}),
        (503, "GET", "/fuldt/", {}),
    ],
)
def test_error_page_passes_the_judge(
    house: House, status: int, method: str, address: str, fields: Mapping[str, str]
) -> None:
    """Every error is told on a page as good as the others."""
    client = house.visitor()
    client.get("/skriv/")
    response = client.open(address, method=method, data=fields)
    assert response.status_code == status
    judge(house.page(response), ERROR)


@pytest.mark.parametrize("address", ["/forlad/", *ADDRESSES, "/skriv/tak/", "/findes-ikke/"])
def test_whoever_has_left_gets_the_blank_page(house: House, address: str) -> None:
    """The leave button and, for some minutes after, every address lead to the blank page."""
    client = house.visitor()
    response = client.post("/forlad/")
    if address != "/forlad/":
        response = client.get(address)
    assert response.status_code == 200
    judge(house.page(response), LEAVING)


# The facts.

# What the municipality's own text says, by the page that says it in plain words. None of it may be
# lost or changed: the words here are searched for in what `main` shows.
FACTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "for whom": {
        "/": (
            "over 18 år",
            "medlem af en rockerklub eller en bande",
            "knyttet til den",
            "alvorlig eller farlig kriminalitet",
            "motiveret",
            "leve uden kriminalitet",
        ),
        "/om/": (
            "over 18 år",
            "medlem af en rockerklub eller en bande",
            "knyttet til den",
            "ud af alvorlig eller personfarlig kriminalitet",
            "motiveret for et liv uden kriminalitet",
        ),
        "/svar/": ("over 18 år", "knyttet til en rockerklub eller en bande"),
    },
    "what it is: concentrated, intense, short; the wish is a condition": {
        "/om/": (
            "6 måneder i snit",
            "højst tage 12 måneder",
            "kort",
            "intenst",
            "samlet",
            "selv ønske et liv uden kriminalitet. Det er et krav for at blive skrevet ind",
        ),
        "/": ("6 måneder i snit. Det kan højst tage 12 måneder",),
        "/svar/": ("6 måneder i snit", "højst tage 12 måneder", "ønske et liv uden kriminalitet"),
    },
    "who runs it": {
        "/om/": ("Kommunen", "Politiet", "Kriminalforsorgen", "Dig. Du er den vigtigste"),
    },
    "help": {
        "/hjaelp/": (
            "styr på dit liv",
            "uddannelse",
            "finde en bolig",
            "mentor",
            "fjernet synlige tatoveringer fra klubben eller banden",
            "ud af et misbrug",
            "mere end det, der står her",
            "ud fra din situation",
        ),
    },
    "ways in": {
        "/forloeb/": (
            "selv kontakte for eksempel kommunen",
            "mens du sidder inde.*gennem kriminalforsorgen, når du snart skal løslades",
            "exit-aftale med kriminalforsorgen.*mens du sad inde.*videre til exit-enheden",
            "exit-enheden er kommunen, politiet og kriminalforsorgen",
        ),
        "/tid-inde/": (
            "mens du sidder inde.*gennem kriminalforsorgen, når du snart skal løslades",
            "exit-aftale med kriminalforsorgen.*går aftalen videre til exit-enheden",
            "kommunen, politiet og kriminalforsorgen",
        ),
    },
    "step 1": {
        "/forloeb/": (
            "exit-medarbejder registrerer, at du har kontaktet os",
            "Så kontakter exit-medarbejderen politiets exit-koordinator",
            "møde mellem dig, kommunen og politiet",
            "Er du prøveløsladt, er kriminalforsorgen også med",
        ),
        "/samtykke/": (
            "registrerer, at du har kontaktet os.*kontakter.*politiets exit-koordinator",
            "Er du prøveløsladt, er kriminalforsorgen også med",
        ),
    },
    "step 2": {
        "/forloeb/": (
            "Mødet begynder med en samtykkeerklæring.*skal skrive under",
            "kommunen, politiet og kriminalforsorgen må dele oplysninger om dig med hinanden",
        ),
        "/samtykke/": (
            "Mødet begynder med en samtykkeerklæring.*skal skrive under",
            "kommunen, politiet og kriminalforsorgen må dele oplysninger om dig med hinanden",
        ),
    },
    "step 3": {
        "/forloeb/": (
            "egnet til exit, og om du selv vil.*vurderet ud fra din motivation",
            "dit liv igennem",
            "barndom",
            "skolen",
            "Kriminalitet",
            "knyttet til klubben eller banden",
            "kæreste og børn",
            "Gæld",
            "Straffesager, der ikke er afgjort",
            "ønsker dig af uddannelse og job",
        ),
    },
    "step 4": {
        "/forloeb/": (
            "Er du egnet, og vil du selv.*exit-medarbejderen en samarbejdsaftale",
            "kontrakt mellem dig og exit-enheden",
            "typisk, at du ikke må være sammen med andre fra miljøet",
            "undtagelser, for eksempel for din familie",
            "hvem du må se, og i hvilke situationer",
            "Aftalen kan også handle om uddannelse, bolig og en mentor",
            "fjernet tatoveringer eller komme ud af et misbrug",
            "også stå andre ting",
            "Både du og exit-enheden skriver under",
        ),
        "/hjaelp/": ("Aftalen kan handle om: Uddannelse.*bo.*misbrug.*mentor.*tatoveringer",),
        "/svar/": (
            "undtagelser, for eksempel for din familie",
            "Både du og exit-enheden skriver under",
        ),
    },
    "step 5": {
        "/forloeb/": (
            "Kommunen og politiet har hver sin exit-koordinator. De følger aftalen",
            "Når det lykkes, kommer du væk fra miljøet. Det er formålet med exit",
        ),
    },
    "contact 1": {
        "/kontakt/": (
            "høre mere om exit eller melde dig til",
            "Team Social Service",
            "Lejre Kommune, Center for Job og Social",
            "Møllebjergvej 4, 4330 Hvalsø",
            "Telefon: 46 46 46 46",
            "Mail: jobcenter@lejre.dk",
        ),
        "/paaroerende/": ("Team Social Service", "46 46 46 46", "jobcenter@lejre.dk"),
    },
    "contact 2": {
        "/kontakt/": (
            "EXIT-koordinator Randi Mortensen",
            "Forebyggelsessekretariatet",
            "Roskilde Politistation, Roskilde Politikreds",
            "Skovbogade 3, 4000 Roskilde",
            "Mobil: 25 26 10 99",
            "Mail: RHM001@politi.dk",
        ),
        "/paaroerende/": ("Randi Mortensen", "25 26 10 99", "RHM001@politi.dk"),
    },
    "warning": dict.fromkeys(
        ("/kontakt/", "/skriv/", "/svar/", "/paaroerende/", "/privatliv/", "/tilgaengelighed/"),
        ("(ikke|ingen af dem er) sikker post", "CPR-num", "følsom", "sikker post på borger.dk"),
    ),
    "in danger": dict.fromkeys(
        ("/", "/kontakt/", "/skriv/", "/sikker-brug/", "/paaroerende/"),
        (r"i fare nu\? Ring 112",),
    ),
    "national authorities": {
        "/kontakt/": ("politiet på 114",),
        "/privatliv/": ("klage til Datatilsynet",),
        "/tilgaengelighed/": ("klage til Digitaliseringsstyrelsen",),
    },
    "words of the field, explained where they stand": {
        "/om/": (
            "Exit er hjælp til at komme ud.*hedder også exit-programmet",
            "Exit-kandidat er",
            "Exit-enheden er",
            "Exit-medarbejderen er",
            "Exit-koordinatorerne er",
            "Samtykkeerklæringen er",
            "Samarbejdsaftalen er",
        ),
        "/forloeb/": ("Kriminalforsorgen er dem", "Prøveløsladt betyder"),
        "/kontakt/": ("hedder også Digital Post",),
        "/tilgaengelighed/": ("tilgængelighedserklæring: en kort besked",),
    },
    "honesty": {
        "/": ("Det binder hverken dig eller os",),
        "/samtykke/": (
            "Formularen er ikke dit samtykke",
            "Det binder hverken dig eller os",
            "ikke love dig, at det bliver mellem os",
            "Politiet hører altså om dig, før du har skrevet under",
        ),
        "/sikker-brug/": (
            "sletter ikke alle spor",
            "En privat fane gemmer ikke historik.*Men den skjuler ikke alt",
        ),
    },
}
# What is owed to the reader before anything is sent.
BEFORE_SENDING = (
    "exit-medarbejder",
    "registrerer",
    "samtykkeerklæring",
    "kontakter vi politiets exit-koordinator",
    "kommunen, politiet og kriminalforsorgen må dele oplysninger om dig",
    "binder hverken dig eller os",
    "Skriv ikke CPR-nummer",
)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        pytest.param(address, words, id=f"{topic}-{address}")
        for topic, places in FACTS.items()
        for address, words in places.items()
    ],
)
def test_fact_is_told_in_plain_words(house: House, address: str, words: Sequence[str]) -> None:
    """Every fact of the programme stands where people look for it."""
    shown = house.page(house.visitor().get(address)).main
    lost = [fact for fact in words if not re.search(fact, shown, re.IGNORECASE)]
    assert not lost, shown


def test_who_gets_to_know_stands_before_the_send_button(house: House) -> None:
    """Nobody sends without having been able to read what happens then, right beside the button."""
    page = house.page(house.visitor().get("/skriv/"))
    before, _, _ = page.main.rpartition("Send")
    beside = before[before.index("Er der noget, vi skal vide?") :]
    assert [words for words in BEFORE_SENDING if words not in beside] == []


# The judge, judged.

SOUND = """<!doctype html>
<html lang="da" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forside</title>
<meta name="description" content="En sætning.">
<link rel="icon" href="data:image/svg+xml,x">
<style>p{color:red}</style>
</head>
<body>
<a href="#indhold">Gå til teksten</a>
<form method="post" action="/forlad/"><button>Forlad</button></form>
<aside aria-label="Prøveversion"><p>Prøveversion. Ingen får din besked.</p></aside>
<nav aria-label="Menu"><ul><li><a href="/om/#mere">Om</a></li></ul></nav>
<main id="indhold">
<h1>Hjælp</h1>
<h2 id="tal">Tal med os</h2>
<p>Team Social Service <a href="tel:+45-46-46-46-46">46 46 46 46</a></p>
<p>Randi Mortensen <a href="tel:+45-25-26-10-99">25 26 10 99</a></p>
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
BLANK = """<!doctype html>
<html lang="da" dir="ltr">
<head>
<meta charset="utf-8">
<title>dmi.dk</title>
<meta http-equiv="refresh" content="0; url=https://www.dmi.dk/">
</head>
<body>
<main><h1><a href="https://www.dmi.dk/">dmi.dk</a></h1></main>
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
SHUT_COOKIE = "__Host-videre=1; Max-Age=600; Secure; HttpOnly; Path=/; SameSite=Lax"


def sound(html: str, *cookies: str) -> Page:
    """A page that nothing is wrong with."""
    headers = Headers([*SOUND_HEADERS.items(), *(("Set-Cookie", cookie) for cookie in cookies)])
    others = {"/om/": '<h2 id="mere">Mere</h2>'}
    return Page(html, headers, demonstration=True, fetch=others.get)


KINDS = (
    (CONTENT, sound(SOUND)),
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


# By the one reason for which the judge must refuse them.
BROKEN: Mapping[str, Sequence[Change]] = {
    "valid_html": [
        put("", instead_of="<!doctype html>\n"),
        put("</b></p>", instead_of="</a> <a"),
        put('<input id="navn" id="navn"', instead_of='<input id="navn"'),
        add('<form method="post" action="/skriv/">', before="<fieldset>"),
        put("<p>&nej;Randi", instead_of="<p>Randi"),
        add("<div>", before="</main>"),
    ],
    "current_html": [
        put("<p><font>Randi</font>", instead_of="<p>Randi"),
        put('<p align="left">Randi', instead_of="<p>Randi"),
        put('<p aria-labeledby="navn">Randi', instead_of="<p>Randi"),
    ],
    "right_nesting": [
        put("<button>Ud</button></a>", instead_of="Ud</a>"),
        put("Navn<button>?</button></label>", instead_of="Navn</label>"),
        put('<span tabindex="0">Ud</span></a>', instead_of="Ud</a>"),
        put('<h2 id="tal"><div>Tal</div></h2>', instead_of='<h2 id="tal">Tal med os</h2>'),
        put('<address><h2 id="tal">Tal</h2></address>', instead_of='<h2 id="tal">Tal med os</h2>'),
        add("<p>Se:</p>", before="<li>"),
        add("<li>Randi</li>", before="<p>Randi"),
        add("<p>Hvem?</p>", before="<legend>"),
        add("<legend>Hvem?</legend>", before="<p>Randi"),
    ],
    "unique_ids": [
        put('<h2 id="navn">', instead_of='<h2 id="tal">'),
        put('<h2 id="">', instead_of='<h2 id="tal">'),
        put('<h2 id="tal her">', instead_of='<h2 id="tal">'),
    ],
    "kept_references": [
        put('<input aria-describedby="tal nej" id="navn"', instead_of='<input id="navn"'),
        put('<p aria-labelledby="nej">Randi', instead_of="<p>Randi"),
        put('<p aria-controls="nej">Randi', instead_of="<p>Randi"),
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
        put('<p tabindex="1">Randi', instead_of="<p>Randi"),
        together(
            put('<p tabindex="-1" autofocus>Randi', instead_of="<p>Randi"),
            put('<input autofocus id="navn"', instead_of='<input id="navn"'),
        ),
    ],
    "one_h1": [
        put("<h2>Hjælp</h2>", instead_of="<h1>Hjælp</h1>"),
        add("<h1>Mere</h1>", before="<h1>"),
    ],
    "headings_in_order": [
        put("<h3>Tal</h3>", instead_of='<h2 id="tal">Tal med os</h2>'),
        add("<h4>Mere</h4>", before="<p>Randi"),
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
        put('<p lang="dansk">Randi', instead_of="<p>Randi"),
    ],
    "may_be_enlarged": [
        add(", maximum-scale=1", before='">\n<title>'),
        put("vindue", instead_of="viewport"),
    ],
    "links_lead_somewhere": [
        put('<a href="tel:12">', instead_of='<a href="https://eksempel.dk/">'),
        put('<a href="tel:46464646">', instead_of='<a href="https://eksempel.dk/">'),
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
        put('<p style="color: red">Randi', instead_of="<p>Randi"),
        put('<p onclick="void 0">Randi', instead_of="<p>Randi"),
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
        header("Strict-Transport-Security", "max-age=63072000"),
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
        put("46 46 46 47", instead_of="46 46 46 46"),
        put("tel:+45-25-26-10-98", instead_of="tel:+45-25-26-10-99"),
        put("Randi M.", instead_of="Randi Mortensen"),
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
        really(Strict_Transport_Security="max-age=63072000"),
    ],
    "moves_on": [
        put("0; url=https://www.dr.dk/", instead_of="0; url=https://www.dmi.dk/"),
        put("5; url=https://www.dmi.dk/", instead_of="0; url=https://www.dmi.dk/"),
        put('"https://eksempel.dk/"', instead_of='"https://www.dmi.dk/"'),
    ],
    "tells_nothing": [add("Exit: ", before="<a"), add("Lejre Kommune: ", before="<a")],
    "cookies_of_leaving": [
        header("Set-Cookie", SHUT_COOKIE),
        header("Set-Cookie", OVER_COOKIE),
        header("Set-Cookie", OVER_COOKIE, SHUT_COOKIE.replace("Lax", "Strict")),
        header("Set-Cookie", OVER_COOKIE, SHUT_COOKIE.replace("600", "60")),
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


def test_every_rule_of_the_judge_can_refuse() -> None:
    """A rule that nothing breaks would be no rule."""
    rules = {rule.__name__ for rule in (*CONTENT, *FORM, *LEAVING, *RECEIPT, *ERROR)}
    assert rules == set(BROKEN)
