"""How long, hard and heavy each page is as it is shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from udvej.check.findings import Finding
from udvej.check.kept import Kept
from udvej.check.page_weight import MOST_BYTES, heaviest, weight
from udvej.check.readability import MOST_WORDS, Readability, ceiling, measure, words_of
from udvej.content.addresses import RECEIPTS
from udvej.content.editions import Content
from udvej.content.headers import OWNED, Header
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.mark import MARK_FILE
from udvej.content.markdown import blocks
from udvej.content.receipt import WRITERS
from udvej.errors import ContentError
from udvej.languages import DANISH
from udvej.wording import tell

_ADDRESS: Final = "http://127.0.0.1:8000"
# So many words of a sentence, one after the other, tell where it stands.
_TELLING: Final = 3


@dataclass(frozen=True)
class RenderedPage:
    """A page, or a receipt as `reader_app` shows it.

    Attributes:
        address: where.
        file: what it was made of.
    """

    address: str
    file: Header


class Measured:
    """Measures pages, or remembers what was measured when they were made of the same."""

    def __init__(self, content: Content, kept: Kept) -> None:
        """Measure nothing yet.

        Args:
            content: what the site says.
            kept: remembers; to be written when all is measured.
        """
        self._content, self._kept = content, kept
        danish = content.editions[DANISH.tag]
        receipt = Header.read(danish.receipt.path, OWNED)
        self._pages = [
            *(RenderedPage(page.address, page.file) for page in danish.pages.values()),
            *(RenderedPage(f"{RECEIPTS}{writer}/", receipt) for writer in WRITERS),
        ]
        # What each page shows of the others, of the facts and of the mark.
        shared = [page.file.source.text.encode() for page in self._pages]
        files = (content.folder / name for name in (FACTS_FILE, MARK_FILE))
        self._shared = b"\0".join(
            [*shared, *(path.read_bytes() for path in files if path.is_file())]
        )
        self._client: Any = None

    def texts(self) -> Iterator[tuple[RenderedPage, Readability]]:
        """Each Danish page, and how hard its text is."""
        for page in self._pages:
            found = self._kept.of(self._made_of(page, b"text"), partial(self._text, page.address))
            yield page, Readability(**found)

    def too_heavy(self) -> Iterator[Finding]:
        """Each page whose first view takes a browser more than one round trip, in any language."""
        for tag, edition in self._content.editions.items():
            catalogues = (one.path for one in self._content.catalogues if one.tag == tag)
            own = [path.read_bytes() for path in catalogues]
            for page in self._pages:
                address = edition.language.at(page.address)
                made_of = self._made_of(page, tag.encode(), *own)
                size, part = self._kept.of(made_of, partial(self._weight, address))
                if size > MOST_BYTES:
                    words = tell(
                        "%(address)s fylder %(size)s byte af højst %(most)s, mest i %(part)s",
                        address=address,
                        size=size,
                        most=MOST_BYTES,
                        part=part,
                    )
                    yield Finding(page.file.source.path, 1, words)

    def _made_of(self, page: RenderedPage, *others: bytes) -> bytes:
        own = (page.address.encode(), page.file.markdown.encode())
        return b"\0".join((self._shared, *own, *others))

    def _text(self, address: str) -> Mapping[str, Any]:
        return vars(measure(self._answer(address).text))

    def _weight(self, address: str) -> tuple[int, str]:
        answer = self._answer(address, {"Accept-Encoding": "br"})
        size = weight(answer)
        return size, heaviest(self._answer(address).text) if size > MOST_BYTES else ""

    def _answer(self, address: str, headers: Any = None) -> Any:  # noqa: ANN401 (see below)
        if self._client is None:
            # Where all is kept, nobody waits for Flask.
            from udvej.web.reader import reader_app  # noqa: PLC0415

            self._client = reader_app(self._content, _ADDRESS).test_client()
        answer = self._client.get(address, headers=headers)
        if answer.status_code != HTTPStatus.OK:
            problem = tell("siden %(address)s kan ikke vises", address=address)
            raise ContentError(self._content.folder, 1, problem)
        return answer


def hard_text(page: RenderedPage, text: Readability) -> Iterator[Finding]:
    """The page, if its text is too hard, with its hardest sentences; and its long ones."""
    path, most = page.file.source.path, ceiling(page.address)
    if text.lix > most:
        words = tell(
            "siden har LIX %(lix)s og må højst have %(most)s; disse sætninger er sværest",
            lix=lix_text(text.lix),
            most=most,
        )
        yield Finding(path, page.file.above + 1, words)
        for sentence in text.worst:
            if not _is_written(page, sentence):
                continue  # the program's own, which no editor can change
            words = tell("skriv kortere, med korte ord: %(sentence)s", sentence=sentence)
            yield Finding(path, _line(page, sentence), words)
    for sentence in filter(partial(_is_written, page), text.long):
        words = tell(
            "sætningen er på %(words)s ord; del den ved %(most)s: %(sentence)s",
            words=len(words_of(sentence)),
            most=MOST_WORDS,
            sentence=sentence,
        )
        yield Finding(path, _line(page, sentence), words)


def lix_text(lix: float) -> str:
    """LIX with one decimal, as Danes write it."""
    return f"{lix:.1f}".replace(".", ",")


def _is_written(page: RenderedPage, sentence: str) -> bool:
    """Whether a sentence is the editor's: on the page, or in `kommune.toml`."""
    if _line(page, sentence) > page.file.above + 1:
        return True
    facts = (page.file.source.path.with_name(FACTS_FILE)).read_text("utf-8")
    own = [*(words for _, _, words in blocks(page.file.markdown)), facts]
    return any(_holds(words_of(text), start) for text in own for start in _starts(sentence))


def _starts(sentence: str) -> Sequence[Sequence[str]]:
    """What tells where a sentence is: a few of its words, the first ones first."""
    wanted = words_of(sentence)
    return [wanted[at : at + _TELLING] for at in range(max(1, len(wanted) - _TELLING + 1))]


def _holds(words: Sequence[str], start: Sequence[str]) -> bool:
    return any(words[at : at + len(start)] == start for at in range(len(words)))


def _line(page: RenderedPage, sentence: str) -> int:
    """Where a sentence stands; where the page's text begins if that cannot be told."""
    for start in _starts(sentence):
        for line, _, words in blocks(page.file.markdown):
            for offset, row in enumerate(words.splitlines()):
                if _holds(words_of(row), start):
                    return page.file.above + line + offset
    return page.file.above + 1
