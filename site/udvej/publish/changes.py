"""What has changed from one build to the next, as an editor calls it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale

from udvej.content.headers import Header
from udvej.content.kommune_toml import FACTS_FILE, source_of
from udvej.content.located_toml import read_text
from udvej.content.pages import KEYS, page_paths
from udvej.content.receipt import RECEIPT_FILE
from udvej.errors import ContentError
from udvej.publish.freeze import SOURCES
from udvej.wording import tell


@dataclass(frozen=True)
class Changes:
    """Between two builds.

    Attributes:
        new: addresses of pages.
        changed: likewise.
        gone: likewise.
        facts: names in `kommune.toml`.
        languages: whose translations differ, in Danish.
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @classmethod
    def between(cls, old: Path, new: Path) -> "Changes":
        """Compare the sources of two builds; one that is not there says nothing."""
        before, after = (_pages(build) for build in (old, new))
        facts = [dict(_facts(build)) for build in (old, new)]
        words = [_translations(build) for build in (old, new)]
        both = before.keys() & after.keys()
        return cls(
            new=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(name for name in both if before[name] != after[name])),
            gone=tuple(sorted(before.keys() - after.keys())),
            facts=tuple(_differing(*facts)),
            languages=tuple(map(_danish_name, _differing(*words))),
        )

    def lines(self) -> Iterator[str]:
        """A line for each."""
        for words, names in (
            (tell("ny side: %(name)s"), self.new),
            (tell("ændret side: %(name)s"), self.changed),
            (tell("væk: %(name)s"), self.gone),
            (tell("ændret i kommune.toml: %(name)s"), self.facts),
            (tell("ændret oversættelse: %(name)s"), self.languages),
        ):
            yield from (words % {"name": name} for name in names)


def _pages(build: Path) -> Mapping[str, str]:
    """Each page's text by its address."""
    pages = {}
    for path in page_paths(build / SOURCES / "content"):
        text = read_text(path)
        try:
            address = Header.read(path, KEYS).values["adresse"]
        except ContentError:  # of an older program
            address = path.name
        pages[address] = text
    receipt = build / SOURCES / "content" / RECEIPT_FILE
    if receipt.is_file():
        pages[RECEIPT_FILE] = read_text(receipt)
    return pages


def _facts(build: Path) -> Iterator[tuple[str, Any]]:
    path = build / SOURCES / "content" / FACTS_FILE
    if not path.is_file():
        return
    for table, entry in source_of(path).data.items():
        if isinstance(entry, dict):
            yield from ((f"{table}.{key}", value) for key, value in entry.items())
        else:
            yield table, entry


def _translations(build: Path) -> Mapping[str, bytes]:
    folder = build / SOURCES / "translations"
    paths = sorted(folder.rglob("*.po"))
    return {path.relative_to(folder).parts[0]: path.read_bytes() for path in paths}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield name


def _danish_name(tag: str) -> str:
    return Locale.parse(tag).get_display_name("da") or tag
