"""The languages the site speaks. Danish is the source; others come as catalogues."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from gettext import NullTranslations
from typing import Final

from babel import Locale
from markupsafe import Markup, escape


def N_(message: str) -> str:  # noqa: N802 (what gettext calls it)
    """A message, marked for the extractor, that is translated where it is used."""
    return message


def listed(words: str) -> Sequence[str]:
    """The parts of a message that is a list, separated by the commas of any script."""
    return [*filter(None, (word.strip() for word in re.split("[,،、]", words)))]


class Untranslated(str):
    """Danish words in a page of another language; as HTML they are marked so (WCAG 3.1.2)."""

    __slots__ = ()

    def __html__(self) -> str:
        """For templates."""
        return Markup('<span lang="da" dir="ltr">{}</span>').format(str(self))

    def __mod__(self, values: object) -> "Untranslated":
        """Stays marked when values are put in."""
        return Untranslated(super().__mod__(values))


class Marking(NullTranslations):
    """Fallback of a catalogue: the Danish words, marked as Danish."""

    def gettext(self, message: str) -> str:
        """A message."""
        return Untranslated(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """A message that depends on a number; Danish counts as gettext does by itself."""
        return Untranslated(super().ngettext(msgid1, msgid2, n))

    def pgettext(self, context: str, message: str) -> str:
        """A message that means this in one place."""
        del context
        return Untranslated(message)


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        tag: BCP 47.
        catalogue: the program's messages in it.
        content: the municipality's.
        reviewed: who has read the translations and when, in their words; "" when nobody has.
    """

    tag: str
    catalogue: NullTranslations = field(default_factory=NullTranslations)
    content: NullTranslations = field(default_factory=NullTranslations)
    reviewed: str = ""

    @property
    def is_danish(self) -> bool:
        """Whether it is the source of the others."""
        return self.tag == "da"

    @property
    def prefix(self) -> str:
        """What its addresses begin with: nothing for Danish, "/en" for English."""
        return "" if self.is_danish else f"/{self.tag}"

    def at(self, address: str) -> str:
        """Where a page of ours is in this language."""
        return self.prefix + address

    @property
    def offer(self) -> str:
        """An offer, in this language, to read the site in it."""
        return self.catalogue.gettext(N_("Læs siden på dansk"))

    def parts(self, words: str) -> Iterator[tuple[str, bool]]:
        """Words of this language, cut around the Danish terms among them.

        Yields:
            A part, and whether it is a Danish term, to be spoken as such (WCAG 3.1.2); where the
            language runs from right to left, it must keep its own order too (UAX 9), and anything
            in Latin letters is taken for one. No line ends at a hyphen of it there, since the
            hyphen would stand at the wrong side of the word (UAX 14, LB11).
        """
        if self.is_danish:
            yield words, False
        elif self.direction == "rtl":
            for value, latin, other in _PARTS.findall(words):
                yield value or latin.replace("-", _UNBREAKABLE_HYPHEN) or other, bool(latin)
        else:
            for number, part in enumerate(self._terms.split(words)):
                if part:
                    yield part, number % 2 == 1

    @cached_property
    def _terms(self) -> re.Pattern[str]:
        terms = map(re.escape, listed(self.catalogue.gettext(_DANISH_TERMS)))
        return re.compile(rf"(?<!\w)({'|'.join(terms)})(?!\w)", re.IGNORECASE)

    @property
    def locale(self) -> Locale:
        """Its locale data (CLDR)."""
        return Locale.parse(self.tag, sep="-")

    @property
    def direction(self) -> str:
        """Writing direction for the `dir` attribute: "ltr" or "rtl" (CLDR)."""
        return self.locale.text_direction

    @property
    def name(self) -> str:
        """What it is called in itself, such as "Dansk" (CLDR)."""
        name = self.locale.get_display_name() or self.tag
        return name[0].upper() + name[1:]

    @property
    def danish_name(self) -> str:
        """What the language is called in Danish, such as "dansk" (CLDR)."""
        return self.locale.get_display_name("da") or self.tag


DANISH = Language("da")

# Translators: the Danish words that you let stand in your texts, apart by commas. They are spoken
# as Danish, and not as words of your language.
_DANISH_TERMS = N_(
    "exit-program, exit-kandidat, exit-enhed, exit-medarbejder, exit-koordinator, "
    "samtykkeerklæring, samarbejdsaftale, kriminalforsorgen, prøveløsladt, kommunen, sikker post"
)

_DANISH_WORDS = Markup('<bdi lang="da" dir="ltr">{}</bdi>')
_LEFT_TO_RIGHT = Markup('<bdi dir="ltr">{}</bdi>')

_LETTER = "A-Za-z\u00c0-\u024f"
# `%(value)s`, then words in Latin letters, then anything up to the next of either.
_PARTS = re.compile(
    rf"(%\(\w+\)\w)|([{_LETTER}][{_LETTER}0-9]*(?:[-./@' ][{_LETTER}0-9]+)*)|([^{_LETTER}%]+|%)"
)

# With a word joiner, which has no width.
_UNBREAKABLE_HYPHEN: Final = "-\u2060"

_current: ContextVar[Language] = ContextVar("language", default=DANISH)


def current() -> Language:
    """The language of the page being made."""
    return _current.get()


def set_language(language: Language) -> None:
    """Set the language of the page being made."""
    _current.set(language)


def asked_for(path: str, languages: Mapping[str, Language]) -> Language:
    """The language that an address asks for: by its first part, else Danish.

    Args:
        path: of a request.
        languages: by tag.
    """
    first = path.removeprefix("/").partition("/")[0]
    return languages.get(first) or languages[DANISH.tag]


def gettext(message: str) -> str:
    """The message in the current language; marked Danish where that has none."""
    return current().catalogue.gettext(message)


def municipal(words: str) -> str:
    """Danish words of `kommune.toml` for a template, translated or marked; "" stays "".

    Args:
        words: of a fact that is words; names, numbers and addresses are not translated.
    """
    return _marked(current().content.gettext(words)) if words else ""


def phrase(message: str, **values: object) -> Markup:
    """The message for a template, with what it names put in; everything but `Markup` is escaped."""
    text = _marked(gettext(message))
    return text % values if values else text


def _marked(words: str) -> Markup:
    """Words of the current language as HTML, with what is Danish in them marked so."""
    if isinstance(words, Untranslated):
        return escape(words)
    parts = current().parts(words)
    return Markup().join(_DANISH_WORDS.format(part) if term else part for part, term in parts)


def danish(words: str) -> str:
    """Danish names and words for a template, marked where the page is in another language."""
    return words if current().is_danish else _DANISH_WORDS.format(words)


def left_to_right(sign: str) -> str:
    """A phone number, mail address or reference for a template, kept in its own order."""
    return sign if current().is_danish else _LEFT_TO_RIGHT.format(sign)
