"""Made-up languages: every message of the program, said in another way."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

CHECKOUT = Path(__file__).parents[1]


@cache
def _template() -> bytes:
    return (CHECKOUT / "translations" / "udvej.pot").read_bytes()


def translate(folder: Path, locale: str, say: Callable[[str], str]) -> Path:
    """Add a whole language.

    Args:
        folder: of translations.
        locale: the language.
        say: gives a message in it.

    Returns:
        The catalogue.
    """
    template = read_po(BytesIO(_template()))
    made = Catalog(locale=locale)
    for message in template:
        if message.id:
            made.add(message.id, say(str(message.id)), context=message.context)
    path = folder / locale / "LC_MESSAGES" / "udvej.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    return path


def whispering(message: str) -> str:
    """The Danish with a sign before it, which is as good as any language."""
    return f"¤ {message}"
