"""Bringing the Danish of a folder to its translators: nothing that they wrote is lost."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from support.spoiling import spoil
from udvej.content import kommune_toml, pages
from udvej.content.editions import Content, translations_of
from udvej.content.translators import add, update
from udvej.errors import ContentError

WORDS = "Du skal ville det selv for at blive skrevet ind."


def path_of(content: Path, locale: str = "en", name: str = "content.po") -> Path:
    return translations_of(content) / locale / "LC_MESSAGES" / name


def catalogue(content: Path, locale: str = "en") -> Catalog:
    with path_of(content, locale).open("rb") as file:
        return read_po(file, locale=locale)


def test_all_that_a_folder_says_is_brought_with_its_place(content: Path) -> None:
    """Pages and facts, each with file, line and what the translator should know."""
    assert {path.parents[1].name for path in update(content)} == {"en", "ar"}
    said = {each.words for path in content.glob("*.md") for each in pages.messages(path)}
    said |= {each.words for each in kommune_toml.messages(content / "kommune.toml")}
    found = {message.id: message for message in catalogue(content) if message.id}
    assert found.keys() == said
    assert found[WORDS].locations == [("content/om.md", 23)]
    assert found[WORDS].auto_comments == ["paragraph on /om/"]
    assert found["Kontaktbetjent"].locations[0][0] == "content/kommune.toml"


def test_nothing_is_written_where_nothing_has_changed(content: Path) -> None:
    """So that a municipality's git shows what editors did, and no more."""
    assert [*update(content)]
    assert [*update(content)] == []


def test_a_changed_text_keeps_what_was_said_of_it_as_a_suggestion(content: Path) -> None:
    """Marked fuzzy: no page shows it until a translator has looked."""
    [*update(content)]
    before = catalogue(content)[WORDS].string
    spoil(content / "om.md", WORDS, WORDS.replace("ville", "ønske"))
    [*update(content)]
    changed = catalogue(content)[WORDS.replace("ville", "ønske")]
    assert (changed.string, changed.fuzzy) == (before, True)


def test_a_text_that_comes_back_has_its_translation(content: Path) -> None:
    """It was kept at the end of the file meanwhile."""
    [*update(content)]
    before = catalogue(content)[WORDS].string
    text = (content / "om.md").read_text("utf-8")
    spoil(content / "om.md", WORDS, "")
    [*update(content)]
    assert catalogue(content).get(WORDS) is None
    [*update(content)]  # another time, as happens
    (content / "om.md").write_text(text, "utf-8")
    [*update(content)]
    assert (catalogue(content)[WORDS].string, catalogue(content)[WORDS].fuzzy) == (before, False)


def test_what_a_translator_noted_stays(content: Path) -> None:
    """Comments, and who has read it."""
    [*update(content)]
    path = path_of(content)
    text = path.read_text("utf-8").replace(
        f'#. paragraph on /om/\n#: content/om.md:23\nmsgid "{WORDS}"',
        f'# Ask Ida.\n#. paragraph on /om/\n#: content/om.md:23\nmsgid "{WORDS}"',
    )
    path.write_text(f"# Reviewed by: Sofie, 2026-12-01\n{text}", "utf-8")
    spoil(content / "om.md", "# En vej", "\n# En vej")
    assert path in [*update(content)]
    after = path.read_text("utf-8")
    assert after.startswith("# Reviewed by: Sofie, 2026-12-01\n")
    assert f'# Ask Ida.\n#. paragraph on /om/\n#: content/om.md:24\nmsgid "{WORDS}"' in after


@pytest.mark.parametrize(("tag", "locale"), [("pl", "pl"), ("pt-BR", "pt_BR")])
def test_a_language_is_begun_with_the_words_of_the_program_too(
    content: Path, tag: str, locale: str
) -> None:
    """Where the program does not speak it; with one word translated it can be read."""
    made = [*add(content, tag)]
    assert made == [path_of(content, locale), path_of(content, locale, "udvej.po")]
    assert tag not in Content.load(content, {"smime": True, "transport": False}).editions
    spoil(path_of(content, locale), f'msgid "{WORDS}"\nmsgstr ""', f'msgid "{WORDS}"\nmsgstr "!"')
    edition = Content.load(content, {"smime": True, "transport": False}).editions[tag]
    assert "<p>!</p>" in edition.pages["/om/"].body
    assert [*add(content, tag)] == []


def test_a_language_that_the_program_speaks_needs_no_words_of_it(content: Path) -> None:
    """They come with the program."""
    path_of(content).unlink()
    assert [*add(content, "en")] == [path_of(content)]


@pytest.mark.parametrize("tag", ["", "klingonsk", "../x", "en/../../x"])
def test_what_is_no_language_is_refused(content: Path, tag: str) -> None:
    """And makes no folder."""
    before = sorted(translations_of(content).rglob("*"))
    with pytest.raises(ContentError, match="er ikke et sprog; skriv koden, som pl"):
        [*add(content, tag)]
    assert sorted(translations_of(content).rglob("*")) == before


def test_a_catalogue_that_cannot_be_read_is_named_and_left_as_it_is(content: Path) -> None:
    """By line; what stands in it is somebody's work."""
    path = path_of(content)
    path.write_text(path.read_text("utf-8") + "\nhej med dig\n", "utf-8")
    lines = path.read_text("utf-8").splitlines()
    before = path.read_bytes()
    with pytest.raises(ContentError, match=rf"^{re.escape(str(path))}:{len(lines)}: filen er ikke"):
        [*update(content)]
    assert path.read_bytes() == before
