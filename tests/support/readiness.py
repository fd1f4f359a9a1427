"""A live site that `udvej ready` asks about, over real HTTPS."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from support.mailserver import SENDER, TEAM, Server
from support.municipality import places
from support.patience import PATIENCE
from udvej.config import Config
from udvej.health import Answer
from udvej.outbox.keys import TeamKey
from udvej.ready.questions import QUESTIONS, ask_all
from udvej.services import Services
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from ssl import SSLContext

    from _typeshed.wsgi import WSGIApplication

# What may fail anywhere: tests may run in a container, or where the disk is nearly full.
OF_THIS_MACHINE: Final = {"state folder", "disk", "telling"}


@dataclass
class Live:
    """A live site, before anybody spoils it.

    Attributes:
        settings: what `udvej ready` is given.
        mail: its mail server.
        changed: what its answers go through on their way to a browser.
    """

    settings: dict[str, str]
    mail: Server
    changed: Callable[["WSGIApplication"], "WSGIApplication"] = field(default=lambda app: app)

    @property
    def state(self) -> Path:
        """Its state folder."""
        return Path(self.settings["UDVEJ_STATE"])

    @property
    def services(self) -> Services:
        """Its parts."""
        return Services.open(Config.from_environ(self.settings))

    def answer(self, question: str, **settings: str) -> Answer:
        """The answer to one question alone, with some settings changed."""
        asked = [one for one in QUESTIONS if one.name == question]
        with patch("udvej.ready.questions.QUESTIONS", asked):
            return self.answers(**settings)[question]

    def answers(self, **settings: str) -> Mapping[str, Answer]:
        """What each question is answered, with some settings changed."""
        changed = {f"UDVEJ_{key}": value for key, value in settings.items()}
        return dict(ask_all(self.settings | changed))


@contextmanager
def browsed(application: "WSGIApplication", port: int, context: "SSLContext") -> Iterator[None]:
    """Answer over HTTPS."""
    server = make_server(
        "127.0.0.1",
        port,
        application,
        threaded=True,
        ssl_context=context,
        request_handler=_Silent,
    )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


class _Silent(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_: object) -> None:
        """Nothing."""


def settings_of(origin: str, content: Path, folder: Path, team: TeamKey) -> dict[str, str]:
    """The settings of the site, but for its mail server's port and authority."""
    certificate = folder / "keys" / "team-certificate.pem"
    certificate.parent.mkdir(exist_ok=True)
    certificate.write_bytes(team.certificate_pem())
    return {
        **places(),
        "UDVEJ_STATE": str(folder / "state"),
        "UDVEJ_CONTENT": str(content),
        "UDVEJ_PUBLIC_ADDRESS": origin,
        "UDVEJ_SECRET_KEY": secrets.token_hex(32),
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "localhost",
        "UDVEJ_MAIL_TO": TEAM,
        "UDVEJ_MAIL_FROM": SENDER,
        "UDVEJ_PROXIES": "1",
    }
