"""LIX, the Danish readability index, of a page as it is shown (Björnsson 1968)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from udvej.content.addresses import FORM

_EASY, _EASIEST, _LEGAL = 30, 26, 38
_CEILINGS = {
    "/": _EASIEST,
    FORM: _EASIEST,
    "/privatliv/": _LEGAL,
    "/tilgaengelighed/": _LEGAL,
}
_LONG = 6
# Of a sentence; beyond, many readers have lost its beginning.
MOST_WORDS = 25

_BLOCKS = {"p", "li", "h1", "h2", "h3", "label", "legend"}
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019.@/:][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?:…]+(?=[\s»«”“\"')]|$)")
# A small letter after it tells an ordinal number ("1. maj") from the end of a sentence.
_ABBREVIATION = re.compile(
    r"\b(?:bl\.a|ca|dvs|evt|f\.eks|fx|hhv|inkl|jf|kl|kr|m\.fl|m\.m|m\.v|mfl|mv|nr|osv|o\.l|pga|pr|tlf"
    r"|vedr)\.|\b\d+\.(?=\s(?-i:[a-zæøå]))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Readability:
    """How hard a text is, and how long.

    Attributes:
        words: all that stand in `main`, those of buttons and labels among them.
        lix: words a sentence plus the percentage of words of more than six letters.
        worst: its three hardest sentences, the hardest first.
        long: those of more than 25 words.
    """

    words: int
    lix: float
    worst: Sequence[str]
    long: Sequence[str]


def ceiling(address: str) -> int:
    """The LIX that the page at an address may have at most."""
    return _CEILINGS.get(address, _EASY)


def measure(html: str) -> Readability:
    """LIX of the running text in `main`: the blocks that end as sentences do.

    Args:
        html: a whole page.
    """
    finder = _Blocks()
    finder.feed(html)
    sentences = [sentence for block in finder.running() for sentence in _sentences(block)]
    hardest = sorted(sentences, key=lambda sentence: _lix([sentence]), reverse=True)
    long = [sentence for sentence in sentences if len(words_of(sentence)) > MOST_WORDS]
    return Readability(len(words_of(finder.text)), _lix(sentences), hardest[:3], long)


def words_of(text: str) -> Sequence[str]:
    """The words of a text, as LIX counts them."""
    return _WORD.findall(text)


def _lix(sentences: Sequence[str]) -> float:
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    if not words:
        return 0.0
    long = sum(len(re.sub(r"[\W_]", "", word)) > _LONG for word in words)
    return len(words) / len(sentences) + 100 * long / len(words)


def _sentences(block: str) -> Iterator[str]:
    start = 0
    abbreviations = [match.end() for match in _ABBREVIATION.finditer(block)]
    for end in _SENTENCE_END.finditer(block):
        if end.end() in abbreviations and end.end() < len(block):
            continue
        if _WORD.search(sentence := block[start : end.end()].strip()):
            yield sentence
        start = end.end()


class _Blocks(HTMLParser):
    """Gathers the text of the blocks in `main`; a block inside another is its own."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._inside = False
        self._open: list[list[str]] = []
        self._all: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag == "main":
            self._inside = True
        elif self._inside and tag in _BLOCKS:
            block: list[str] = []
            self._open.append(block)
            self._all.append(block)
        elif tag == "br" and self._open:
            self._open[-1].append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._inside = False
        elif tag in _BLOCKS and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.text += f" {data}"
        if self._open:
            self._open[-1].append(data)

    def running(self) -> Iterator[str]:
        for block in self._all:
            text = " ".join("".join(block).split())
            if text.endswith((".", "!", "?", ":", "…")):
                yield text
