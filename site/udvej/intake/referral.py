"""The referral: what a person wrote to the team, checked, and how the team reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from udvej.codes import random_code
from udvej.outbox.series import title

_DENMARK = ZoneInfo("Europe/Copenhagen")


class Section(StrEnum):
    """The parts of a letter by their headings, in order."""

    TOP = ""
    WHO = "HVEM SKRIVER"
    ABOUT = "OM DEN, DER VIL UD"
    REPLY = "SÅDAN ER DET SIKKERT AT SVARE"
    MESSAGE = "BESKED"


@dataclass(frozen=True)
class Answer:
    r"""The answer to one question of the form.

    Attributes:
        section: the part of the letter that shows it.
        label: the words before it, in Danish; "" where the section says it.
        text: the answer, or "" where there is none; lines end in "\n".
        typed: whether these are the person's own words, and not ours.
    """

    section: Section
    label: str
    text: str
    typed: bool = False

    @property
    def lines(self) -> Sequence[str]:
        """The answer in the letter; own words stand after "> ", so that they cannot pass for ours.

        What was not answered is said to be, so that nobody wonders whether it got lost.
        """
        if self.typed and self.text:
            heading = [f"{self.label}:"] if self.label else []
            return [*heading, *(f"> {line}" for line in self.text.splitlines())]
        text = self.text or ("(ikke skrevet)" if self.typed else "(ikke valgt)")
        return [f"{self.label}: {text}" if self.label else text]


@dataclass(frozen=True)
class Referral:
    """A referral as the team reads it, free of CPR numbers: the form has removed them.

    Attributes:
        answers: to every question that was asked.
        language: what the page they wrote on is written in, in Danish ("dansk").
        written: when, with time zone.
        reference: what the receipt shows.
        at_sending: what stood at the button that sends, in Danish.
        notes: what the site has to add, in Danish.
        promised: how soon the site says that the team answers, in Danish, or "".
    """

    answers: Sequence[Answer]
    language: str
    written: datetime
    reference: str
    at_sending: str
    notes: Sequence[str] = ()
    promised: str = ""

    def subject(self, number: int) -> str:
        """The heading of the letter."""
        return title(number)

    def letter(self, number: int) -> str:
        """The referral in Danish, laid out for a caseworker.

        Args:
            number: the running number, by which the team sees that none is missing.

        Returns:
            Plain text.
        """
        written = format_datetime(
            self.written.astimezone(_DENMARK), "EEEE 'den' d. MMMM y 'kl.' HH.mm", locale="da"
        )
        lines = [
            self.subject(number),
            f"Reference: {self.reference}",
            f"Modtaget: {written}",
            f"Siden var på: {self.language}",
        ]
        for section in Section:
            if section:
                lines += ["", section]
            for answer in self.answers:
                if answer.section is section:
                    lines += answer.lines
            if section is Section.TOP:
                lines += [f"BEMÆRK: {note}" for note in self.notes]
                lines.append("Svar ikke på denne mail. Svaret når ikke den, der har skrevet.")
                if self.promised:
                    lines.append(f"På siden står, hvor hurtigt I svarer: {self.promised}")
        lines += ["", f"Ved knappen stod, før den blev sendt: »{self.at_sending}«"]
        return "\n".join(lines) + "\n"


def new_reference() -> str:
    """A short random reference that can be read aloud, such as "7KD-4RM"."""
    return random_code(groups=2, length=3)
