"""The translations that are served: whole, without a fault, and with the same numbers."""

import re
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from support.checkout import CHECKOUT
from support.contents import in_place
from udvej.content import catalogue, kommune_toml, pages
from udvej.content.editions import Content, translations_of
from udvej.languages import Language, Untranslated
from udvej.outbox.scheme import Scheme, boxes_for

pytestmark = pytest.mark.content

NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]{3})*|[\u0660-\u0669]+")


def of_the_program() -> list[Message]:
    """What the program itself says, whatever content it has."""
    path = CHECKOUT / "translations" / "udvej.pot"
    return [message for message in read_po(BytesIO(path.read_bytes())) if message.id]


def said_in(language: Language, message: Message) -> str:
    """A message in a language; of several."""
    speaks = language.catalogue
    if message.pluralizable:
        return speaks.ngettext(message.id[0], message.id[1], 2)
    words = str(message.id)
    return speaks.pgettext(message.context, words) if message.context else speaks.gettext(words)


def spoken(contents: Path) -> list[Language]:
    """The languages beside Danish."""
    editions = Content.load(contents, boxes_for(Scheme.SMIME)).editions.values()
    return [edition.language for edition in editions if not edition.language.is_danish]


def numbers(words: str) -> list[str]:
    """The numbers in a text, in order of size; 1.000, 1,000 and 1000 are the same."""
    return sorted(re.sub(r"(?<=\d)[.,](?=\d{3})", "", found) for found in NUMBER.findall(words))


def test_the_program_speaks_every_language(contents: Path) -> None:
    """Nothing that it says itself falls back to Danish."""
    offered = kommune_toml.load_facts(contents / kommune_toml.FACTS_FILE)["sprog"]["tilbyd"]
    assert spoken(contents) or offered == []
    for language in spoken(contents):
        untranslated = [
            message.id
            for message in of_the_program()
            if isinstance(said_in(language, message), Untranslated)
        ]
        assert untranslated == []


def test_what_was_brought_to_the_translators_is_translated() -> None:
    """All of it, without a fault, and nothing waits. A text that is edited later shows in Danish.

    `udvej translations` brings it to them.
    """
    translations = translations_of(in_place(Path()))
    program = catalogue.of_program(translations)
    assert {one.messages for one in program.values()} == {len(of_the_program())}
    for found in (*program.values(), *catalogue.of_content(translations, program).values()):
        assert (found.faults, found.fuzzy) == ([], 0)
        assert found.translated == found.messages > 0


def test_numbers_are_the_same_in_every_language(contents: Path) -> None:
    """Ages, months, minutes, and whom to call; in the same digits, as they must be dialled."""
    program = [str(message.id) for message in of_the_program() if not message.pluralizable]
    content = [said.words for page in contents.glob("*.md") for said in pages.messages(page)]
    content += [said.words for said in kommune_toml.messages(contents / kommune_toml.FACTS_FILE)]
    assert len([*filter(numbers, (*program, *content))]) > 10
    for language in spoken(contents):
        for said, speaks in ((program, language.catalogue), (content, language.content)):
            assert [one for one in said if numbers(speaks.gettext(one)) != numbers(one)] == []


def test_another_number_would_be_noticed() -> None:
    """In other digits too."""
    assert numbers("højst 12 måneder") != numbers("at most 6 months")
    assert numbers("højst 12 måneder") != numbers("١٢ شهرًا")
    assert numbers("1.000 tegn, 112") == numbers("112: 1,000 characters") == ["1000", "112"]
