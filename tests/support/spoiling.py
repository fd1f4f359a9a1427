"""Content that is wrong on purpose, and the editor's error message."""

from pathlib import Path

import pytest
from support.editions import BOXES
from udvej.content.pages import load_edition
from udvej.errors import ContentError


def spoil(path: Path, old: str, new: str) -> int:
    """Put `new` in place of the one `old` in a file; tell the line where that begins."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def refusal(content: Path) -> str:
    """What stops the site from starting with this content."""
    with pytest.raises(ContentError) as refused:
        load_edition(content, boxes=BOXES)
    return str(refused.value)
