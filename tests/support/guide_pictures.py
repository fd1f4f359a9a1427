"""The pictures of the editors' guide, of the real thing: `make guide-pictures`."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page
from support.browser import chromium
from support.guides import GUIDES
from support.patience import until
from support.road import Browser
from support.running import ended, held_port, started
from udvej.content.beginning import begin

FOLDER: Final = GUIDES / "redaktoer"
PAGE: Final = "/hjaelp/"
# The mistakes that the guide shows, on the page and in the words of `udvej check`: a paragraph
# below the heading, and a line of the header.
MISTAKES: Final = (
    ("hjaelp.md", r"^# .*\n\n", r"\g<0>Ring til {team.tlf}.\n\n"),
    ("kontakt.md", r'^menu = "top"$', 'menu = "midt"'),
)


def make_mistakes(content: Path) -> None:
    """Make them in a folder of content."""
    for name, old, new in MISTAKES:
        path = content / name
        text, made = re.subn(old, new, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
        assert made, f"{name} has no {old!r}"
        path.write_text(text, "utf-8")


@contextmanager
def previewed(folder: Path) -> Iterator[str]:
    """What `udvej serve` shows to an editor in a folder of their own: its address."""
    port = held_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("UDVEJ_")}
    process = started(
        [sys.executable, "-m", "udvej", "serve", "--port", str(port)],
        cwd=folder,
        env={**environ, "LANG": "da_DK.UTF-8"},
    )
    try:
        until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        ended(process)


def _answers(port: int) -> bool:
    try:
        return Browser(port).ask("GET", "/").status == 200
    except OSError:
        return False


def take(page: Page, folder: Path, pictures: Path) -> None:
    """Take them all.

    Args:
        page: of a browser.
        folder: a municipality's, as `udvej new` makes it.
        pictures: where they go.
    """
    pictures.mkdir(exist_ok=True)
    with previewed(folder) as address:
        page.goto(address + PAGE)
        page.screenshot(path=pictures / "se.png")
        make_mistakes(folder / "content")
        page.goto(address + PAGE)
        page.screenshot(path=pictures / "fejl.png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, chromium() as browser:
        own = Path(made, "kommune")
        begin(own)
        take(browser.new_page(viewport={"width": 640, "height": 640}), own, FOLDER)
