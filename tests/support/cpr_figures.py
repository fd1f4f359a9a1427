# ruff: noqa: T201 (what it is for is to print)
"""How many CPR numbers are found, and how much that is none, by kind; wanted by `make check`."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from udvej.intake.cpr import Span, find_in

SETS: Final = ("corpus", "held_out", "strangers")
RECALL: Final = 0.99
PRECISION: Final = 0.95
_FOLDER = Path(__file__).parents[1] / "intake"
_FORM = {"phones": ["phone"], "names": ["name"]}


@dataclass(frozen=True)
class Sentence:
    """What was typed, by field, and the places in it that must go."""

    fields: Mapping[str, str]
    marked: Mapping[str, Sequence[Span]]

    @classmethod
    def read(cls, written: str | Mapping[str, str]) -> "Sentence":
        """Take the braces out."""
        texts = {"message": written} if isinstance(written, str) else written
        marked = {name: list(_marks(text)) for name, text in texts.items()}
        return cls({name: re.sub("[{}]", "", text) for name, text in texts.items()}, marked)

    @property
    def found(self) -> Mapping[str, Sequence[Span]]:
        """What is taken for CPR numbers."""
        return find_in(self.fields, **_FORM)

    @property
    def clean(self) -> bool:
        """Whether all that must go is found."""
        return all(
            any(span.start <= mark.start and mark.end <= span.end for span in self.found[name])
            if name in self.found
            else False
            for name, marks in self.marked.items()
            for mark in marks
        )


def _marks(text: str) -> Iterator[Span]:
    braces = [match.start() - at for at, match in enumerate(re.finditer("[{}]", text))]
    for start, end in zip(braces[::2], braces[1::2], strict=True):
        yield Span(start, end)


def sentences(name: str) -> dict[str, dict[str, list[Sentence]]]:
    """Give one of the sets: found, harmless and doubt, each by kind."""
    kinds = tomllib.loads((_FOLDER / f"cpr_{name}.toml").read_text())
    return {
        which: {kind: [*map(Sentence.read, texts)] for kind, texts in by_kind.items()}
        for which, by_kind in kinds.items()
    }


@dataclass(frozen=True)
class Figures:
    """How many sentences of each kind are clean, and how many are false alarms."""

    found: Mapping[str, Sequence[bool]]
    alarms: Mapping[str, Sequence[bool]]

    @property
    def recall(self) -> float:
        """The share of sentences with a CPR number of which all goes that must go."""
        return _count(self.found) / sum(map(len, self.found.values()))

    @property
    def precision(self) -> float:
        """The share of sentences with something found that hold a CPR number."""
        return _count(self.found) / (_count(self.found) + _count(self.alarms))


def _count(kinds: Mapping[str, Sequence[bool]]) -> int:
    return sum(map(sum, kinds.values()))


def figures(name: str) -> Figures:
    """Count one of the sets."""
    kinds = sentences(name)
    return Figures(
        {kind: [each.clean for each in texts] for kind, texts in kinds["found"].items()},
        {kind: [bool(each.found) for each in texts] for kind, texts in kinds["harmless"].items()},
    )


def main() -> int:
    """Print the figures.

    Returns:
        1 where they are below what is wanted.
    """
    measured = {name: figures(name) for name in SETS}
    for name, of in measured.items():
        for what, kinds in (("found", of.found), ("false alarms", of.alarms)):
            for kind, hits in kinds.items():
                print(f"{sum(hits):4} of {len(hits):3} {what:12} {kind}")
        print(f"cpr_{name}.toml: recall {of.recall:.3f}, precision {of.precision:.3f}\n")
    if all(of.recall >= RECALL and of.precision >= PRECISION for of in measured.values()):
        return 0
    print(f"wanted: recall {RECALL}, precision {PRECISION}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
