"""`content/`: every page loaded once, checked and frozen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup

from udvej.contacts import phone_link
from udvej.content.addresses import FORM, TAKEN
from udvej.content.facts import FACTS_FILE, Facts, load_facts
from udvej.content.headers import OWNED, Header, Keys
from udvej.content.located_toml import LocatedToml
from udvej.content.markdown import Links, Reader, Text, blocks
from udvej.content.messages import Message
from udvej.content.receipt import RECEIPT_FILE, Receipt, load_receipt
from udvej.content.titles import TITLE, tell_tale, telling_word
from udvej.errors import ContentError
from udvej.languages import DANISH, Language

# The program itself links to these, so they must be there.
_NEEDED = ("/", "/kontakt/", FORM, "/paaroerende/", "/sikker-brug/", "/privatliv/",
           "/tilgaengelighed/")  # fmt: skip

_ADDRESS = re.compile(r"/(?:[a-z0-9-]+/)*")
_KEYS: Keys = {
    "adresse": (str, None),
    "titel": (str, None),
    "resume": (str, None),
    "menu": (str, ""),
    "orden": (int, 1000),
    **OWNED,
}


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        address: its path, beginning and ending in "/".
        title: short, neutral and unique; the h1 may say more.
        summary: one sentence for search engines.
        menu: "top", "bund" or "" for neither.
        order: its place in the menu; each ten begins a group of its own.
        owner: who answers for the text.
        reviewed: when they last read it.
        text: what stands in `main`.
    """

    address: str
    title: str
    summary: str
    menu: str
    order: int
    owner: str
    reviewed: date
    text: Text

    @property
    def body(self) -> Markup:
        """What stands in `main`; on the form's page, above the form."""
        return self.text.body

    def gives(self, numbers: Sequence[str]) -> bool:
        """Whether its text gives each of some phone numbers to be pressed."""
        return all(phone_link(number) in self.body for number in numbers)

    @property
    def beside(self) -> Markup:
        """On the form's page what stands before the send button, elsewhere empty."""
        return self.text.beside


