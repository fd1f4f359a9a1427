"""`/skriv/`: the form, its drafts, and the receipt, all at one address and under one title.

The browser writes both in its history, where they must not tell that something was sent.

Every POST is answered by 303 and a GET, errors too: a page that answers a POST leaves the whole
form in clear in the browser's session files. The exceptions are a form that could not be stored,
and one client's flood beyond what is searched or kept for it; there nothing but the answer itself
can hold what was typed.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Final

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from udvej.content.addresses import AGAIN, FORM, TOO_LONG, WITHOUT_COOKIE
from udvej.content.pages import Edition, Page
from udvej.durations import MINUTE
from udvej.errors import FormError, SealingError, StorageError
from udvej.intake.drafts import Draft, Drafts
from udvej.intake.form import WRITERS, ReferralForm
from udvej.intake.receiving import Receiver
from udvej.intake.referral import Referral
from udvej.intake.submission import Malformed, Posted, Submission
from udvej.outbox.receipts import SENT_ONCE
from udvej.web import form_page
from udvej.web.rate_limit import ClientLimit

# Somebody who picks up the phone later must not find the receipt.
_RECEIPT_SHOWN: Final = 15 * MINUTE
# A flood waits: what is sent now may wait behind it, and its writer is told.
_LATE: Final = 10 * MINUTE
# A full form in Danish takes less; what is longer counts as several.
_SEARCHED_FOR_ONE: Final = 4096

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FormServices:
    """What it takes to receive a referral in one language.

    Attributes:
        edition: the content in that language.
        form: what is asked.
        receiver: seals and keeps it.
        drafts: keep a form that was not taken.
        sendings: how often one client may send.
        corrections: how often one client's form is kept as a draft.
        drafts_of_network: how many kilobytes of drafts may come from one network.
        posts: how much of what one client sends is searched; see `_SEARCHED_FOR_ONE`.
        promised: how soon the site says that the team answers, in Danish, or "".
    """

    edition: Edition
    form: type[ReferralForm]
    receiver: Receiver
    drafts: Drafts
    sendings: ClientLimit
    corrections: ClientLimit
    drafts_of_network: ClientLimit
    posts: ClientLimit
    promised: str

    @property
    def page(self) -> Page:
        """The form's."""
        return self.edition.pages[FORM]

    @property
    def prefix(self) -> str:
        """What the language's addresses begin with."""
        return self.edition.language.prefix


def blueprint(desk: FormServices) -> Blueprint:
    """The form, its receipt and the way to another message."""
    views = Blueprint("referral", __name__)
    views.add_url_rule(FORM, "form", partial(_form, desk))
    views.add_url_rule(FORM, "send", partial(_send, desk), methods=["POST"])
    views.add_url_rule(AGAIN, "again", partial(_again, desk), methods=["POST"])
    for address, name in ((WITHOUT_COOKIE, "cookies"), (TOO_LONG, "too_long")):
        views.add_url_rule(address, name, partial(_not_kept, desk, address, f"{name}.html"))
    return views


def rehearse(asked: type[ReferralForm], app: Flask) -> None:
    """See that each question reaches the letter and has a look on the page.

    Raises:
        FormError: the page does not show a question, or the answer to a field would be lost.
    """
    form, names = asked.unanswered(), asked.names()
    components = app.jinja_env.get_template("components/question.html").make_module()
    for name in names:
        if f'name="{name}"' not in components.question(form[name]):  # type: ignore[attr-defined]
            raise FormError(
                f"the question {name} of the form is a {form[name].type}, which its page cannot"
                " show; say how that looks in templates/components/question.html"
            )


def _form(desk: FormServices) -> ResponseReturnValue:
    # A draft first: it may be the correction of what was sent.
    draft = desk.drafts.open(session["draft"]) if "draft" in session else None
    if draft is None:
        reference, writer = _sent(desk)
        if not reference:
            return form_page.empty(desk.page, desk.form)
        return form_page.receipt(
            desk.edition, reference, writer, late=desk.receiver.delay() > _LATE
        )
    # Its own token keeps the time it was first shown: a quick correction is no robot.
    form = desk.form.of(draft.fields, draft.token)
    return form_page.show(
        desk.page,
        form,
        errors=form.problems(draft.cpr_in, draft.cut),
        cpr_found=bool(draft.cpr_in),
        expired=draft.expired,
        busy=draft.busy,
    )


