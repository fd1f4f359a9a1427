"""The one judge of every page.

A page is judged by rules. Each rule is a function that yields what is wrong with the page, and its
name is the reason for which a page is refused. Elements, attributes, ids and what may stand in what
are the Nu checker's to judge (`checkers.py`).
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from udvej.contacts import phone_link
from udvej.content import titles
from udvej.content.facts import Facts
from udvej.languages import DANISH, Language
from werkzeug.datastructures import Headers

_BANNER: Final = "Prøveversion. Ingen får din besked."

_HASH = r"'sha256-[A-Za-z0-9+/]{43}='"
_NO_FEATURES = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
        "encrypted-media", "fullscreen", "geolocation", "gyroscope", "magnetometer", "microphone",
        "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock",
        "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
# One style, and two scripts: that of every page and that of the blank one.
_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'self'; "
    f"frame-ancestors 'none'; img-src data:; script-src {_HASH} {_HASH}; style-src {_HASH}"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Content-Type": "text/html; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": re.escape(_NO_FEATURES),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_FORM_COOKIE: Final = "__Host-skema"
_LEFT_COOKIE: Final = "__Host-videre"
_LOCKED: Final = frozenset(("Secure", "HttpOnly", "Path=/"))
_HSTS: Final = "max-age=31536000"
_LETTING_OTHERS_IN: Final = ("Access-Control-Allow-Origin", "Server", "X-Powered-By")

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements among whose words there is no edge.
_INLINE: Final = frozenset((
    "a", "abbr", "bdi", "br", "button", "code", "em", "input", "label", "option", "select", "span",
    "strong", "textarea", "time",
))  # fmt: skip
_DRAWING: Final = "{http://www.w3.org/2000/svg}svg"
_CONTROLS: Final = frozenset(("button", "input", "select", "textarea"))
_REFERENCES: Final = ("aria-controls", "aria-describedby", "aria-labelledby", "form", "for", "list")
_FETCHING: Final = (
    "action", "background", "data", "formaction", "imagesrcset", "manifest", "ping", "poster",
    "src", "srcset",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A page as it was answered.

    Attributes:
        html: the answer's body.
        headers: the answer's headers.
        demonstration: whether the site that answered is one.
        facts: what its content says of the municipality.
        languages: those of the site, by tag.
        fetch: the body that a visitor gets for an address of the site, None where there is none.
    """

    html: str
    headers: Headers
    demonstration: bool
    facts: Facts
    languages: Mapping[str, Language]
    fetch: Callable[[str], str | None]

    @property
    def root(self) -> Element:
        """The element `html`."""
        return _parsed(self.html)[0]

    @property
    def parse_errors(self) -> Sequence[str]:
        """What the parser had to put right."""
        return _parsed(self.html)[1]

    def all(self, *names: str) -> list[Element]:
        """The elements of these names, all if none is named, in the order of the page."""
        every = (element for element in self.root.iter() if isinstance(element.tag, str))
        return [element for element in every if not names or element.tag in names]

    @cached_property
    def ids(self) -> Mapping[str, Element]:
        """The elements that can be referred to."""
        return {element.attrib["id"]: element for element in self.all() if "id" in element.attrib}

    @property
    def language(self) -> Language:
        """What it is written in; Danish where it does not say so."""
        return self.languages.get(self.root.get("lang", ""), DANISH)

    @property
    def title(self) -> str:
        """What the browser writes down."""
        return " ".join(text(element) for element in self.all("title"))

    @property
    def main(self) -> str:
        """What stands in `main`."""
        return " ".join(text(element) for element in self.all("main"))


