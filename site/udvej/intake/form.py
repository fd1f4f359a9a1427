"""The form of `/skriv/`: what must be right before it is a referral.

The words a person sees beside the fields stand in the template; here are only those that say
what is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    RadioField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)

from udvej.intake.referral import Channel, Referral, Writer, new_reference
from udvej.intake.submission import CHOSEN, TYPED
from udvej.languages import current
from udvej.languages import gettext as _

_LONGEST: Final = {"name": 100, "phone": 40, "mail": 254, "times": 200, "message": 1000}


def _one_line(value: str | None) -> str:
    return " ".join((value or "").split())


def _strip(value: str | None) -> str:
    return (value or "").strip()


class ReferralForm(FlaskForm):  # type: ignore[misc]  # the library has no types
    """The fields, in the order of the page."""

    token = HiddenField()
    who = RadioField(choices=[*Writer], validate_choice=False)
    name = StringField(filters=[_one_line])
    phone = TelField(filters=[_one_line])
    mail = EmailField(filters=[_one_line])
    prefer = RadioField(choices=[*Channel], validate_choice=False)
    times = StringField(filters=[_one_line])
    may_leave_message = BooleanField()
    may_say_from = BooleanField()
    interpreter = BooleanField()
    message = TextAreaField(filters=[_strip])

    @classmethod
    def of(cls, fields: Mapping[str, str], token: str, csrf_token: str = "") -> "ReferralForm":
        """The form as it was filled in, under its token and the session's."""
        return cls(MultiDict({**fields, "token": token, "csrf_token": csrf_token}))

    def problems(self, cpr_in: Sequence[str]) -> list[tuple[str, str]]:
        """What is wrong with what was typed.

        Args:
            cpr_in: the fields that CPR numbers were removed from.

        Returns:
            Id of the field and what to do, in the order of the page; each stands at its field too.
        """
        self.validate()
        for name in cpr_in:
            self[name].errors = [_cpr_found(name)]
        return [*self._errors()]

    def _errors(self) -> Iterator[tuple[str, str]]:
        for field in self:
            if field.name in (*TYPED, *CHOSEN):
                first = next(iter(field)).id if isinstance(field, RadioField) else field.id
                yield from ((first, error) for error in field.errors)

    def referral(self, written: datetime, notes: Sequence[str] = ()) -> Referral:
        """What the team is told; only after `problems` found none.

        Args:
            written: when it was sent.
            notes: what else the team should know, in Danish.
        """
        return Referral(
            who=Writer(self.who.data),
            name=self.name.data or "",
            phone=_international(self.phone.data) if self.phone.data else "",
            mail=self.mail.data or "",
            prefer=Channel(self.prefer.data),
            times=self.times.data or "",
            may_leave_message=self.may_leave_message.data,
            may_say_from=self.may_say_from.data,
            message=self.message.data or "",
            language=current().danish_name,
            interpreter=None if current().is_danish else self.interpreter.data,
            written=written,
            reference=new_reference(),
            notes=tuple(notes),
        )

    def validate_who(self, field: Field) -> None:
        """One of the choices."""
        if field.data not in [*Writer]:
            raise ValidationError(_("Vælg, hvem der skriver."))

    def validate_name(self, field: Field) -> None:
        """Not too long."""
        if len(field.data) > _LONGEST["name"]:
            raise ValidationError(_("Navnet er for langt. Skriv højst 100 tegn."))

    def validate_phone(self, field: Field) -> None:
        """A number that can be rung, and there where it is needed."""
        if not field.data:
            if not self.mail.data:
                raise ValidationError(_("Skriv et telefonnummer eller en mailadresse."))
            if self.prefer.data in (Channel.CALL, Channel.TEXT):
                raise ValidationError(
                    _("Skriv dit telefonnummer, når du helst vil ringes op eller have en sms.")
                )
        elif not _international(field.data):
            raise ValidationError(
                _(
                    "Telefonnummeret ser ikke rigtigt ud. Et dansk nummer har 8 cifre. "
                    "Er det fra udlandet, så begynd med + og landekoden."
                )
            )

    def validate_mail(self, field: Field) -> None:
        """An address that can be written to (RFC 5321), and there where it is needed."""
        if not field.data:
            if self.phone.data and self.prefer.data == Channel.MAIL:
                raise ValidationError(_("Skriv din mailadresse, når du helst vil have en mail."))
            return
        try:
            validate_email(field.data, check_deliverability=False)
        except EmailNotValidError:
            raise ValidationError(
                _("Mailadressen ser ikke rigtig ud. Skriv den som navn@eksempel.dk.")
            ) from None

    def validate_prefer(self, field: Field) -> None:
        """One of the choices."""
        if field.data not in [*Channel]:
            raise ValidationError(_("Vælg, hvordan vi helst skal svare dig."))

    def validate_times(self, field: Field) -> None:
        """Not too long."""
        if len(field.data) > _LONGEST["times"]:
            raise ValidationError(_("Teksten om tider er for lang. Skriv højst 200 tegn."))

    def validate_message(self, field: Field) -> None:
        """Not too long; by how much, since nothing counts while one writes."""
        over = len(field.data) - _LONGEST["message"]
        if over > 0:
            words = _("Gør din besked %(over)s tegn kortere. Resten kan du sige til os.")
            raise ValidationError(words % {"over": over})


def _cpr_found(name: str) -> str:
    """The words at the field; in the summary they must tell one field from another."""
    fields = {
        "name": _("navn"),
        "phone": _("telefon"),
        "mail": _("mail"),
        "times": _("tidspunkt"),
        "message": _("besked"),
    }
    words = _("I feltet til %(field)s stod noget, der ligner et CPR-nummer. Vi har slettet det.")
    return words % {"field": fields.get(name, name)}


def _international(number: str) -> str:
    """A phone number in international form, or "" when it is none; Danish without prefix."""
    try:
        parsed = phonenumbers.parse(number, "DK")
    except phonenumbers.NumberParseException:
        return ""
    if len(number) > _LONGEST["phone"] or not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
