"""What is wrong with a text before it is filled, by file and line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it.token import Token

from udvej.contacts import is_phone
from udvej.content.facts import Facts
from udvej.content.parser import (
    BOX,
    BOXES,
    FACT,
    FOLDED,
    TAGS,
    UNTIL,
    facts_in,
    is_broken_link,
    target_of,
)
from udvej.content.pictures import PICTURES, asked_for
from udvej.errors import ContentError
from udvej.wording import deferred, did_you_mean, tell

_CALL: Final = "tel:"
_SHORT: Final = re.compile(r"\d{3,6}")  # such as 112, which no library's plan of numbers holds
_UNCLOSED: Final = deferred(
    "hver boks begynder med ::: og sit navn og slutter med ::: på en linje for sig"
)


@dataclass(frozen=True)
class Proofreader:
    """Finds the mistakes in the text of one file.

    Attributes:
        path: the file.
        above: how many lines of the file stand above the Markdown.
        facts: those that it may name.
        boxes: what may stand after `:::` beyond the boxes that there always are.
        titled: whether it has a heading of the first level, as pages have.
    """

    path: Path
    above: int
    facts: Facts
    boxes: Mapping[str, bool]
    titled: bool

    def boxed(self, markdown: str) -> Iterator[ContentError]:
        """Errors for boxes with unknown names, and those that do not end before the next begins."""
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
                yield self.error(number, problem + did_you_mean(name, known))
            if bool(name) == bool(begun):
                yield self.error(begun or number, tell(_UNCLOSED))
            begun = number if name else 0
        if begun:
            yield self.error(begun, tell(_UNCLOSED))

    def written(self, tokens: Sequence[Token]) -> Iterator[ContentError]:
        """Errors for headings, drawings, links and names of facts that mean nothing."""
        for at, token in enumerate(tokens):
            if token.type == "heading_open" and token.tag not in TAGS:
                yield self.error(line_of(token), tell("en overskrift har højst tre #"))
            if asked_for(token) not in ("", *PICTURES) or "![" in token.content:
                problem = tell(
                    "en tegning står først og hedder ![](navn), hvor navnet er %(names)s",
                    names=", ".join(PICTURES),
                )
                yield self.error(line_of(token), problem)
            if (
                token.type == f"{BOX}_open"
                and token.info.strip() == FOLDED
                and tokens[at + 1].type != "heading_open"
            ):
                problem = tell("::: foldet begynder med en overskrift")
                yield self.error(line_of(token), problem)
        for line, piece in self._pieces(tokens):
            yield from self._wrong_piece(line, piece)

    def _wrong_piece(self, line: int, piece: Token) -> Iterator[ContentError]:
        named = [name.removeprefix(UNTIL) for name in facts_in([piece])]
        unknown = [name for name in named if not self.facts.has(name)]
        for name in unknown:
            problem = tell(
                "{%(name)s} står ikke i kommune.toml; ret navnet, eller tilføj det dér", name=name
            )
            yield self.error(line, problem + did_you_mean(name, self.facts.names(), "{{{}}}"))
        target = target_of(piece)
        fact = FACT.fullmatch(target)
        if fact and not unknown and self.facts.text(fact[1]) and not self.facts.link(fact[1]):
            yield self.error(line, leads_nowhere(target))
        if is_broken_link(piece) or ("{" in target and not fact):
            problem = tell("et link er ikke skrevet rigtigt; skriv [ord](/adresse/)")
            yield self.error(line, problem)
        number = target.removeprefix(_CALL)
        if number != target and not (_SHORT.fullmatch(number) or is_phone(number)):
            problem = tell("»%(number)s« er ikke et telefonnummer; ret det", number=number)
            yield self.error(line, problem)

    def titles(self, tokens: Sequence[Token]) -> Iterator[ContentError]:
        """Errors for a page without exactly one first-level heading, and a text that has any."""
        titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
        if self.titled and len(titles) != 1:
            line = line_of(titles[1]) if titles else 1
            yield self.error(line, tell("siden skal have præcis én overskrift med ét #"))
        if titles and not self.titled:
            problem = tell("programmet skriver overskriften; begynd hver overskrift med ##")
            yield self.error(line_of(titles[0]), problem)

    def links(self, tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
        """Line in the file and target of each link but those to facts."""
        for line, piece in self._pieces(tokens):
            if piece.type == "link_open" and not FACT.fullmatch(target := target_of(piece)):
                yield self.above + line, target

    def _pieces(self, tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
        """The inline tokens of all blocks, each with its line in the Markdown."""
        for token in tokens:
            line = line_of(token)
            for piece in token.children or ():
                yield line, piece
                line += piece.type in ("softbreak", "hardbreak")

    def error(self, line: int, problem: str) -> ContentError:
        """A mistake, at a line of the Markdown counted from 1."""
        return ContentError(self.path, self.above + line, problem)


def line_of(token: Token) -> int:
    """Where a block begins in its Markdown, counted from 1."""
    return (token.map or [0])[0] + 1


def leads_nowhere(target: str) -> str:
    """What to say of a link that is none of ours and none that may be."""
    if target.startswith("http://"):
        return tell("»%(link)s« er ikke sikker; skriv https:// i stedet for http://", link=target)
    return tell("linket »%(link)s« fører ingen steder hen; ret adressen", link=target)
