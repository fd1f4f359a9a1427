"""A referral to send through the rooms."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from udvej.intake.referral import Channel, Referral, Writer

_REFERRAL = Referral(
    who=Writer.SELF,
    name="Sofie",
    phone="+45 46 46 46 46",
    mail="sofie@eksempel.dk",
    prefer=Channel.TEXT,
    times="hverdage efter kl. 16",
    may_leave_message=True,
    may_say_from=False,
    message="Jeg vil gerne ud.\nRing ikke, når min bror er hjemme.",
    language="dansk",
    interpreter=None,
    written=datetime(2026, 7, 1, 12, 5, tzinfo=UTC),
    reference="7KD-4RM",
)


def referral(**changes: Any) -> Referral:  # noqa: ANN401 (any of the fields)
    """A referral with every field filled in, but for what is changed."""
    return replace(_REFERRAL, **changes)
