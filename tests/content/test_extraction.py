"""Every text that the program shows goes through gettext, so that it can be translated."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.speaking import speaking
from udvej.config import Config
from udvej.content import editions
from udvej.content.kommune_toml import load_facts
from udvej.services import Services
from udvej.web.app import create_app

# Texts that are no words of a language, and are not the content's.
NAMES = {"112"}


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


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that shows what has passed it: every message stands in brackets."""
    monkeypatch.setattr(editions, "_spoken", lambda *_: ())
    monkeypatch.setattr(editions, "DANISH", speaking(lambda message: f"⟦{message}⟧"))


def facts(content: Path) -> list[str]:
    """What is the same in every language, the longest first."""
    facts = load_facts(content / "kommune.toml")
    entries = [facts, *facts.each("politi"), *facts.each("raadgivning")]
    said = {entry.text(name) for entry in entries for name in entry.names()}
    return sorted(said - {""}, key=len, reverse=True)


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


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize(
    "address", ["/", "/skriv/", "/skriv/cookie/", "/skriv/kort/", "/nej/", "/forlad/"]
)
def test_every_word_passes_the_catalogue(config: Config, address: str) -> None:
    client = create_app(Services.open(config)).test_client()
    html = client.get(address, follow_redirects=True).text
    assert "⟦" in html
    assert unmarked(html, facts(config.content)) == []


def test_a_word_beside_the_catalogue_is_found() -> None:
    assert unmarked("<p>⟦Send⟧ <b>Glemt</b></p>", []) == ["Glemt"]
