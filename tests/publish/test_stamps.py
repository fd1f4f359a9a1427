"""The name of a build changes with all that its pages are made of, and with nothing else."""

import shutil
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import udvej
from udvej.config import Config
from udvej.content.editions import translations_of
from udvej.publish.stamps import is_of_this_program, stamp


def test_a_demonstration_and_a_live_site_have_pages_of_their_own(
    settings: dict[str, str], config: Config
) -> None:
    """Even at one address: only the one says that nobody receives what is sent."""
    live = Config.from_environ(settings)
    assert live.live is not None
    same = replace(live, live=replace(live.live, public_address=config.address))
    assert same.address == config.address
    assert stamp(same) != stamp(config)


@pytest.mark.parametrize(
    "library", ["babel", "bleach", "brotli", "flask", "jinja2", "markdown-it-py", "phonenumbers"]
)
def test_another_version_of_what_makes_the_pages_makes_them_again(
    library: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an upgrade changed is shown."""
    before = stamp(config)
    monkeypatch.setattr(
        "udvej.publish.stamps.version", lambda name: version(name) + "x" * (name == library)
    )
    assert stamp(config) != before


def test_another_python_makes_the_pages_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its gzip writes other bytes."""
    before = stamp(config)
    monkeypatch.setattr(sys, "version", "4.0")
    assert stamp(config) != before


@pytest.mark.parametrize("part", ["web/templates/layout.html", "web/static/leave.js", "new.py"])
def test_another_version_of_the_program_makes_the_pages_again(
    part: str, config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Templates, styles, scripts and modules alike; what Python compiles of them does not."""
    package = tmp_path / "udvej"
    shutil.copytree(Path(udvej.__file__).parent, package)
    monkeypatch.setattr("udvej.publish.stamps._PACKAGE", package)
    before = stamp(config)
    (package / "new.pyc").touch()
    assert stamp(config) == before
    with (package / part).open("a") as file:
        file.write("\n")
    assert stamp(config) != before


@pytest.mark.parametrize("ending", [".mo", ".pot"])
def test_what_no_page_is_made_of_changes_none(ending: str, config: Config) -> None:
    """Compiled catalogues and the template."""
    translations = translations_of(config.content)
    before = stamp(config)
    (translations / f"udvej{ending}").write_text("x")
    assert stamp(config) == before
    catalogue = next(translations.rglob("content.po"))
    catalogue.write_text(catalogue.read_text("utf-8") + "\n", "utf-8")
    assert stamp(config) != before


def test_a_build_of_another_version_of_the_program_is_known_by_its_name(
    frozen_pages: Path, config: Config, tmp_path: Path
) -> None:
    """Its content may be another; where the link leads nowhere there is none."""
    link = tmp_path / "pages"
    named = stamp(config)
    other = named[::-1]
    assert not is_of_this_program(link)
    for name, is_ours in ((named, True), (other, False)):
        made = tmp_path / f"pages.{name}"
        link.unlink(missing_ok=True)
        link.symlink_to(made.name)
        assert not is_of_this_program(link)
        made.mkdir()
        assert is_of_this_program(link) is is_ours
    assert is_of_this_program(frozen_pages)
    page = config.content / "om.md"
    page.write_text(page.read_text("utf-8") + "\nEn linje.\n", "utf-8")
    assert stamp(config) != named
    link.unlink()
    link.symlink_to(f"pages.{named}")
    assert is_of_this_program(link)