@lru_cache(maxsize=128)
def _parsed(html: str) -> tuple[Element, Sequence[str]]:
    """The tree, and what was wrong; kept, since every link to a page looks into that page too."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(html)
    return root, [f"line {line}: {code}" for (line, _), code, _ in parser.errors]


def text(element: Element) -> str:
    """The words of an element; those of a block never run into the next."""
    return " ".join("".join(_words(element)).split())


def _words(element: Element) -> Iterator[str]:
    if element.tag in ("script", "style") or not isinstance(element.tag, str):
        return
    edge = "" if element.tag in _INLINE - {"br"} else " "
    yield edge + (element.text or "")
    for child in element:
        yield from _words(child)
        yield child.tail or ""
    yield edge


def _tag(element: Element) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in element.attrib.items())
    return f"<{element.tag}{attributes}>"


def _below(element: Element) -> list[Element]:
    return [
        child for child in element.iter() if child is not element and isinstance(child.tag, str)
    ]


Rule = Callable[[Page], Iterable[str]]


def valid_html(page: Page) -> Iterator[str]:
    """A parser has nothing to put right (WHATWG HTML)."""
    if not page.html.lstrip().startswith("<!doctype html>"):
        yield "it does not begin with <!doctype html>"
    yield from page.parse_errors


def decorative_drawings(page: Page) -> Iterator[str]:
    """A drawing says nothing that is not said in words, so nobody hears of it (WCAG 1.1.1)."""
    for drawing in page.all(_DRAWING):
        if drawing.get("aria-hidden") != "true" or text(drawing):
            yield _tag(drawing)


def _is_interactive(element: Element) -> bool:
    return (
        element.tag in _CONTROLS | {"label"}
        or (element.tag == "a" and "href" in element.attrib)
        or "tabindex" in element.attrib
    )


def kept_references(page: Page) -> Iterator[str]:
    """What refers to an id finds it, and finds the right kind of element."""
    kinds = {"for": _CONTROLS, "form": {"form"}}
    for element in page.all():
        for attribute in _REFERENCES:
            for name in element.get(attribute, "").split():
                target = page.ids.get(name)
                if target is None or target.tag not in kinds.get(attribute, {target.tag}):
                    yield f"{attribute} of {_tag(element)}"


def named_controls(page: Page) -> Iterator[str]:
    """A field has a label, a button and a link have words, a fieldset a legend."""
    labelled = {label.get("for") for label in page.all("label")}
    for element in page.all("input", "select", "textarea"):
        if element.get("type") != "hidden" and element.get("id", "") not in labelled:
            yield f"{_tag(element)} has no label"
    for element in page.all("a", "button", "label", "legend", *_HEADINGS):
        if not (text(element) or element.get("aria-label")):
            yield f"{_tag(element)} has no words"
    for element in page.all("fieldset"):
        if "legend" not in [child.tag for child in element]:
            yield f"{_tag(element)} has no legend"


def named_regions(page: Page) -> Iterator[str]:
    """One `main`; navigations and asides have names that tell them apart."""
    if len(page.all("main")) != 1:
        yield f"{len(page.all('main'))} main"
    regions = page.all("nav", "aside")
    names = Counter(_name(page, region) for region in regions)
    yield from (f"{_tag(region)} has no name" for region in regions if not _name(page, region))
    yield from (f"{count} regions called {name}" for name, count in names.items() if count > 1)


def _name(page: Page, element: Element) -> str:
    labels = (page.ids.get(name) for name in element.get("aria-labelledby", "").split())
    words = " ".join(text(label) for label in labels if label is not None)
    return words or element.get("aria-label", "").strip()


def order_of_the_keyboard(page: Page) -> Iterator[str]:
    """The order of the page; at most one element takes focus by itself."""
    for element in page.all():
        if element.get("tabindex") not in (None, "0", "-1"):
            yield f"tabindex of {_tag(element)}"
    taking = [element for element in page.all() if "autofocus" in element.attrib]
    yield from (f"{_tag(element)} takes focus too" for element in taking[1:])


def one_h1(page: Page) -> Iterator[str]:
    """Exactly one."""
    if len(page.all("h1")) != 1:
        yield f"{len(page.all('h1'))} h1"


def headings_in_order(page: Page) -> Iterator[str]:
    """No level is left out on the way down."""
    above = 1
    for heading in page.all(*_HEADINGS):
        level = int(heading.tag[1])
        if level > above + 1:
            yield f"h{above}, then {_tag(heading)} {text(heading)}"
        above = level


def neutral_title(page: Page) -> Iterator[str]:
    """One title, which tells nobody what was read, nor that a page is being tried out."""
    if len(page.all("title")) != 1 or not page.title:
        yield "there is not one title"
    for word in (*titles.tell_tale(page.language), "prøve", "demo"):
        if word in page.title.casefold():
            yield f"»{word}« in »{page.title}«"


def language(page: Page) -> Iterator[str]:
    """The language is named, and with it the direction it is written in (BCP 47, CLDR)."""
    for element in page.all():
        tag = element.get("lang")
        if tag is None:
            continue
        try:
            direction = Locale.parse(tag, sep="-").text_direction
        except (ValueError, UnknownLocaleError):
            yield f"{_tag(element)}: no such language"
            continue
        if element.tag == "html" and element.get("dir") != direction:
            yield f"{_tag(element)}: it is written {direction}"
    if "lang" not in page.root.attrib:
        yield "html has no lang"


def may_be_enlarged(page: Page) -> Iterator[str]:
    """The width is the screen's, and nobody is kept from enlarging."""
    views = [meta.get("content") for meta in page.all("meta") if meta.get("name") == "viewport"]
    if views != ["width=device-width, initial-scale=1"]:
        yield f"viewport: {views}"