def _send(desk: FormServices) -> ResponseReturnValue:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        with suppress(RequestEntityTooLarge):
            request.get_data(cache=False)  # an answer before its end would break the connection
        return redirect(desk.prefix + WITHOUT_COOKIE, 303)
    try:
        # Not kept by the request: it would hold the words as long as the answer takes.
        body = request.get_data(cache=False)
        may_be_searched = desk.posts.allows(_client(), 1 + len(body) // _SEARCHED_FOR_ONE)
        posted = Posted.read(body, desk.form.bounds())
    except RequestEntityTooLarge:
        return redirect(desk.prefix + TOO_LONG, 303)
    except Malformed:
        abort(400)
    return _searched(desk, posted) if may_be_searched else _unsearched(desk, posted)


def _searched(desk: FormServices, posted: Posted) -> ResponseReturnValue:
    """Take it, or keep it as a draft."""
    now = datetime.now(UTC)
    typed = Submission.searched(posted, desk.form.bounds(), now)
    form = desk.form.of(typed.fields, typed.token, typed.csrf_token, sure=typed.sure)
    problems = form.problems(typed.cpr_in, typed.cut)
    expired = bool(form.csrf_token.errors)
    refused = bool(problems or expired)
    state = {"errors": problems, "cpr_found": bool(typed.cpr_in)}
    try:
        busy = not (refused or desk.sendings.allows(_client()) or _taken(desk, typed))
        if not (refused or busy):
            _accept(desk, typed, form.referral(now, typed.notes, desk.promised))
            return redirect(desk.prefix + FORM, 303)
        draft = Draft(
            typed.token, typed.fields, typed.cpr_in, typed.cut, expired=expired, busy=busy
        )
        kept = desk.corrections.allows(_client()) and desk.drafts_of_network.allows(
            _client(), 1 + draft.size // 1024
        )
        if busy or not kept:
            _log.warning("event=limited")
        if not kept:
            return form_page.show(desk.page, form, busy=True, **state), 429
        _keep_draft(desk, draft)
    except (StorageError, SealingError):
        _log.exception("event=not-stored")
        return form_page.show(desk.page, form, not_stored=True, **state), 503
    return redirect(desk.prefix + FORM, 303)


def _unsearched(desk: FormServices, posted: Posted) -> ResponseReturnValue:
    """Give all of it back, and keep nothing: a CPR number may be in it."""
    _log.warning("event=limited")
    form = desk.form.of(posted.fields, posted.token, posted.csrf_token, sure=posted.sure)
    return form_page.show(desk.page, form, busy=True), 429


def _client() -> str:
    return request.remote_addr or ""


def _not_kept(desk: FormServices, address: str, template: str) -> str:
    return render_template(template, page=None, place=address, title=desk.page.title)


def _again(desk: FormServices) -> ResponseReturnValue:
    if form_page.AgainForm().validate():
        session.pop("sent", None)
    return redirect(desk.prefix + FORM, 303)


def _keep_draft(desk: FormServices, draft: Draft) -> None:
    _drop_draft(desk)
    session["draft"] = desk.drafts.keep(draft)


def _drop_draft(desk: FormServices) -> None:
    if key := session.pop("draft", ""):
        desk.drafts.drop(key)


def _accept(desk: FormServices, typed: Submission, referral: Referral) -> None:
    key = _kept_under(typed.key, typed.fields["who"])
    desk.receiver.accept(key, referral, paced=typed.trapped)
    session["sent"] = typed.key.hex()
    with suppress(StorageError):  # the referral is kept, and a draft goes by itself in time
        _drop_draft(desk)


def _taken(desk: FormServices, typed: Submission) -> bool:
    """Whether it is here already: then it is not turned away when it is sent again."""
    key = _kept_under(typed.key, typed.fields["who"])
    return bool(desk.receiver.receipt(key, within=SENT_ONCE))


def _sent(desk: FormServices) -> tuple[str, str]:
    """The reference of what was just sent, and the kind of its writer; "" and "" for nothing."""
    key = bytes.fromhex(session.get("sent", ""))
    for writer in WRITERS if key else ():
        if reference := desk.receiver.receipt(_kept_under(key, writer), within=_RECEIPT_SHOWN):
            return reference, writer
    return "", ""


def _kept_under(key: bytes, writer: str) -> bytes:
    """The key of a receipt: from the cookie's, and the kind of writer.

    So neither the cookie nor the database tells who wrote, and the two together lead to the
    receipt that is theirs.
    """
    return sha256(key + writer.encode()).digest()
