"""Made-up languages: every message of the program and of Nordby's pages, said in another way."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from support.checkout import CHECKOUT
from support.municipality import CONTENT
from udvej.content import facts, pages


@cache
def _made(locale: str, say: Callable[[str], str]) -> bytes:
    made, written = Catalog(locale=locale), BytesIO()
    with (CHECKOUT / "translations" / "udvej.pot").open("rb") as file:
        for message in read_po(file):
            if any(source.startswith("site/") for source, _ in message.locations):
                counted = [say(message.id[-1])] * made.num_plurals if message.pluralizable else None
                made.add(message.id, counted or say(str(message.id)), context=message.context)
    said = (message for page in CONTENT.glob("*.md") for message in pages.messages(page))
    for each in (*said, *facts.messages(CONTENT / facts.FACTS_FILE)):
        made.add(each.words, say(each.words), context=each.context or None)
    write_po(written, made, width=0)  # to wrap a long word takes minutes
    return written.getvalue()


def translate(folder: Path, locale: str, say: Callable[[str], str]) -> Path:
    """Add a whole language.

    Args:
        folder: of translations.
        locale: the language.
        say: gives a message in it.

    Returns:
        The catalogue.
    """
    path = folder / locale / "LC_MESSAGES" / "udvej.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(_made(locale, say))
    return path


def whispering(message: str) -> str:
    """The Danish with a sign before it, which is as good as any language."""
    return f"¤ {message}"
