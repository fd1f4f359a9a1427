"""Phone numbers and mail addresses: which ones can be used, and how they are written."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat

_COUNTRY = "DK"


def is_phone(number: str) -> bool:
    """Whether a number has a length that can be rung, short ones such as "114" too.

    Args:
        number: as a person writes it; Danish where it has no country code.
    """
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, _COUNTRY))
    except phonenumbers.NumberParseException:
        return False


def international(number: str) -> str:
    """A number that is in use somewhere, in international form, or "" where it is none.

    Args:
        number: as a person writes it; Danish where it has no country code.
    """
    try:
        parsed = phonenumbers.parse(number, _COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def phone_link(number: str) -> str:
    """A `tel:` address (RFC 3966) of a number that `is_phone`."""
    return phonenumbers.format_number(
        phonenumbers.parse(number, _COUNTRY), PhoneNumberFormat.RFC3966
    )


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
