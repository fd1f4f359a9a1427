"""The Markdown of `content/`: filled with facts, translated block by block, checked, made HTML."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bleach
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin

from udvej.config import Scheme
from udvej.errors import ContentError
from udvej.facts import Facts

# `::: name` … `:::`. The last one marks where the form stands; see `Text`.
CONTAINERS = ("fare", "knapper", "vej", "boks", "kontakt", "formular", *Scheme)

_BOX = "hver boks begynder med ::: og sit navn og slutter med ::: på en linje for sig"

Translate = Callable[[str], str]

# What Markdown makes.
_TAGS = frozenset((
    "a", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "hr", "li", "ol", "p",
    "strong", "ul",
))  # fmt: skip
_ATTRIBUTES = {
    "a": ["href"], "div": ["class"], "h2": ["id"], "h3": ["id"], "ol": ["start"], "p": ["class"],
}  # fmt: skip
_PROTOCOLS = frozenset(("https", "mailto", "tel"))

_FACT = re.compile(r"\{([^{}]*)\}")
_LINK_OR_FACT = re.compile(rf"\[([^\[\]]*)\]\(([^()]*)\)|{_FACT.pattern}")


@dataclass(frozen=True)
class Text:
    """A page's text as HTML.

    Attributes:
        body: all of it, or on the form's page what stands above the form.
        beside: what the form's page shows before the send button (`::: formular`), else empty.
        links: line in the file and target of every link.
        anchors: the ids that links may lead to.
    """

    body: Markup
    beside: Markup
    links: Sequence[tuple[int, str]]
    anchors: frozenset[str]


@dataclass(frozen=True)
class Reader:
    """Turns the Markdown of one file into a `Text`.

    Attributes:
        path: the file, for error messages.
        above: how many lines of the file stand above the Markdown.
        facts: what `{table.key}` stands for. A paragraph or list item that names a fact which
            is still to be filled in is left out whole, rather than say something made up.
        translate: gives a heading, paragraph or list item in another language.
        scheme: how referrals are sealed; a box named after the other scheme is left out.
    """

    path: Path
    above: int
    facts: Facts
    translate: Translate
    scheme: Scheme = Scheme.SMIME

    def read(self, markdown: str) -> Text:
        """Fill, translate, check and render.

        Raises:
            ContentError: naming file and line.
        """
        self._check_boxes(markdown)
        tokens = _MARKDOWN.parse(markdown)
        self._check_syntax(tokens)
        tokens = self._filled(tokens)
        titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
        if len(titles) != 1:
            line = self._line(titles[1]) if titles else 1
            raise self._error(line, "siden skal have præcis én overskrift med ét #")
        form = [at for at, token in enumerate(tokens) if "container_formular_" in token.type]
        start, end = form[:2] or (len(tokens), len(tokens))
        if after := tokens[end + 1 :]:
            raise self._error(self._line(after[0]), "efter ::: formular må der ikke stå mere")
        return Text(
            _html(tokens[:start]),
            _html(tokens[start + 1 : end]),
            [*self._links(tokens)],
            frozenset(str(token.attrs["id"]) for token in tokens if "id" in token.attrs),
        )

    def _filled(self, tokens: Sequence[Token]) -> list[Token]:
        for above, token in pairwise(tokens):
            if token.type == "inline":
                markdown = self._with_facts(self.translate(token.content), self._line(token))
                token.meta["unknown yet"] = markdown == ""
                token.children = _MARKDOWN.parseInline(markdown)[0].children
                if _is_link(token.children or ()):
                    above.attrSet("class", "videre")
        tree = SyntaxTreeNode(tokens)
        others = {f"container_{scheme}" for scheme in Scheme if scheme is not self.scheme}
        for node in [*tree.walk()]:
            unknown_yet = node.type == "inline" and node.meta["unknown yet"]
            if unknown_yet or node.type in others:
                _cut(node)
        return tree.to_tokens()

    def _with_facts(self, markdown: str, line: int) -> str:
        """The block with its facts in place, or "" where one of them is not filled in yet."""
        for fact in _FACT.finditer(markdown):
            if not self.facts.has(fact[1]):
                raise self._error(
                    line + markdown.count("\n", 0, fact.start()),
                    f"{fact[0]} står ikke i kommune.toml; ret navnet, eller tilføj det dér",
                )
        if not all(self.facts.text(name) for name in _FACT.findall(markdown)):
            return ""
        return _LINK_OR_FACT.sub(self._shown, markdown)

    def _shown(self, match: re.Match[str]) -> str:
        words, target, name = match.groups()
        if name is None:
            words = _FACT.sub(lambda fact: self.facts.text(fact[1]), words)
            target = _FACT.sub(lambda fact: self.facts.link(fact[1]), target)
            return f"[{words}]({target})"
        text, link = self.facts.text(name), self.facts.link(name)
        return f"[{text}]({link})" if link else text

    def _check_boxes(self, markdown: str) -> None:
        """Every box has a name we know, and ends before the next one begins."""
        begun = 0
        for number, line in enumerate(markdown.split("\n"), start=1):
            if not line.lstrip().startswith(":::"):
                continue
            name = line.strip().removeprefix(":::").strip()
            if name and name not in CONTAINERS:
                raise self._error(
                    number, f"»{name}« er ikke en boks; skriv et af {', '.join(CONTAINERS)}"
                )
            if bool(name) == bool(begun):
                raise self._error(begun or number, _BOX)
            begun = number if name else 0
        if begun:
            raise self._error(begun, _BOX)

    def _check_syntax(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.type == "heading_open" and token.tag not in _TAGS:
                raise self._error(self._line(token), "en overskrift har højst tre #")
        for line, piece in self._pieces(tokens):
            target = unquote(str(piece.attrs.get("href", "")))
            unfinished = piece.type == "text" and re.search(r"\] ?\(", piece.content)
            if unfinished or ("{" in target and not _FACT.fullmatch(target)):
                raise self._error(line, "et link er ikke skrevet rigtigt; skriv [ord](/adresse/)")

    def _links(self, tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
        for line, piece in self._pieces(tokens):
            if piece.type == "link_open":
                yield self.above + line, unquote(str(piece.attrs["href"]))

    def _pieces(self, tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
        """What stands inside the blocks, each piece with its line."""
        for token in tokens:
            line = self._line(token)
            for piece in token.children or ():
                yield line, piece
                line += piece.type in ("softbreak", "hardbreak")

    def _line(self, token: Token) -> int:
        return (token.map or [0])[0] + 1

    def _error(self, line: int, problem: str) -> ContentError:
        return ContentError(self.path, self.above + line, problem)


def _is_link(pieces: Sequence[Token]) -> bool:
    """Whether a block is one link and nothing else, which a thumb must find (WCAG 2.5.5)."""
    kinds = [piece.type for piece in pieces if piece.type.startswith("link_") or not piece.level]
    return kinds == ["link_open", "link_close"]


def _cut(node: SyntaxTreeNode) -> None:
    """Take a block out, and what it leaves empty: its list item, its list, its box."""
    parent = node.parent
    while parent is not None and parent.parent is not None and len(parent.children) == 1:
        node, parent = parent, parent.parent
    if parent is not None:
        parent.children.remove(node)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(["code", "fence", "image"])
    parser.use(anchors_plugin, min_level=2, max_level=3)
    for name in CONTAINERS:
        parser.use(container_plugin, name, render=_container)
    return parser


def _container(_self: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:  # noqa: ANN401
    token = tokens[at]
    if token.info.strip() in [*Scheme]:
        return ""
    return f'<div class="{token.info.strip()}">\n' if token.nesting == 1 else "</div>\n"


def _html(tokens: Sequence[Token]) -> Markup:
    """HTML reduced to what content may hold, the translators' words included."""
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 (bleach has just cleaned it)
        bleach.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS)
    )


_MARKDOWN = _parser()
