"""A site with doors to everything it can answer, whose pages can be judged."""

from functools import cache
from pathlib import Path

from flask import abort
from flask.testing import FlaskClient
from support.judging import Page
from udvej.config import Config
from udvej.content.editions import Content
from udvej.errors import StorageError
from udvej.outbox.keys import TeamKey
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.test import TestResponse


class House:
    """A site with a visitor in it."""

    def __init__(self, config: Config, content: Content | None = None) -> None:
        """Open the site, with doors to the errors that no request should meet.

        Args:
            config: its settings.
            content: what it says, where that has been read already.
        """
        services = Services.open(config)
        if content:
            services.content = content
        self.config = config
        self.content = services.content
        self.facts = services.facts
        self.languages = {
            tag: edition.language for tag, edition in services.content.editions.items()
        }
        self.fetch = cache(self._fetch)
        self._app = create_app(services)
        for name, view in {"travlt": _busy, "i-stykker": _broken, "fuldt": _full}.items():
            self._app.add_url_rule(f"/{name}/", name, view)

    def visitor(self) -> FlaskClient:
        """Somebody who has not been here before, over HTTPS as cookies want it."""
        client = self._app.test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        return client

    def page(self, response: TestResponse) -> Page:
        """An answer for the judge."""
        return Page(
            response.text,
            response.headers,
            self.config.live is None,
            self.facts,
            self.languages,
            self.fetch,
        )

    def _fetch(self, address: str) -> str | None:
        response = self.visitor().get(address)
        return response.text if response.status_code == 200 else None


def _busy() -> str:
    abort(429)


def _broken() -> str:
    raise RuntimeError


def _full() -> str:
    raise StorageError


def live(state: Path, content: Path) -> Config:
    """The settings of a real site, whose mail server is never asked."""
    certificate = state / "team-certificate.pem"
    certificate.write_bytes(TeamKey.make("team@eksempel.dk").certificate_pem())
    return Config.from_environ(
        {
            "UDVEJ_STATE": str(state),
            "UDVEJ_CONTENT": str(content),
            "UDVEJ_PUBLIC_ADDRESS": "https://eksempel.dk",
            "UDVEJ_SECRET_KEY": "hemmelig" * 8,
            "UDVEJ_TEAM_CERTIFICATE": str(certificate),
            "UDVEJ_MAIL_SERVER": "mail.invalid",
        }
    )
