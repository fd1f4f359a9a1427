"""`kvittering.md`: what follows once somebody has sent, for each kind of writer.

It is no page: it has no address, stands in no menu, and is shown only to those who have sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from markupsafe import Markup

from udvej.content.facts import Facts
from udvej.content.headers import OWNED, Header
from udvej.content.markdown import Links, Reader, Text
from udvej.errors import ContentError, Mistakes
from udvej.languages import Language
from udvej.wording import tell

RECEIPT_FILE: Final = "kvittering.md"
# The boxes that are shown to one kind of writer alone.
WRITERS: Final = ("selv", "paaroerende", "fagperson")


@dataclass(frozen=True)
class Receipt:
    """What a receipt says below its number.

    Attributes:
        path: the file.
        owner: who answers for the text.
        reviewed: when they last read it.
        texts: by the kind of writer, as `WRITERS` names them.
    """

    path: Path
    owner: str
    reviewed: date
    texts: Mapping[str, Text]

    def body(self, writer: str) -> Markup:
        """What one kind of writer reads."""
        return self.texts[writer].body

    def translated(self, language: Language) -> "Receipt":
        """The same, which is Danish, in another language."""
        texts = {writer: text.translated(language) for writer, text in self.texts.items()}
        return replace(self, texts=texts)

    def check(self) -> Iterator[Links]:
        """Find what is wrong with it.

        Raises:
            ContentError: naming file and line.
        """
        for writer, text in self.texts.items():
            links = text.links
            if links.at_send_button:
                problem = tell("::: formular hører til på siden med formularen")
                raise ContentError(self.path, 1, problem)
            if not text.body.strip():
                problem = tell(
                    "skriv, hvad der sker nu, i en boks, der hedder ::: %(writer)s", writer=writer
                )
                raise ContentError(self.path, 1, problem)
            yield links


def load_receipt(folder: Path, facts: Facts, boxes: Mapping[str, bool]) -> Receipt:
    """Read it, in Danish.

    Args:
        folder: the content.
        facts: those of the folder.
        boxes: as for `load_edition`.

    Raises:
        ContentError: it is not there, or its header is wrong.
    """
    path = folder / RECEIPT_FILE
    header = Header.read(path, OWNED)
    Mistakes.raise_all(header.wrong())
    texts = {}
    for writer in WRITERS:
        shown = {**boxes, **{other: other == writer for other in WRITERS}}
        reader = Reader(path, header.above, facts, boxes=shown, titled=False)
        texts[writer] = Text(reader, header.markdown)
    return Receipt(path, header.values["ansvarlig"], header.values["gennemgaaet"], texts)
