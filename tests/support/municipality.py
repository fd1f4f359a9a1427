"""Nordby Kommune, which does not exist: tests of the program run on its content.

So the municipality that runs the site can change every fact and page of its own without breaking
a test. What a test expects of a fact it takes from `FACTS`, by name.
"""

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from support.checkout import CHECKOUT
from support.editions import BOXES
from udvej.config import Config
from udvej.content.facts import Facts, load_facts
from udvej.content.pages import Page, load_edition

_FOLDER: Final = Path(__file__).with_name("nordby")
_CATALOGUE: Final = Path("LC_MESSAGES") / "udvej.po"

CONTENT: Final = _FOLDER / "content"
FACTS: Final[Facts] = load_facts(CONTENT / "kommune.toml")
PAGES: Final[Mapping[str, Page]] = load_edition(CONTENT, boxes=BOXES).pages
ADDRESSES: Final[Sequence[str]] = tuple(PAGES)
# Of its page `/om/`, in `om.md`, which many tests read, and some change.
TITLE: Final = PAGES["/om/"].title
HEADING: Final = re.findall("<h1>(.*)</h1>", PAGES["/om/"].body)[0]

PHONE: Final = FACTS.text("team.telefon")


@cache
def translations() -> Path:
    """The catalogues: the program's own words as the checkout has them, the pages' as Nordby's.

    Returns:
        A folder that lasts as long as this process.
    """
    folder = Path(tempfile.mkdtemp(prefix="nordby-"))
    atexit.register(shutil.rmtree, folder)
    for own in (_FOLDER / "translations").iterdir():
        path = folder / own.name / _CATALOGUE
        path.parent.mkdir(parents=True)
        whole = Catalog(locale=own.name)
        for message in (*_of_the_program(own.name), *_messages(own / _CATALOGUE)):
            whole.add(message.id, message.string, context=message.context)
        with path.open("wb") as file:
            write_po(file, whole)
    return folder


def _of_the_program(locale: str) -> Iterator[Message]:
    """What its source says, and not the content beside it."""
    for message in _messages(CHECKOUT / "translations" / locale / _CATALOGUE):
        if any(source.startswith("site/") for source, _ in message.locations):
            yield message


def _messages(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        yield from (message for message in read_po(file) if message.id and not message.fuzzy)


def places() -> Mapping[str, str]:
    """The settings that name content and translations."""
    return {"UDVEJ_CONTENT": str(CONTENT), "UDVEJ_TRANSLATIONS": str(translations())}


def demonstration(state: Path, content: Path = CONTENT) -> Config:
    """A demonstration in a state folder."""
    return Config(
        state, content, host="127.0.0.1", port=8000, live=None, translations=translations()
    )