def links_lead_somewhere(page: Page) -> Iterator[str]:
    """Phone and mail links are well-formed; pages and anchors of ours are there."""
    for link in page.all("a"):
        address = link.get("href", "")
        if address.startswith("tel:"):
            good = re.fullmatch(r"tel:(\+\d+(-\d+)*|11[24])", address) is not None  # RFC 3966
        elif address.startswith("mailto:"):
            good = _is_mail_address(address.removeprefix("mailto:"))
        elif address.startswith("https://"):
            good = bool(urlsplit(address).hostname) and not urlsplit(address).username
        else:
            good = _is_ours(page, address)
        if not good:
            yield f"{_tag(link)} {text(link)}"


def _is_mail_address(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _is_ours(page: Page, address: str) -> bool:
    path, has_anchor, anchor = address.partition("#")
    if path and not re.fullmatch(r"/(?:[a-z0-9-]+/)*", path):
        return False
    html = page.fetch(path) if path else page.html
    if html is None:
        return False
    there = replace(page, html=html) if path else page
    return anchor in there.ids if has_anchor else bool(path)


def forms_post_to_us(page: Page) -> Iterator[str]:
    """What is typed stands in no address and goes to no other site."""
    for form in page.all("form"):
        if form.get("method") != "post" or not re.match(r"/[a-z]", form.get("action", "")):
            yield _tag(form)


def nothing_fetched(page: Page) -> Iterator[str]:
    """One request, one answer: nothing makes the browser ask for more."""
    for element in page.all():
        for name in _FETCHING:
            if name in element.attrib and (element.tag, name) != ("form", "action"):
                yield f"{name} of {_tag(element)}"
    for link in page.all("link"):
        if link.get("rel") in ("alternate", "canonical"):  # for search engines, not for browsers
            continue
        if link.get("rel") != "icon" or not link.get("href", "").startswith("data:image/"):
            yield _tag(link)
    for style in page.all("style"):
        yield from re.findall(r"@import|@font-face|url\(|image-set\(", style.text or "")


def stays(page: Page) -> Iterator[str]:
    """Nothing moves the reader on."""
    for meta in page.all("meta"):
        if meta.get("http-equiv"):
            yield _tag(meta)


def no_inline_attributes(page: Page) -> Iterator[str]:
    """Styles and script stand in their one place each."""
    for element in page.all():
        for name in element.attrib:
            if name == "style" or name.startswith("on"):
                yield f"{name} of {_tag(element)}"


def allowed_by_hash(page: Page) -> Iterator[str]:
    """The policy allows what stands inside the page (CSP 3, 2.3.1)."""
    policy = dict(
        directive.strip().partition(" ")[::2]
        for directive in page.headers.get("Content-Security-Policy", "").split(";")
    )
    for element in page.all("script", "style") if any(policy) else ():
        digest = hashlib.sha256((element.text or "").encode()).digest()
        source = f"'sha256-{base64.b64encode(digest).decode()}'"
        if "src" not in element.attrib and source not in policy.get(f"{element.tag}-src", ""):
            yield f"{_tag(element)} is not allowed"


def security_headers(page: Page) -> Iterator[str]:
    """Each once, with its exact value; HTTPS is insisted on where the site is real."""
    expected = _HEADERS | ({} if page.demonstration else {"Strict-Transport-Security": _HSTS})
    for name, value in expected.items():
        given = page.headers.getlist(name)
        if len(given) != 1 or not re.fullmatch(value, given[0]):
            yield f"{name}: {given}"
    unwanted = (*_LETTING_OTHERS_IN, *(["Strict-Transport-Security"] if page.demonstration else []))
    yield from (f"{name} is given" for name in unwanted if name in page.headers)


def no_cookie(page: Page) -> Iterator[str]:
    """None before the form."""
    yield from page.headers.getlist("Set-Cookie")


def only_the_forms_cookie(page: Page) -> Iterator[str]:
    """The form's cookie, which ends with the browser's session and goes to no other site."""
    for name, flags in _cookies(page):
        if name != _FORM_COOKIE or flags != _LOCKED | {"SameSite=Strict"}:
            yield f"{name} {flags}"


def _cookies(page: Page) -> Iterator[tuple[str, frozenset[str]]]:
    for cookie in page.headers.getlist("Set-Cookie"):
        value, *flags = cookie.split("; ")
        yield value.partition("=")[0], frozenset(flags)


def described(page: Page) -> Iterator[str]:
    """A sentence for search engines, short enough to be shown whole."""
    given = [
        meta.get("content", "") for meta in page.all("meta") if meta.get("name") == "description"
    ]
    if len(given) != 1 or not 1 <= len(given[0].strip()) <= 160:
        yield f"description: {given}"


def somebody_to_call(page: Page) -> Iterator[str]:
    """The team's number and those at the police, each with a name."""
    called = {link.get("href"): text(link) for link in page.all("a")}
    police = [facts["politi"] for facts in page.facts.each("politi")]
    for contact in (page.facts["team"], *police):
        if contact["telefon"] not in called.get(phone_link(contact["telefon"]), ""):
            yield f"{contact['telefon']} cannot be pressed"
        if contact["navn"] not in text(page.root):
            yield f"{contact['navn']} is not named"


def way_out(page: Page) -> Iterator[str]:
    """A button that leaves, alone in its form, where no script and no other field matters."""
    out = [form for form in page.all("form") if form.get("action") == "/forlad/"]
    if not out:
        yield "no form leads to /forlad/"
    for form in out:
        if [child.tag for child in _below(form)] != ["button"]:
            yield f"{_tag(form)} holds more or less than one button"


def skip_link(page: Page) -> Iterator[str]:
    """The first stop of the keyboard is a link to the text."""
    stops = [element for element in page.all() if _is_interactive(element)]
    main = page.all("main")
    target = f"#{main[0].get('id')}" if main else ""
    if not stops or stops[0].get("href") != target:
        yield f"the first stop is {_tag(stops[0]) if stops else 'missing'}"


def says_what_it_is(page: Page) -> Iterator[str]:
    """A demonstration says so before anything else is read, and nothing else says so."""
    banner = page.language.catalogue.gettext(_BANNER)
    said = [element for element in page.all("aside") if text(element) == banner]
    if len(said) != page.demonstration:
        yield f"the banner stands {len(said)} times"
    places = {element: place for place, element in enumerate(page.all())}
    if any(places[banner] > places[main] for banner in said for main in page.all("main")):
        yield "the banner comes too late"


def moves_on(page: Page) -> Iterator[str]:
    """At once, to one ordinary site, without script or by hand where need be."""
    links = [link.get("href", "") for link in page.all("a")]
    refresh = [meta.get("content") for meta in page.all("meta") if meta.get("http-equiv")]
    if len(links) != 1 or links[0] not in page.facts["forlad"]["sider"]:
        yield f"it leads to {links}"
    elif refresh != [f"0; url={links[0]}"]:
        yield f"it moves on to {refresh}"


def tells_nothing(page: Page) -> Iterator[str]:
    """Not a word of ours."""
    words = text(page.root).casefold()
    for word in (
        *titles.tell_tale(DANISH),
        *(page.facts["kommune"]["navn"], page.facts["team"]["navn"]),
    ):
        if word.casefold() in words:
            yield f"»{word}« in »{words}«"
    yield from (_tag(element) for element in page.all("form"))


def cookies_of_leaving(page: Page) -> Iterator[str]:
    """The form's cookie ends, and one begins that keeps the site shut for some minutes."""
    shut = page.facts["forlad"]["minutter"] * 60
    expected = {
        _FORM_COOKIE: _LOCKED | {"SameSite=Strict", "Max-Age=0"},
        _LEFT_COOKIE: _LOCKED | {"SameSite=Lax", f"Max-Age={shut}"},
    }
    given = {
        name: frozenset(flag for flag in flags if not flag.startswith("Expires="))
        for name, flags in _cookies(page)
    }
    if given != expected:
        yield f"{given}"


# What any document of ours is, the blank one too.
_DOCUMENT: Final = (
    valid_html, decorative_drawings, kept_references, named_controls, named_regions,
    order_of_the_keyboard, one_h1, headings_in_order, neutral_title, language,
    links_lead_somewhere, nothing_fetched, no_inline_attributes, allowed_by_hash, security_headers,
)  # fmt: skip
_READ: Final = (
    *_DOCUMENT, may_be_enlarged, forms_post_to_us, stays, somebody_to_call, way_out, skip_link,
    says_what_it_is,
)  # fmt: skip
CONTENT: Final[Sequence[Rule]] = (*_READ, no_cookie, described)
FORM: Final[Sequence[Rule]] = (*_READ, only_the_forms_cookie, described)
RECEIPT: Final[Sequence[Rule]] = (*_READ, only_the_forms_cookie)
ERROR: Final[Sequence[Rule]] = (*_READ, no_cookie)
LEAVING: Final[Sequence[Rule]] = (*_DOCUMENT, moves_on, tells_nothing, cookies_of_leaving)


def faults(page: Page, rules: Sequence[Rule]) -> list[tuple[str, str]]:
    """What is wrong with a page: the name of each rule it breaks, and how."""
    return [(rule.__name__, fault) for rule in rules for fault in rule(page)]


def judge(page: Page, rules: Sequence[Rule]) -> None:
    """Refuse a page that breaks a rule."""
    found = faults(page, rules)
    assert not found, "\n".join(f"{name}: {fault}" for name, fault in found)
