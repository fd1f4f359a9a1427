"""The wheel alone: installed without a checkout it begins a folder, checks it and serves it."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from support.checkout import CHECKOUT
from support.editions import BOXES
from support.patience import PATIENCE, until
from support.road import Browser
from support.running import ended, held_port, next_line, started
from udvej.content.editions import Content
from udvej.content.pages import Edition

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`udvej`, in a fresh environment that has the wheel, and what it depends on from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, timeout=PATIENCE, capture_output=True)
    [wheel] = folder.glob("udvej-*.whl")
    environment = folder / "environment"
    make = [sys.executable, "-m", "venv", "--without-pip", str(environment)]
    subprocess.run(make, check=True, timeout=PATIENCE)
    [packages] = environment.glob("lib/python*/site-packages")
    # A line of it names a folder to look into, whose own .pth files are not read: what this
    # environment knows of the checkout stays here.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    python = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    install = ["install", "-q", "--no-deps", "--no-index", "--force-reinstall", str(wheel)]
    subprocess.run([*pip, *install], check=True, timeout=PATIENCE)
    return environment / "bin" / "udvej"


@pytest.fixture(scope="module")
def run(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run it with these arguments and settings, as somebody who has nothing else."""
    folder = tmp_path_factory.mktemp("home")

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [installed, *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **settings},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def content(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that it began."""
    folder = tmp_path_factory.mktemp("begun") / "nordby"
    assert run("new", str(folder)).returncode == 0
    return folder / "content"


@pytest.fixture
def site(installed: Path, content: Path) -> Iterator[tuple[Browser, "subprocess.Popen[Any]"]]:
    """It runs, from inside the folder."""
    settings = {"UDVEJ_CONTENT": "content", "UDVEJ_PORT": str(held_port())}
    process = started(
        [installed, "serve"],
        cwd=content.parent,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    try:
        yield Browser(int(settings["UDVEJ_PORT"])), process
    finally:
        ended(process)


def is_listening(browser: Browser) -> bool:
    """Whether it answers yet."""
    try:
        return browser.ask("GET", "/sundhed").status == HTTPStatus.OK
    except ConnectionRefusedError:
        return False


def test_without_a_folder_it_says_how_to_begin_one(run: Run) -> None:
    """There is no content of ours that anyone would serve by mistake."""
    refused = run("check")
    assert refused.returncode == 2
    assert refused.stderr == (
        "udvej: UDVEJ_CONTENT mangler: skriv, hvor jeres mappe content/ er; lav en med udvej new\n"
    )


def editions(content: Path) -> Mapping[str, Edition]:
    """What a folder says, by the tags of its languages: as many as are shipped."""
    return Content.load(content, BOXES).editions


def test_what_it_begins_it_finds_good_in_every_language(run: Run, content: Path) -> None:
    """With the program's own words, which came inside the wheel."""
    checked = run("check", UDVEJ_CONTENT=str(content))
    assert checked.returncode == 0, checked.stdout
    said = re.findall(
        r"/(\w+)/LC_MESSAGES/(\w+)\.po: (\d+) af (\d+) tekster er oversat", checked.stdout
    )
    whole = {
        tag
        for tag, whose, translated, messages in said
        if (whose, translated) == ("udvej", messages)
    }
    assert whole == editions(content).keys() - {"da"}
    assert run("translations", UDVEJ_CONTENT=str(content)).stdout == ""


def test_what_it_begins_it_serves_in_every_language(
    site: tuple[Browser, "subprocess.Popen[Any]"], content: Path
) -> None:
    """A demonstration, which says that it shows examples."""
    browser, process = site
    printed = [next_line(process) for _ in range(4)]
    assert "facts are still examples, with which no live site starts" in printed[-1]
    until(lambda: is_listening(browser))
    for edition in editions(content).values():
        answer = browser.ask("GET", edition.language.at("/kontakt/"))
        assert answer.status == HTTPStatus.OK
        assert f"<title>{edition.pages['/kontakt/'].title} - Eksempel Kommune<" in answer.text
        assert f">{edition.language.catalogue.gettext('Forlad siden')}<" in answer.text
