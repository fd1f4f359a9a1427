"""The kinds of questions that the form can ask.

A question declares once all that is to be known of it: its words on the page, what makes an
answer wrong, and how the letter shows the answer. Reading, CPR search, errors, draft, page, letter
and drill follow from it. Words for the page are Danish messages (`N_`), translated when shown.
"""

import re
from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wtforms import (
    BooleanField,
    EmailField,
    Field,
    RadioField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from udvej.contacts import addresses_in, is_answerable, numbers_in
from udvej.intake.characters import as_seen, shows
from udvej.intake.referral import Answer, Section
from udvej.languages import N_
from udvej.languages import gettext as _

# What other programs put before a number or an address that is copied.
_SCHEME = re.compile(r"(?:mailto|tel|sms|callto):", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """Questions that follow each other under one heading.

    Attributes:
        id: its own on the page.
        legend: the heading.
        hint: said under it.
        folded: whether only the heading is shown until it is pressed.
    """

    id: str
    legend: str
    hint: str
    folded: bool = False


class Option(NamedTuple):
    """One of the answers to choose from.

    Attributes:
        value: what the browser sends.
        label: the words on the page.
        letter: the words in the letter.
    """

    value: str
    label: str
    letter: str


class Question(Field):
    """A field that is answered by a person; every other field of a form is a token.

    Attributes:
        hint: said under the label, or "".
        optional: whether the page says that it may be left out.
        required: whether it must be answered, whatever else is.
        group: what it is asked under, if anything.
        writers: the kinds of writer that it is for, as the form's `who` names them; all if empty.
        longest: how many characters an answer may have.
        without_numbers: whether none belongs in an answer, so that one may be part of a CPR number.
        left_out_as: what a municipality calls it that does not ask it; "" where it is always asked.
        doubt: a question back, for an answer that is taken all the same; "" mostly.
        notes: what the team should know of the answer, in Danish.
        remark: said after what is wrong, at the field alone; "" mostly.
    """

    longest = 100
    remark = ""
    doubt = ""
    notes: Sequence[str] = ()

    def __init__(  # noqa: PLR0913 (keywords, each said once a question)
        self,
        label: str,
        *,
        section: Section,
        letter: str,
        hint: str = "",
        optional: bool = False,
        missing: str = "",
        group: Group | None = None,
        writers: Collection[str] = (),
        without_numbers: bool = False,
        left_out_as: str = "",
        **options: Any,  # noqa: ANN401 (those of WTForms)
    ) -> None:
        """Declare a question.

        Args:
            label: its words on the page.
            section: the part of the letter that shows the answer.
            letter: the words before the answer there, in Danish; "" where the section says it.
            hint: said under the label.
            optional: whether the page says that it may be left out.
            missing: said when it is not answered; "" lets it be.
            group: what it is asked under.
            writers: the kinds of writer that it is for.
            without_numbers: whether no number belongs in an answer.
            left_out_as: what a municipality calls it that does not ask it.
            options: as WTForms takes them for this kind of field.
        """
        super().__init__(label, **options)
        self.hint = hint
        self.optional = optional
        self.required = bool(missing)
        self.group = group
        self.writers = writers
        self.without_numbers = without_numbers
        self.left_out_as = left_out_as
        self._missing = missing
        self._section = section
        self._letter = letter

    @property
    def first_id(self) -> str:
        """Where a link to the question leads."""
        return self.id

    @property
    def answer(self) -> Answer:
        """How the letter shows it."""
        return Answer(self._section, self._letter, self.written, typed=True)

    @property
    def written(self) -> str:
        """The answer as the team reads it, "" when there is none."""
        return self.data or ""

    def pre_validate(self, form: BaseForm) -> None:
        """What can be said of the answer by itself.

        Raises:
            StopValidation: with words for the page.
        """
        del form
        if self._missing and not self.written:
            raise StopValidation(_(self._missing))


class Line(Question, StringField):
    """A short text; space around and within it is closed up."""

    def __init__(
        self,
        label: str,
        *,
        longest: int,
        too_long: str,
        **options: Any,  # noqa: ANN401 (those of `Question`)
    ) -> None:
        """Declare a question.

        Args:
            label: its words on the page.
            longest: how many characters it may have.
            too_long: said when it has more; `%(over)s` is how many more.
            options: as for `Question`.
        """
        super().__init__(label, **{"filters": [_one_line], **options})
        self.longest = longest
        self._too_long = too_long

    def pre_validate(self, form: BaseForm) -> None:
        """Not too long."""
        super().pre_validate(form)
        over = len(self.data or "") - self.longest
        if over > 0:
            raise StopValidation(_(self._too_long) % {"over": over})


class Words(Line, TextAreaField):
    """A text of many lines."""

    def __init__(self, label: str, **options: Any) -> None:  # noqa: ANN401 (those of `Line`)
        """Declare a question; see `Line`."""
        super().__init__(label, filters=[_strip], **options)


class ContactField(Line):
    """A number or an address, and what the person says of it.

    "ring ikke, kun sms 20 30 40 50" is as right as the number alone: the team reads the words as
    they were typed. What is read out of an answer is never more than the page has shown.
    """

    def __init__(self, label: str, **options: Any) -> None:  # noqa: ANN401 (those of `Question`)
        """Declare a question; see `Question`."""
        too_long = N_("Det er for langt. Skriv resten nederst på siden.")
        super().__init__(
            label, filters=[_copied], longest=self.longest, too_long=too_long, **options
        )

    @property
    @abstractmethod
    def found(self) -> Sequence[str]:
        """What the team can use in the answer, as it is written in the letter."""

    @property
    @abstractmethod
    def only_contact(self) -> bool:
        """Whether the answer is one of those and nothing more."""

    @property
    def written(self) -> str:
        """In the letter's own form where it is alone, else as typed."""
        return self.found[0] if self.data and self.only_contact else self.data or ""

    @property
    def notes(self) -> Sequence[str]:  # type: ignore[override]  # made from the answer
        """A note for the team where the answer holds more than a number or address."""
        if not self.data or self.only_contact:
            return ()
        return (f"Ved {self._letter} står der mere. Læs det, før I kontakter nogen.",)


class Phone(ContactField, TelField):
    """A number that can be rung; Danish without prefix."""

    @property
    def found(self) -> Sequence[str]:
        """In international form."""
        return [number.written for number in numbers_in(self.data or "")]

    @property
    def only_contact(self) -> bool:
        """Only a number."""
        return any(number.is_all_of(self.data or "") for number in numbers_in(self.data or ""))

    @property
    def notes(self) -> Sequence[str]:  # type: ignore[override]  # made from the answer
        """Also what it costs to ring it."""
        numbers = numbers_in(self.data or "")
        signs = {
            f"Det koster ekstra at ringe til et nummer ved {self._letter}.": any(
                number.premium for number in numbers
            ),
            f"Et nummer ved {self._letter} hører til en satellittelefon eller et internationalt"
            " net. Det kan være dyrt at ringe til.": any(number.satellite for number in numbers),
        }
        return [*super().notes, *(note for note, seen in signs.items() if seen)]

    def pre_validate(self, form: BaseForm) -> None:
        """There is a valid number."""
        super().pre_validate(form)
        if self.data and not self.found:
            raise StopValidation(
                _(
                    "Telefonnummeret ser ikke rigtigt ud. Et dansk nummer har 8 cifre. "
                    "Er det fra udlandet, så begynd med + og landekoden."
                )
            )


class Mail(ContactField, EmailField):
    """An address that can be written to (RFC 5321)."""

    longest = 320

    @property
    def found(self) -> Sequence[str]:
        """As typed."""
        return addresses_in(self.data or "")

    @property
    def only_contact(self) -> bool:
        """Only an address."""
        return self.data in self.found

    @property
    def doubt(self) -> str:  # type: ignore[override]  # made from the answer
        """A question back where few mail systems can write to the address, else ""."""
        if all(map(is_answerable, self.found)):
            return ""
        return _(
            "Er mailadressen rigtig? De fleste kan ikke skrive til en adresse med "
            "bogstaver som æ, ø og å før @. Er den rigtig, så tryk på Send igen."
        )

    @property
    def notes(self) -> Sequence[str]:  # type: ignore[override]  # made from the answer
        """Also that few mail systems can answer it."""
        hard = not all(map(is_answerable, self.found))
        note = f"Mange mailsystemer kan ikke skrive til adressen ved {self._letter}."
        return [*super().notes, *([note] if hard else [])]

    def pre_validate(self, form: BaseForm) -> None:
        """There is a valid address; whether it exists is not asked: that would tell others."""
        super().pre_validate(form)
        if self.data and not self.found:
            raise StopValidation(
                _("Mailadressen ser ikke rigtig ud. Skriv den som navn@eksempel.dk.")
            )


class Choice(Question, RadioField):
    """One of a few answers.

    Attributes:
        labels: the words on the page, by what the browser sends.
    """

    def __init__(
        self,
        label: str,
        *,
        options: Sequence[Option],
        **others: Any,  # noqa: ANN401 (those of `Question`)
    ) -> None:
        """Declare a question.

        Args:
            label: its words on the page.
            options: what there is to choose from.
            others: as for `Question`.
        """
        values = [option.value for option in options]
        super().__init__(label, choices=values, validate_choice=False, **others)
        self.labels = {option.value: option.label for option in options}
        self._written = {option.value: option.letter for option in options}

    @property
    def first_id(self) -> str:
        """The first of the options."""
        return f"{self.id}-0"

    @property
    def answer(self) -> Answer:
        """In our words."""
        return Answer(self._section, self._letter, self.written)

    @property
    def written(self) -> str:
        """What was chosen; "" also when that is none of the options."""
        return self._written.get(self.data, "")


class Tick(Question, BooleanField):
    """A box to tick."""

    def __init__(
        self,
        label: str,
        *,
        yes: str,
        no: str,
        **options: Any,  # noqa: ANN401 (those of `Question`)
    ) -> None:
        """Declare a question.

        Args:
            label: its words on the page.
            yes: what the letter says when it is ticked, in Danish.
            no: what the letter says when it is not.
            options: as for `Question`.
        """
        super().__init__(label, **options)
        self._yes, self._no = yes, no

    @property
    def answer(self) -> Answer:
        """In our words."""
        return Answer(self._section, self._letter, self._yes if self.data else self._no)

    @property
    def written(self) -> str:
        """What the letter says, where it is ticked."""
        return self._yes if self.data else ""


def _one_line(value: str | None) -> str:
    return " ".join((value or "").split()) if shows(value or "") else ""


def _strip(value: str | None) -> str:
    return (value or "").strip() if shows(value or "") else ""


def _copied(value: str | None) -> str:
    line = _one_line(as_seen(value or ""))
    return line[match.end() :].strip() if (match := _SCHEME.match(line)) else line
