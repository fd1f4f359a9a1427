"""What Markdown is here: CommonMark without code, HTML and images, with boxes, facts, drawings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote

import bleach
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin

from udvej.content.pictures import pictures_plugin, with_pictures
from udvej.content.schema import LISTS

# `::: kontakt` or, once for each entry of a list of facts, `::: kontakt politi`.
_CONTACT: Final = "kontakt"
REPEATED: Final = {f"{_CONTACT} {table}": table for table in LISTS}
FOLDED: Final = "foldet"
# Marks where the form stands; see `markdown.Text`.
AT_FORM: Final = "formular"
# `::: name` … `:::`.
BOXES: Final = ("fare", "knapper", "vej", "boks", _CONTACT, *REPEATED, FOLDED, AT_FORM)
# What markdown-it calls one; `_open` and `_close` follow.
BOX: Final = "container_box"
# Kept with a token: its box is not shown, only what is in it.
NO_TRACE: Final = "no trace"

# What Markdown makes; a span is the place of a picture.
TAGS: Final = frozenset((
    "a", "bdi", "blockquote", "br", "code", "details", "div", "em", "h1", "h2", "h3", "hr", "li",
    "ol", "p", "span", "strong", "summary", "ul",
))  # fmt: skip
_ATTRIBUTES = {
    "*": ["dir", "lang"], "a": ["class", "href"], "details": ["class"], "div": ["class"],
    "h2": ["id"], "h3": ["id"], "li": ["class"], "ol": ["start"], "p": ["class"],
    "span": ["class"], "summary": ["id"], "ul": ["class"],
}  # fmt: skip
_PROTOCOLS = frozenset(("https", "mailto", "tel"))

FACT: Final = re.compile(r"\{([^{}]*)\}")
_FACT_MARKUP: Final = "{}"
# `{mangler table.key}` shows nothing itself, and its block only until the fact is filled in.
UNTIL: Final = "mangler "


def parsed(markdown: str) -> list[Token]:
    """A text as it is written, nothing filled in."""
    return _MARKDOWN.parse(markdown)


def pieces_of(words: str) -> list[Token]:
    """The inline tokens of a heading, paragraph or list item: words, links, facts, emphasis."""
    return _MARKDOWN.parseInline(words)[0].children or []


def html_of(tokens: Sequence[Token]) -> Markup:
    """HTML reduced to what content may hold, the translators' words included."""
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return with_pictures(
        bleach.clean(html, tags=TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS)
    )


def is_fact(piece: Token) -> bool:
    """Whether it is `{table.key}`."""
    return piece.markup == _FACT_MARKUP


def target_of(piece: Token) -> str:
    """Where a link leads, as it was written; "" for all else."""
    return unquote(str(piece.attrs.get("href", "")))


def is_broken_link(piece: Token) -> bool:
    """Whether what was meant as a link is words to Markdown."""
    return piece.type == "text" and re.search(r"\] ?\(", piece.content) is not None


def facts_in(pieces: Iterable[Token]) -> Iterator[str]:
    """The facts that pieces name, in their words and in their links."""
    for piece in pieces:
        if is_fact(piece):
            yield piece.content
        elif fact := FACT.fullmatch(target_of(piece)):
            yield fact[1]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(["code", "fence", "image"])
    parser.use(pictures_plugin)
    parser.use(anchors_plugin, min_level=2, max_level=3)
    parser.inline.ruler.push("fact", _read_fact)
    # Of any name: which ones there are is checked where a page is read.
    parser.use(container_plugin, "box", validate=lambda *_: True, render=_box)
    return parser


def _read_fact(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (the library's own way)
    """`{table.key}` among words."""
    fact = FACT.match(state.src, state.pos)
    if fact is None:
        return False
    if not silent:
        token = state.push("code_inline", "", 0)  # a kind that anchors are named after too
        token.content, token.markup = fact[1], _FACT_MARKUP
    state.pos = fact.end()
    return True


def _box(_self: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:  # noqa: ANN401
    token = tokens[at]
    if NO_TRACE in token.meta:
        return ""
    if token.nesting < 0:
        return f"</{token.tag}>\n"
    return f'<{token.tag} class="{token.info.split()[0]}">\n'


_MARKDOWN: Final = _parser()
