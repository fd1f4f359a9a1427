"""Bringing the Danish of a municipality's folder to its translators, and a language into it."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from udvej.content import kommune_toml, pages
from udvej.content.catalogue import CONTENT, PROGRAM
from udvej.content.editions import translations_of
from udvej.errors import ContentError
from udvej.shipped import TRANSLATIONS
from udvej.wording import tell

_CATALOGUES: Final = "LC_MESSAGES"
_PROGRAM: Final = TRANSLATIONS / "udvej.pot"


def update(content: Path) -> Iterator[Path]:
    """Bring the Danish of a folder into each `content.po` next to it.

    New words wait to be translated; changed ones keep the translation of those before, marked
    fuzzy; what is no longer said is kept at the end of the file, and comes back with its words.

    Args:
        content: holds `kommune.toml` and the pages.

    Yields:
        The files that were changed by it.

    Raises:
        ContentError: a content file or a catalogue cannot be read.
    """
    template = _template(content)
    for path in sorted(translations_of(content).glob(f"[!.]*/{_CATALOGUES}/{CONTENT}")):
        before = path.read_bytes()
        catalogue = _parsed(path, before)
        for gone in [*catalogue.obsolete.values()]:
            catalogue[gone.id] = gone
        catalogue.obsolete.clear()
        catalogue.update(template, update_creation_date=False)
        # Read once more, since a message that took over another's words has its flags too.
        after = _bytes(_parsed(path, _bytes(catalogue)))
        if after != before:
            path.write_bytes(after)
            yield path


def add(content: Path, tag: str) -> Iterator[Path]:
    """Begin a language: its `content.po`, and its `udvej.po` where the program has none.

    Args:
        content: as for `update`.
        tag: names the language (BCP 47), such as "pl" or "pt-BR".

    Yields:
        The files that were made.

    Raises:
        ContentError: there is no such language, or a content file cannot be read.
    """
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        problem = tell("»%(tag)s« er ikke et sprog; skriv koden, som pl", tag=tag)
        raise ContentError(content, 1, problem) from error
    templates: Mapping[str, Catalog] = {CONTENT: _template(content)}
    place = Path(str(locale), _CATALOGUES)
    if not (TRANSLATIONS / place / PROGRAM).is_file():
        templates = {**templates, PROGRAM: _parsed(_PROGRAM, _PROGRAM.read_bytes())}
    for name, template in templates.items():
        path = translations_of(content) / place / name
        if not path.exists():
            begun = Catalog(
                locale, header_comment=f"# {locale.english_name}.\n# Reviewed by: nobody yet\n#"
            )
            begun.update(template)
            begun.fuzzy = False
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_bytes(begun))
            yield path


def only_what_is_said(content: Path) -> None:
    """Forget the translations that were kept of what a folder says no longer."""
    for path in translations_of(content).glob(f"[!.]*/{_CATALOGUES}/{CONTENT}"):
        catalogue = _parsed(path, path.read_bytes())
        catalogue.obsolete.clear()
        path.write_bytes(_bytes(catalogue))


def _template(content: Path) -> Catalog:
    """All that there is to translate in a folder, each message once, with where it stands."""
    template = Catalog(creation_date=datetime.now(UTC))
    files = [(path, pages.messages) for path in sorted(content.glob("[!.]*.md"))]
    kommune_toml.load_facts(content / kommune_toml.FACTS_FILE)
    for path, said_in in (*files, (content / kommune_toml.FACTS_FILE, kommune_toml.messages)):
        place = f"{content.name}/{path.name}"
        for said in said_in(path):
            template.add(
                said.words,
                context=said.context or None,
                locations=[(place, said.line)],
                auto_comments=[said.comment],
            )
    return template


def _parsed(path: Path, content: bytes) -> Catalog:
    locale = None if path == _PROGRAM else path.parents[1].name
    try:
        return read_po(BytesIO(content.removeprefix(BOM_UTF8)), locale=locale, abort_invalid=True)
    except PoFileError as error:
        problem = tell("filen er ikke, som gettext skriver")
        raise ContentError(path, error.lineno + 1, problem) from error
    except (ValueError, UnknownLocaleError) as error:
        raise ContentError(path, 1, tell("filen kan ikke læses som gettext i UTF-8")) from error


def _bytes(catalogue: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, catalogue, sort_by_file=True)
    return written.getvalue()
