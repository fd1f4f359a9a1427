from collections.abc import Callable
from contextvars import copy_context

import pytest
from markupsafe import Markup, escape
from udvej import languages
from udvej.languages import DANISH, Language, Marking, asked_for, listed


@pytest.mark.parametrize(
    ("tag", "direction", "name"),
    [
        ("da", "ltr", "dansk"),
        ("en", "ltr", "engelsk"),
        ("ar", "rtl", "arabisk"),
        ("fa", "rtl", "persisk"),
        ("ur", "rtl", "urdu"),
        ("zh-Hans", "ltr", "kinesisk (forenklet)"),
    ],
)
def test_direction_and_name_come_from_locale_data(tag: str, direction: str, name: str) -> None:
    """Nobody writes them by hand (CLDR)."""
    language = Language(tag)
    assert (language.direction, language.danish_name) == (direction, name)


def test_danish_is_the_source() -> None:
    """Without a catalogue every message is as it is written, and addresses have no prefix."""
    assert languages.current() is DANISH
    assert (DANISH.tag, DANISH.prefix, DANISH.is_danish) == ("da", "", True)
    assert languages.gettext("Skriv til os") == "Skriv til os"
    assert DANISH.at("/om/") == "/om/"


@pytest.mark.parametrize(
    ("tag", "name"), [("da", "Dansk"), ("en", "English"), ("ar", "العربية"), ("pl", "Polski")]
)
def test_each_language_is_named_in_itself(tag: str, name: str) -> None:
    """So that whoever needs it finds it (CLDR)."""
    assert Language(tag).name == name


@pytest.mark.parametrize(
    ("path", "tag"),
    [
        ("/", "da"),
        ("/om/", "da"),
        ("/en/", "en"),
        ("/en/om/", "en"),
        ("/en", "en"),
        ("/english/", "da"),
        ("/om/en/", "da"),
        ("/xx/", "da"),
        ("//en/", "da"),
        ("", "da"),
    ],
)
def test_an_address_asks_for_a_language_by_its_first_part(path: str, tag: str) -> None:
    """Whatever else it is, it is Danish."""
    offered = {"da": DANISH, "en": Language("en")}
    assert asked_for(path, offered).tag == tag


class _OneMessage(Marking):
    def gettext(self, message: str) -> str:
        return "HI %(x)s" if message == "hej" else super().gettext(message)


def in_english(ask: Callable[[], object]) -> object:
    """What comes of a question on a page in English, of which one message is translated."""
    english = Language("en", _OneMessage())

    def request() -> object:
        languages.set_language(english)
        return ask()

    return copy_context().run(request)


def test_messages_follow_the_language_that_is_spoken() -> None:
    """In its own context only; the next request begins in Danish."""
    assert in_english(lambda: (languages.gettext("hej"), languages.current().tag)) == (
        "HI %(x)s",
        "en",
    )
    assert languages.gettext("hej") == "hej"


def test_what_has_no_translation_is_marked_as_danish() -> None:
    """In HTML only (WCAG 3.1.2); as text it is what it says."""
    text = in_english(lambda: languages.gettext("Ring til %(x)s"))
    assert text == "Ring til %(x)s"
    assert escape(text) == Markup('<span lang="da" dir="ltr">Ring til %(x)s</span>')
    assert escape(text % {"x": "<os>"}) == Markup(
        '<span lang="da" dir="ltr">Ring til &lt;os&gt;</span>'
    )
    assert Markup(escape(text)).striptags() == "Ring til %(x)s"


def test_what_a_phrase_names_is_escaped_in_any_language() -> None:
    """Markup of ours stays markup."""
    link = Markup("<a>os</a>")
    assert languages.phrase("Ring %(x)s & %(y)s", x=link, y="<b>") == Markup(
        "Ring <a>os</a> &amp; &lt;b&gt;"
    )
    assert in_english(lambda: languages.phrase("hej", x=link)) == Markup("HI <a>os</a>")


def test_danish_names_are_marked_on_pages_in_other_languages_alone() -> None:
    """Names keep their language, numbers their order (WCAG 3.1.2; UAX 9)."""
    assert languages.danish("Nordby & Co") == "Nordby & Co"
    assert languages.left_to_right("20 12 34 56") == "20 12 34 56"
    assert in_english(lambda: languages.danish("Nordby & Co")) == Markup(
        '<bdi lang="da" dir="ltr">Nordby &amp; Co</bdi>'
    )
    assert in_english(lambda: languages.left_to_right("46 46")) == Markup(
        '<bdi dir="ltr">46 46</bdi>'
    )


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("موظف (exit-medarbejder) هنا.", ["exit-medarbejder"]),
        ("اتصل بـ %(team)s الآن", []),
        ("البريد (sikker post)، 100 % CPR", ["sikker post", "CPR"]),
        ("navn@eksempel.dk.", ["navn@eksempel.dk"]),
        ("لا شيء 112", []),
        ("", []),
    ],
)
def test_danish_terms_keep_their_order_where_words_run_from_right_to_left(
    words: str, terms: list[str]
) -> None:
    """They are cut out whole, and nothing is lost (UAX 9)."""
    parts = [(part.replace("\u2060", ""), term) for part, term in Language("ar").parts(words)]
    assert "".join(part for part, _ in parts) == words
    assert [part for part, term in parts if term] == terms
    assert [*DANISH.parts(words)] == [(words, False)]


def test_no_line_ends_at_the_hyphen_of_a_danish_term_in_arabic() -> None:
    """It would stand at the wrong side of the word; a word joiner prevents it (UAX 14, LB11)."""
    assert [*Language("ar").parts("هنا exit-enhed")][1] == ("exit-\u2060enhed", True)


def test_a_list_is_apart_by_the_commas_of_any_script() -> None:
    """And one too many is none."""
    assert listed("exit, bande، رجل、 ok,,") == ["exit", "bande", "رجل", "ok"]
    assert listed("") == []


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("The police's exit coordinator (exit-koordinator).", ["exit-koordinator"]),
        ("Kommunen and sikker post", ["Kommunen", "sikker post"]),
        ("exit-koordinatorerne", []),
        ("", []),
    ],
)
def test_danish_terms_are_told_from_the_words_around_them(words: str, terms: list[str]) -> None:
    """Those that the catalogue names, or else those of the field; whole words alone."""
    parts = [*Language("en").parts(words)]
    assert "".join(part for part, _ in parts) == words
    assert [part for part, term in parts if term] == terms
