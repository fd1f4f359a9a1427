"""The languages the site speaks. Danish is the source; others come as catalogues."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations

from babel import Locale


@dataclass(frozen=True)
class Language:
    """One language: its BCP 47 tag and its catalogue."""

    tag: str
    catalogue: NullTranslations = field(default_factory=NullTranslations)

    @property
    def direction(self) -> str:
        """Writing direction for the `dir` attribute: "ltr" or "rtl" (CLDR)."""
        return Locale.parse(self.tag, sep="-").text_direction

    @property
    def danish_name(self) -> str:
        """What the language is called in Danish, such as "dansk" (CLDR)."""
        return Locale.parse(self.tag, sep="-").get_display_name("da") or self.tag


DANISH = Language("da")

_current: ContextVar[Language] = ContextVar("language", default=DANISH)


def current() -> Language:
    """The language of the page being made."""
    return _current.get()


def gettext(message: str) -> str:
    """The message in the current language, or as it is where that has none."""
    return current().catalogue.gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message in the plural form that `n` takes in the current language."""
    return current().catalogue.ngettext(singular, plural, n)
