"""`content/`: every page loaded once, checked and frozen."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from udvej.contacts import phone_link
from udvej.content.addresses import FORM, TAKEN
from udvej.content.facts import Facts
from udvej.content.headers import OWNED, Header, Keys
from udvej.content.kommune_toml import FACTS_FILE, load_facts
from udvej.content.linking import wrong_texts
from udvej.content.markdown import Reader, Text, blocks
from udvej.content.messages import Message
from udvej.content.receipt import RECEIPT_FILE, Receipt, load_receipt
from udvej.content.titles import TITLE, tell_tale, telling_word
from udvej.errors import ContentError, Mistakes
from udvej.languages import DANISH, Language
from udvej.wording import tell

# The program itself links to these, so they must be there.
NEEDED = ("/", "/kontakt/", FORM, "/paaroerende/", "/sikker-brug/", "/privatliv/",
           "/tilgaengelighed/")  # fmt: skip

_ADDRESS = re.compile(r"/(?:[a-z0-9-]+/)*")
KEYS: Keys = {
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
        file: what it was made of.
    """

    address: str
    title: str
    summary: str
    menu: str
    order: int
    owner: str
    reviewed: date
    text: Text
    file: Header

    @property
    def body(self) -> Markup:
        """What stands in `main`; on the form's page, above the form."""
        return self.text.body

    def gives(self, contacts: Iterable[Mapping[str, str]]) -> bool:
        """Whether its text names each of some contacts, and gives their numbers to be pressed."""
        return all(
            escape(contact["navn"]) in self.body and phone_link(contact["telefon"]) in self.body
            for contact in contacts
        )

    @property
    def at_send_button(self) -> Markup:
        """On the form's page what stands before the send button, elsewhere empty."""
        return self.text.at_send_button

    def translated(self, language: Language) -> "Page":
        """The same page, which is Danish, in another language."""
        return replace(
            self,
            title=language.content.pgettext(TITLE, self.title),
            summary=language.content.gettext(self.summary),
            text=self.text.translated(language),
        )


