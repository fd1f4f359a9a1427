"""Messages for editors: in Danish, or in English where their machine speaks another language.

The words are messages of a gettext domain of their own, `editors`: no reader of the site sees them,
so nobody who translates the site is asked for them.
"""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import Final

from udvej.shipped import TRANSLATIONS

CATALOGUE: Final = TRANSLATIONS / "en" / "LC_MESSAGES" / "editors.po"
# In gettext's order of precedence (GNU gettext, 2.3); "C" and "POSIX" count as unset.
_LOCALE: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_UNSAID: Final = ("", "C", "POSIX")


def tell(message: str, **values: object) -> str:
    """A message in the language of the editor's machine.

    Args:
        message: in Danish, as in the source, so that it is found by the extractor.
        values: what `%(name)s` stand for in it.
    """
    words = _english().gettext(message) if _speaks_english(os.environ) else message
    return words % values if values else words


def deferred(message: str) -> str:
    """A message, marked for the extractor, that is translated where it is used."""
    return message


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, or "" where none is near."""
    return next(iter(get_close_matches(name, [*known], n=1)), "")


def did_you_mean(name: str, known: Iterable[str], form: str = "{}") -> str:
    """A guess at the name that was meant, to end a message with; "" where none is near."""
    near = nearest(name, known)
    return tell("; mente du %(name)s?", name=form.format(near)) if near else ""


def _speaks_english(environ: Mapping[str, str]) -> bool:
    """Whether the locale is neither Danish nor left unsaid, as on most servers ("C.UTF-8")."""
    given = (environ.get(name, "").partition(":")[0].partition(".")[0] for name in _LOCALE)
    said = next((locale for locale in given if locale not in _UNSAID), "da")
    return not said.startswith("da")


@cache
def _english() -> NullTranslations:
    # Where Danish is spoken nobody waits for this.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with CATALOGUE.open("rb") as file:
        write_mo(compiled, read_po(file, locale="en"))
    compiled.seek(0)
    return GNUTranslations(compiled)
