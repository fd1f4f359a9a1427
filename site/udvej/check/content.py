"""What `udvej check` looks at: all that can be edited without programming."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from udvej.check.behind import behind, lacking
from udvej.check.dates import old_contacts, old_page
from udvej.check.exits import misspelt_exits
from udvej.check.findings import Finding, Report, near
from udvej.check.kept import Kept
from udvej.check.measured import Measured, hard_text, lix_text
from udvej.check.reach import unreached, unused
from udvej.check.readability import ceiling
from udvej.check.writing import odd_writing
from udvej.content.catalogue import CONTENT
from udvej.content.editions import Content
from udvej.content.headers import OWNED, Header
from udvej.content.kommune_toml import (
    FACTS_FILE,
    examples,
    legible_facts,
    load_facts,
    source_of,
)
from udvej.content.pages import KEYS, page_paths
from udvej.content.receipt import RECEIPT_FILE
from udvej.content.schema import SCHEMA
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
        wrong = {Finding(each.path, each.line, each.problem) for each in error.each}
        later = tell("Når fejlene er rettet, bliver links, læsbarhed og oversættelser set efter.")
        return Report(
            sorted(wrong | _questions(folder)),
            sorted(written),
            later=later,
            missing=[*_missing(folder)],
        )
    languages = {one.language.tag: one.language for one in content.editions.values()}
    others = {tag: one for tag, one in languages.items() if not one.is_danish}
    lacks = {tag: lacking(folder, one) for tag, one in others.items()}
    warnings = [
        *written,
        *unreached(content.editions[DANISH.tag]),
        *(found for page, text in texts for found in hard_text(page, text)),
        *measured.too_heavy(),
        *behind(folder, [*languages.values()]),
        *_behind(content, lacks),
    ]
    kept.write()
    fine = [tell("%(pages)s sider kan læses og vises.", pages=len(texts))]
    fine += [
        tell(
            "%(address)s har LIX %(lix)s af højst %(most)s og %(words)s ord.",
            address=page.address,
            lix=lix_text(text.lix),
            most=ceiling(page.address),
            words=text.words,
        )
        for page, text in texts
        if text.lix <= ceiling(page.address)
    ]
    fine += _languages(content, lacks)
    faults = [fault for catalogue in content.catalogues for fault in catalogue.faults]
    mistakes = [Finding(each.path, each.line, each.problem) for each in faults]
    return Report(sorted(mistakes), sorted(warnings), [*_missing(folder)], fine)


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
        source = source_of(path)
        yield from old_contacts(source, today)
        yield from misspelt_exits(source)


def _questions(folder: Path) -> set[Finding]:
    """A question that cannot be left out, as far as it can be told while other things are wrong."""
    # Where nothing is wrong nobody waits for the form and what it is made with.
    from udvej.municipal_form import form_of  # noqa: PLC0415

    try:
        form_of(legible_facts(folder / FACTS_FILE), folder)
    except ContentError as error:
        return {Finding(each.path, each.line, each.problem) for each in error.each}
    return set()


def _missing(folder: Path) -> Iterator[Finding]:
    """What the municipality has yet to give, as far as it can be read, and what is asked there."""
    owner = SCHEMA["team"]["navn"]
    for file in page_paths(folder), [folder / RECEIPT_FILE]:
        for path in file:
            with suppress(ContentError):
                header = Header.read(path, KEYS)
                if owner.is_example(value := header.values["ansvarlig"]):
                    problem = tell(
                        "er kun et eksempel (»%(value)s«); skriv jeres eget", value=value
                    )
                    line = header.source.line("ansvarlig")
                    yield Finding(path, line, f"ansvarlig: {problem}")
    path = folder / FACTS_FILE
    try:
        facts, source = load_facts(path), source_of(path)
    except ContentError:
        return
    yield from (Finding(each.path, each.line, each.problem) for each in examples(path))
    for fact in facts.missing():
        table, _, key = fact.partition(".")
        asked = source.comment(key, table)
        yield Finding(path, source.line(key, table), f"{fact}: {asked}" if asked else fact)


def _behind(content: Content, lacks: Mapping[str, int]) -> Iterator[Finding]:
    """What to do for each language that shows some texts in Danish."""
    for one in content.catalogues:
        if one.path.name == CONTENT and (count := lacks.get(one.tag)):
            words = tell(
                "%(count)s tekster vises på dansk; kør »udvej translations«, og oversæt dem her",
                count=count,
            )
            yield Finding(one.path, 1, words)


def _languages(content: Content, lacks: Mapping[str, int]) -> Iterator[str]:
    for one in content.catalogues:
        if one.path.name == CONTENT and lacks.get(one.tag):
            continue  # which is warned of
        reviewed = tell("Læst igennem: %(who)s.", who=one.reviewed)
        yield tell(
            "%(file)s: %(translated)s af %(messages)s tekster er oversat. %(reviewed)s",
            file=near(one.path),
            translated=one.translated,
            messages=one.messages,
            reviewed=reviewed if one.reviewed else tell("Ingen oversætter har læst dem igennem."),
        )
