"""Phone numbers and mail addresses: which ones can be used, and how they are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

_COUNTRY: Final = "DK"
_PREMIUM: Final = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
# Inmarsat, Iridium and its like, and networks that belong to no country (ITU-T E.164).
_SATELLITE: Final = (870, 881, 882, 883)
_GLUED: Final = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")


@dataclass(frozen=True)
class Number:
    """A phone number in a text.

    Attributes:
        written: in international form.
        typed: as it stands there.
        extension: behind it, or "".
        premium: whether a call costs more than others.
        satellite: whether it leads to a satellite phone or a network of no country.
    """

    written: str
    typed: str
    extension: str
    premium: bool
    satellite: bool

    def is_all_of(self, text: str) -> bool:
        """Whether a text says nothing else: no word, no sign of warning, no second number."""
        return not self.extension and not text.replace(self.typed, "", 1).strip(" .,;-")


def is_phone(number: str) -> bool:
    """Whether a number has a length that can be rung, short ones such as "114" too.

    Args:
        number: as a person writes it; Danish where it has no country code.
    """
    parsed = _parsed(number)
    return parsed is not None and phonenumbers.is_possible_number(parsed)


def is_in_use(number: str) -> bool:
    """Whether a number, all digits and signs, lies in a range that is given out somewhere.

    Args:
        number: as a person writes it; Danish where it has no country code.
    """
    parsed = _parsed(number)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, _COUNTRY)
    except phonenumbers.NumberParseException:
        return None


def numbers_in(text: str) -> Sequence[Number]:
    """The numbers in a text that are in use somewhere; Danish where they have no country code.

    Letters are never read as digits, as `phonenumbers.parse` does ("20 30 mors").
    """
    apart = _GLUED.sub(" ", text)
    matches = PhoneNumberMatcher(apart, _COUNTRY, leniency=Leniency.VALID)
    found = [_number(match.number, match.raw_string) for match in matches]
    if found or any(map(str.isalpha, text)):
        return found
    # Written as the matcher expects in no country, such as 25/26/10/99.
    try:
        number = phonenumbers.parse(text, _COUNTRY)
    except phonenumbers.NumberParseException:
        return []
    return [_number(number, text)] if phonenumbers.is_valid_number(number) else []


def _number(number: phonenumbers.PhoneNumber, typed: str) -> Number:
    return Number(
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        typed,
        number.extension or "",
        phonenumbers.number_type(number) in _PREMIUM,
        number.country_code in _SATELLITE,
    )


def phone_link(number: str) -> str:
    """A `tel:` address (RFC 3966) of a number that `is_phone`."""
    return phonenumbers.format_number(
        phonenumbers.parse(number, _COUNTRY), PhoneNumberFormat.RFC3966
    )


def addresses_in(text: str) -> Sequence[str]:
    """The mail addresses in a text."""
    candidates = (found.rstrip(".!?") for found in _ADDRESS.findall(text))
    return [candidate for candidate in candidates if is_mail_address(candidate)]


def is_answerable(address: str) -> bool:
    """Whether any mail server can write to an address: æ before the "@" takes RFC 6531."""
    return address.rpartition("@")[0].isascii()


def is_mail_address(address: str, *, ascii_only: bool = False, internal: bool = False) -> bool:
    """Whether mail can be addressed to it (RFC 5321), without asking any server.

    Args:
        address: the address alone, without a name.
        ascii_only: what certificates and every mail server take.
        internal: whether a domain may be one that the internet does not know ("….local").
    """
    try:
        validate_email(
            address,
            check_deliverability=False,
            globally_deliverable=not internal,
            allow_smtputf8=not ascii_only,
        )
    except EmailNotValidError:
        return False
    return address.isascii() or not ascii_only
