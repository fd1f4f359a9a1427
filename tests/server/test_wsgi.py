"""The application of a web process: frozen when live, fresh in a demonstration."""

from pathlib import Path

import pytest
from support.municipality import HEADING
from support.spoiling import spoil
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.server.reloading import ReloadingApp
from udvej.server.wsgi import application, frozen_app
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.test import Client

CHANGED = "Her er hjælp"


def test_in_a_demonstration_a_changed_text_shows_on_reload(config: Config) -> None:
    """An editor sees what they do."""
    visitor = Client(ReloadingApp(config, frozen_app))
    assert HEADING in visitor.get("/om/", buffered=True).text
    spoil(config.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert f"<h1>{CHANGED}</h1>" in visitor.get("/om/", buffered=True).text


def test_in_a_demonstration_a_mistake_shows_by_file_and_line_until_it_is_mended(
    config: Config,
) -> None:
    """Instead of a page; then the page is there again."""
    visitor, path = Client(ReloadingApp(config, frozen_app)), config.content / "om.md"
    assert visitor.get("/om/", buffered=True).status_code == 200
    line = spoil(path, f"# {HEADING}", "Uden overskrift")
    answer = visitor.get("/om/", buffered=True)
    assert answer.status_code == 500
    assert f"{path}:" in answer.text
    assert "præcis én overskrift" in answer.text
    assert line
    spoil(path, "Uden overskrift", f"# {HEADING}")
    assert HEADING in visitor.get("/om/", buffered=True).text


def test_a_demonstration_goes_on_receiving_when_a_text_changes(config: Config) -> None:
    """What was sent before is not asked for again."""
    visitor = Client(ReloadingApp(config, frozen_app))
    before = visitor.get(FORM, base_url="https://localhost")
    spoil(config.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    after = visitor.get(FORM, base_url="https://localhost")
    assert before.status_code == after.status_code == 200


def test_a_live_site_is_as_it_was_when_it_started(
    settings: dict[str, str], content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing looks at the content with each request; a restart does."""
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    visitor = Client(application())
    spoil(content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert HEADING in visitor.get("/om/", buffered=True).text
    assert CHANGED in Client(application()).get("/om/", buffered=True).text


def test_the_application_can_be_made_without_files(config: Config) -> None:
    """Each page is then rendered when it is asked for."""
    assert (
        HEADING in create_app(Services.open(config)).test_client().get("/om/", buffered=True).text
    )
