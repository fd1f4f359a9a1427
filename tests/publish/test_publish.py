"""`udvej publish` and `--undo`: what changes, what is said, and what is left as it was."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import brotli
import pytest
from support.municipality import HEADING, PHONE
from support.road import furnish
from support.spoiling import spoil
from udvej import cli
from udvej.config import Config
from udvej.publish import freeze as freezing
from udvej.publish.publishing import publish
from udvej.publish.swap import Builds
from udvej.server.checked import Checked

pytestmark = pytest.mark.heavy

CHANGED, LATER = "Her er hjælp", "Her er mere hjælp"


@pytest.fixture
def config(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Config:
    """A live site that is not running, and shows what its folder says; nginx reads its pages."""
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("LANG", "da_DK.UTF-8")
    furnish(settings)
    Checked.at_start(Config.from_environ(settings))
    assert cli.main(["build", str(front(settings))]) == 0
    return Config.from_environ(settings)


def front(settings: dict[str, str]) -> Path:
    """The folder that nginx reads."""
    return Path(settings["UDVEJ_STATE"]).with_name("front")


def says(config: Config, old: str, new: str) -> None:
    """Change the heading of a page in the content folder."""
    spoil(config.content / "om.md", f"# {old}", f"# {new}")


def shown(config: Config) -> list[str]:
    """The headings that a server would show when it starts, and nginx."""
    builds = Builds(config.state)
    folders = (builds.current, config.state.with_name("front"))
    pages = [(folder / "www" / "om" / "index.html").read_text("utf-8") for folder in folders]
    return [page.partition("<h1>")[2].partition("</h1>")[0] for page in pages]


def test_what_has_changed_is_said(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    """Pages by address, facts by name, languages by their Danish names; then nothing has."""
    says(config, HEADING, CHANGED)
    page = (config.content / "moedet.md").read_text("utf-8")
    new = page.replace('adresse = "/moedet/"', 'adresse = "/nyt/"').replace(
        'titel = "', 'titel = "Ny '
    )
    (config.content / "nyt.md").write_text(new, "utf-8")
    spoil(config.content / "kommune.toml", f'telefon = "{PHONE}"', 'telefon = "12 34 56 78"')
    capsys.readouterr()
    assert cli.main(["publish"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Udgivet. Ændret:",
        "  ny side: /nyt/",
        "  ændret side: /om/",
        "  ændret i kommune.toml: team.telefon",
        "Fortryd med: udvej publish --undo",
    ]
    assert shown(config) == [CHANGED, CHANGED]
    assert cli.main(["publish"]) == 0
    assert capsys.readouterr().out == "Intet er ændret siden sidst.\n"


def test_undone_content_is_not_published_again_by_itself(
    config: Config, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A timer that publishes changes nothing, nor does a start; what is written since does."""
    says(config, HEADING, CHANGED)
    publish(config)
    publish(config, undo=True)
    assert shown(config) == [HEADING, HEADING]
    capsys.readouterr()
    assert cli.main(["publish"]) == 0
    assert "I har fortrudt" in capsys.readouterr().out
    Checked.at_start(Config.from_environ(settings))
    assert cli.main(["build", str(front(settings))]) == 0
    assert shown(config) == [HEADING, HEADING]
    says(config, CHANGED, LATER)
    publish(config)
    assert shown(config) == [LATER, LATER]


def test_undoing_the_undo_brings_the_change_back(
    config: Config, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One may look at both; also after restarts, which make nothing of their own."""
    says(config, HEADING, CHANGED)
    publish(config)
    for expected, words in (
        (HEADING, "Fortrudt. "), (CHANGED, "Vist igen. "), (HEADING, "Fortrudt. "),
    ):  # fmt: skip
        Checked.at_start(Config.from_environ(settings))
        capsys.readouterr()
        assert cli.main(["publish", "--undo"]) == 0
        assert capsys.readouterr().out.startswith(f"{words}Ændret:\n")
        assert shown(config) == [expected, expected]


def test_a_reload_takes_up_the_folder_whatever_was_undone(
    config: Config, settings: dict[str, str]
) -> None:
    """`kill -HUP` means what it did before there was anything to undo."""
    says(config, HEADING, CHANGED)
    publish(config)
    publish(config, undo=True)
    Checked.of(Config.from_environ(settings))
    assert shown(config)[0] == CHANGED
    Checked.at_start(Config.from_environ(settings))
    assert shown(config)[0] == CHANGED


def test_wrong_content_changes_nothing_and_all_mistakes_are_named(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """By file and line, in the words of `udvej check`."""
    says(config, HEADING, CHANGED)
    spoil(config.content / "kontakt.md", 'menu = "top"', 'menu = "midt"')
    spoil(config.content / "kommune.toml", f'telefon = "{PHONE}"', 'telefon = "99 88"')
    assert cli.main(["publish"]) == 2
    told = capsys.readouterr().out
    assert 'menu: skriv "top" eller "bund"' in told
    assert "telefon: skriv et telefonnummer" in told
    assert "2 fejl" in told
    assert "Intet er udgivet." in told
    assert shown(config) == [HEADING, HEADING]


def test_without_anything_published_there_is_nothing_to_undo(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and leaves all as it is."""
    assert cli.main(["publish", "--undo"]) == 2
    assert "ikke noget at gå tilbage til" in capsys.readouterr().err
    assert shown(config) == [HEADING, HEADING]


@contextmanager
def full_at(name: str) -> Iterator[None]:
    """A disk that is full from the moment when something is done."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with patch.object(freezing, name, full):
        yield


@pytest.mark.parametrize("moment", ["write_compressed", "write_home", "_keep_sources"])
def test_a_full_disk_changes_nothing(config: Config, moment: str) -> None:
    """It is trouble that may pass; the next one goes through."""
    says(config, HEADING, CHANGED)
    with full_at(moment):
        assert cli.main(["publish"]) == 75
    assert shown(config) == [HEADING, HEADING]
    assert cli.main(["publish"]) == 0
    assert shown(config) == [CHANGED, CHANGED]


def test_a_demonstration_is_not_published(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows each change by itself."""
    environ = {"UDVEJ_STATE": str(config.state), "UDVEJ_CONTENT": str(config.content)}
    with patch.dict("os.environ", environ, clear=True):
        assert cli.main(["publish"]) == 2
    assert "prøveversion" in capsys.readouterr().err


def test_another_users_state_folder_is_refused(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """What root made there the site could not change any more."""
    with patch("os.geteuid", return_value=config.state.stat().st_uid + 1):
        assert cli.main(["publish"]) == 2
    assert "publish as the user who runs the site" in capsys.readouterr().err


def test_an_unchanged_page_is_not_compressed_again(config: Config) -> None:
    """That takes longer than all else; a comma waits for its own page."""
    says(config, HEADING, CHANGED)
    with patch("brotli.compress", wraps=brotli.compress) as compress:
        publish(config)
    assert 0 < compress.call_count < 30
    again = freezing.build(config, config.state.with_name("other"))
    made = Builds(config.state).current.resolve()
    names = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    different = [
        name
        for name in names
        if name.name != "pages.conf" and (made / name).read_bytes() != (again / name).read_bytes()
    ]
    assert different == []
