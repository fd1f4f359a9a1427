"""The Markdown of `content/`: filled with facts, translated block by block, checked, made HTML."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import bleach
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin

from udvej.contacts import is_phone
from udvej.content.facts import Facts
from udvej.content.pictures import PICTURES, asked_for, pictures_plugin, place, with_pictures
from udvej.content.schema import LISTS
from udvej.content.shapes import name_shapes
from udvej.errors import ContentError, Mistakes
from udvej.languages import DANISH, Language, Untranslated
from udvej.wording import meant, tell, untold

# `::: kontakt` or, once for each entry of a list of facts, `::: kontakt politi`.
_CONTACT: Final = "kontakt"
_REPEATED: Final = {f"{_CONTACT} {table}": table for table in LISTS}
# `::: name` … `:::`. The last one marks where the form stands; see `Text`.
BOXES: Final = ("fare", "knapper", "vej", "boks", _CONTACT, *_REPEATED, "foldet", "formular")

_FOLDED: Final = "foldet"
_BOX: Final = "container_box"
# What is kept with a token: the box leaves no trace; it is not shown; the facts that it names.
_NO_TRACE: Final = "no trace"
_LEFT_OUT: Final = "left out"
_FACTS: Final = "facts"
_CALL: Final = "tel:"
_SHORT: Final = re.compile(r"\d{3,6}")  # such as 112, which no library's plan of numbers holds
_UNCLOSED: Final = untold(
    "hver boks begynder med ::: og sit navn og slutter med ::: på en linje for sig"
)

# What Markdown makes; a span is the place of a picture.
_TAGS = frozenset((
    "a", "bdi", "blockquote", "br", "code", "details", "div", "em", "h1", "h2", "h3", "hr", "li",
    "ol", "p", "span", "strong", "summary", "ul",
))  # fmt: skip
_ATTRIBUTES = {
    "*": ["dir", "lang"], "a": ["class", "href"], "details": ["class"], "div": ["class"],
    "h2": ["id"], "h3": ["id"], "li": ["class"], "ol": ["start"], "p": ["class"],
    "span": ["class"], "summary": ["id"], "ul": ["class"],
}  # fmt: skip
_PROTOCOLS = frozenset(("https", "mailto", "tel"))

_FACT = re.compile(r"\{([^{}]*)\}")
_FACT_MARKUP = "{}"
# `{mangler table.key}` shows nothing itself, and its block only until the fact is filled in.
_UNTIL: Final = "mangler "
_MARKED = {"lang": "da", "dir": "ltr"}


@dataclass(frozen=True)
class Links:
    """Where a text leads, and what leads into it.

    Attributes:
        targets: line in the file and target of every link but those to facts.
        anchors: the ids that links may lead to.
        beside: whether it has something that stands beside the form.
    """

    targets: Sequence[tuple[int, str]]
    anchors: frozenset[str]
    beside: bool


@dataclass(frozen=True)
class Reader:
    """Turns the Markdown of one file into a `Text`.

    Attributes:
        path: the file, for error messages.
        above: how many lines of the file stand above the Markdown.
        facts: what `{table.key}` stands for. A paragraph or list item that names a fact which
            is still to be filled in is left out whole, rather than say something made up, and
            with it a heading that has nothing else below it. `{mangler table.key}` leaves it out
            from the day that the fact is filled in. In a box of a list they are those of one entry.
        language: gives each heading, paragraph and list item in its own words, or the Danish
            ones, marked, where it has none.
        boxes: whether what is in a box of that name is shown; it leaves no trace of its own. The
            name may also stand after another box's, which is then shown or not: `::: vej selv`.
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
        mistakes = Mistakes()
        written = self._parsed(markdown)
        mistakes.add(self._wrong_boxes(markdown))
        mistakes.add(self._wrong_syntax(written))
        mistakes.end()  # the rest is of a text that can be filled
        links = [*self._links(written)]  # as written, which filling changes
        tokens = self._filled(written)
        mistakes.add(self._wrong_titles(tokens))
        form = _form(tokens)
        if form and (after := tokens[form[1] + 1 :]):
            problem = tell("efter ::: formular må der ikke stå mere")
            mistakes.add([self._error(self._line(after[0]), problem)])
        mistakes.end()
        anchors = (str(token.attrs["id"]) for token in tokens if "id" in token.attrs)
        return Links(links, frozenset(anchors), beside=bool(form))

    def filled(self, markdown: str) -> Sequence[Token]:
        """A text that has been checked, translated and with each fact in its place."""
        return self._filled(self._parsed(markdown))

    def _parsed(self, markdown: str) -> list[Token]:
        tokens = _MARKDOWN.parse(markdown)
        for token in tokens:
            if token.type == f"{_BOX}_open":
                *name, last = token.info.split()
                if last in self.boxes:
                    token.info, token.meta[_LEFT_OUT] = " ".join(name), not self.boxes[last]
        return tokens

    def _filled(self, written: Sequence[Token]) -> list[Token]:
        tokens = [*_repeated(written, self.facts)]
        for at, token in enumerate(tokens):
            if token.type == "inline":
                facts = token.meta.get(_FACTS, self.facts)
                words = token.content and self.language.content.gettext(token.content)
                pieces = _MARKDOWN.parseInline(words)[0].children or []
                whole = words and all(_holds(facts, name) for name in _facts(pieces))
                token.meta[_LEFT_OUT] = not whole
                danish = isinstance(words, Untranslated)
                token.children = _together([*self._with_facts(pieces, facts, danish=danish)])
                if name := asked_for(token):
                    token.children.insert(0, place(name))
                # The paragraph of a list without blank lines is not shown, its item is.
                block = tokens[at - 2 if tokens[at - 1].hidden else at - 1]
                if danish:
                    block.attrs |= _MARKED
        tree = SyntaxTreeNode(tokens)
        for node in [*tree.walk()]:
            if node.type in ("inline", _BOX) and node.meta.get(_LEFT_OUT):
                _cut(node)
            elif node.type == _BOX and not node.info:
                _leave_no_trace(node)
            elif node.type == _BOX and node.info.strip() == _FOLDED:
                _fold(node)
        name_shapes(tree)
        return tree.to_tokens()

    def _with_facts(
        self, pieces: Sequence[Token], facts: Facts, *, danish: bool
    ) -> Iterator[Token]:
        """With each fact in its place, and addresses of ours in this language."""
        in_link = False
        for piece in pieces:
            if piece.type == "link_open":
                target = _target(piece)
                fact = _FACT.fullmatch(target)
                ours = self.language.prefix + target if target.startswith("/") else target
                piece.attrs["href"] = facts.link(fact[1]) if fact else ours
            in_link = piece.type == "link_open" or (in_link and piece.type != "link_close")
            if _is_fact(piece):
                if not piece.content.startswith(_UNTIL):
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

    def _wrong_boxes(self, markdown: str) -> Iterator[ContentError]:
        """Every box has a name we know, and ends before the next one begins."""
        begun, known = 0, (*BOXES, *self.boxes)
        for number, line in enumerate(markdown.split("\n"), start=1):
            if not line.lstrip().startswith(":::"):
                continue
            name = line.strip().removeprefix(":::").strip()
            box, _, shown = name.rpartition(" ")
            if name and not (name in known or (box in BOXES and shown in self.boxes)):
                problem = tell(
                    "»%(name)s« er ikke en boks; skriv et af %(names)s",
                    name=name,
                    names=", ".join(known),
                )
                yield self._error(number, problem + meant(name, known))
            if bool(name) == bool(begun):
                yield self._error(begun or number, tell(_UNCLOSED))
            begun = number if name else 0
        if begun:
            yield self._error(begun, tell(_UNCLOSED))

    def _wrong_syntax(self, tokens: Sequence[Token]) -> Iterator[ContentError]:
        for at, token in enumerate(tokens):
            if token.type == "heading_open" and token.tag not in _TAGS:
                yield self._error(self._line(token), tell("en overskrift har højst tre #"))
            if asked_for(token) not in ("", *PICTURES) or "![" in token.content:
                problem = tell(
                    "en tegning står først og hedder ![](navn), hvor navnet er %(names)s",
                    names=", ".join(PICTURES),
                )
                yield self._error(self._line(token), problem)
            if (
                token.type == f"{_BOX}_open"
                and token.info.strip() == _FOLDED
                and tokens[at + 1].type != "heading_open"
            ):
                problem = tell("::: foldet begynder med en overskrift")
                yield self._error(self._line(token), problem)
        for line, piece in self._pieces(tokens):
            yield from self._wrong_piece(line, piece)

    def _wrong_piece(self, line: int, piece: Token) -> Iterator[ContentError]:
        named = [name.removeprefix(_UNTIL) for name in _facts([piece])]
        unknown = [name for name in named if not self.facts.has(name)]
        for name in unknown:
            problem = tell(
                "{%(name)s} står ikke i kommune.toml; ret navnet, eller tilføj det dér", name=name
            )
            yield self._error(line, problem + meant(name, self.facts.names(), "{{{}}}"))
        target = _target(piece)
        fact = _FACT.fullmatch(target)
        if fact and not unknown and self.facts.text(fact[1]) and not self.facts.link(fact[1]):
            yield self._error(line, leads_nowhere(target))
        if _is_broken_link(piece) or ("{" in target and not fact):
            problem = tell("et link er ikke skrevet rigtigt; skriv [ord](/adresse/)")
            yield self._error(line, problem)
        number = target.removeprefix(_CALL)
        if number != target and not (_SHORT.fullmatch(number) or is_phone(number)):
            problem = tell("»%(number)s« er ikke et telefonnummer; ret det", number=number)
            yield self._error(line, problem)

    def _wrong_titles(self, tokens: Sequence[Token]) -> Iterator[ContentError]:
        titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
        if self.titled and len(titles) != 1:
            line = self._line(titles[1]) if titles else 1
            yield self._error(line, tell("siden skal have præcis én overskrift med ét #"))
        if titles and not self.titled:
            problem = tell("programmet skriver overskriften; begynd hver overskrift med ##")
            yield self._error(self._line(titles[0]), problem)

    def _links(self, tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
        for line, piece in self._pieces(tokens):
            if piece.type == "link_open" and not _FACT.fullmatch(target := _target(piece)):
                yield self.above + line, target

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
        return _html(self._parts[0])

    @cached_property
    def beside(self) -> Markup:
        """What the form's page shows before the send button (`::: formular`), else empty."""
        return _html(self._parts[1])

    @cached_property
    def links(self) -> Links:
        """Where it leads, once it has been found good.

        Raises:
            ContentError: naming file and line of each mistake in it.
        """
        return self.reader.check(self.markdown)


def blocks(markdown: str) -> Iterator[tuple[int, str, str]]:
    """What there is to translate in a text.

    Yields:
        Line, counted from 1; "heading", "list item" or "paragraph"; and its Markdown.
    """
    tokens = _MARKDOWN.parse(markdown)
    for at, token in enumerate(tokens):
        if token.type == "inline":
            heading = tokens[at - 1].type == "heading_open"
            item = tokens[at - 2].type == "list_item_open"
            kind = "heading" if heading else "list item" if item else "paragraph"
            yield (token.map or [0])[0] + 1, kind, token.content


def leads_nowhere(target: str) -> str:
    """What to say of a link that is none of ours and none that may be."""
    if target.startswith("http://"):
        return tell("»%(link)s« er ikke sikker; skriv https:// i stedet for http://", link=target)
    return tell("linket »%(link)s« fører ingen steder hen; ret adressen", link=target)


def parsed(markdown: str) -> Sequence[Token]:
    """A text as markdown-it reads it, nothing filled in."""
    return _MARKDOWN.parse(markdown)


def shape(message: str) -> Counter[str]:
    """What a translation must keep of a heading, paragraph or list item.

    Returns:
        How often each fact, each target of a link and each kind of markup stands in it.
    """
    pieces = _MARKDOWN.parseInline(message)[0].children or []
    markup = [
        f"{piece.tag or piece.type} {_target(piece)}".strip()
        for piece in pieces
        if piece.type not in ("text", "softbreak") and piece.nesting >= 0 and not _is_fact(piece)
    ]
    markup += ["broken link" for piece in pieces if _is_broken_link(piece)]
    return Counter([*markup, *(f"{{{name}}}" for name in _facts(pieces))])


def _counted(duration: timedelta, language: Language) -> str:
    """A time with its unit, in the form that its number asks for."""
    number = duration.days or duration // timedelta(minutes=1)
    if duration.days:
        words = language.catalogue.ngettext("%(number)s dag", "%(number)s dage", number)
    else:
        words = language.catalogue.ngettext("%(number)s minut", "%(number)s minutter", number)
    return words % {"number": number}


def _is_broken_link(piece: Token) -> bool:
    return piece.type == "text" and re.search(r"\] ?\(", piece.content) is not None


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)


