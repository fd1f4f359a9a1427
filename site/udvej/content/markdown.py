"""The Markdown of `content/`: checked, filled with facts, translated block by block, made HTML."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from markdown_it.token import Token
from markupsafe import Markup

from udvej.content.facts import Facts
from udvej.content.filling import Filling
from udvej.content.parser import (
    AT_FORM,
    BOX,
    facts_in,
    html_of,
    is_broken_link,
    is_fact,
    parsed,
    pieces_of,
    target_of,
)
from udvej.content.proofreading import Proofreader, line_of
from udvej.errors import Mistakes
from udvej.languages import DANISH, Language
from udvej.wording import tell


@dataclass(frozen=True)
class Links:
    """Where a text leads, and what leads into it.

    Attributes:
        targets: line in the file and target of every link but those to facts.
        anchors: the ids that links may lead to.
        at_send_button: whether it has a box for the form's page (`::: formular`).
    """

    targets: Sequence[tuple[int, str]]
    anchors: frozenset[str]
    at_send_button: bool


@dataclass(frozen=True)
class Reader:
    """Turns the Markdown of one file into a `Text`.

    Attributes:
        path: the file, for error messages.
        above: how many lines of the file stand above the Markdown.
        facts: as for `Filling`.
        language: as for `Filling`.
        boxes: as for `Filling`.
        titled: whether it has a heading of the first level, as pages have.
    """

    path: Path
    above: int
    facts: Facts
    language: Language = DANISH
    boxes: Mapping[str, bool] = field(default_factory=dict)
    titled: bool = True

    def check(self, markdown: str) -> Links:
        """Find what is wrong with a text.

        Raises:
            ContentError: naming file and line, with all that was found.
        """
        mistakes, filling = Mistakes(), self._filling
        proofreader = Proofreader(self.path, self.above, self.facts, self.boxes, self.titled)
        written = filling.parsed(markdown)
        mistakes.add(proofreader.boxed(markdown))
        mistakes.add(proofreader.written(written))
        mistakes.raise_if_any()  # the rest is of a text that can be filled
        links = [*proofreader.links(written)]  # as written, which filling changes
        tokens = filling.filled(written)
        mistakes.add(proofreader.titles(tokens))
        form = _form(tokens)
        if form and (after := tokens[form[1] + 1 :]):
            problem = tell("efter ::: formular må der ikke stå mere")
            mistakes.add([proofreader.error(line_of(after[0]), problem)])
        mistakes.raise_if_any()
        anchors = (str(token.attrs["id"]) for token in tokens if "id" in token.attrs)
        return Links(links, frozenset(anchors), at_send_button=bool(form))

    def filled(self, markdown: str) -> Sequence[Token]:
        """A text that has been checked, translated and with each fact in its place."""
        filling = self._filling
        return filling.filled(filling.parsed(markdown))

    @property
    def _filling(self) -> Filling:
        return Filling(self.facts, self.language, self.boxes)


@dataclass(frozen=True)
class Text:
    """A page's text. It is made when that is asked for, as few processes do.

    Attributes:
        reader: knows what it is filled with.
        markdown: as the editor wrote it.
    """

    reader: Reader
    markdown: str

    @cached_property
    def _parts(self) -> tuple[Sequence[Token], Sequence[Token]]:
        tokens = self.reader.filled(self.markdown)
        form = _form(tokens)
        start, end = form or (len(tokens), len(tokens))
        return tokens[:start], tokens[start + 1 : end]

    @cached_property
    def body(self) -> Markup:
        """All of it as HTML, or on the form's page what stands above the form."""
        return html_of(self._parts[0])

    @cached_property
    def at_send_button(self) -> Markup:
        """What the form's page shows before the send button (`::: formular`), else empty."""
        return html_of(self._parts[1])

    @cached_property
    def links(self) -> Links:
        """Where it leads, once it has been found good.

        Raises:
            ContentError: naming file and line of each mistake in it.
        """
        return self.reader.check(self.markdown)

    def translated(self, language: Language) -> "Text":
        """The same in another language."""
        return Text(replace(self.reader, language=language), self.markdown)


def blocks(markdown: str) -> Iterator[tuple[int, str, str]]:
    """What there is to translate in a text.

    Yields:
        Line, counted from 1; "heading", "list item" or "paragraph"; and its Markdown.
    """
    tokens = parsed(markdown)
    for at, token in enumerate(tokens):
        if token.type == "inline":
            heading = tokens[at - 1].type == "heading_open"
            item = tokens[at - 2].type == "list_item_open"
            kind = "heading" if heading else "list item" if item else "paragraph"
            yield line_of(token), kind, token.content


def shape(message: str) -> Counter[str]:
    """What a translation must keep of a heading, paragraph or list item.

    Returns:
        How often each fact, each target of a link and each kind of markup stands in it.
    """
    pieces = pieces_of(message)
    markup = [
        f"{piece.tag or piece.type} {target_of(piece)}".strip()
        for piece in pieces
        if piece.type not in ("text", "softbreak") and piece.nesting >= 0 and not is_fact(piece)
    ]
    markup += ["broken link" for piece in pieces if is_broken_link(piece)]
    return Counter([*markup, *(f"{{{name}}}" for name in facts_in(pieces))])


def _form(tokens: Sequence[Token]) -> Sequence[int]:
    """Where the box shown at the send button begins and ends; empty without one."""
    types = [token.type for token in tokens]
    return [
        place
        for at, token in enumerate(tokens)
        if token.type == f"{BOX}_open" and token.info.strip() == AT_FORM
        for place in (at, types.index(f"{BOX}_close", at))
    ]
