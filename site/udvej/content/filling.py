"""A text with each block in its language and each fact in its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from udvej.content.facts import Facts
from udvej.content.parser import (
    BOX,
    FACT,
    FOLDED,
    NO_TRACE,
    REPEATED,
    UNTIL,
    facts_in,
    is_fact,
    parsed,
    pieces_of,
    target_of,
)
from udvej.content.pictures import asked_for, place
from udvej.content.shapes import name_shapes
from udvej.languages import DANISH, Language, Untranslated

# Kept with a token: it is not shown; the facts that it names.
_LEFT_OUT: Final = "left out"
_FACTS: Final = "facts"
_MARKED: Final = {"lang": "da", "dir": "ltr"}


@dataclass(frozen=True)
class Filling:
    """Puts words and facts where a text names them.

    Attributes:
        facts: what `{table.key}` stands for. A paragraph or list item that names a fact which
            is still to be filled in is left out whole, rather than say something made up, and
            with it a heading that has nothing else below it. `{mangler table.key}` leaves it out
            from the day that the fact is filled in. In a box of a list they are those of one entry.
        language: gives each heading, paragraph and list item in its own words, or the Danish
            ones, marked, where it has none.
        boxes: whether what is in a box of that name is shown; it leaves no trace of its own. The
            name may also stand after another box's, which is then shown or not: `::: vej selv`.
    """

    facts: Facts
    language: Language = DANISH
    boxes: Mapping[str, bool] = field(default_factory=dict)

    def filled(self, written: Sequence[Token]) -> Sequence[Token]:
        """A text that has been found good, as it is shown.

        Args:
            written: of `parsed`; its tokens are changed.
        """
        tokens = [*_repeated(written, self.facts)]
        for at, token in enumerate(tokens):
            if token.type == "inline":
                facts = token.meta.get(_FACTS, self.facts)
                words = token.content and self.language.content.gettext(token.content)
                pieces = pieces_of(words)
                whole = words and all(_holds(facts, name) for name in facts_in(pieces))
                token.meta[_LEFT_OUT] = not whole
                danish = isinstance(words, Untranslated)
                token.children = _merged([*self._with_facts(pieces, facts, danish=danish)])
                if name := asked_for(token):
                    token.children.insert(0, place(name))
                # The paragraph of a list without blank lines is not shown, its item is.
                block = tokens[at - 2 if tokens[at - 1].hidden else at - 1]
                if danish:
                    block.attrs |= _MARKED
        tree = SyntaxTreeNode(tokens)
        for node in [*tree.walk()]:
            if node.type in ("inline", BOX) and node.meta.get(_LEFT_OUT):
                _cut(node)
            elif node.type == BOX and not node.info:
                _leave_no_trace(node)
            elif node.type == BOX and node.info.strip() == FOLDED:
                _fold(node)
        name_shapes(tree)
        return tree.to_tokens()

    def parsed(self, markdown: str) -> list[Token]:
        """A text as it is written, with the boxes that are shown under a condition marked."""
        tokens = parsed(markdown)
        for token in tokens:
            if token.type == f"{BOX}_open":
                *box, last = token.info.split() or [""]
                if last in self.boxes:
                    token.info, token.meta[_LEFT_OUT] = " ".join(box), not self.boxes[last]
        return tokens

    def _with_facts(
        self, pieces: Sequence[Token], facts: Facts, *, danish: bool
    ) -> Iterator[Token]:
        """With each fact in its place, and addresses of ours in this language."""
        in_link = False
        for piece in pieces:
            if piece.type == "link_open":
                target = target_of(piece)
                fact = FACT.fullmatch(target)
                ours = self.language.prefix + target if target.startswith("/") else target
                piece.attrs["href"] = facts.link(fact[1]) if fact else ours
            in_link = piece.type == "link_open" or (in_link and piece.type != "link_close")
            if is_fact(piece):
                if not piece.content.startswith(UNTIL):
                    yield from self._fact(piece.content, facts, linked=not in_link, danish=danish)
            elif piece.type == "text":
                yield from self._spoken(piece.content, danish=danish)
            else:
                yield piece

    def _fact(self, name: str, facts: Facts, *, linked: bool, danish: bool) -> Iterator[Token]:
        link = facts.link(name)
        duration = facts.duration(name)
        language = DANISH if danish else self.language
        if link and linked:
            yield Token("link_open", "a", 1, attrs={"href": link})
        if duration is not None:
            yield from self._spoken(_counted(duration, language), danish=danish)
        elif facts.is_words(name):
            yield from self._spoken(language.content.gettext(facts.text(name)), danish=danish)
        elif self.language.is_danish:
            yield _text(facts.text(name))
        else:
            # Names are Danish words; numbers and addresses belong to no language.
            yield from _kept_apart(facts.text(name), {"dir": "ltr"} if link else _MARKED)
        if link and linked:
            yield Token("link_close", "a", -1)

    def _spoken(self, words: str, *, danish: bool = False) -> Iterator[Token]:
        """Words, with what is Danish among them marked so, unless their block is."""
        if danish:
            yield _text(words)
        elif isinstance(words, Untranslated):
            yield from _kept_apart(words, _MARKED)
        else:
            for part, term in self.language.parts(words):
                yield from _kept_apart(part, _MARKED) if term else [_text(part)]


def _counted(duration: timedelta, language: Language) -> str:
    """A time with its unit, in the form that its number asks for."""
    number = duration.days or duration // timedelta(minutes=1)
    if duration.days:
        words = language.catalogue.ngettext("%(number)s dag", "%(number)s dage", number)
    else:
        words = language.catalogue.ngettext("%(number)s minut", "%(number)s minutter", number)
    return words % {"number": number}


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)


def _kept_apart(words: str, marks: Mapping[str, str]) -> Sequence[Token]:
    """Words in an order of their own, whatever stands around them (HTML, `bdi`)."""
    return [
        Token("bdi_open", "bdi", 1, attrs={**marks}),
        _text(words),
        Token("bdi_close", "bdi", -1),
    ]


def _merged(pieces: Sequence[Token]) -> list[Token]:
    """Merge neighbouring `<bdi>` elements that only a space separates, such as title and name."""
    joined: list[Token] = []
    for piece in pieces:
        if (
            piece.type == "bdi_open"
            and [before.type for before in joined[-2:]] == ["bdi_close", "text"]
            and joined[-1].content.isspace()
        ):
            del joined[-2]
        else:
            joined.append(piece)
    return joined


def _repeated(tokens: Sequence[Token], facts: Facts) -> Iterator[Token]:
    """Repeat the box of a list once for each entry; without entries, mark it as left out."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        table = REPEATED.get(token.info.strip(), "") if token.type == f"{BOX}_open" else ""
        if not table:
            yield token
            at += 1
            continue
        end = next(n for n in range(at, len(tokens)) if tokens[n].type == f"{BOX}_close") + 1
        entries = facts.each(table)
        token.meta[_LEFT_OUT] = token.meta.get(_LEFT_OUT, False) or not entries
        for number, entry in enumerate(entries or [facts], start=1):
            yield from (_copy(inside, entry, number) for inside in tokens[at:end])
        at = end


