"""What a web worker answers with: what was checked when live, fresh in a demonstration."""

import re
import shutil
from pathlib import Path

import pytest
from support.municipality import HEADING, NORDBY
from support.spoiling import spoil
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.errors import ConfigError, ContentError
from udvej.notes import Note, Notes
from udvej.publish.swap import Builds
from udvej.server import checked
from udvej.server.checked import Checked, frozen_app
from udvej.server.reloading import ReloadingApp
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.test import Client

CHANGED = "Her er hjælp"


def test_in_a_demonstration_a_changed_text_shows_on_reload(config: Config) -> None:
    """An editor sees what they do."""
    visitor = Client(ReloadingApp(config, frozen_app, config))
    assert HEADING in visitor.get("/om/", buffered=True).text
    spoil(config.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert f"<h1>{CHANGED}</h1>" in visitor.get("/om/", buffered=True).text


def test_in_a_demonstration_mistakes_show_above_the_last_good_page_until_they_are_mended(
    config: Config,
) -> None:
    """All of them, by file and line; then the page is there alone again."""
    visitor = Client(ReloadingApp(config, frozen_app, config))
    path, other = config.content / "om.md", config.content / "kontakt.md"
    assert visitor.get("/om/", buffered=True).status_code == 200
    spoil(path, f"# {HEADING}", "Uden <b>overskrift</b>")
    line = spoil(other, 'menu = "top"', 'menu = "midt"')
    answer = visitor.get("/om/", buffered=True, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200
    assert f"<li>{path}:" in answer.text
    assert "præcis én overskrift" in answer.text
    assert f"<li>{other}:{line}: menu: " in answer.text
    assert "&lt;body" not in answer.text
    assert answer.text.index("<li>") < answer.text.index(f"<h1>{HEADING}</h1>")
    assert visitor.get("/robots.txt", buffered=True).text.startswith("User-agent")
    spoil(path, "Uden <b>overskrift</b>", f"# {CHANGED}")
    spoil(other, 'menu = "midt"', 'menu = "top"')
    answer = visitor.get("/om/", buffered=True)
    assert CHANGED in answer.text
    assert "<aside" not in answer.text.partition("<main")[0].replace('<aside class="demo', "")


def test_a_demonstration_goes_on_receiving_when_a_text_changes(config: Config) -> None:
    """What was sent before is not asked for again."""
    visitor = Client(ReloadingApp(config, frozen_app, config))
    before = visitor.get(FORM, base_url="https://localhost")
    spoil(config.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    after = visitor.get(FORM, base_url="https://localhost")
    assert before.status_code == after.status_code == 200


def test_a_live_site_is_as_it_was_when_it_was_checked(
    settings: dict[str, str], content: Path
) -> None:
    """Nothing looks at the content with each request, nor in a new worker; a reload does."""
    checked = Checked.of(Config.from_environ(settings))
    spoil(content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert HEADING in Client(checked.application()).get("/om/", buffered=True).text
    after = Checked.of(Config.from_environ(settings))
    assert CHANGED in Client(after.application()).get("/om/", buffered=True).text


def test_what_is_refused_once_it_is_built_is_not_published(
    settings: dict[str, str], content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delivery and drills go by what is published, and a web server in front has not changed."""
    config = Config.from_environ(settings)
    before = Checked.at_start(config).build

    def broken(_: Services) -> None:
        raise ConfigError("broken")

    spoil(content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    monkeypatch.setattr(checked, "_read", broken)
    asked = Builds(config.state).asked(config, "")
    for check in (Checked.of, lambda config: Checked.asked(config, asked)):
        with pytest.raises(ConfigError, match="broken"):
            check(config)
        assert Builds(config.state).current.resolve() == before


def test_what_was_refused_is_forgotten_once_all_is_good_and_not_before(
    settings: dict[str, str], content: Path
) -> None:
    """Monitoring then says that all is well again."""
    notes = Notes(Checked.at_start(Config.from_environ(settings)).services.config.state)
    notes.write(Note.PROXIES)
    spoil(content / "om.md", f"# {HEADING}", "Uden overskrift")
    Checked.at_start(Config.from_environ(settings))
    assert f"{content / 'om.md'}:" in notes.text(Note.REFUSED)
    assert notes.there(Note.PROXIES)
    spoil(content / "om.md", "Uden overskrift", f"# {HEADING}")
    Checked.of(Config.from_environ(settings))
    assert [note for note in Note if notes.there(note)] == []


def test_a_translation_that_is_left_out_is_logged_by_file_and_line(
    settings: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A live site goes on without it, and shows the Danish."""
    shutil.copytree(NORDBY, tmp_path / "own")
    settings["UDVEJ_CONTENT"] = str(tmp_path / "own" / "content")
    Checked.of(Config.from_environ(settings))
    assert "event=translation-left-out" not in caplog.text
    catalogue = tmp_path / "own" / "translations" / "en" / "LC_MESSAGES" / "content.po"
    catalogue.write_text(
        re.sub(
            r'^msgstr "(?=.*\w)', 'msgstr "<b>', catalogue.read_text("utf-8"), flags=re.MULTILINE
        ),
        "utf-8",
    )
    Checked.of(Config.from_environ(settings))
    assert re.search(r"event=translation-left-out fault='.*content\.po:\d+", caplog.text)


def test_a_demonstration_starts_on_wrong_content_if_it_was_good_before(config: Config) -> None:
    """An editor sees the mistakes in the browser; where nothing was good yet, on the terminal."""
    environ = {"UDVEJ_STATE": str(config.state), "UDVEJ_CONTENT": str(config.content)}
    spoil(config.content / "om.md", f"# {HEADING}", "Uden overskrift")
    with pytest.raises(ContentError):
        Checked.at_start(Config.from_environ(environ))
    spoil(config.content / "om.md", "Uden overskrift", f"# {HEADING}")
    Checked.at_start(Config.from_environ(environ))
    spoil(config.content / "om.md", f"# {HEADING}", "Uden overskrift")
    shown = (
        Client(Checked.at_start(Config.from_environ(environ)).application())
        .get("/om/", buffered=True)
        .text
    )
    assert "præcis én overskrift" in shown
    assert f"<h1>{HEADING}</h1>" in shown


def test_good_content_of_which_another_version_of_the_program_cannot_make_pages_is_no_help(
    settings: dict[str, str], content: Path
) -> None:
    """Then the editor's own slip is named, and not the copy."""
    build = Checked.at_start(Config.from_environ(settings)).build
    (build / "sources" / "content" / "om.md").unlink()
    (build / "sources" / "content" / "kommune.toml").write_text("")
    spoil(content / "om.md", f"# {HEADING}", "Uden overskrift")
    with pytest.raises(ContentError, match=f"^{content / 'om.md'}:"):
        Checked.at_start(Config.from_environ(settings))


def test_the_application_can_be_made_without_files(config: Config) -> None:
    """Each page is then rendered when it is asked for."""
    assert (
        HEADING in create_app(Services.open(config)).test_client().get("/om/", buffered=True).text
    )
