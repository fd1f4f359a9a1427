"""The one place where routes are joined to the parts of the site."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flask import Flask
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.middleware.proxy_fix import ProxyFix

from udvej.durations import MINUTE
from udvej.intake import drafts
from udvej.languages import DANISH
from udvej.notes import Notes
from udvej.services import Services
from udvej.web import health, referral, security_txt
from udvej.web.frozen import Files
from udvej.web.proxies import CountedProxies
from udvej.web.rate_limit import NETWORKS, ClientLimit
from udvej.web.reader import guarded, with_pages

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Generous: a prison, a library or a mobile network is one address. Each worker counts by itself,
# but for hosts that count together.
_SENDINGS: Final = RateLimitItemPerHour(30, namespace="sendings")
_CORRECTIONS: Final = RateLimitItemPerHour(120, namespace="corrections")
# KiB of drafts from one network in the 15 minutes that a draft is kept. Two workers, and a window
# that can be used up on both sides of its edge, make that a quarter of drafts.MOST_BYTES.
_DRAFTS: Final = RateLimitItemPerMinute(4096, int(drafts.KEPT / MINUTE), "drafts")
# POSTs of any outcome: four times sendings and corrections together; a long one counts as several.
_POSTS: Final = RateLimitItemPerHour(600, namespace="posts")


def create_app(services: Services, files: Files | None = None) -> Flask:
    """The whole site: the pages, the form and what monitoring asks.

    Args:
        services: the parts; nothing reads the environment after this.
        files: the pages that `publish.freeze` made; without them each is rendered when asked for.

    Raises:
        ContentError: a content file is wrong.
        FormError: a question of the form would not be shown, or its answer lost.
        SealingError: the team's certificate cannot be used.
        StorageError: the database cannot be opened.
    """
    app = dynamic_app(services)
    app.wsgi_app = with_files(app.wsgi_app, services, files)  # type: ignore[assignment, method-assign]
    return app


def with_files(
    application: "WSGIApplication", services: Services, files: Files | None
) -> "WSGIApplication":
    """A site's pages in front of what answers all else, and its headers on every answer.

    Args:
        application: answers what is no file.
        services: the parts, of which only facts and face are made.
        files: as for `create_app`.

    Raises:
        ContentError: `kommune.toml` is wrong.
    """
    if files:
        application = files.before(application)
    live = services.config.live
    return guarded(
        application, services.face, services.facts, live.public_address if live else None
    )


def dynamic_app(services: Services) -> Flask:
    """The Flask application alone, without frozen pages, headers and the check for who has left.

    Args:
        services: the parts.

    Raises:
        UdvejError: as `create_app`.
    """
    content, live, shared = services.content, services.config.live, services.shared_counts
    app = with_pages(content, services.config.address, demonstration=live is None)
    app.secret_key = services.secret_key
    form = referral.FormServices(
        edition=content.editions[DANISH.tag],
        form=services.form,
        receiver=services.receiver,
        drafts=services.drafts,
        sendings=ClientLimit(_SENDINGS, time.time, shared=shared),
        corrections=ClientLimit(_CORRECTIONS, time.time, shared=shared),
        drafts_of_network=ClientLimit(_DRAFTS, time.time, NETWORKS, shared),
        posts=ClientLimit(_POSTS, time.time, shared=shared),
        promised=content.facts.text("team.svartid"),
    )
    for tag, edition in content.editions.items():
        app.register_blueprint(
            referral.blueprint(replace(form, edition=edition)),
            name=f"referral-{tag}",
            url_prefix=edition.language.prefix,
        )
    referral.check_form(services.form, app)
    app.register_blueprint(health.blueprint(services.health))
    if live and live.security_contact:
        app.register_blueprint(security_txt.blueprint(live.security_contact, live.public_address))
    wsgi_app = app.wsgi_app
    if live:
        if live.proxies:
            wsgi_app = ProxyFix(wsgi_app, x_for=live.proxies, x_proto=0, x_host=0)
        wsgi_app = CountedProxies(wsgi_app, live.proxies, Notes(services.config.state))
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]
    return app
