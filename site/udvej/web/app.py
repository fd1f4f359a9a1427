"""The one place where routes are joined to the parts of the site."""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import Flask, Request, Response, request
from flask_compress import Compress
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from limits import parse
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from udvej.contacts import phone_link
from udvej.content import addresses
from udvej.content.editions import Content
from udvej.content.pictures import PICTURES
from udvej.languages import (
    DANISH,
    asked_for,
    current,
    danish,
    left_to_right,
    municipal,
    phrase,
    set_language,
)
from udvej.notes import Notes
from udvej.services import Services, form_of
from udvej.web import health, leaving, pages, referral, searching, weaknesses
from udvej.web.assets import Assets, allowed
from udvej.web.bodies import BoundedRequest
from udvej.web.encodings import AcceptedEncodings
from udvej.web.error_pages import show_errors
from udvej.web.frozen import Frozen
from udvej.web.headers import SecurityHeaders
from udvej.web.leaving import Bounce, Leaving
from udvej.web.proxies import CountedProxies
from udvej.web.rate_limit import NETWORKS, ClientLimit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SESSION_COOKIE: Final = "__Host-skema"
# Generous: a prison, a library or a mobile network is one address. Each worker counts by itself.
_SENDINGS: Final = parse("30/hour")
_CORRECTIONS: Final = parse("120/hour")
# Kilobytes of drafts from one network. They are kept as long, so that in two workers, and on both
# sides of the moment when counting begins again, this is a quarter of the room for all.
_DRAFTS: Final = parse("4096/15 minutes")
# Whatever becomes of them: four times what the two above allow; long ones count for several.
_POSTS: Final = parse("600/hour")
# Eighty pages in Arabic, where a letter takes six bytes: the form gives back what is too long.
_LARGEST_BODY: Final = 512 * 1024

_log = logging.getLogger(__name__)


def create_app(services: Services, files: Path | None = None) -> Flask:
    """The whole site: the pages, the form and what monitoring asks.

    Args:
        services: the parts; nothing reads the environment after this.
        files: holds the pages that `publish.freeze` made; without it each is rendered when asked
            for.

    Raises:
        ContentError: a content file is wrong.
        FormError: a question of the form would not be shown, or its answer lost.
        SealingError: the team's certificate cannot be used.
        StorageError: the database cannot be opened.
    """
    content, live = services.content, services.config.live
    app = _with_pages(content, services.config.address, demonstration=live is None)
    app.secret_key = services.secret_key
    form = referral.FormServices(
        edition=content.editions[DANISH.tag],
        form=services.form,
        sealer=services.sealer,
        outbox=services.outbox,
        drafts=services.drafts,
        sendings=ClientLimit(_SENDINGS, time.time),
        corrections=ClientLimit(_CORRECTIONS, time.time),
        drafts_of_network=ClientLimit(_DRAFTS, time.time, NETWORKS),
        posts=ClientLimit(_POSTS, time.time),
        promised=content.facts.text("team.svartid"),
    )
    for tag, edition in content.editions.items():
        app.register_blueprint(
            referral.blueprint(replace(form, edition=edition)),
            name=f"referral-{tag}",
            url_prefix=edition.language.prefix,
        )
    referral.rehearse(services.form, app)
    app.register_blueprint(health.blueprint(services.health))
    if live and live.security_contact:
        app.register_blueprint(weaknesses.blueprint(live.security_contact, live.public_address))
    wsgi_app = app.wsgi_app
    if live:
        if live.proxies:
            wsgi_app = ProxyFix(wsgi_app, x_for=live.proxies, x_proto=0, x_host=0)
        wsgi_app = CountedProxies(wsgi_app, live.proxies, Notes(services.config.state))
    if files:
        wsgi_app = Frozen(wsgi_app, files)
    app.wsgi_app = _guarded(  # type: ignore[assignment, method-assign]
        wsgi_app, content, live.public_address if live else None
    )
    return app


