"""The site in other languages: made-up ones here, so that no word of them is ours."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from support.municipality import ADDRESSES, HEADING, PAGES
from support.translating import translate, whispering
from support.visiting import Visitor, headings, links, reference
from udvej.config import Config
from udvej.content.editions import translations_of
from udvej.outbox.delivery import Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app

READ = [address for address in ADDRESSES if address != "/skriv/"]
FOUND = PAGES["/kontakt/"].title
ORIGIN = "http://127.0.0.1:8000"
# What is Danish on a page in another language on purpose.
NAMES = re.compile(r'<bdi lang="da" dir="ltr">[^<]*</bdi>|<a [^>]*lang="da"[^>]*>Dansk</a>')
UNREAD = (
    '<p class="translation-notice-danish" lang="da" dir="ltr">Teksten er ikke tjekket '
    "af en oversætter. Det er den danske tekst, der gælder.</p>"
)
FALLEN_BACK = re.compile(r'<(?!html)\w+[^>]* lang="da" dir="ltr">')


@pytest.fixture
def translations(content: Path) -> Path:
    """A folder with two whole languages, one of them written from right to left."""
    folder = translations_of(content)
    for locale in ("en", "ar"):
        translate(folder, locale, whispering)
    return folder


@pytest.fixture
def visit(config: Config, translations: Path) -> Callable[[], FlaskClient]:
    """Open the site as its folders are now, over HTTPS as cookies want it."""
    assert translations == translations_of(config.content)

    def visit() -> FlaskClient:
        client = create_app(Services.open(config)).test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        return client

    return visit


def letters(config: Config) -> list[str]:
    """What the team has received, opened."""
    team = Demonstration.prepare(config.state)
    delivery = Delivery(Outbox(SQLite(config.state)), team)
    while delivery.next():
        pass
    return [*team.letters()]


def danish_in(html: str) -> list[str]:
    """The elements that are marked as Danish, but for names and what says so on purpose."""
    rest = NAMES.sub("", html).replace(UNREAD, "")
    return [match[0] for match in FALLEN_BACK.finditer(rest)]


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_every_page_stands_at_the_same_address_under_its_language(
    visit: Callable[[], FlaskClient], tag: str
) -> None:
    """Whole, in its own direction, and with links that stay in the language."""
    client = visit()
    direction = {"en": "ltr", "ar": "rtl"}[tag]
    for address in ADDRESSES:
        html = client.get(f"/{tag}{address}").text
        assert f'<html lang="{tag}" dir="{direction}">' in html
        assert headings(html)[0].startswith("¤ ")
        assert danish_in(html) == []
        inside = re.findall(r'href="(/[^"]*)">(?:<bdi|¤)', html)
        assert inside
        assert [link for link in inside if not link.startswith(f"/{tag}/")] == []


def test_danish_pages_hold_no_mark_of_being_danish(visit: Callable[[], FlaskClient]) -> None:
    """The source is marked once, on `html`."""
    for address in ADDRESSES:
        html = visit().get(address).text
        assert danish_in(html) == []
        assert "<bdi" not in html


def test_an_edited_paragraph_falls_back_in_each_language_and_no_other_does(
    visit: Callable[[], FlaskClient], content: Path
) -> None:
    """The translated page around it stays."""
    text = (content / "om.md").read_text("utf-8")
    edited = text.replace("Du skal ville", "Du skal helt ville")
    assert edited.count("Du skal helt ville") == text.count("Du skal ville") == 1
    (content / "om.md").write_text(edited, "utf-8")
    client = visit()
    for tag in ("en", "ar"):
        for address in ADDRESSES:
            html = client.get(f"/{tag}{address}").text
            assert danish_in(html) == (['<p lang="da" dir="ltr">'] if address == "/om/" else []), (
                address
            )
        assert '<p lang="da" dir="ltr">Du skal helt ville' in client.get(f"/{tag}/om/").text


@pytest.mark.parametrize(
    ("file", "said", "shown"),
    [
        ("content.po", "Uddannelse.", '<li lang="da" dir="ltr">Uddannelse.</li>'),
        ("content.po", FOUND, f'<span lang="da" dir="ltr">{FOUND}</span>'),
        ("udvej.po", "Tal med os", '<h2><span lang="da" dir="ltr">Tal med os</span></h2>'),
        ("udvej.po", "Hurtige valg", 'aria-label="Hurtige valg"'),
        ("content.po", HEADING, f'<h1 lang="da" dir="ltr">{HEADING}</h1>'),
        (
            "content.po",
            "Politiet på øerne",
            '<span lang="da" dir="ltr">Politiet på øerne</span><br>',
        ),
    ],
)
def test_whatever_has_no_translation_is_danish_and_says_so(
    visit: Callable[[], FlaskClient], translations: Path, file: str, said: str, shown: str
) -> None:
    """List items, titles in menus, words of templates, names of regions, headings, facts."""
    path = translations / "ar" / "LC_MESSAGES" / file
    text = path.read_text("utf-8")
    assert f'msgid "{said}"\nmsgstr "¤ {said}"' in text
    path.write_text(text.replace(f'msgstr "¤ {said}"', 'msgstr ""'), "utf-8")
    assert shown in visit().get("/ar/om/").text


def test_the_same_page_in_other_languages_is_one_press_away(
    visit: Callable[[], FlaskClient],
) -> None:
    """Twice, each named in itself; that of the page leads nowhere."""
    client = visit()
    for address in ADDRESSES:
        for tag in ("", "/en", "/ar"):
            html = client.get(tag + address).text
            for other, lang, name in (
                ("", 'lang="da" dir="ltr"', "Dansk"),
                ("/en", 'lang="en" dir="ltr"', "English"),
                ("/ar", 'lang="ar" dir="rtl"', "العربية"),
            ):
                link = f'<a href="{other}{address}" hreflang="{lang[6:8]}" {lang}>{name}'
                if other == tag:
                    link = f'<span aria-current="true">{name}'
                assert html.count(link) == 2, link


def test_search_engines_are_told_of_every_language_of_a_page(
    visit: Callable[[], FlaskClient],
) -> None:
    """Alternates point at each other, the canonical link at the page itself."""
    client = visit()
    for address in ADDRESSES:
        expected = {
            "x-default": ORIGIN + address,
            "da": ORIGIN + address,
            "en": f"{ORIGIN}/en{address}",
            "ar": f"{ORIGIN}/ar{address}",
        }
        for tag in ("da", "en", "ar"):
            html = client.get(expected[tag].removeprefix(ORIGIN)).text
            assert f'<link rel="canonical" href="{expected[tag]}">' in html
            told = re.findall(r'<link rel="alternate" hreflang="([^"]*)" href="([^"]*)">', html)
            assert dict(told) == expected


def test_sitemap_holds_every_page_in_every_language(visit: Callable[[], FlaskClient]) -> None:
    """With its alternates; robots.txt leads there."""
    client = visit()
    sitemap = client.get("/sitemap.xml")
    assert sitemap.mimetype == "text/xml"
    names = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "x": "http://www.w3.org/1999/xhtml",
    }
    urls = ET.fromstring(sitemap.text).findall("s:url", names)
    places = [url.findtext("s:loc", "", names) for url in urls]
    assert {*places} == {ORIGIN + tag + page for tag in ("", "/en", "/ar") for page in ADDRESSES}
    for url in urls:
        alternates = {link.get("hreflang") for link in url.findall("x:link", names)}
        assert alternates == {"da", "en", "ar", "x-default"}
    assert f"Sitemap: {ORIGIN}/sitemap.xml" in client.get("/robots.txt").text


@pytest.mark.parametrize("accept", ["ar", "en-GB, en;q=0.8", "*"])
def test_nobody_is_led_to_a_language_unasked(visit: Callable[[], FlaskClient], accept: str) -> None:
    """What the browser asks for changes no answer."""
    client = visit()
    for address in ("/", "/en/"):
        plain = client.get(address)
        asked = client.get(address, headers={"Accept-Language": accept})
        assert (asked.status_code, asked.data) == (200, plain.data)


@pytest.mark.parametrize("address", ["/xx/", "/xx/om/", "/da/", "/da/om/", "/EN/", "/english/"])
def test_an_unknown_language_is_not_found_in_danish(
    visit: Callable[[], FlaskClient], address: str
) -> None:
    """Also for those whose browser asks for another."""
    answer = visit().get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert headings(answer.text) == ["Siden findes ikke"]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/ar/nej/", 404),
        ("GET", "/ar/skriv/cookie/", 200),
        ("POST", "/ar/om/", 405),
        ("POST", "/ar/skriv/", 400),
    ],
)
def test_errors_speak_the_language_of_their_address(
    visit: Callable[[], FlaskClient], method: str, address: str, status: int
) -> None:
    """Also after a page in another language was asked for."""
    client = visit()
    client.get("/en/skriv/")
    answer = client.open(address, method=method)
    assert answer.status_code == status
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert headings(answer.text)[0].startswith("¤ ")
    assert danish_in(answer.text) == []
    assert "/ar/" in links(answer.text)
    assert headings(client.get("/nej/").text) == ["Siden findes ikke"]


def test_a_form_is_refused_mended_and_received_in_its_language(
    visit: Callable[[], FlaskClient], config: Config
) -> None:
    """The team reads in Danish which language that was, and whether to bring an interpreter."""
    visitor = Visitor(visit(), "/ar")
    refused = visitor.send(phone="1", interpreter="y")
    assert (refused.status_code, refused.location) == (303, "/ar/skriv/")
    html = visitor.client.get(refused.location).text
    assert danish_in(html) == []
    assert "¤ Telefonnummeret ser ikke rigtigt ud." in html
    assert re.search(r'name="interpreter" value="y" checked', html)
    sent = visitor.send(interpreter="y")
    assert visitor.is_taken(sent)
    receipt = visitor.client.get(sent.location).text
    assert danish_in(receipt) == []
    assert f'<bdi dir="ltr">{reference(receipt)}</bdi>' in receipt
    [letter] = letters(config)
    assert "Siden var på: arabisk\nTolk: JA, ønskes\n" in letter
    assert "HVEM SKRIVER\nEn, der selv vil ud\n" in letter


def test_a_page_that_no_translator_has_read_says_so_in_both_languages(
    visit: Callable[[], FlaskClient], translations: Path
) -> None:
    """Until a person has read the municipality's words and the program's."""
    html = visit().get("/en/om/").text
    assert UNREAD in html
    assert f"<p>¤ {UNREAD.partition('>')[2]}" in html
    for name in ("content.po", "udvej.po"):
        assert "tjekket af en oversætter" in visit().get("/en/om/").text
        path = translations / "en" / "LC_MESSAGES" / name
        text = path.read_text("utf-8")
        path.write_text("# Reviewed by: Sofie, 2026-12-01\n" + text, "utf-8")
    assert "tjekket af en oversætter" not in visit().get("/en/om/").text
    assert "tjekket af en oversætter" in visit().get("/ar/om/").text
    assert "tjekket af en oversætter" not in visit().get("/om/").text


def test_a_language_is_added_by_its_folder_alone(
    visit: Callable[[], FlaskClient], translations: Path
) -> None:
    """It is in the menus, the sitemap and the letters."""
    translate(translations, "pt_BR", whispering)
    client = visit()
    assert '<html lang="pt-BR" dir="ltr">' in client.get("/pt-BR/om/").text
    assert ">Português (Brasil)</a>" in client.get("/om/").text
    assert f"{ORIGIN}/pt-BR/om/" in client.get("/sitemap.xml").text


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    "[x](https://evil.example/)",
    "%(secret)s {team.navn.__class__} %n %s",
    "x" * 3_000,
    "\u202e\x00",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }}{% raw %}",
]


@pytest.mark.heavy
@pytest.mark.parametrize("harm", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_catalogue_is_served_harmless(
    visit: Callable[[], FlaskClient], translations: Path, harm: str
) -> None:
    """Whatever it says in every other message, the pages are whole and hold none of it alive."""

    def say(message: str) -> str:
        return f"{harm} {message}" if len(message) % 2 else whispering(message)

    translate(translations, "de", say)
    client = visit()
    for address in (*ADDRESSES, "/nej/"):
        answer = client.get(f"/de{address}")
        html = answer.text
        assert answer.status_code in (200, 404)
        assert len(html) < 100_000
        assert html.count("<script") == 1
        assert "evil.example" not in re.sub(r">[^<]*<", "><", html)
        assert not re.search(r"<[^>]*(?:onerror|javascript:)", html)
        assert "49" not in headings(html)[0]
    assert client.post("/de/skriv/").status_code == 400
