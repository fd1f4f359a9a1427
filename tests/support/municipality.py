"""Nordby Kommune, which does not exist: tests of the program run on its content.

So the municipality that runs the site can change every fact and page of its own without breaking
a test. What a test expects of a fact it takes from `FACTS`, by name.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from support.editions import BOXES
from udvej.config import Config
from udvej.content.facts import Facts
from udvej.content.kommune_toml import load_facts
from udvej.content.pages import Page, load_edition
from udvej.content.receipt import Receipt

# The municipality's own folder: its pages and facts, and next to them its translations.
NORDBY: Final = Path(__file__).with_name("nordby")
CONTENT: Final = NORDBY / "content"
FACTS: Final[Facts] = load_facts(CONTENT / "kommune.toml")
_EDITION: Final = load_edition(CONTENT, boxes=BOXES)
PAGES: Final[Mapping[str, Page]] = _EDITION.pages
RECEIPT: Final[Receipt] = _EDITION.receipt
ADDRESSES: Final[Sequence[str]] = tuple(PAGES)
# Of its page `/om/`, in `om.md`, which many tests read, and some change.
TITLE: Final = PAGES["/om/"].title
HEADING: Final = re.findall("<h1>(.*)</h1>", PAGES["/om/"].body)[0]

PHONE: Final = FACTS.text("team.telefon")


@contextmanager
def as_shipped(folder: Path) -> Iterator[Path]:
    """Have `udvej new` copy Nordby's pages in place of those that come with the program.

    Args:
        folder: for a copy of them, which may be changed.
    """
    shutil.copytree(NORDBY, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("udvej.shipped.CONTENT", folder / "content")
        patch.setattr("udvej.shipped.TRANSLATIONS", folder / "translations")
        yield folder / "content"


def places() -> Mapping[str, str]:
    """The setting that names its content."""
    return {"UDVEJ_CONTENT": str(CONTENT)}


def demonstration(state: Path, content: Path = CONTENT) -> Config:
    """A demonstration in a state folder."""
    return Config(state, content, host="127.0.0.1", port=8000, live=None)
