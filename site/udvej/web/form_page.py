"""What the form's page shows, whatever becomes of what is typed there."""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from flask import Blueprint, render_template
from flask_wtf import FlaskForm

from udvej.content import receipt as receipts
from udvej.content.addresses import FORM, RECEIPTS
from udvej.content.pages import Edition, Page
from udvej.intake.form import WRITERS, ReferralForm
from udvej.intake.referral import new_reference
from udvej.intake.submission import new_form_token

# Who a receipt is for, by the box that is shown to them.
_READERS: Final = dict(zip(WRITERS, receipts.WRITERS, strict=True))


class AgainForm(FlaskForm):  # type: ignore[misc]  # the library has no types
    """The button for another message; nothing but its CSRF token."""


def shown_only(edition: Edition, form: type[ReferralForm]) -> Blueprint:
    """The form before anybody has typed, and the receipts, without what it takes to send it."""
    views = Blueprint("referral", __name__)
    views.add_url_rule(FORM, "form", partial(empty, edition.pages[FORM], form))
    for writer, reader in _READERS.items():
        view = partial(receipt, edition, new_reference(), writer)
        views.add_url_rule(f"{RECEIPTS}{reader}/", f"receipt-{reader}", view)
    return views


def empty(page: Page, form: type[ReferralForm]) -> str:
    """The form before anybody has typed."""
    return show(page, form.of({}, new_form_token(datetime.now(UTC))))


def show(page: Page, form: ReferralForm, **state: object) -> str:
    """The form as it is now.

    Args:
        page: what surrounds it.
        form: with what has been typed.
        state: what became of it, as `write.html` names it.
    """
    nothing = {"errors": [], "cpr_found": False, "not_stored": False, "busy": False}
    context = {**nothing, "expired": False, **state}
    return render_template("write.html", page=page, title=page.title, form=form, **context)


def receipt(edition: Edition, reference: str, writer: str, *, late: bool = False) -> str:
    """The receipt page, in the words for the kind of writer that sent.

    Args:
        edition: the content in their language.
        reference: of what was sent.
        writer: their kind.
        late: whether it waits behind a flood.
    """
    return render_template(
        "receipt.html",
        page=None,
        place=FORM,
        title=edition.pages[FORM].title,
        reference=reference,
        text=edition.receipt.body(_READERS[writer]),
        late=late,
        again=AgainForm(),
    )
