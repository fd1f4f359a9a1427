from contextvars import copy_context
from gettext import NullTranslations

import pytest
from udvej import languages
from udvej.languages import DANISH, Language


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
    """Without a catalogue every message is as it is written."""
    assert languages.current() is DANISH
    assert DANISH.tag == "da"
    assert languages.gettext("Skriv til os") == "Skriv til os"
    assert [languages.ngettext("dag", "dage", n) for n in (1, 2)] == ["dag", "dage"]


class _Shouting(NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper()

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return (msgid1 if n == 1 else msgid2).upper()


def test_messages_follow_the_current_language() -> None:
    """In its own context only; the next request begins in Danish."""
    shouting = Language("en", _Shouting())

    def request() -> tuple[str, str, Language]:
        languages._current.set(shouting)  # noqa: SLF001 (nothing chooses a language yet)
        return languages.gettext("hej"), languages.ngettext("dag", "dage", 2), languages.current()

    assert copy_context().run(request) == ("HEJ", "DAGE", shouting)
    assert languages.gettext("hej") == "hej"
