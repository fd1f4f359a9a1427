"""The translations that are served: whole, without a fault, and with the same numbers."""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from support.checkout import CHECKOUT
from support.contents import Contents
from udvej.config import translations_folder
from udvej.content import catalogue
from udvej.content.pages import messages
from udvej.languages import Language, Untranslated

pytestmark = pytest.mark.content

NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]{3})*|[\u0660-\u0669]+")


def template() -> list[Message]:
    """What was brought to the translators."""
    path = translations_folder(os.environ) / "udvej.pot"
    return [message for message in read_po(BytesIO(path.read_bytes())) if message.id]


def of_the_program() -> Iterator[Message]:
    """What the program itself says, whatever content it has."""
    path = CHECKOUT / "translations" / "udvej.pot"
    for message in read_po(BytesIO(path.read_bytes())):
        if any(source.startswith("site/") for source, _ in message.locations):
            yield message


def said_in(language: Language, message: Message) -> str:
    """A message in a language; of several."""
    speaks = language.catalogue
    if message.pluralizable:
        return speaks.ngettext(message.id[0], message.id[1], 2)
    words = str(message.id)
    return speaks.pgettext(message.context, words) if message.context else speaks.gettext(words)


def spoken(contents: Contents) -> list[Language]:
    """The languages beside Danish."""
    found = catalogue.languages(catalogue.load(contents.translations)).values()
    return [language for language in found if not language.is_danish]


def numbers(words: str) -> list[str]:
    """The numbers in a text, in order of size; 1.000, 1,000 and 1000 are the same."""
    return sorted(re.sub(r"(?<=\d)[.,](?=\d{3})", "", found) for found in NUMBER.findall(words))


def test_the_program_speaks_every_language(contents: Contents) -> None:
    """Nothing that it says itself falls back to Danish."""
    assert spoken(contents)
    for language in spoken(contents):
        untranslated = [
            message.id
            for message in of_the_program()
            if isinstance(said_in(language, message), Untranslated)
        ]
        assert untranslated == []


def test_what_was_brought_to_the_translators_is_translated() -> None:
    """All of it, without a fault, and nothing waits. A text that is edited later shows in Danish.

    `make translations` brings it to them.
    """
    wanted = template()
    for found in catalogue.load(translations_folder(os.environ)):
        assert found.faults == []
        assert found.translated == found.messages == len(wanted)
        for message in wanted:
            assert not isinstance(said_in(found.language, message), Untranslated), message.id


def test_numbers_are_the_same_in_every_language(contents: Contents) -> None:
    """Ages, months, minutes, and whom to call; in the same digits, as they must be dialled."""
    pages = contents.content.glob("*.md")
    program = (str(message.id) for message in of_the_program() if not message.pluralizable)
    said = {*program, *(message.words for page in pages for message in messages(page))}
    held = [words for words in said if numbers(words)]
    assert len(held) > 10
    for language in spoken(contents):
        speaks = language.catalogue.gettext
        assert [words for words in held if numbers(speaks(words)) != numbers(words)] == []


def test_another_number_would_be_noticed() -> None:
    """In other digits too."""
    assert numbers("højst 12 måneder") != numbers("at most 6 months")
    assert numbers("højst 12 måneder") != numbers("١٢ شهرًا")
    assert numbers("1.000 tegn, 112") == numbers("112: 1,000 characters") == ["1000", "112"]
