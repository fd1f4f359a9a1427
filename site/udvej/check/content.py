"""What `udvej check` looks at: the content, how easy it reads, and the translations."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from udvej.check.page_weight import MOST_BYTES, heaviest, weight
from udvej.check.readability import ceiling, measure
from udvej.config import Config
from udvej.content.catalogue import Catalogue, languages, load
from udvej.content.pages import Edition, load_edition
from udvej.errors import ContentError
from udvej.languages import Language
from udvej.web.app import create_app


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        lines: to be shown, the wrong among them.
        good: whether nothing is wrong.
    """

    lines: Sequence[str]
    good: bool


def check(content: Path, translations: Path) -> Report:
    """Look at everything that can be edited without programming.

    Args:
        content: the folder with the Danish pages.
        translations: the folder with the other languages.

    Raises:
        ContentError: a content file is wrong.
    """
    site, catalogues = load_edition(content), load(translations)
    with tempfile.TemporaryDirectory() as state:
        config = Config(Path(state), content, "127.0.0.1", 0, live=None, translations=translations)
        hard = [*_readability(site, config), *_weights(site, languages(catalogues), config)]
    faults = [fault for catalogue in catalogues for fault in catalogue.faults]
    missing = [
        f"kommune.toml: {fact} is to be filled in before the site goes live"
        for fact in site.facts.missing()
    ]
    lines = [line for line, _ in hard] + missing + [*_coverage(catalogues)] + faults
    return Report(lines, good=not (faults or any(too_hard for _, too_hard in hard)))


def _readability(site: Edition, config: Config) -> Iterator[tuple[str, bool]]:
    """A line for each page and for the sentences that make one too hard."""
    client = create_app(config).test_client()
    for address in site.pages:
        answer = client.get(address)
        if answer.status_code != HTTPStatus.OK:
            raise ContentError(config.content, 1, f"siden {address} kan ikke vises")
        text, most = measure(answer.text), ceiling(address)
        too_hard = text.lix > most
        yield f"{address:<20} LIX {text.lix:4.1f} of at most {most}", too_hard
        for sentence in text.worst if too_hard else ():
            yield f"    rewrite: {sentence}", True


def _weights(
    site: Edition, spoken: Mapping[str, Language], config: Config
) -> Iterator[tuple[str, bool]]:
    """A line for each page, in each language, that is too heavy."""
    client = create_app(config).test_client()
    for language in spoken.values():
        for address in map(language.at, site.pages):
            bytes_sent = weight(client.get(address, headers={"Accept-Encoding": "br"}))
            if bytes_sent > MOST_BYTES:
                part = heaviest(client.get(address).text)
                yield f"{address}: {bytes_sent} bytes of at most {MOST_BYTES}; {part} most", True


def _coverage(catalogues: Sequence[Catalogue]) -> Iterator[str]:
    """A table of the languages."""
    row = "{:<10}{:>9}{:>12}{:>7}  {}"
    yield row.format("language", "messages", "translated", "fuzzy", "reviewed")
    for one in catalogues:
        tag, reviewed = one.language.tag, one.language.reviewed or "by nobody yet"
        yield row.format(tag, one.messages, one.translated, one.fuzzy, reviewed)