@dataclass(frozen=True)
class Edition:
    """Everything that `content/` says, in one language.

    Attributes:
        language: which.
        facts: what `kommune.toml` says, in Danish.
        pages: by address, without the language's prefix, in the order of the menus.
        receipt: the texts of the receipt, by kind of writer.
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

    def translated(self, language: Language) -> "Edition":
        """The same, which is Danish, in another language."""
        pages = {address: page.translated(language) for address, page in self.pages.items()}
        return Edition(language, self.facts, pages, self.receipt.translated(language))


def load_edition(
    folder: Path,
    language: Language = DANISH,
    *,
    boxes: Mapping[str, bool] = MappingProxyType({}),
    proofread: bool = True,
) -> Edition:
    """Read and check a whole content folder.

    Args:
        folder: holds `kommune.toml` and a Markdown file a page.
        language: gives headings, paragraphs, list items, titles and summaries in its own words.
        boxes: the names of boxes that are shown only where they are true, such as what is said of
            one way to seal.
        proofread: whether to look at the texts too, which takes longest; not where a build was
            made of them.

    Raises:
        ContentError: naming file, line and what to do, for each mistake in all files.
    """
    mistakes, facts = Mistakes(), Facts.unknown()
    with mistakes.gathering():
        facts = load_facts(folder / FACTS_FILE)
    receipt: list[Receipt] = []
    with mistakes.gathering():
        receipt.append(load_receipt(folder, facts, boxes))
    files: list[Header] = []
    paths = page_paths(folder)
    for path in paths:
        with mistakes.gathering():
            files.append(Header.read(path, KEYS))
    for file in files:
        mistakes.add(wrong_header(file))
    mistakes.add(_wrong_places(folder, files, whole=len(files) == len(paths)))
    texts = {
        file: Text(Reader(file.source.path, file.above, facts, boxes=boxes), file.markdown)
        for file in files
    }
    if proofread:
        mistakes.add(wrong_texts(texts, receipt, whole=len(files) == len(paths)))
    mistakes.raise_if_any()
    pages = [_page(file, text) for file, text in texts.items()]
    pages.sort(key=lambda page: (page.order, page.address))
    danish = Edition(DANISH, facts, {page.address: page for page in pages}, receipt[0])
    return danish if language is DANISH else danish.translated(language)


def page_paths(folder: Path) -> Sequence[Path]:
    """The files of the pages; what an editor or a system hides is none."""
    return [path for path in sorted(folder.glob("[!.]*.md")) if path.name != RECEIPT_FILE]


def messages(path: Path) -> Iterator[Message]:
    """What there is to translate in a page's file.

    Raises:
        ContentError: it is not a page.
    """
    if path.name == RECEIPT_FILE:
        receipt = Header.read(path, OWNED)
        Mistakes.raise_all(receipt.wrong())
        yield from _blocks(receipt, "the receipt")
        return
    file = Header.read(path, KEYS)
    Mistakes.raise_all(wrong_header(file))
    source, values = file.source, file.values
    title = "title: short; the browser keeps it, so it must not tell what the page is about"
    yield Message(source.line("titel"), values["titel"], TITLE, title)
    summary = "one sentence for search engines, neutral like the title"
    yield Message(source.line("resume"), values["resume"], "", summary)
    yield from _blocks(file, values["adresse"])


def _blocks(header: Header, place: str) -> Iterator[Message]:
    for line, kind, words in blocks(header.markdown):
        yield Message(header.above + line, words, "", f"{kind} on {place}")


def wrong_header(file: Header) -> Iterator[ContentError]:
    """Each mistake in a page's header: its keys, their types, and values no page may have."""
    values = file.values
    yield from file.wrong()
    for key, (kind, _) in KEYS.items():
        if type(values[key]) is kind and (problem := _wrong_value(key, values[key])):
            yield file.source.error(problem, key)


def _wrong_value(key: str, value: Any) -> str:  # noqa: ANN401 (what TOML can hold)
    """What is wrong with a value that has the right type, or ""."""
    if key == "adresse" and not _ADDRESS.fullmatch(value):
        return tell('skriv små bogstaver mellem skråstreger, som "/hjaelp/"')
    if key == "adresse" and value in TAKEN:
        return tell("bruges af programmet selv; vælg en anden")
    if key == "menu" and value not in ("", "top", "bund"):
        return tell('skriv "top" eller "bund", eller slet linjen')
    if key in ("titel", "adresse") and (word := telling_word(value, tell_tale(DANISH))):
        return tell(
            "»%(word)s« kan afsløre læseren, for browseren gemmer den; vælg et andet ord", word=word
        )
    return ""


def _wrong_places(folder: Path, files: Sequence[Header], *, whole: bool) -> Iterator[ContentError]:
    """Errors for addresses and titles used twice, and for pages that are missing."""
    for key in ("adresse", "titel"):
        seen: dict[str, Header] = {}
        for file in files:
            value = str(file.values[key]).casefold()
            if value in seen and file.values[key]:
                name = seen[value].source.path.name
                yield file.source.error(tell("bruges også i %(file)s", file=name), key)
            seen.setdefault(value, file)
    given = {file.values["adresse"] for file in files}
    for address in NEEDED if whole else ():
        if address not in given:
            problem = tell('der mangler en side med adresse = "%(address)s"', address=address)
            yield ContentError(folder, 1, problem)


def _page(file: Header, text: Text) -> Page:
    values = file.values
    return Page(
        address=values["adresse"],
        title=values["titel"],
        summary=values["resume"],
        menu=values["menu"],
        order=values["orden"],
        owner=values["ansvarlig"],
        reviewed=values["gennemgaaet"],
        text=text,
        file=file,
    )
