"""Every text that the program shows goes through gettext, so that it can be translated."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from udvej import languages
from udvej.languages import Language
from udvej.pages import Site, load_site

# Texts that are no words of a language: the name of the site and what the content says.
NAMES = {"Udvej", "112"}


class Marking(NullTranslations):
    """A catalogue that shows what has passed it: every message stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"


class Shown(HTMLParser):
    """Gathers the words of a page, and of the attributes that are read aloud or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script")
        self.words += [value or "" for name, value in attrs if name in ("aria-label", "title")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@contextmanager
def marked() -> Iterator[None]:
    token = languages._current.set(Language("da", Marking()))  # noqa: SLF001 (no public setter yet)
    try:
        yield
    finally:
        languages._current.reset(token)  # noqa: SLF001


def of_content(site: Site) -> list[str]:
    """What the content says, the longest first."""
    facts = (str(value) for table in site.facts.tables.values() for value in table.values())
    titles = (page.title for page in site.pages.values())
    bodies = (
        line.strip()
        for page in site.pages.values()
        for line in unescape(re.sub(r"<[^>]*>", "\n", page.body + page.beside)).split("\n")
    )
    return sorted({*facts, *titles, *bodies} - {""}, key=len, reverse=True)


def unmarked(html: str, content: Iterable[str]) -> list[str]:
    """The words that neither passed the catalogue nor come from the content."""
    shown = Shown()
    shown.feed(html)
    text = "\n".join(shown.words)
    for known in (*content, *NAMES):
        text = text.replace(known, "")
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:  # a message can hold another
        text = inner
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("address", ["/", "/skriv/", "/skriv/tak/", "/nej/", "/forlad/"])
def test_words_of_the_program_pass_the_catalogue(
    client: FlaskClient, content: Path, address: str
) -> None:
    site = load_site(content)
    with marked():
        html = client.get(address, follow_redirects=True).text
    assert "⟦" in html
    assert unmarked(html, of_content(site)) == []


def test_a_word_beside_the_catalogue_is_found() -> None:
    assert unmarked("<p>⟦Send⟧ <b>Glemt</b></p>", []) == ["Glemt"]
