"""`udvej build`: nginx's pages, also when the content is wrong and nothing is there."""

from pathlib import Path

import pytest
from support.municipality import HEADING
from support.spoiling import spoil
from udvej import cli
from udvej.config import Config
from udvej.publish.front import PAGES
from udvej.publish.swap import Builds
from udvej.server.checked import Checked

pytestmark = pytest.mark.heavy

CHANGED = "Her er hjælp"


@pytest.fixture
def spoiled(
    settings: dict[str, str], content: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A live site that was good and has wrong content now."""
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    Checked.at_start(Config.from_environ(settings))
    spoil(content / "om.md", f"# {HEADING}", "Uden overskrift")
    return settings


def test_wrong_content_gives_an_empty_machine_the_last_good_pages_and_is_named(
    spoiled: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a boot that began without a cache; nginx can start."""
    assert spoiled
    folder = tmp_path / "site"
    assert cli.main(["build", str(folder)]) == 2
    assert "om.md:" in capsys.readouterr().err
    assert HEADING in (folder / "www" / "om" / "index.html").read_text("utf-8")
    assert str(folder.resolve()) in (folder / PAGES).read_text("utf-8")


def test_wrong_content_leaves_pages_that_are_there_as_they_are(
    spoiled: dict[str, str], tmp_path: Path
) -> None:
    """Whatever they are."""
    assert spoiled
    folder = tmp_path / "site"
    folder.symlink_to(tmp_path)
    assert cli.main(["build", str(folder)]) == 2
    assert folder.readlink() == tmp_path


def test_what_a_reload_checks_is_not_published_before_the_site_takes_it_up(
    settings: dict[str, str],
    content: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Delivery goes by that, and a reload may fail yet: here nginx's folder is something else."""
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    before = Checked.at_start(Config.from_environ(settings)).build
    spoil(content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert cli.main(["build", "--checked", str(content)]) == 2
    assert "was not made by `udvej build`" in capsys.readouterr().err
    front = content.with_name("front")
    assert cli.main(["build", "--checked", str(front)]) == 0
    assert CHANGED in (front / "www" / "om" / "index.html").read_text("utf-8")
    assert Builds(Config.from_environ(settings).state).current.resolve() == before


def test_wrong_content_of_a_site_that_was_never_good_builds_nothing(
    settings: dict[str, str], content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to build; the state folder is not even made."""
    monkeypatch.setenv("UDVEJ_STATE", str(tmp_path / "none"))
    for key, value in settings.items():
        if key != "UDVEJ_STATE":
            monkeypatch.setenv(key, value)
    spoil(content / "om.md", f"# {HEADING}", "Uden overskrift")
    assert cli.main(["build", str(tmp_path / "site")]) == 2
    assert not (tmp_path / "site").exists()
    assert not (tmp_path / "none").exists()