def _copy(token: Token, facts: Facts, number: int) -> Token:
    """A copy of a token for one entry's facts, its id made unique."""
    attrs = {**token.attrs}
    if "id" in attrs and number > 1:
        attrs["id"] = f"{attrs['id']}-{number}"
    return replace(token, attrs=attrs, meta={**token.meta, _FACTS: facts})


def _holds(facts: Facts, name: str) -> bool:
    """Whether a fact is filled in; of `{mangler …}`, whether it is not."""
    missing = name.startswith(UNTIL)
    return missing != bool(facts.text(name.removeprefix(UNTIL)))


def _cut(node: SyntaxTreeNode) -> None:
    """Take a block out, and what it leaves empty: its list item, its list, its box, its heading."""
    parent = node.parent
    while parent is not None and parent.parent is not None and len(parent.children) == 1:
        node, parent = parent, parent.parent
    if parent is None or node not in parent.children:  # it is gone, with a box around it
        return
    at = parent.children.index(node)
    parent.children.remove(node)
    above, below = parent.children[at - 1 : at], parent.children[at : at + 1]
    for heading in above:
        ends = not below or (below[0].type == "heading" and below[0].tag <= heading.tag)
        if heading.type == "heading" and heading.tag != "h1" and ends:
            _cut(heading)


def _fold(box: SyntaxTreeNode) -> None:
    """Show only the heading of a box until it is pressed (HTML, `details`)."""
    for node, tag in ((box, "details"), (box.children[0], "summary")):
        if node.nester_tokens:
            for token in node.nester_tokens:
                token.tag = tag


def _leave_no_trace(node: SyntaxTreeNode) -> None:
    """Show what is in a box, and not the box."""
    if node.nester_tokens:
        for token in node.nester_tokens:
            token.meta[NO_TRACE] = True