def reader_app(content: Content, address: str, *, demonstration: bool = True) -> Flask:
    """The part of the site that only reads: for freezing and checking the pages.

    It needs no certificate, database or state folder; its form is shown and cannot be sent.

    Args:
        content: what the site says.
        address: the one people use, without a slash at the end.
        demonstration: whether the pages say that nobody receives what is sent.
    """
    app = _with_pages(content, address, demonstration=demonstration)
    app.secret_key = secrets.token_bytes()
    form = form_of(content.facts, content.folder)
    for tag, edition in content.editions.items():
        app.register_blueprint(
            referral.shown_only(edition, form),
            name=f"referral-{tag}",
            url_prefix=edition.language.prefix,
        )
    app.wsgi_app = _guarded(  # type: ignore[assignment, method-assign]
        app.wsgi_app, content, None if demonstration else address
    )
    return app


def _with_pages(content: Content, address: str, *, demonstration: bool) -> Flask:
    app = _Udvej("udvej.web", static_folder=None)
    app.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=_LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=_LARGEST_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        # BREACH: another site cannot make a browser ask for compressed secrets, since the session
        # cookie is SameSite=Strict.
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=["text/html", "text/plain", "text/xml"],
        COMPRESS_BR_LEVEL=5,
    )
    _set_up_templates(app, content, address, demonstration=demonstration)
    for tag, edition in content.editions.items():
        app.register_blueprint(
            pages.blueprint(edition), name=f"pages-{tag}", url_prefix=edition.language.prefix
        )
    app.register_blueprint(searching.blueprint(content.editions.values(), address))
    app.register_blueprint(leaving.blueprint(Leaving.of(content.facts, SESSION_COOKIE)))
    show_errors(app)
    _Compress(app)
    return app


def _guarded(
    application: "WSGIApplication", content: Content, public_address: str | None
) -> "WSGIApplication":
    """Send away who has left, and set the security headers on every answer."""
    assets = Assets.load(content.face)
    return SecurityHeaders(
        Bounce(AcceptedEncodings(application), Leaving.of(content.facts, SESSION_COOKIE)),
        styles=[allowed(assets.style)],
        scripts=[allowed(assets.script), allowed(leaving.SCRIPT)],
        public_address=public_address,
    )


class _Udvej(Flask):
    """Flask, without what a visitor sent in logs and redirects."""

    request_class = BoundedRequest

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401 (Flask's own signature)
        """Log no address, which may hold anything; the formatter leaves messages out."""
        _log.error("event=broken", exc_info=exc_info)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Redirect to the missing slash without the query, which no page reads."""
        if isinstance(redirect := request.routing_exception, RequestRedirect):
            redirect.new_url = redirect.new_url.partition("?")[0]
        super().raise_routing_exception(request)


class _Compress(Compress):
    """Compresses errors too, which the library leaves as they are."""

    def after_request(self, response: Response | None) -> Response:
        """Compress, as if the status were 200."""
        if response is None:
            return super().after_request(response)
        status = response.status_code
        if status >= 400:  # noqa: PLR2004
            response.status_code = 200
        compressed: Response = super().after_request(response)
        compressed.status_code = status
        return compressed


def _set_up_templates(app: Flask, content: Content, address: str, *, demonstration: bool) -> None:
    editions = content.editions
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        tel=phone_link,
        danish=_for_language(danish),
        ltr=_for_language(left_to_right),
        municipal=_for_language(municipal),
    )
    languages = {tag: edition.language for tag, edition in editions.items()}
    app.jinja_env.globals.update(
        _=phrase,
        addresses=addresses,
        assets=Assets.load(content.face),
        face=content.face,
        demo=demonstration,
        pictures=PICTURES,
        languages=languages.values(),
        origin=address,
    )

    @app.before_request
    def set_asked_language() -> None:
        set_language(asked_for(request.path, languages))

    @app.context_processor
    def edition_context() -> dict[str, Any]:
        language = current()
        return {"language": language, "site": editions[language.tag], "at": language.at}


def _for_language(mark: Callable[[str], str]) -> Callable[[Context, str], str]:
    """A filter that Jinja must not evaluate at compile time: it depends on the request."""
    return pass_context(lambda _context, words: mark(words))
