"""Catalogues: what is taken from them, and what hostile or careless ones do not get through."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from support.editions import BOXES
from udvej.content import catalogue, titles
from udvej.content.catalogue import Catalogue
from udvej.content.editions import Content, translations_of
from udvej.content.titles import TITLE
from udvej.errors import ContentError
from udvej.languages import Language, Untranslated

RING = "Ring til [os]({team.telefon}) før kl. **{forlad.minutter}**."


def write(folder: Path, messages: Mapping[str, str], locale: str = "en", head: str = "") -> Path:
    """A catalogue with these messages; a title's key begins with "title:"."""
    made = Catalog(locale=locale, header_comment=f"# Words.\n# {head}" if head else "# Words.")
    for message, string in messages.items():
        context = TITLE if message.startswith("title:") else None
        made.add(message.removeprefix("title:"), string, context=context)
    path = folder / locale / "LC_MESSAGES" / "content.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    return path


@pytest.fixture
def untranslated(content: Path) -> Path:
    """Nordby's content alone."""
    shutil.rmtree(translations_of(content))
    return content


def load(folder: Path) -> Sequence[Catalogue]:
    """What is in a folder."""
    return [*catalogue.of_content(folder, {}).values()]


def loaded(folder: Path, messages: Mapping[str, str], locale: str = "en") -> Catalogue:
    """What comes of a catalogue with these messages."""
    write(folder, messages, locale)
    [found] = load(folder)
    return found


@pytest.mark.parametrize(
    ("danish", "english"),
    [
        ("Skriv til os", "Write to us"),
        (RING, "Call [us]({team.telefon}) before **{forlad.minutter}**."),
        (RING, "Before **{forlad.minutter}** call [us]({team.telefon})."),
        ("Ring til %(team)s.", "Call %(team)s."),
        ("Læs [mere](/om/) og [mest](/svar/)", "[Most](/svar/) and [more](/om/)"),
        ("100 % af os", "100 % of us"),
        ("Mail", "Mail"),
    ],
)
def test_a_good_translation_is_taken(tmp_path: Path, danish: str, english: str) -> None:
    """Words may come in another order."""
    found = loaded(tmp_path, {danish: english})
    assert (found.faults, found.translated) == ([], 1)
    said = found.translations.gettext(danish)
    assert said == english
    assert not isinstance(said, Untranslated)


LEFT_OUT = {
    "missing placeholder": (RING, "Call [us](/kontakt/) before **soon**."),
    "renamed placeholder": ("{team.telefon} nu", "{team.phone} now"),
    "extra placeholder": ("{team.telefon} nu", "{team.telefon} {team.mail} now"),
    "doubled placeholder": ("{team.telefon} nu", "{team.telefon} {team.telefon}"),
    "attribute of a placeholder": ("{team.telefon} nu", "{team.telefon.__class__} now"),
    "missing value": ("Ring til %(team)s.", "Call us."),
    "another value": ("Ring til %(team)s.", "Call %(phone)s."),
    "another kind of value": ("Ring til %(team)s.", "Call %(team)d."),
    "bare percent": ("Ring til %(team)s.", "Call %(team)s %n."),
    "width of a gigabyte": ("Ring til %(team)s.", "Call %(team)999999999s."),
    "unclosed emphasis": ("**Ring** nu", "**Call now"),
    "lost emphasis": ("**Ring** nu", "Call now"),
    "broken link": ("[Ring](/kontakt/) nu", "[Call](/kontakt/ now"),
    "link elsewhere": ("[Ring](/kontakt/) nu", "[Call](https://evil.example/) now"),
    "extra link": ("Ring nu", "[Call](https://evil.example/) now"),
    "bare address": ("Ring nu", "<https://evil.example/>"),
    "script link": ("[Ring](/kontakt/) nu", "[Call](javascript:alert(1)) now"),
    "picture": ("Ring nu", "![x](/x.png) now"),
    "script": ("Ring nu", "<script>alert(1)</script>"),
    "event handler": ("Ring nu", '<img src=x onerror="alert(1)">'),
    "comment": ("Ring nu", "<!-- x"),
    "turned direction": ("Ring nu", "\u202eGnir"),
    "private sign": ("Ring nu", "\ue000"),
    "nul": ("Ring nu", "Call\x00"),
    "enormous": ("Ring nu", "Call " * 1000),
    "tell-tale title": ("title:Forside", "Exit front page"),
}


