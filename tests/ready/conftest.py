"""A live site with all that it needs, on this machine: HTTPS, mail server, team."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.drilled import confirm
from support.mailserver import Authority, Faults, serving
from support.municipality import CONTENT
from support.readiness import Live, browsed, settings_of
from support.running import held_port
from udvej.config import Config
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import PAGES, WWW, freeze
from udvej.web.app import create_app
from udvej.web.frozen import Files

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.fixture(scope="session")
def origin() -> str:
    """Where the site is, for everybody."""
    return f"https://localhost:{held_port()}"


@pytest.fixture(scope="session")
def filled_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nordby's pages; a folder of their own, since the state folder must not lie by them."""
    return Path(shutil.copytree(CONTENT, tmp_path_factory.mktemp("repository") / "content"))


@pytest.fixture(scope="session")
def built(
    origin: str, filled_in: Path, team: TeamKey, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Its pages, built once."""
    folder = tmp_path_factory.mktemp("built")
    settings = settings_of(origin, filled_in, folder, team)
    return freeze(Config.from_environ(settings), folder / PAGES)


@pytest.fixture
def faults() -> Faults:
    """What the mail server does wrong; a test gives its own."""
    return Faults()


@pytest.fixture
def live(  # noqa: PLR0917
    origin: str,
    filled_in: Path,
    built: Path,
    team: TeamKey,
    authority: Authority,
    faults: Faults,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Live]:
    """The site; its application answers, and its team has opened a drill."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    settings = settings_of(origin, filled_in, tmp_path, team)
    with serving(authority.context(), faults=faults) as mail:
        settings |= {"UDVEJ_MAIL_PORT": str(mail.port), "UDVEJ_MAIL_CA": str(authority.file)}
        live = Live(settings, mail)
        confirm(live.services)
        (live.state / PAGES).symlink_to(shutil.copytree(built, live.state / built.name).name)
        application = create_app(live.services, Files(live.state / PAGES / WWW))

        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            return live.changed(application)(environ, start)

        with browsed(answer, int(origin.rpartition(":")[2]), authority.context()):
            yield live
