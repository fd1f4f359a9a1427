"""The guides and papers of `site/guides/`, as they are read and as they are printed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from support.checkout import CHECKOUT
from udvej.durations import DAY, HOUR, MINUTE

GUIDES: Final = CHECKOUT / "site" / "guides"
CASEWORKERS: Final = "sagsbehandler.md"
# What a municipality must have on paper.
PAPERS: Final = ("datavejen.md", "fortegnelse.md", "konsekvensanalyse.md", "roller.md")
TO_FILL_IN: Final = re.compile(r"\[udfyld: [^][]+\]")

Row = Mapping[str, str]


def text(name: str) -> str:
    """A guide as it is written."""
    return (GUIDES / name).read_text("utf-8")


def html(name: str) -> str:
    """A guide as a page."""
    shown = MarkdownIt().enable("table").render(text(name))
    return f'<html lang="da"><meta charset="utf-8"><main>{shown}</main></html>'


def table(name: str, *columns: str) -> Sequence[Row]:
    """The rows of a guide's table that has these columns first, each by its columns' names."""
    lines = text(name).splitlines()
    heads = [at for at, line in enumerate(lines) if _cells(line)[: len(columns)] == [*columns]]
    assert len(heads) == 1, f"{name}: one table should begin with the columns {columns}"
    head, rows = _cells(lines[heads[0]]), []
    for line in lines[heads[0] + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(head, _cells(line), strict=True)))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def names(cell: str) -> list[str]:
    """What is set as the program's own name in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def said(seconds: float) -> str:
    """How the guides and pages say how long something lasts: "15 minutter", "24 timer"."""
    for most, length, unit in ((2 * HOUR, MINUTE, "minutter"), (2 * DAY, HOUR, "timer")):
        if seconds < most:
            return f"{seconds / length:g} {unit}"
    return f"{seconds / DAY:g} dage"


def drawings() -> Sequence[Path]:
    """Those that the guides show."""
    return sorted(GUIDES.glob("*.svg"))