@pytest.mark.parametrize(("danish", "english"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_would_break_a_page_is_left_out_and_named(
    tmp_path: Path, danish: str, english: str
) -> None:
    """By language, file and line; all else is taken, and Danish stands in its place."""
    path = write(tmp_path, {"Hej": "Hello", danish: english})
    [found] = load(tmp_path)
    lines = path.read_text("utf-8").split("\n")
    said = danish.removeprefix("title:")
    line = next(at for at, text in enumerate(lines, 1) if text == f'msgid "{said}"')
    assert found.faults
    assert all(str(fault).startswith(f"{path}:{line}: en: ") for fault in found.faults)
    speaks = found.translations
    assert speaks.gettext("Hej") == "Hello"
    shown = speaks.pgettext(TITLE, said) if danish != said else speaks.gettext(danish)
    assert (shown, type(shown)) == (said, Untranslated)


@pytest.mark.parametrize("place", [0, 1])
def test_each_form_of_a_number_is_looked_at(tmp_path: Path, place: int) -> None:
    """The one for many too, which shows on other pages than the one for one."""
    forms = ["one minute", "%(num)s minutes"]
    forms[place] += " <script>alert(1)</script>"
    made = Catalog(locale="en")
    made.add(("%(num)s minut", "%(num)s minutter"), tuple(forms))
    path = tmp_path / "en" / "LC_MESSAGES" / "content.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    [found] = load(tmp_path)
    assert any("her er HTML" in str(fault) for fault in found.faults)
    assert "alert" not in found.translations.ngettext(
        "%(num)s minut", "%(num)s minutter", place + 1
    )


def test_no_title_may_hold_what_the_language_itself_calls_tell_tale(tmp_path: Path) -> None:
    """The list is a message like the others, so that a language brings its own words."""
    words = titles.TELL_TALE
    place = tmp_path / "program" / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    own = write(tmp_path / "words", {words: "gang, crim"}).rename(place / "udvej.po")
    program = catalogue.of_program(own.parents[2])
    write(tmp_path, {"title:Forside": "Gangs", "title:Om": "About"})
    [found] = catalogue.of_content(tmp_path, program).values()
    assert [fault.problem for fault in found.faults] == [
        "en: »gang« kan afsløre læseren, for browseren gemmer den; vælg et andet ord"
    ]
    english = Language("en", program["en"].translations)
    assert {"gang", "crim", "exit"} <= {*titles.tell_tale(english)}


def test_no_two_titles_are_the_same(tmp_path: Path) -> None:
    """Pages are told apart by them."""
    found = loaded(tmp_path, {"title:Hjælp": "Help", "title:Støtte": "help"})
    assert [fault.problem for fault in found.faults] == ["en: en anden titel hedder det samme"]


def test_what_waits_for_a_translator_is_danish(tmp_path: Path) -> None:
    """Fuzzy and missing messages are counted and not shown."""
    path = write(tmp_path, {"et": "one", "to": "two", "tre": ""})
    text = path.read_text("utf-8").replace('msgid "to"', '#, fuzzy\nmsgid "to"')
    path.write_text(text, "utf-8")
    [found] = load(tmp_path)
    assert (found.messages, found.translated, found.fuzzy, found.faults) == (3, 1, 1, [])
    assert [found.translations.gettext(word) for word in ("et", "to", "tre")] == [
        "one",
        "to",
        "tre",
    ]


@pytest.mark.parametrize(
    ("head", "reviewed"),
    [
        ("Reviewed by: nobody yet", ""),
        ("Reviewed by:", ""),
        ("", ""),
        ("Reviewed by: Sofie, 2026-12-01", "Sofie, 2026-12-01"),
    ],
)
def test_it_says_who_has_reviewed_it(tmp_path: Path, head: str, reviewed: str) -> None:
    """In a comment at its head, which every tool keeps."""
    write(tmp_path, {"et": "one"}, head=head)
    [found] = load(tmp_path)
    assert found.reviewed == reviewed


PLURAL = 'msgid "%(n)s dag"\nmsgid_plural "%(n)s dage"\n'


@pytest.mark.parametrize(
    "spoilt",
    [
        ("nplurals=2; plural=(n != 1);", "nplurals=1; plural=0;"),
        ('msgstr[1] "%(n)s days"\n', ""),
        ('msgstr[1] "%(n)s days"', 'msgstr[1] "days"'),
        ('msgstr[1] "%(n)s days"', 'msgstr[1] "%(n)s days"\nmsgstr[2] "%(n)s days"'),
    ],
)
def test_a_wrong_plural_form_is_named(tmp_path: Path, spoilt: tuple[str, str]) -> None:
    """As many forms as the language has (CLDR), each with what the Danish holds."""
    path = write(tmp_path, {"et": "one"})
    text = path.read_text("utf-8")
    text += f'\n{PLURAL}msgstr[0] "%(n)s day"\nmsgstr[1] "%(n)s days"\n'
    path.write_text(text, "utf-8")
    assert load(tmp_path)[0].faults == []
    assert spoilt[0] in text
    path.write_text(text.replace(*spoilt), "utf-8")
    faults = load(tmp_path)[0].faults
    assert faults
    assert str(faults[0]).startswith(f"{path}:")


@pytest.mark.parametrize(
    ("name", "written", "line"),
    [
        ("en", b'msgid "et"\nmsgstr "one"\nhej med dig\n', 3),
        ("en", b'msgid "\xff"\nmsgstr "one"\n', 1),
        ("klingonsk", b'msgid "et"\nmsgstr "one"\n', 1),
    ],
)
def test_a_file_that_cannot_be_read_takes_away_its_language_alone(
    untranslated: Path, name: str, written: bytes, line: int
) -> None:
    """It is named, and the site speaks the others."""
    translations = translations_of(untranslated)
    write(translations, {"et": "one"}, "de")
    broken = translations / name / "LC_MESSAGES" / "content.po"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(written)
    found = Content.load(untranslated, BOXES)
    [fault] = [fault for one in found.catalogues for fault in one.faults]
    assert str(fault).startswith(f"{broken}:{line}: {name}: ")
    assert [*found.editions] == ["da", "de"]


def test_danish_comes_first_and_alone_where_there_is_nothing_else(untranslated: Path) -> None:
    """A folder without catalogues is fine, and so is a catalogue that nobody has begun."""
    assert [*Content.load(untranslated, BOXES).editions] == ["da"]
    write(translations_of(untranslated), {"et": ""}, "de")
    assert [*Content.load(untranslated, BOXES).editions] == ["da"]


def test_only_the_languages_that_kommune_toml_names_are_offered(content: Path) -> None:
    """One that nobody has begun is named by line, and one that is left out waits unseen."""
    path = content / "kommune.toml"
    facts = path.read_text("utf-8")
    path.write_text(f'[sprog]\ntilbyd = ["ar"]\n{facts}', "utf-8")
    found = Content.load(content, BOXES)
    assert [*found.editions] == ["da", "ar"]
    assert {one.tag for one in found.catalogues} == {"ar", "en"}
    path.write_text(f'[sprog]\ntilbyd = ["ar", "pl"]\n{facts}', "utf-8")
    with pytest.raises(ContentError) as refused:
        Content.load(content, BOXES)
    assert str(refused.value) == (
        f"{path}:2: tilbyd: »pl« er der ikke begyndt på; kør: udvej translations --add pl"
    )


def test_the_words_of_the_program_are_ours_unless_the_folder_has_its_own(tmp_path: Path) -> None:
    """A municipality can bring a language that the program does not speak, and improve on ours."""
    assert {"ar", "en"} <= {*catalogue.of_program(tmp_path)}
    for locale in ("en", "pl"):
        write(tmp_path, {"Menu": f"Menu in {locale}"}, locale)
        path = tmp_path / locale / "LC_MESSAGES" / "content.po"
        path.rename(path.with_name("udvej.po"))
    found = catalogue.of_program(tmp_path)
    assert {"ar", "en", "pl"} <= {*found}
    assert [found[tag].translations.gettext("Menu") for tag in ("en", "pl")] == [
        "Menu in en",
        "Menu in pl",
    ]


@pytest.mark.parametrize("written", ["plural=n != 1;", "plural=n!=1", "plural=(n == 1 ? 0 : 1);"])
def test_another_way_to_write_the_same_plural_is_read(tmp_path: Path, written: str) -> None:
    """Editors write the formula each in their own way."""
    path = write(tmp_path, {"et": "one"})
    text = path.read_text("utf-8")
    assert "plural=(n != 1);" in text
    path.write_text(text.replace("plural=(n != 1);", written), "utf-8")
    assert load(tmp_path)[0].faults == []


@pytest.mark.parametrize("written", ["plural=n > 1;", "plural=import os;", "plural=n != 1 ? 5 : 1"])
def test_another_plural_is_named(tmp_path: Path, written: str) -> None:
    """Zero would be said as one, or in no way at all."""
    path = write(tmp_path, {"et": "one"})
    path.write_text(path.read_text("utf-8").replace("plural=(n != 1);", written), "utf-8")
    [fault] = load(tmp_path)[0].faults
    assert "Plural-Forms skal være" in str(fault)


def test_a_mark_before_the_text_is_passed_over(tmp_path: Path) -> None:
    """Some editors on Windows put one there (U+FEFF)."""
    path = write(tmp_path, {"et": "one"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    [found] = load(tmp_path)
    assert (found.faults, found.translated) == ([], 1)


def test_a_hidden_folder_is_no_language(tmp_path: Path) -> None:
    """Systems and editors leave files of their own."""
    write(tmp_path, {"et": "one"})
    (tmp_path / "en").rename(tmp_path / ".en")
    write(tmp_path, {"et": "one"})
    assert len(load(tmp_path)) == 1