@dataclass(frozen=True)
class Edition:
    """Everything that `content/` says, in one language.

    Attributes:
        language: which.
        facts: what `kommune.toml` says, in Danish.
        pages: by address, without the language's prefix, in the order of the menus.
        receipt: what is said to who has sent.
    """

    language: Language
    facts: Facts
    pages: Mapping[str, Page]
    receipt: Receipt

    @property
    def top(self) -> Sequence[Sequence[Page]]:
        """The main menu in its groups, which are the tens of the pages' order."""
        pages = (page for page in self.pages.values() if page.menu == "top")
        return [[*group] for _, group in groupby(pages, lambda page: page.order // 10)]

    @property
    def bottom(self) -> Sequence[Page]:
        """The menu at the foot."""
        return [page for page in self.pages.values() if page.menu == "bund"]


def load_edition(
    folder: Path,
    language: Language = DANISH,
    *,
    boxes: Mapping[str, bool] = MappingProxyType({}),
) -> Edition:
    """Read and check a whole content folder.

    Args:
        folder: holds `kommune.toml` and a Markdown file a page.
        language: gives headings, paragraphs, list items, titles and summaries in its own words.
        boxes: the names of boxes that are shown only where they are true, such as what is said of
            one way to seal.

    Raises:
        ContentError: naming file, line and what to do.
    """
    facts = load_facts(folder / FACTS_FILE)
    receipt = load_receipt(folder, facts, language, boxes)
    files = [
        _load(path, facts, language, boxes)
        for path in sorted(folder.glob("[!.]*.md"))
        if path != receipt.path
    ]
    by_address: dict[str, _File] = {}
    by_title: dict[str, _File] = {}
    for file in files:
        for key, value, seen in (
            ("adresse", file.page.address, by_address),
            ("titel", file.source.data["titel"].casefold(), by_title),
        ):
            if value in seen:
                raise file.source.error(f"bruges også i {seen[value].source.path.name}", key)
            seen[value] = file
    for address in _NEEDED:
        if address not in by_address:
            raise ContentError(folder, 1, f'der mangler en side med adresse = "{address}"')
    if language.is_danish:  # the others are made of the same
        _check_texts(by_address, receipt)
    pages = sorted((file.page for file in files), key=lambda page: (page.order, page.address))
    return Edition(language, facts, {page.address: page for page in pages}, receipt)


def messages(path: Path) -> Iterator[Message]:
    """What there is to translate in a page's file.

    Raises:
        ContentError: it is not a page.
    """
    if path.name == RECEIPT_FILE:
        yield from _blocks(Header.read(path, OWNED), "the receipt")
        return
    header = _header(path)
    source, values = header.source, header.values
    title = "title: short; the browser keeps it, so it must not tell what the page is about"
    yield Message(source.line("titel"), values["titel"], TITLE, title)
    summary = "one sentence for search engines, neutral like the title"
    yield Message(source.line("resume"), values["resume"], "", summary)
    yield from _blocks(header, values["adresse"])


def _blocks(header: Header, place: str) -> Iterator[Message]:
    for line, kind, words in blocks(header.markdown):
        yield Message(header.above + line, words, "", f"{kind} on {place}")


@dataclass(frozen=True)
class _File:
    """A page with what is needed to check it against the others."""

    source: LocatedToml
    page: Page


def _load(path: Path, facts: Facts, language: Language, boxes: Mapping[str, bool]) -> _File:
    header = _header(path)
    values = header.values
    text = Text(Reader(path, header.above, facts, language, boxes), header.markdown)
    title, summary = values["titel"], values["resume"]
    page = Page(
        address=values["adresse"],
        title=language.content.pgettext(TITLE, title),
        summary=language.content.gettext(summary),
        menu=values["menu"],
        order=values["orden"],
        owner=values["ansvarlig"],
        reviewed=values["gennemgaaet"],
        text=text,
    )
    return _File(header.source, page)


def _header(path: Path) -> Header:
    """The header of a page, with what only a page has."""
    header = Header.read(path, _KEYS)
    source, values = header.source, header.values
    if not _ADDRESS.fullmatch(values["adresse"]):
        raise source.error('skriv små bogstaver mellem skråstreger, som "/hjaelp/"', "adresse")
    if values["adresse"] in TAKEN:
        raise source.error("bruges af programmet selv; vælg en anden", "adresse")
    if values["menu"] not in ("", "top", "bund"):
        raise source.error('skriv "top" eller "bund", eller slet linjen', "menu")
    for key in ("titel", "adresse"):
        _check_neutral(source, key)
    return header


def _check_neutral(source: LocatedToml, key: str) -> None:
    if word := telling_word(source.data[key], tell_tale(DANISH)):
        raise source.error(
            f"»{word}« kan afsløre læseren, for browseren gemmer den; vælg et andet ord", key
        )


def _check_texts(files: Mapping[str, _File], receipt: Receipt) -> None:
    found = {address: file.page.text.check() for address, file in files.items()}
    for address, file in files.items():
        if found[address].beside != (address == FORM):
            raise file.source.error(f"::: formular skal stå på {FORM}, og kun dér", "adresse")
        _check_links(file.source.path, found[address], found)
    for links in receipt.check():
        _check_links(receipt.path, links, found)


def _check_links(path: Path, links: Links, found: Mapping[str, Links]) -> None:
    """Each link of a text leads to a page, or to a heading of one or of its own."""
    for line, link in links.targets:
        if link.startswith(("https://", "mailto:", "tel:")):
            continue
        place, _, anchor = link.partition("#")
        target = found.get(place) if place else links if anchor else None
        if target is None or (anchor and anchor not in target.anchors):
            raise ContentError(path, line, f"linket »{link}« fører ingen steder hen; ret adressen")
