"""What `udvej check` looks at: all that can be edited without programming."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from udvej.check.behind import behind
from udvej.check.dates import old_contacts, old_page
from udvej.check.exits import misspelt_exits
from udvej.check.findings import Finding, Report, near
from udvej.check.kept import Kept
from udvej.check.measured import Measured, hard_text, shown
from udvej.check.reach import unreached, unused
from udvej.check.readability import ceiling
from udvej.check.writing import odd_writing
from udvej.content.editions import Content
from udvej.content.headers import OWNED, Header
from udvej.content.kommune_toml import FACTS_FILE, examples
from udvej.content.located_toml import LocatedToml, read_text
from udvej.content.pages import KEYS, page_paths
from udvej.content.receipt import RECEIPT_FILE
from udvej.errors import ContentError
from udvej.languages import DANISH
from udvej.outbox.scheme import Scheme, boxes_for
from udvej.wording import tell


def check(folder: Path, today: date, kept: Kept | None = None) -> Report:
    """Look at everything that can be edited without programming.

    Args:
        folder: holds the Danish pages and `kommune.toml`.
        today: what dates are compared with.
        kept: remembers what was measured before; that of the folder if left out.

    Returns:
        What was found; where a file is wrong, without what can only be seen of the whole.
    """
    written = [*_of_files(folder, today), *unused(folder)]
    kept = kept or Kept.of_folder(folder)
    try:
        content = Content.load(folder, boxes_for(Scheme.SMIME))
        measured = Measured(content, kept)
        texts = [*measured.texts()]
    except ContentError as error:
        wrong = [Finding(each.path, each.line, each.problem) for each in error.each]
        later = tell("Når fejlene er rettet, bliver links, læsbarhed og oversættelser set efter.")
        return Report(sorted(wrong), sorted(written), fine=[later])
    warnings = [
        *written,
        *unreached(content.editions[DANISH.tag]),
        *(found for page, text in texts for found in hard_text(page, text)),
        *measured.too_heavy(),
        *behind(folder, [edition.language for edition in content.editions.values()]),
    ]
    kept.write()
    fine = [tell("%(pages)s sider kan læses og vises.", pages=len(texts))]
    fine += [
        tell(
            "%(address)s har LIX %(lix)s af højst %(most)s og %(words)s ord.",
            address=page.address,
            lix=shown(text.lix),
            most=ceiling(page.address),
            words=text.words,
        )
        for page, text in texts
        if text.lix <= ceiling(page.address)
    ]
    fine += _languages(content)
    faults = [fault for catalogue in content.catalogues for fault in catalogue.faults]
    mistakes = [Finding(each.path, each.line, each.problem) for each in faults]
    return Report(sorted(mistakes), sorted(warnings), [*_missing(content)], fine)


def _of_files(folder: Path, today: date) -> Iterator[Finding]:
    """What can be said of each file alone, as long as it can be read."""
    files = [*((path, KEYS) for path in page_paths(folder)), (folder / RECEIPT_FILE, OWNED)]
    for path, keys in files:
        with suppress(ContentError):
            file = Header.read(path, keys)
            yield from odd_writing(file)
            yield from old_page(file, today)
    with suppress(ContentError):
        path = folder / FACTS_FILE
        source = LocatedToml.parse(path, read_text(path))
        yield from old_contacts(source, today)
        yield from misspelt_exits(source)


def _missing(content: Content) -> Iterator[Finding]:
    """Each fact that the municipality has yet to give, and what the file itself asks for there."""
    path = content.folder / FACTS_FILE
    yield from (Finding(each.path, each.line, each.problem) for each in examples(path))
    source = LocatedToml.parse(path, read_text(path))
    for fact in content.facts.missing():
        table, _, key = fact.partition(".")
        asked = source.comment(key, table)
        yield Finding(path, source.line(key, table), f"{fact}: {asked}" if asked else fact)


def _languages(content: Content) -> Iterator[str]:
    for one in content.catalogues:
        reviewed = tell("Læst igennem: %(who)s.", who=one.reviewed)
        yield tell(
            "%(file)s: %(translated)s af %(messages)s tekster er oversat. %(reviewed)s",
            file=near(one.path),
            translated=one.translated,
            messages=one.messages,
            reviewed=reviewed if one.reviewed else tell("Ingen oversætter har læst dem igennem."),
        )
