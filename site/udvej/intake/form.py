"""The form of `/skriv/`: its questions in the order of the page, and what joins them.

A new question is one field here. Its kind (see `questions`) carries it through the reading, the
search for CPR numbers, the errors, the draft, the page, the letter and the drill.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import Final

from babel.lists import format_list
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, ValidationError

from udvej.errors import FormError, UnknownQuestion
from udvej.intake.cpr import MOST_TRACES, Part, Trace
from udvej.intake.questions import Choice, Group, Line, Mail, Option, Phone, Question, Tick, Words
from udvej.intake.referral import Referral, Section, new_reference
from udvej.intake.submission import Bounds
from udvej.languages import N_, current
from udvej.languages import gettext as _

_NOTHING: Final[Mapping[str, Sequence[Trace]]] = MappingProxyType({})
_PARTS: Final = {
    Part.WHOLE: N_("et nummer"),
    Part.BIRTH_DATE: N_("en dato"),
    Part.LAST_FOUR: N_("fire cifre"),
}

_SELF, _RELATIVE, _PROFESSIONAL = WRITERS = "self", "relative", "professional"
_CALL, _TEXT, _MAIL = "call", "text", "mail"
# The only fields that are not asked of anybody.
_TOKENS: Final = ("token", "csrf_token", "sure")

_ASKED: Final = "y"

_OF_ANOTHER: Final = (_RELATIVE, _PROFESSIONAL)
_YES_OR_NO: Final = (Option("yes", N_("Ja"), "ja"), Option("no", N_("Nej"), "NEJ"))
_TICKED: Final[Mapping[str, str]] = {"yes": "ja", "no": "(intet kryds)"}

_REACH = Group(
    "reach", N_("Hvordan får vi fat i dig?"), N_("Skriv telefon eller mail. Det ene er nok.")
)
_SAFE = Group("safe", N_("Hvad er sikkert for dig?"), N_("Sæt kun kryds ved det, der er sikkert."))
_MORE = Group(
    "more",
    N_("Vil du fortælle mere?"),
    N_("Sæt kryds ved det, der passer på den, der vil ud."),
    folded=True,
)
_OTHER = Group(
    "other",
    N_("Skriver du for en anden?"),
    N_("Skriv ikke navnet på den anden."),
    folded=True,
)


class ReferralForm(FlaskForm):  # type: ignore[misc]  # the library has no types
    """The fields, in the order of the page."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # the library has no types
        """WTForms' own words are never shown, so it looks for no translations of them."""

        def get_translations(self, form: FlaskForm) -> None:
            """No translations."""

    # The Danish sentence at the send button; `asked_by` sets it from `kommune.toml`, and the letter
    # repeats it, so that the team knows what the writer has read.
    at_sending = ""

    token = HiddenField()
    # Filled in by the page that asks back about a doubtful answer, so that it asks only once.
    sure = HiddenField()
    who = Choice(
        N_("Hvem skriver?"),
        options=[
            Option(_SELF, N_("Jeg vil selv ud"), "En, der selv vil ud"),
            Option(_RELATIVE, N_("Jeg er pårørende"), "En pårørende. Det handler om en anden."),
            Option(_PROFESSIONAL, N_("Jeg er fagperson"), "En fagperson. Det handler om en anden."),
        ],
        missing=N_("Vælg, hvem der skriver."),
        section=Section.WHO,
        letter="",
    )
    name = Line(
        N_("Hvad må vi kalde dig?"),
        hint=N_("Vil du selv ud, behøver du ikke at bruge dit rigtige navn."),
        optional=True,
        longest=100,
        without_numbers=True,
        too_long=N_("Navnet er for langt. Skriv højst 100 tegn."),
        section=Section.WHO,
        letter="Vil kaldes",
        render_kw={"autocapitalize": "words"},
        left_out_as="navn",
    )
    phone = Phone(N_("Telefon"), group=_REACH, section=Section.REPLY, letter="Telefon")
    mail = Mail(N_("Mail"), group=_REACH, section=Section.REPLY, letter="Mail")
    prefer = Choice(
        N_("Hvordan vil du helst have svar?"),
        hint=N_("Nummeret eller navnet kan vise, at det er os."),
        options=[
            Option(_CALL, N_("Ring til mig"), "Opkald"),
            Option(_TEXT, N_("Send en sms"), "Sms"),
            Option(_MAIL, N_("Skriv en mail"), "Mail"),
        ],
        missing=N_("Vælg, hvordan vi helst skal svare dig."),
        section=Section.REPLY,
        letter="Helst",
    )
    times = Line(
        N_("Hvornår er det sikkert at kontakte dig?"),
        hint=N_("For eksempel: om aftenen."),
        optional=True,
        longest=200,
        too_long=N_("Teksten om tider er for lang. Skriv højst 200 tegn."),
        section=Section.REPLY,
        letter="Hvornår",
    )
    may_leave_message = Tick(
        N_("I må lægge en besked, hvis jeg ikke svarer"),
        group=_SAFE,
        section=Section.REPLY,
        letter="Læg en besked",
        yes="ja, det må I gerne",
        no="NEJ",
    )
    may_say_from = Tick(
        N_("I må sige, hvor I ringer fra"),
        group=_SAFE,
        section=Section.REPLY,
        letter="Sig, hvor I ringer fra",
        yes="ja, det må I gerne",
        no="NEJ",
    )
    interpreter = Tick(
        N_("Jeg vil gerne have en tolk"),
        hint=N_("En tolk oversætter for dig. Vi kan ikke love, at du får en."),
        section=Section.TOP,
        letter="Tolk",
        yes="JA, ønskes",
        no="ikke ønsket",
        left_out_as="tolk",
    )
    adult = Tick(
        N_("Over 18 år"),
        group=_MORE,
        section=Section.ABOUT,
        letter="Over 18 år",
        left_out_as="over_18",
        **_TICKED,
    )
    inside = Tick(
        N_("Sidder inde"),
        group=_MORE,
        section=Section.ABOUT,
        letter="Sidder inde",
        left_out_as="sidder_inde",
        **_TICKED,
    )
    resident = Tick(
        N_("Bor her i kommunen"),
        group=_MORE,
        section=Section.ABOUT,
        letter="Bor i kommunen",
        left_out_as="bor_her",
        **_TICKED,
    )
    knows = Choice(
        N_("Ved personen, at du skriver?"),
        options=_YES_OR_NO,
        group=_OTHER,
        writers=_OF_ANOTHER,
        section=Section.ABOUT,
        letter="Ved, at der er skrevet",
        left_out_as="ved_det",
    )
    agrees = Choice(
        N_("Har personen sagt ja til, at vi får det at vide?"),
        options=_YES_OR_NO,
        group=_OTHER,
        writers=_OF_ANOTHER,
        section=Section.ABOUT,
        letter="Har sagt ja til, at I får det at vide",
        left_out_as="sagt_ja",
    )
    workplace = Line(
        N_("Din arbejdsplads (kun fagfolk)"),
        group=_OTHER,
        writers=[_PROFESSIONAL],
        longest=100,
        too_long=N_("Navnet på arbejdspladsen er for langt. Skriv højst 100 tegn."),
        section=Section.WHO,
        letter="Arbejdsplads",
        left_out_as="arbejdsplads",
    )
    title = Line(
        N_("Din titel (kun fagfolk)"),
        group=_OTHER,
        writers=[_PROFESSIONAL],
        longest=100,
        too_long=N_("Titlen er for lang. Skriv højst 100 tegn."),
        section=Section.WHO,
        letter="Titel",
        left_out_as="titel",
    )
    message = Words(
        N_("Er der noget, vi skal vide?"),
        hint=N_("Skriv ikke CPR-nummer (dit personnummer). Skriv højst 1.000 tegn."),
        optional=True,
        longest=1000,
        # By how much, since nothing counts while one writes.
        too_long=N_("Gør din besked %(over)s tegn kortere. Resten kan du sige til os."),
        section=Section.MESSAGE,
        letter="",
    )

    @classmethod
    def of(
        cls, fields: Mapping[str, str], token: str, csrf_token: str = "", *, sure: bool = False
    ) -> "ReferralForm":
        """The form as it was filled in, under its token and the session's.

        Args:
            fields: what was typed and chosen, by question.
            token: the form's own.
            csrf_token: the session's.
            sure: whether the page had asked back about doubtful answers.
        """
        tokens = {"token": token, "csrf_token": csrf_token, "sure": _ASKED if sure else ""}
        return cls(MultiDict({**fields, **tokens}))

    @classmethod
    def unanswered(cls) -> "ReferralForm":
        """The form before anybody has seen it; needs no session and cannot be sent."""
        return cls(formdata=None, meta={"csrf": False})

    @classmethod
    def asked_by(cls, at_sending: str, without: Collection[str] = ()) -> "type[ReferralForm]":
        """The form of one municipality.

        Args:
            at_sending: the sentence at the send button, in Danish; the letter repeats it, so that
                the team knows what was read.
            without: the questions that are not asked, each by its `left_out_as`.

        Raises:
            UnknownQuestion: one of them is no question, or is asked always.
        """
        may_be_left_out = {
            question.left_out_as: question.name
            for question in cls.unanswered().questions
            if question.left_out_as
        }
        for name in without:
            if name not in may_be_left_out:
                raise UnknownQuestion(name, [*may_be_left_out])
        # WTForms takes a field that a subclass sets to None for one that is not there.
        left_out = dict.fromkeys(may_be_left_out[name] for name in without)
        return type(cls.__name__, (cls,), {**left_out, "at_sending": at_sending})

    @classmethod
    @cache
    def names(cls) -> Sequence[str]:
        """The names of all questions, in any language.

        Raises:
            FormError: a field is no question, so that its answer would be lost.
        """
        form = cls.unanswered()
        for field in form:
            if not isinstance(field, Question) and field.name not in _TOKENS:
                raise FormError(
                    f"the field {field.name} of the form is a {field.type}, whose answer would not"
                    " reach the letter; use a kind of question from udvej/intake/questions.py"
                )
        return tuple(field.name for field in form if isinstance(field, Question))

    @classmethod
    @cache
    def bounds(cls) -> Bounds:
        """What is known of the answers before they are read."""
        form = cls.unanswered()
        questions: Sequence[Question] = [form[name] for name in cls.names()]
        return Bounds(
            longest={question.name: question.longest for question in questions},
            phones=frozenset(one.name for one in questions if isinstance(one, Phone)),
            names=frozenset(one.name for one in questions if one.without_numbers),
        )

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked, in the order of the page."""
        return [field for field in self if isinstance(field, Question)]

    @property
    def groups(self) -> Sequence[tuple[Group | None, Sequence[Question]]]:
        """The questions by what they are asked under."""
        grouped = groupby(self.questions, key=lambda question: question.group)
        return [(group, [*questions]) for group, questions in grouped]

    def opens(self, questions: Sequence[Question]) -> bool:
        """Whether a folded group is open: for its writer when they come back, or what it holds."""
        return any(
            question.data or question.errors or self.who.data in question.writers
            for question in questions
        )

    def problems(
        self, cpr_in: Mapping[str, Sequence[Trace]] = _NOTHING, cut: Sequence[str] = ()
    ) -> list[tuple[str, str]]:
        """What is wrong with what was typed, or in doubt and not asked before.

        Args:
            cpr_in: what was taken out, by the fields that CPR numbers were removed from.
            cut: the fields of which only the beginning is left.

        Returns:
            Id of the field and what to do, in the order of the page; each stands at its field too.
        """
        self.validate()
        asked_before, self.sure.data = self.sure.data, ""
        for question in self.questions:
            if question.name in cut:
                question.errors = [*question.errors, _cut()]
            if question.name in cpr_in:
                question.errors = [_cpr_found(question)]
                question.remark = _taken(question, cpr_in[question.name])
            if question.doubt and not (question.errors or asked_before):
                question.errors, self.sure.data = [question.doubt], _ASKED
        return [(each.first_id, error) for each in self.questions for error in each.errors]

    def referral(
        self, written: datetime, notes: Sequence[str] = (), promised: str = ""
    ) -> Referral:
        """The referral for the team; of a visitor's form only after `problems` found none.

        Args:
            written: when it was sent.
            notes: what else the team should know, in Danish.
            promised: how soon the site says that the team answers, in Danish, or "".
        """
        # In each part of the letter what was chosen comes first: it says how to use the rest.
        ordered = sorted(
            filter(self._concerns, self.questions),
            key=lambda question: not isinstance(question, Choice),
        )
        return Referral(
            answers=tuple(question.answer for question in ordered),
            language=current().danish_name,
            written=written,
            reference=new_reference(),
            at_sending=self.at_sending,
            notes=(*notes, *(note for question in self.questions for note in question.notes)),
            promised=promised,
        )

    def _concerns(self, question: Question) -> bool:
        """Whether the team looks for an answer; one that was given is never left out."""
        return (
            not (question.writers and self.who.data)
            or self.who.data in question.writers
            or bool(question.written)
        )

    def validate_phone(self, field: Phone) -> None:
        """Required without a mail address, or if a call or a text message is preferred."""
        if not field.data:
            if not self.mail.data:
                raise ValidationError(_("Skriv et telefonnummer eller en mailadresse."))
            if self.prefer.data in (_CALL, _TEXT):
                raise ValidationError(
                    _("Skriv dit telefonnummer, når du helst vil ringes op eller have en sms.")
                )

    def validate_mail(self, field: Mail) -> None:
        """Required if a mail is preferred and only a phone number is given."""
        if not field.data and self.phone.data and self.prefer.data == _MAIL:
            raise ValidationError(_("Skriv din mailadresse, når du helst vil have en mail."))


def _cut() -> str:
    return _(
        "Teksten var alt for lang. Vi har kun beholdt begyndelsen. Læs den igennem. "
        "Resten kan du sige til os."
    )


def _cpr_found(question: Question) -> str:
    """By the question's own words, which tell it from others in the summary."""
    words = _("Ved »%(question)s« stod noget, der ligner et CPR-nummer. Vi har slettet det.")
    return words % {"question": _(question.label.text)}


def _taken(question: Question, traces: Sequence[Trace]) -> str:
    """What was taken out, by the words before it."""
    places = [*dict.fromkeys(_place(trace, question) for trace in traces)]
    if len(traces) == MOST_TRACES:
        places[MOST_TRACES - 1 :] = [_("mere")]
    return _("Det var %(what)s.") % {"what": format_list(places, locale=current().locale)}


def _place(trace: Trace, question: Question) -> str:
    """What was taken out and where, by words that still stand there and by no others."""
    what = _(_PARTS[trace.part])
    if not trace.after or trace.after not in " ".join(question.written.split()):
        return what
    # A direction of their own (Unicode 3.1.2, isolates): the page's may be the other.
    return _("%(what)s efter »%(words)s«") % {
        "what": what,
        "words": f"\u2068{trace.after}\u2069",
    }
