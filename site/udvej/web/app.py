"""The one place where routes are joined to the parts of the site."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from flask import Flask
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.middleware.proxy_fix import ProxyFix

from udvej.languages import DANISH
from udvej.notes import Notes
from udvej.services import Services
from udvej.web import health, referral, weaknesses
from udvej.web.frozen import Frozen
from udvej.web.proxies import CountedProxies
from udvej.web.rate_limit import NETWORKS, ClientLimit
from udvej.web.reader import guarded, with_pages

# Generous: a prison, a library or a mobile network is one address. Each worker counts by itself,
# but for hosts that count together.
_SENDINGS: Final = RateLimitItemPerHour(30, namespace="sendings")
_CORRECTIONS: Final = RateLimitItemPerHour(120, namespace="corrections")
# Kilobytes of drafts from one network. They are kept as long, so that in two workers, and on both
# sides of the moment when counting begins again, this is a quarter of the room for all.
_DRAFTS: Final = RateLimitItemPerMinute(4096, 15, "drafts")
# Whatever becomes of them: four times what the two above allow; long ones count for several.
_POSTS: Final = RateLimitItemPerHour(600, namespace="posts")


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
    content, live, shared = services.content, services.config.live, services.shared_counts
    app = with_pages(content, services.config.address, demonstration=live is None)
    app.secret_key = services.secret_key
    form = referral.FormServices(
        edition=content.editions[DANISH.tag],
        form=services.form,
        sealer=services.sealer,
        outbox=services.outbox,
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
    app.wsgi_app = guarded(  # type: ignore[assignment, method-assign]
        wsgi_app, content, live.public_address if live else None
    )
    return app
