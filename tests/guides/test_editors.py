"""The guide for editors: plain, and true to the program."""

import re
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser
from support.guide_pictures import PAGE as CHANGED
from support.guide_pictures import make_mistakes, take
from support.guides import GUIDES, html, text
from support.municipality import TITLE
from udvej.check.content import check
from udvej.check.kept import Kept
from udvej.check.readability import measure
from udvej.content.beginning import begin
from udvej.content.pages import KEYS
from udvej.content.schema import SCHEMA
from udvej.installation import command_line
from udvej.wording import CATALOGUE

GUIDE: Final = "redaktoer.md"
PAGE: Final = text(GUIDE)


def test_it_is_easy_to_read() -> None:
    """As the pages themselves are asked to be."""
    assert measure(html(GUIDE)).lix <= 30


def test_every_command_and_option_is_there() -> None:
    """By the program's own names."""
    named = re.findall(r"\budvej ([a-z]+)((?: --[a-z]+)*)", PAGE)
    assert {name for name, _ in named} == {"serve", "check", "publish", "translations"}
    for name, options in named:
        command = import_module(f"udvej.commands.{name}").command
        there = {option for parameter in command.params for option in parameter.opts}
        assert {*options.split()} <= there


def test_every_key_and_fact_is_there() -> None:
    """In the header of a page, or in `kommune.toml`."""
    spans = re.findall(r"`([^`]+)`", PAGE)
    keys = {span for span in spans if re.fullmatch("[a-z]+", span)} - {"content", "translations"}
    assert keys == {"titel", "menu", "orden", "ansvarlig", "gennemgaaet", "adresse"}
    assert keys <= KEYS.keys()
    facts = [span.strip("{}").split(".") for span in spans if span.startswith("{")]
    assert facts
    assert all(key in SCHEMA[table] for table, key in facts)
    assert "gennemgaaet" in SCHEMA["team"]


@pytest.fixture
def folder(shipped: Path, tmp_path: Path) -> Path:
    """A new folder, with the page that the guide changes."""
    page = (shipped / "om.md").read_text("utf-8")
    page = page.replace('"/om/"', f'"{CHANGED}"').replace(f'"{TITLE}"', '"Hjælp"')
    (shipped / "hjaelp.md").write_text(page, "utf-8")
    begin(tmp_path / "kommune")
    return tmp_path / "kommune"


def test_what_check_is_said_to_say_it_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line for line, for the mistakes that the guide and its picture show."""
    monkeypatch.chdir(folder)
    make_mistakes(folder / "content")
    told = [*check(Path("content"), date(2026, 12, 1), Kept(folder / "kept")).lines()]
    shown = PAGE.partition("    Fejl, som skal rettes:\n")[2].partition("\n\n")[0].splitlines()
    assert len(shown) == 2
    mistakes = told[1 : told.index("")]  # what is missing comes after them
    assert [line.removeprefix("    ") for line in shown] == mistakes


def test_what_publish_is_said_to_say_are_its_words() -> None:
    """As the program has them."""
    words = CATALOGUE.read_text("utf-8")
    for message in ("Udgivet. Ændret:", "ændret side: ", "Fortryd med: %(command)s"):
        assert message.replace("%(command)s", command_line("publish", "", "--undo")) in PAGE
        assert f'msgid "{message}' in words
    assert "siden er, som den var" in PAGE.casefold()


@pytest.mark.browser
@pytest.mark.slow
def test_its_pictures_can_be_taken_and_are_small(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    """Of the real thing, by the command that made those that are shown."""
    page = browser.new_page(viewport={"width": 640, "height": 640})
    take(page, folder, tmp_path / "pictures")
    assert page.inner_text("body").count("<body") == 0
    assert "Der er fejl i teksten" in page.inner_text("aside.layout .notice")
    assert "content/hjaelp.md:12: {team.tlf}" in page.inner_text("aside.layout .notice")
    page.close()
    shown = re.findall(r"\]\((redaktoer/\w+\.png)\)", PAGE)
    taken = {f"redaktoer/{path.name}" for path in (tmp_path / "pictures").iterdir()}
    assert taken == {*shown}
    assert all((GUIDES / name).stat().st_size < 80_000 for name in shown)
