"""Drawings that an editor sets first in a heading, paragraph or list item: `![](name)`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

# Decorative: nothing is lost where they are not shown.
PICTURES: Final[Mapping[str, Markup]] = {
    path.stem: Markup(path.read_text("utf-8").strip())  # noqa: S704 (ours)
    for path in sorted(Path(__file__).with_suffix("").glob("*.svg"))
}
_FIRST: Final = re.compile(r"!\[\]\(([^()\s]+)\)\s*")
_KEY: Final = "picture"
# Where a picture belongs, in HTML that is still to be cleaned.
_PLACE: Final = '<span class="{}"></span>'


def pictures_plugin(parser: MarkdownIt) -> None:
    """Take a picture out of its block before the words are read, so that nobody translates it."""
    parser.core.ruler.before("inline", _KEY, _take_out)
    parser.add_render_rule(_KEY, _show_place)


def asked_for(block: Token) -> str:
    """The name of the picture that an inline token began with, "" for none."""
    return str(block.meta.get(_KEY, ""))


def place(name: str) -> Token:
    """What a picture is among the pieces of its block."""
    return Token(_KEY, "", 0, content=name)


def is_picture(kind: str) -> bool:
    """Whether a piece of that type is one."""
    return kind == _KEY


def with_pictures(clean: str) -> Markup:
    """Cleaned HTML with our own SVG in each picture's place: content itself may hold none."""
    for name, picture in PICTURES.items():
        clean = clean.replace(_PLACE.format(name), picture)
    return Markup(clean)  # noqa: S704 (as clean as it came)


def _take_out(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and (first := _FIRST.match(token.content)):
            token.content = token.content[first.end() :]
            token.meta[_KEY] = first[1]


def _show_place(_renderer: object, tokens: list[Token], at: int, *_: object) -> str:
    return _PLACE.format(tokens[at].content)
