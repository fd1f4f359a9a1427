"""What a text holds that readers do not see as it was meant."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from markdown_it.token import Token

from udvej.check.findings import Finding
from udvej.content.headers import Header
from udvej.content.parser import parsed
from udvej.wording import tell

# What a phone's tab and a search engine show of it.
_LONGEST_TITLE: Final = 40
_TABLE: Final = re.compile(r"\s*\|.*\||[\s:|-]*-\s*\|[\s:|-]*")
_HTML: Final = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_BARE: Final = re.compile(r"(?:https?://|www\.)[^\s<>()]+")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Pictographs, dingbats, flags and what joins them (Unicode 15, emoji-data.txt).
_EMOJI: Final = re.compile("[\u2600-\u27bf\u2b50-\u2b55\ufe0f\U0001f000-\U0001faff]")


def odd_writing(file: Header) -> Iterator[Finding]:
    """Tables, HTML, addresses that nobody can press, and headings that lead astray."""
    yield from _titles(file)
    headings = []
    tokens = parsed(file.markdown)
    for at, token in enumerate(tokens):
        if token.type == "inline":
            line = file.above + (token.map or [0])[0] + 1
            yield from _block(file, line, token)
            if tokens[at - 1].type == "heading_open":
                headings.append((line, int(tokens[at - 1].tag[1:]), token.content))
    yield from _headings(file, headings)


def _titles(file: Header) -> Iterator[Finding]:
    title, line = file.values.get("titel"), file.source.line("titel")
    if not isinstance(title, str):
        return
    if len(title) > _LONGEST_TITLE:
        words = tell(
            "titel: er på %(length)s tegn; skriv højst %(most)s, ellers bliver den skåret over",
            length=len(title),
            most=_LONGEST_TITLE,
        )
        yield Finding(file.source.path, line, words)
    if _EMOJI.search(title):
        yield Finding(file.source.path, line, _no_emoji())


def _block(file: Header, line: int, block: Token) -> Iterator[Finding]:
    path = file.source.path
    if any(_TABLE.fullmatch(row) for row in block.content.splitlines()):
        yield Finding(path, line, tell("tabeller kan ikke vises; skriv en liste med - foran"))
        return
    in_link = False
    for piece in block.children or ():
        if piece.type in ("link_open", "link_close"):
            in_link = piece.type == "link_open"
        elif piece.type == "text" and not in_link:
            yield from (Finding(path, line, words) for words in _odd_words(piece.content))
        line += piece.type in ("softbreak", "hardbreak")


def _odd_words(text: str) -> Iterator[str]:
    for found in _HTML.findall(text):
        yield tell(
            "HTML bliver ikke til noget, men vises som %(html)s; skriv **fed**, eller brug en boks",
            html=found,
        )
    for found in _BARE.findall(text):
        address = "https://" + found.rstrip(".,;:!?").split("://")[-1]
        yield tell(
            "%(found)s kan ingen trykke på; skriv [ord](%(address)s)", found=found, address=address
        )
    for found in _MAIL.findall(text):
        yield tell(
            "%(found)s kan ingen trykke på; sæt adressen i kommune.toml, og skriv dens navn, som"
            " {team.mail}",
            found=found,
        )


def _headings(file: Header, headings: list[tuple[int, int, str]]) -> Iterator[Finding]:
    path = file.source.path
    for (_, above, _), (line, level, _) in pairwise(headings):
        if level > above + 1:
            words = tell(
                "overskriften springer et trin over; skriv %(signs)s", signs="#" * (above + 1)
            )
            yield Finding(path, line, words)
    seen: dict[str, int] = {}
    for line, _, words in headings:
        # The boxes of the receipt are shown to one kind of reader each.
        if (key := words.casefold()) in seen and "titel" in file.keys:
            problem = tell(
                "overskriften står også på linje %(other)s; skriv to forskellige", other=seen[key]
            )
            yield Finding(path, line, problem)
        seen.setdefault(key, line)
        if _EMOJI.search(words):
            yield Finding(path, line, _no_emoji())


def _no_emoji() -> str:
    return tell("en emoji i en titel bliver læst højt som ord; skriv uden")
