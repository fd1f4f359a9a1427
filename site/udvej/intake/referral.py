"""The referral: what a person wrote to the team, checked, and how the team reads it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

# Without characters that are read or heard as another: 0/O, 1/I/L, 2/Z, 5/S, 6/G, 8/B, U/V …
_REFERENCE_ALPHABET = "34679ACDEFHJKMNPRTWXY"
_DENMARK = ZoneInfo("Europe/Copenhagen")


class Writer(StrEnum):
    """Who writes."""

    SELF = "self"
    RELATIVE = "relative"
    PROFESSIONAL = "professional"


class Channel(StrEnum):
    """How the person would rather be reached."""

    CALL = "call"
    TEXT = "text"
    MAIL = "mail"


_WRITERS = {
    Writer.SELF: "En, der selv vil ud",
    Writer.RELATIVE: "En pårørende",
    Writer.PROFESSIONAL: "En fagperson",
}
_INTERPRETER = {True: "JA, ønskes", False: "ikke ønsket"}
_CHANNELS = {Channel.CALL: "Opkald", Channel.TEXT: "Sms", Channel.MAIL: "Mail"}


@dataclass(frozen=True)
class Referral:
    r"""What the team is told. Free of CPR numbers: the form has seen to that.

    Attributes:
        who: who writes.
        name: what we may call them, or "".
        phone: in international form, or ""; never empty together with mail.
        mail: an address, or "".
        prefer: how they would rather be reached.
        times: when that is safe, in their words, or "".
        may_leave_message: whether a message may be left.
        may_say_from: whether one may say where one calls from.
        message: their words, or ""; lines end in "\n".
        language: what the page they wrote on is written in, in Danish ("dansk").
        interpreter: whether they wish for one; None where they were not asked, as in Danish.
        written: when, with time zone.
        reference: what the receipt shows.
        notes: what the site has to add, in Danish.
    """

    who: Writer
    name: str
    phone: str
    mail: str
    prefer: Channel
    times: str
    may_leave_message: bool
    may_say_from: bool
    message: str
    language: str
    interpreter: bool | None
    written: datetime
    reference: str
    notes: Sequence[str] = ()

    def subject(self, number: int) -> str:
        """The heading of the letter."""
        return f"Henvendelse nr. {number}"

    def letter(self, number: int) -> str:
        """The referral in Danish, laid out for a caseworker.

        Args:
            number: the running number, by which the team sees that none is missing.

        Returns:
            Plain text. What the person wrote stands after "> ", so that it cannot pass for ours.
        """
        written = format_datetime(
            self.written.astimezone(_DENMARK), "EEEE 'den' d. MMMM y 'kl.' HH.mm", locale="da"
        )
        lines = [
            self.subject(number),
            f"Reference: {self.reference}",
            f"Modtaget: {written}",
            f"Siden var på: {self.language}",
            *([] if self.interpreter is None else [f"Tolk: {_INTERPRETER[self.interpreter]}"]),
            *(f"BEMÆRK: {note}" for note in self.notes),
            "",
            "HVEM SKRIVER",
            f"{_WRITERS[self.who]}",
            *_quoted("Vil kaldes", self.name),
            "",
            "SÅDAN ER DET SIKKERT AT SVARE",
            f"Helst: {_CHANNELS[self.prefer]}",
            *_quoted("Telefon", self.phone),
            *_quoted("Mail", self.mail),
            *_quoted("Hvornår", self.times),
            "Læg en besked: " + ("ja, det må I gerne" if self.may_leave_message else "NEJ"),
            "Sig, hvor I ringer fra: " + ("ja, det må I gerne" if self.may_say_from else "NEJ"),
            "",
            "BESKED",
            *_quoted("", self.message),
        ]
        return "\n".join(lines) + "\n"


def new_reference() -> str:
    """A short random reference that can be read aloud, such as "7KD-4RM"."""
    letters = [secrets.choice(_REFERENCE_ALPHABET) for _ in range(6)]
    return "".join(letters[:3]) + "-" + "".join(letters[3:])


def _quoted(label: str, text: str) -> list[str]:
    if not text:
        return [f"{label}: (ikke skrevet)" if label else "(ikke skrevet)"]
    heading = [f"{label}:"] if label else []
    return heading + [f"> {line}" for line in text.splitlines()]
