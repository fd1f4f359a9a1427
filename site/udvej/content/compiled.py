"""The translations that a build still needs once its pages are frozen, compiled (.mo).

They are loaded unchecked, unlike those of a content folder, and take a tenth of the memory.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from gettext import GNUTranslations
from itertools import islice
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from udvej.content import catalogue, kommune_toml, pages
from udvej.content.addresses import FORM
from udvej.content.catalogue import Catalogue
from udvej.content.headers import Header
from udvej.content.messages import Message
from udvej.content.pages import Edition
from udvej.content.receipt import RECEIPT_FILE
from udvej.languages import Language, Marking, Untranslated

_FILE: Final = "content.mo"
_PLACE: Final = "{}/LC_MESSAGES"
_NEVER: Final = datetime.fromtimestamp(0, UTC)
# A page's first messages; menus give the titles of all.
_TITLE_AND_SUMMARY: Final = 2


def write(folder: Path, editions: Mapping[str, Edition], translations: Path) -> None:
    """Write what the form, the receipt, menus and facts say in other languages.

    Args:
        folder: the content that the editions were made of.
        editions: by the language's tag.
        translations: the folder with the other languages, to write into.

    Raises:
        ContentError: the folder has changed since, and is wrong.
        OSError: it cannot be written.
    """
    said = [*_said_while_running(folder)]
    for tag, edition in editions.items():
        language = edition.language
        if language.is_danish:
            continue
        # Without the moment: the same content gives the same bytes.
        kept = Catalog(Locale.parse(tag, sep="-"), creation_date=_NEVER, revision_date=_NEVER)
        kept.last_translator = language.reviewed  # the constructor replaces "" by a placeholder
        for one in said:
            words = language.content.gettext(one.words)
            if one.context:
                words = language.content.pgettext(one.context, one.words)
            if not isinstance(words, Untranslated):
                kept.add(one.words, words, context=one.context or None)
        place = translations / _PLACE.format(tag.replace("-", "_"))
        place.mkdir(parents=True, exist_ok=True)
        with (place / _FILE).open("wb") as file:
            write_mo(file, kept)


def languages(translations: Path, program: Mapping[str, Catalogue]) -> Iterator[Language]:
    """The languages that `write` has written.

    Args:
        translations: the folder with the other languages.
        program: the program's own words, by tag.
    """
    for path in sorted(translations.glob(f"{_PLACE.format('*')}/{_FILE}")):
        tag = path.parents[1].name.replace("_", "-")
        with path.open("rb") as file:
            words = GNUTranslations(file)
        words.add_fallback(Marking())
        reviewed = words.info()["last-translator"]
        yield Language(tag, program.get(tag, catalogue.NOTHING).translations, words, reviewed)


def _said_while_running(folder: Path) -> Iterator[Message]:
    for path in pages.page_paths(folder):
        whole = Header.read(path, pages.KEYS).values["adresse"] == FORM
        yield from islice(pages.messages(path), None if whole else _TITLE_AND_SUMMARY)
    yield from pages.messages(folder / RECEIPT_FILE)
    yield from kommune_toml.messages(folder / kommune_toml.FACTS_FILE)
