"""A sample referral and a sample draft."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from udvej.intake.drafts import Draft
from udvej.intake.referral import Answer, Referral, Section

_ANSWERS = {
    "who": Answer(Section.WHO, "", "En, der selv vil ud"),
    "name": Answer(Section.WHO, "Vil kaldes", "Sofie", typed=True),
    "adult": Answer(Section.ABOUT, "Over 18 år", "ja"),
    "prefer": Answer(Section.REPLY, "Helst", "Sms"),
    "phone": Answer(Section.REPLY, "Telefon", "+45 20 12 34 56", typed=True),
    "mail": Answer(Section.REPLY, "Mail", "sofie@eksempel.dk", typed=True),
    "times": Answer(Section.REPLY, "Hvornår", "hverdage efter kl. 16", typed=True),
    "may_leave_message": Answer(Section.REPLY, "Læg en besked", "ja, det må I gerne"),
    "may_say_from": Answer(Section.REPLY, "Sig, hvor I ringer fra", "NEJ"),
    "message": Answer(
        Section.MESSAGE, "", "Jeg vil gerne ud.\nRing ikke, når min bror er hjemme.", typed=True
    ),
}
_WRITTEN = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)


def referral(
    *,
    written: datetime = _WRITTEN,
    language: str = "dansk",
    notes: Sequence[str] = (),
    **answers: str,
) -> Referral:
    """A referral with every question answered, but for the answers that are changed."""
    assert answers.keys() <= _ANSWERS.keys()
    return Referral(
        answers=[
            replace(answer, text=answers.get(name, answer.text))
            for name, answer in _ANSWERS.items()
        ],
        language=language,
        written=written,
        reference="7KD-4RM",
        at_sending="Beskeden binder hverken dig eller os.",
        notes=notes,
    )


def draft(**fields: str) -> Draft:
    """A refused form with nothing wrong but that somebody was not done."""
    return Draft("0123456789abcdef" * 2, fields)