def _kept_apart(words: str, marks: Mapping[str, str]) -> Sequence[Token]:
    """Words in an order of their own, whatever stands around them (HTML, `bdi`)."""
    return [
        Token("bdi_open", "bdi", 1, attrs={**marks}),
        _text(words),
        Token("bdi_close", "bdi", -1),
    ]


def _together(pieces: Sequence[Token]) -> list[Token]:
    """A title and a name, with nothing but a space between them, in one order of their own."""
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
    """With the box of a list once for each entry, and with none of them not to be shown."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        table = _REPEATED.get(token.info.strip(), "") if token.type == f"{_BOX}_open" else ""
        if not table:
            yield token
            at += 1
            continue
        end = next(n for n in range(at, len(tokens)) if tokens[n].type == f"{_BOX}_close") + 1
        entries = facts.each(table)
        token.meta[_LEFT_OUT] = token.meta.get(_LEFT_OUT, False) or not entries
        for number, entry in enumerate(entries or [facts], start=1):
            yield from (_copy(inside, entry, number) for inside in tokens[at:end])
        at = end


def _copy(token: Token, facts: Facts, number: int) -> Token:
    """A token that speaks of other facts; no two may have one id."""
    attrs = {**token.attrs}
    if "id" in attrs and number > 1:
        attrs["id"] = f"{attrs['id']}-{number}"
    return replace(token, attrs=attrs, meta={**token.meta, _FACTS: facts})


def _holds(facts: Facts, name: str) -> bool:
    """Whether a fact is filled in, or missing where the text is about that."""
    missing = name.startswith(_UNTIL)
    return missing != bool(facts.text(name.removeprefix(_UNTIL)))


def _is_fact(piece: Token) -> bool:
    return piece.markup == _FACT_MARKUP


def _target(piece: Token) -> str:
    return unquote(str(piece.attrs.get("href", "")))


def _facts(pieces: Iterable[Token]) -> Iterator[str]:
    """The facts that pieces name, in their words and in their links."""
    for piece in pieces:
        if _is_fact(piece):
            yield piece.content
        elif fact := _FACT.fullmatch(_target(piece)):
            yield fact[1]


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
            token.meta[_NO_TRACE] = True


def _form(tokens: Sequence[Token]) -> Sequence[int]:
    """Where the box shown at the send button begins and ends; empty without one."""
    types = [token.type for token in tokens]
    return [
        place
        for at, token in enumerate(tokens)
        if token.type == f"{_BOX}_open" and token.info.strip() == "formular"
        for place in (at, types.index(f"{_BOX}_close", at))
    ]


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
    fact = _FACT.match(state.src, state.pos)
    if fact is None:
        return False
    if not silent:
        token = state.push("code_inline", "", 0)  # a kind that anchors are named after too
        token.content, token.markup = fact[1], _FACT_MARKUP
    state.pos = fact.end()
    return True


def _box(_self: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:  # noqa: ANN401
    token = tokens[at]
    if _NO_TRACE in token.meta:
        return ""
    if token.nesting < 0:
        return f"</{token.tag}>\n"
    return f'<{token.tag} class="{token.info.split()[0]}">\n'


def _html(tokens: Sequence[Token]) -> Markup:
    """HTML reduced to what content may hold, the translators' words included."""
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return with_pictures(
        bleach.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS)
    )


_MARKDOWN = _parser()
