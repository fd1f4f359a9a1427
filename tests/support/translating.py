"""Made-up languages: every message of the program and of Nordby's pages, said in another way."""

from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from support.checkout import CHECKOUT
from support.municipality import CONTENT
from udvej.content import catalogue, kommune_toml, pages


@cache
def _made(locale: str, say: Callable[[str], str]) -> Mapping[str, bytes]:
    program, content = Catalog(locale=locale), Catalog(locale=locale)
    with (CHECKOUT / "translations" / "udvej.pot").open("rb") as file:
        for message in read_po(file):
            counted = [say(message.id[-1])] * program.num_plurals if message.pluralizable else None
            if message.id:
                program.add(message.id, counted or say(str(message.id)), context=message.context)
    said = (message for page in CONTENT.glob("*.md") for message in pages.messages(page))
    for each in (*said, *kommune_toml.messages(CONTENT / kommune_toml.FACTS_FILE)):
        content.add(each.words, say(each.words), context=each.context or None)
    return {catalogue.PROGRAM: _written(program), catalogue.CONTENT: _written(content)}


def _written(made: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, made, width=0)  # to wrap a long word takes minutes
    return written.getvalue()


def translate(folder: Path, locale: str, say: Callable[[str], str]) -> Path:
    """Add a whole language.

    Args:
        folder: of translations.
        locale: the language.
        say: gives a message in it.

    Returns:
        The folder of its two catalogues.
    """
    place = folder / locale / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in _made(locale, say).items():
        (place / name).write_bytes(content)
    return place


def whispering(message: str) -> str:
    """The Danish with a sign before it, which is as good as any language."""
    return f"¤ {message}"
