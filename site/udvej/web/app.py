"""The one place where the parts of the site are put together."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from flask import Flask, Request, Response, render_template, request
from flask_compress import Compress
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from limits import parse
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from udvej import operations
from udvej.config import Config
from udvej.content import addresses, catalogue
from udvej.content.addresses import FORM
from udvej.content.facts import phone_link
from udvej.content.pages import Edition, load_edition
from udvej.errors import StorageError
from udvej.health import Health
from udvej.intake.drafts import Drafts
from udvej.languages import (
    DANISH,
    asked_for,
    current,
    danish,
    gettext,
    left_to_right,
    phrase,
    set_language,
)
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Outbox
from udvej.web import health, leaving, pages, referral, searching
from udvej.web.assets import Assets, allowed
from udvej.web.frozen import Frozen
from udvej.web.headers import SecurityHeaders
from udvej.web.leaving import Bounce, Leaving
from udvej.web.rate_limit import ClientLimit

SESSION_COOKIE: Final = "__Host-skema"
# Generous: a prison, a library or a mobile network is one address. Each worker counts by itself.
_SENDINGS: Final = parse("30/hour")
_CORRECTIONS: Final = parse("120/hour")
# Room for a message many times too long, which the form gives back to be shortened.
_LARGEST_BODY: Final = 64 * 1024

_log = logging.getLogger(__name__)


def create_app(config: Config, files: Path | None = None) -> Flask:
    """Put the site together.

    Args:
        config: finished settings; nothing reads the environment after this.
        files: holds the pages that `build.freeze` made; without it each is rendered when asked for.

    Raises:
        ContentError: a content file is wrong.
        SealingError: the team's certificate cannot be used.
        StorageError: the database cannot be opened.
    """
    sealer = operations.sealer(config)
    languages = catalogue.languages(catalogue.load(config.translations))
    sites = {
        tag: load_edition(config.content, language, scheme=sealer.scheme)
        for tag, language in languages.items()
    }
    facts = sites[DANISH.tag].facts
    inline = Assets.load()
    outbox = Outbox.in_folder(config.state)
    left = Leaving(facts["forlad"]["sider"], facts["forlad"]["minutter"], SESSION_COOKIE)
    app = _Udvej("udvej.web", static_folder=None)
    app.secret_key = (config.live or Demonstration.prepare(config.state)).secret_key
    app.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=_LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=_LARGEST_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        # Compression beside a secret tells no other site anything: the cookie is strict (BREACH).
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=["text/html", "text/plain", "text/xml"],
        COMPRESS_BR_LEVEL=5,
    )
    _set_up_templates(app, sites, inline, config)
    desk = referral.FormServices(
        page=sites[DANISH.tag].pages[FORM],
        prefix="",
        sealer=sealer,
        outbox=outbox,
        drafts=Drafts.in_folder(config.state),
        sendings=ClientLimit(_SENDINGS, time.time),
        corrections=ClientLimit(_CORRECTIONS, time.time),
    )
    for tag, own in sites.items():
        prefix = own.language.prefix
        translated = replace(desk, page=own.pages[FORM], prefix=prefix)
        for blueprint in (pages.blueprint(own), referral.blueprint(translated)):
            app.register_blueprint(blueprint, name=f"{blueprint.name}-{tag}", url_prefix=prefix)
    app.register_blueprint(searching.blueprint(sites.values(), config.address))
    app.register_blueprint(leaving.blueprint(left))
    app.register_blueprint(health.blueprint(Health(outbox, sealer, config.state)))
    app.register_error_handler(HTTPException, _error_page)
    _Compress(app)
    app.register_error_handler(StorageError, _storage_error)
    if config.live and config.live.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.live.proxies, x_proto=0, x_host=0
        )
    if files:
        app.wsgi_app = Frozen(app.wsgi_app, files)  # type: ignore[method-assign]
    app.wsgi_app = SecurityHeaders(  # type: ignore[method-assign]
        Bounce(app.wsgi_app, left),
        styles=[allowed(inline.style)],
        scripts=[allowed(inline.script), allowed(leaving.SCRIPT)],
        public_address=config.live.public_address if config.live else None,
    )
    return app


class _Udvej(Flask):
    """Flask, but for what it writes when something breaks."""

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401 (Flask's own signature)
        """Without the address, which may hold anything; the formatter leaves messages out."""
        _log.error("event=broken", exc_info=exc_info)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """A missing slash leads on without the query: no page has one, and it may hold anything."""
        if isinstance(redirect := request.routing_exception, RequestRedirect):
            redirect.new_url = redirect.new_url.partition("?")[0]
        super().raise_routing_exception(request)


class _Compress(Compress):
    """Errors are pages like the others, which the library would leave as they are."""

    def after_request(self, response: Response | None) -> Response:
        """Compress, whatever the status."""
        if response is None:
            return super().after_request(response)
        status = response.status_code
        if status >= 400:  # noqa: PLR2004
            response.status_code = 200
        compressed: Response = super().after_request(response)
        compressed.status_code = status
        return compressed


def _set_up_templates(
    app: Flask, sites: Mapping[str, Edition], inline: Assets, config: Config
) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        tel=phone_link, danish=_as_spoken(danish), ltr=_as_spoken(left_to_right)
    )
    languages = {tag: site.language for tag, site in sites.items()}
    app.jinja_env.globals.update(
        _=phrase,
        addresses=addresses,
        inline=inline,
        demo=config.live is None,
        languages=languages.values(),
        origin=config.address,
    )

    @app.before_request
    def speak_as_asked() -> None:
        set_language(asked_for(request.path, languages))

    @app.context_processor
    def speaking() -> dict[str, Any]:
        language = current()
        return {"language": language, "site": sites[language.tag], "at": language.at}


def _as_spoken(marked: Callable[[str], str]) -> Callable[[Context, str], str]:
    """A filter that Jinja never works out beforehand: it depends on the language of the page."""
    return pass_context(lambda _context, words: marked(words))


def _errors() -> Mapping[int, tuple[str, str]]:
    return {
        400: (
            gettext("Det kunne vi ikke læse"),
            gettext("Gå tilbage, og prøv igen. Du kan også ringe til os."),
        ),
        404: (
            gettext("Siden findes ikke"),
            gettext("Måske er adressen skrevet forkert, eller siden er flyttet."),
        ),
        405: (
            gettext("Det kan siden ikke"),
            gettext("Gå til forsiden, og begynd derfra."),
        ),
        413: (
            gettext("Det var for meget på én gang"),
            gettext("Skriv en kortere besked. Resten kan du sige til os."),
        ),
        429: (
            gettext("Der er travlt lige nu"),
            gettext("Vent et par minutter, og prøv igen. Du kan også ringe til os."),
        ),
        500: (
            gettext("Noget gik galt hos os"),
            gettext("Det er ikke din fejl. Prøv igen om lidt, eller ring til os."),
        ),
        503: (
            gettext("Siden virker ikke lige nu"),
            gettext("Prøv igen om lidt, eller ring til os."),
        ),
    }


def _error_page(error: HTTPException) -> Any:  # noqa: ANN401 (what Flask takes)
    """Every error in plain words with the phone number."""
    code = error.code or 500
    if code < 400:  # noqa: PLR2004 (a redirect is no error)
        return error
    errors = _errors()
    heading, text = errors.get(code) or errors[400 if code < 500 else 500]  # noqa: PLR2004
    page = render_template(
        "error.html", page=None, title=heading, code=code, heading=heading, text=text
    )
    kept = {"Allow", "Retry-After"}
    headers = [(name, value) for name, value in error.get_headers() if name in kept]
    return page, code, headers


def _storage_error(_error: StorageError) -> Any:  # noqa: ANN401 (what Flask takes)
    _log.error("event=storage-failed", exc_info=True)
    return _error_page(ServiceUnavailable())
