"""What a value of `kommune.toml` may be, and what to tell the editor when it is not that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from udvej.contacts import is_mail_address, is_phone, numbers_in
from udvej.content.colours import Colour
from udvej.wording import deferred, tell

# The characters of an address (RFC 3986), after its scheme.
_WEB: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:/?#[]@!$&'()*+,;=%-"
)


class Need(Enum):
    """How much the site needs a fact."""

    ALWAYS = auto()  # required: no page can do without it
    SOON = auto()  # may be "" for now; `udvej check` asks for it until it is given
    ANSWER = auto()  # as SOON, and its line may be absent, so that older folders stay valid
    CHOICE = auto()  # optional


@dataclass(frozen=True)
class Kind:
    """What a value must be, and what to tell the editor when it is not.

    Attributes:
        fits: whether a value is one.
        advice: what to write instead.
        need: whether it may be "" or left out.
        is_words: whether it is Danish to be translated; names, numbers and addresses are not.
        example: what `udvej new` writes, "" for nothing; a live site may not show it. None where
            what we ship is good anywhere.
        normalized: gives one form to what means the same, such as a number in quotation marks;
            returns any other value unchanged.
    """

    fits: Callable[[object], bool]
    advice: str
    need: Need = Need.ALWAYS
    is_words: bool = False
    example: str | None = None
    normalized: Callable[[object], object] = lambda value: value

    def is_example(self, value: object) -> bool:
        """Whether a value is the one that the municipality is to replace."""
        return bool(self.example) and value == self.example

    def may_be(self, value: object) -> bool:
        """Whether a fact of this kind may have a value."""
        return self.fits(value) or (value == "" and self.need is not Need.ALWAYS)

    @property
    def may_be_absent(self) -> bool:
        """Whether its line may be left out, which says the same as ""."""
        return self.need in (Need.ANSWER, Need.CHOICE)

    @property
    def is_asked_for(self) -> bool:
        """Whether it is to be filled in before the site goes live."""
        return self.need is not Need.CHOICE

    def with_example(self, example: str) -> "Kind":
        """The same, with what a new folder says until the municipality writes its own."""
        return replace(self, example=example)

    def optional(self, need: Need) -> "Kind":
        """The same kind, for a fact that may be "".

        Args:
            need: when it is to be filled in; `advice_in_words` says whether it can wait.
        """
        return replace(self, need=need, example="")

    @property
    def advice_in_words(self) -> str:
        """The advice, in the editor's language."""
        later = self.need in (Need.SOON, Need.ANSWER)
        return tell(self.advice) + (tell(', eller "" indtil I ved det') if later else "")


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _phone(value: object) -> bool:
    return isinstance(value, str) and is_phone(value)


def _mail(value: object) -> bool:
    return isinstance(value, str) and is_mail_address(value, ascii_only=True)


def is_link(value: object) -> bool:
    """Whether a value is a web address."""
    if not (isinstance(value, str) and value.startswith("https://") and _WEB.issuperset(value)):
        return False
    try:
        return bool(urlsplit(value).hostname)
    except ValueError:
        return False


def _colour(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(Colour.read(value))
    except ValueError:
        return False


def _language(value: object) -> bool:
    try:
        return isinstance(value, str) and str(Locale.parse(value, sep="-")) != "da"
    except (ValueError, UnknownLocaleError):
        return False


def _all(fits: Callable[[object], bool], *, least: int = 1) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(fits, value))


def _one_or_more(value: object) -> object:
    """A list where only what is to be in it was written."""
    return [value] if isinstance(value, str) and value else value


def _number(value: object) -> object:
    """A whole number that was written in quotation marks."""
    digits = isinstance(value, str) and value.isascii() and value.isdecimal()
    return int(str(value)) if digits else value


def _day(value: object) -> object:
    """A date that was written in quotation marks."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high


NAME: Final = Kind(_text, deferred('skriv en tekst i anførselstegn, som "Eksempel Kommune"'))
WORDS: Final = Kind(_text, deferred("skriv en tekst i anførselstegn"), is_words=True)
PHONE: Final = Kind(_phone, deferred('skriv et telefonnummer, som "12 34 56 78"'))
MAIL: Final = Kind(_mail, deferred('skriv en mailadresse, som "navn@kommune.dk"'))
MAILS: Final = Kind(
    _all(_mail),
    deferred('skriv mindst én mailadresse: ["en@kommune.dk", "to@kommune.dk"]'),
    Need.CHOICE,
    example="",
    normalized=_one_or_more,
)
COLOUR: Final = Kind(_colour, deferred('skriv en farve som "#14503f"'), Need.CHOICE)
QUESTIONS: Final = Kind(
    _all(_text, least=0),
    deferred('skriv navne på spørgsmål, som ["tolk"], eller [] for ingen'),
    Need.CHOICE,
    normalized=_one_or_more,
)
LINK: Final = Kind(is_link, deferred('skriv en adresse, der begynder med "https://"'))
LINKS: Final = Kind(
    _all(is_link),
    deferred('skriv mindst én adresse: ["https://…", "https://…"]'),
    normalized=_one_or_more,
)
MINUTES: Final = Kind(
    _whole(1, 120), deferred("skriv et helt antal minutter fra 1 til 120"), normalized=_number
)
DAYS: Final = Kind(
    _whole(1, 90), deferred("skriv et helt antal dage fra 1 til 90"), normalized=_number
)
# When somebody last tried a contact's number and addresses.
TRIED: Final = Kind(
    lambda value: type(value) is date,
    deferred("skriv en dato, som 2026-11-26"),
    Need.CHOICE,
    example="",
    normalized=_day,
)
LANGUAGES: Final = Kind(
    _all(_language, least=0),
    deferred('skriv sprogenes koder: ["en", "ar"], eller [] for kun dansk'),
    Need.CHOICE,
    normalized=_one_or_more,
)  # fmt: skip


def kind_of_own(value: object) -> Kind:
    """What a municipality's own fact is, by its looks: an address, a number, else words."""
    if is_link(value):
        return LINK
    if _mail(value):
        return MAIL
    found = numbers_in(value) if isinstance(value, str) else ()
    if len(found) == 1 and found[0].is_all_of(str(value)):
        return PHONE
    return replace(WORDS, need=Need.CHOICE)
