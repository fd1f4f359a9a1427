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
# A referral sent during a flood may be mailed after it, and the receipt says so.
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


def blueprint(services: FormServices) -> Blueprint:
    """The form, its receipt and the way to another message."""
    views = Blueprint("referral", __name__)
    views.add_url_rule(FORM, "form", partial(_form, services))
    views.add_url_rule(FORM, "send", partial(_send, services), methods=["POST"])
    views.add_url_rule(AGAIN, "again", partial(_again, services), methods=["POST"])
    for address, name in ((WITHOUT_COOKIE, "cookies"), (TOO_LONG, "too_long")):
        views.add_url_rule(address, name, partial(_refusal_page, services, address, f"{name}.html"))
    return views


def check_form(asked: type[ReferralForm], app: Flask) -> None:
    """Check that each question reaches the letter and has a look on the page.

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


def _form(services: FormServices) -> ResponseReturnValue:
    # A draft first: it may be the correction of what was sent.
    draft = services.drafts.open(session["draft"]) if "draft" in session else None
    if draft is None:
        reference, writer = _sent(services)
        if not reference:
            return form_page.empty(services.page, services.form)
        return form_page.receipt(
            services.edition, reference, writer, late=services.receiver.delay() > _LATE
        )
    # Its own token keeps the time it was first shown: a quick correction is no robot.
    form = services.form.of(draft.fields, draft.token)
    return form_page.show(
        services.page,
        form,
        errors=form.problems(draft.cpr_in, draft.cut),
        cpr_found=bool(draft.cpr_in),
        expired=draft.expired,
        busy=draft.busy,
    )


def _send(services: FormServices) -> ResponseReturnValue:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        with suppress(RequestEntityTooLarge):
            request.get_data(cache=False)  # an answer before its end would break the connection
        return redirect(services.prefix + WITHOUT_COOKIE, 303)
    try:
        # Not kept by the request: it would hold the words as long as the answer takes.
        body = request.get_data(cache=False)
        may_be_searched = services.posts.allows(_client(), 1 + len(body) // _SEARCHED_FOR_ONE)
        posted = Posted.read(body, services.form.bounds())
    except RequestEntityTooLarge:
        return redirect(services.prefix + TOO_LONG, 303)
    except Malformed:
        abort(400)
    return _searched(services, posted) if may_be_searched else _unsearched(services, posted)


def _searched(services: FormServices, posted: Posted) -> ResponseReturnValue:
    """Take it, or keep it as a draft."""
    now = datetime.now(UTC)
    submission = Submission.searched(posted, services.form.bounds(), now)
    form = services.form.of(
        submission.fields, submission.token, submission.csrf_token, sure=submission.sure
    )
    problems = form.problems(submission.cpr_in, submission.cut)
    expired = bool(form.csrf_token.errors)
    refused = bool(problems or expired)
    state = {"errors": problems, "cpr_found": bool(submission.cpr_in)}
    try:
        busy = not (refused or services.sendings.allows(_client()) or _taken(services, submission))
        if not (refused or busy):
            _accept(services, submission, form.referral(now, submission.notes, services.promised))
            return redirect(services.prefix + FORM, 303)
        draft = Draft(
            submission.token,
            submission.fields,
            submission.cpr_in,
            submission.cut,
            expired=expired,
            busy=busy,
        )
        kept = services.corrections.allows(_client()) and services.drafts_of_network.allows(
            _client(), 1 + draft.size // 1024
        )
        if busy or not kept:
            _log.warning("event=limited")
        if not kept:
            return form_page.show(services.page, form, busy=True, **state), 429
        _keep_draft(services, draft)
    except (StorageError, SealingError):
        _log.exception("event=not-stored")
        return form_page.show(services.page, form, not_stored=True, **state), 503
    return redirect(services.prefix + FORM, 303)


def _unsearched(services: FormServices, posted: Posted) -> ResponseReturnValue:
    """Give all of it back, and keep nothing: a CPR number may be in it."""
    _log.warning("event=limited")
    form = services.form.of(posted.fields, posted.token, posted.csrf_token, sure=posted.sure)
    return form_page.show(services.page, form, busy=True), 429


def _client() -> str:
    return request.remote_addr or ""


def _refusal_page(services: FormServices, address: str, template: str) -> str:
    return render_template(template, page=None, place=address, title=services.page.title)


def _again(services: FormServices) -> ResponseReturnValue:
    if form_page.AgainForm().validate():
        session.pop("sent", None)
    return redirect(services.prefix + FORM, 303)


def _keep_draft(services: FormServices, draft: Draft) -> None:
    _drop_draft(services)
    session["draft"] = services.drafts.keep(draft)


def _drop_draft(services: FormServices) -> None:
    if key := session.pop("draft", ""):
        services.drafts.drop(key)


def _accept(services: FormServices, submission: Submission, referral: Referral) -> None:
    key = _kept_under(submission.key, submission.fields["who"])
    services.receiver.accept(key, referral, paced=submission.trapped)
    session["sent"] = submission.key.hex()
    with suppress(StorageError):  # the referral is kept, and a draft goes by itself in time
        _drop_draft(services)


def _taken(services: FormServices, submission: Submission) -> bool:
    """Whether it is here already: then it is not turned away when it is sent again."""
    key = _kept_under(submission.key, submission.fields["who"])
    return bool(services.receiver.receipt(key, within=SENT_ONCE))


def _sent(services: FormServices) -> tuple[str, str]:
    """The reference of what was just sent, and the kind of its writer; "" and "" for nothing."""
    key = bytes.fromhex(session.get("sent", ""))
    for writer in WRITERS if key else ():
        if reference := services.receiver.receipt(_kept_under(key, writer), within=_RECEIPT_SHOWN):
            return reference, writer
    return "", ""


def _kept_under(key: bytes, writer: str) -> bytes:
    """The key of a receipt: from the cookie's, and the kind of writer.

    So neither the cookie nor the database tells who wrote, and the two together lead to the
    receipt that is theirs.
    """
    return sha256(key + writer.encode()).digest()
