"""The part of the site that only reads."""

import logging
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import Flask, Request, Response, request
from flask_compress import Compress
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context
from werkzeug.routing import RequestRedirect

from udvej.contacts import phone_link
from udvej.content import addresses
from udvej.content.editions import Content
from udvej.content.face import Face
from udvej.content.facts import Facts
from udvej.content.pictures import PICTURES
from udvej.languages import (
    asked_for,
    current,
    danish,
    left_to_right,
    municipal,
    phrase,
    set_language,
)
from udvej.municipal_form import form_of
from udvej.web import form_page, leaving, pages, searching
from udvej.web.assets import Assets, allowed
from udvej.web.bodies import BoundedRequest
from udvej.web.encodings import AcceptedEncodings
from udvej.web.error_pages import show_errors
from udvej.web.headers import SecurityHeaders
from udvej.web.leaving import Bounce, Leaving
from udvej.web.routes import Routes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SESSION_COOKIE: Final = "__Host-skema"
# Eighty pages in Arabic, where a letter takes six bytes: the form gives back what is too long.
_LARGEST_BODY: Final = 512 * 1024

_HERE: Final = Path(__file__).parent
_log = logging.getLogger(__name__)


def reader_app(content: Content, address: str, *, demonstration: bool = True) -> Flask:
    """The part of the site that only reads: for freezing and checking the pages.

    It needs no certificate, database or state folder; its form is shown and cannot be sent.

    Args:
        content: what the site says.
        address: the one people use, without a slash at the end.
        demonstration: whether the pages say that nobody receives what is sent.
    """
    app = with_pages(content, address, demonstration=demonstration)
    app.secret_key = secrets.token_bytes()
    form = form_of(content.facts, content.folder)
    for tag, edition in content.editions.items():
        app.register_blueprint(
            form_page.shown_only(edition, form),
            name=f"referral-{tag}",
            url_prefix=edition.language.prefix,
        )
    app.wsgi_app = guarded(  # type: ignore[assignment, method-assign]
        app.wsgi_app, content.face, content.facts, None if demonstration else address
    )
    return app


def with_pages(content: Content, address: str, *, demonstration: bool) -> Flask:
    """The pages that are only read; the arguments as for `reader_app`."""
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


def guarded(
    application: "WSGIApplication", face: Face, facts: Facts, public_address: str | None
) -> "WSGIApplication":
    """Send away visitors who have left, and set the security headers on every answer."""
    assets = Assets.load(face)
    return SecurityHeaders(
        Bounce(AcceptedEncodings(application), Leaving.of(facts, SESSION_COOKIE)),
        styles=[allowed(assets.style)],
        scripts=[allowed(assets.script), allowed(leaving.SCRIPT)],
        public_address=public_address,
    )


@cache
def templates() -> Environment:
    """The templates, compiled once for all municipalities: they are the program's.

    What they show is a municipality's own and comes with each page.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        tel=phone_link,
        danish=_for_language(danish),
        ltr=_for_language(left_to_right),
        municipal=_for_language(municipal),
    )
    environment.globals.update(_=phrase, addresses=addresses, pictures=PICTURES)
    return environment


def _for_language(mark: Callable[[str], str]) -> Callable[[Context, str], str]:
    """A filter that Jinja must not evaluate at compile time: it depends on the request."""
    return pass_context(lambda _context, words: mark(words))


class _Udvej(Flask):
    """Flask, without what a visitor sent in logs and redirects."""

    request_class = BoundedRequest
    url_map_class = Routes  # type: ignore[assignment]  # declared as the very class

    def create_jinja_environment(self) -> Environment:  # type: ignore[override]  # Jinja's own
        """That of all municipalities."""
        return templates()

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
    editions, face, assets = content.editions, content.face, Assets.load(content.face)
    languages = {tag: edition.language for tag, edition in editions.items()}

    @app.before_request
    def set_asked_language() -> None:
        set_language(asked_for(request.path, languages))

    @app.context_processor
    def municipality() -> dict[str, Any]:
        language = current()
        return {
            "assets": assets,
            "at": language.at,
            "demo": demonstration,
            "face": face,
            "language": language,
            "languages": languages.values(),
            "origin": address,
            "site": editions[language.tag],
        }
