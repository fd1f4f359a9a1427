"""What `udvej check` looks at: the content, how easy it reads, and the translations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask.testing import FlaskClient

from udvej.check.page_weight import MOST_BYTES, heaviest, weight
from udvej.check.readability import ceiling, measure
from udvej.content.addresses import RECEIPTS
from udvej.content.catalogue import CONTENT, Catalogue
from udvej.content.editions import Content
from udvej.content.facts import FACTS_FILE, examples
from udvej.content.located_toml import LocatedToml, read_text
from udvej.content.pages import Edition
from udvej.content.receipt import WRITERS
from udvej.errors import ContentError
from udvej.languages import DANISH
from udvej.outbox.sealed import Scheme
from udvej.services import boxes_for
from udvej.web.app import reader_app

_ADDRESS: Final = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        lines: to be shown, the wrong among them.
        good: whether nothing is wrong.
    """

    lines: Sequence[str]
    good: bool


def check(folder: Path) -> Report:
    """Look at everything that can be edited without programming.

    Args:
        folder: holds the Danish pages and `kommune.toml`.

    Raises:
        ContentError: a content file is wrong.
    """
    content = Content.load(folder, boxes_for(Scheme.SMIME))
    client = reader_app(content, _ADDRESS).test_client()
    hard = [*_readability(content, client), *_weights(content, client)]
    faults = [fault for catalogue in content.catalogues for fault in catalogue.faults]
    lines = [line for line, _ in hard]
    lines += [*_missing(content), *_coverage(content.catalogues), *faults]
    return Report(lines, good=not (faults or any(too_hard for _, too_hard in hard)))


def _readability(content: Content, client: FlaskClient) -> Iterator[tuple[str, bool]]:
    """A line for each page, for the sentences that make one too hard, and for the words of all."""
    words = 0
    for address in _addresses(content.editions[DANISH.tag]):
        answer = client.get(address)
        if answer.status_code != HTTPStatus.OK:
            raise ContentError(content.folder, 1, f"siden {address} kan ikke vises")
        text, most = measure(answer.text), ceiling(address)
        words += text.words
        too_hard = text.lix > most
        yield f"{address:<24} LIX {text.lix:4.1f} of at most {most}{text.words:>6} words", too_hard
        for sentence in text.worst if too_hard else ():
            yield f"    rewrite: {sentence}", True
    yield f"{'all pages':<20}{words:>28} words", False


def _addresses(edition: Edition) -> Iterator[str]:
    """Of the pages, and of each receipt as `reader_app` shows it."""
    yield from edition.pages
    yield from (f"{RECEIPTS}{writer}/" for writer in WRITERS)


def _weights(content: Content, client: FlaskClient) -> Iterator[tuple[str, bool]]:
    """A line for each page, in each language, that is too heavy."""
    for edition in content.editions.values():
        for address in map(edition.language.at, _addresses(edition)):
            bytes_sent = weight(client.get(address, headers={"Accept-Encoding": "br"}))
            if bytes_sent > MOST_BYTES:
                part = heaviest(client.get(address).text)
                yield f"{address}: {bytes_sent} bytes of at most {MOST_BYTES}; {part} most", True


def _missing(content: Content) -> Iterator[str]:
    """Each fact that the municipality has yet to give, and what the file itself asks for there."""
    path = content.folder / FACTS_FILE
    yield from map(str, examples(path))
    source = LocatedToml.parse(path, read_text(path))
    for fact in content.facts.missing():
        yield f"{FACTS_FILE}: {fact} is to be filled in before the site goes live"
        table, _, key = fact.partition(".")
        if asked := source.comment(key, table):
            yield f"    {asked}"


def _coverage(catalogues: Sequence[Catalogue]) -> Iterator[str]:
    """A table of the languages."""
    row = "{:<10}{:<9}{:>9}{:>12}{:>7}  {}"
    yield row.format("language", "words of", "messages", "translated", "fuzzy", "reviewed")
    for one in sorted(catalogues, key=lambda one: one.tag):
        whose = "content" if one.path.name == CONTENT else "program"
        reviewed = one.reviewed or "by nobody yet"
        yield row.format(one.tag, whose, one.messages, one.translated, one.fuzzy, reviewed)
