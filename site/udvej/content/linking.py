"""Where the links of all texts lead, and which texts have mistakes of their own."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from udvej.content.addresses import FORM
from udvej.content.headers import Header
from udvej.content.markdown import Links, Text
from udvej.content.proofreading import leads_nowhere
from udvej.content.receipt import Receipt
from udvej.errors import ContentError
from udvej.wording import tell


def wrong_texts(
    texts: Mapping[Header, Text], receipt: Sequence[Receipt], *, whole: bool
) -> Iterator[ContentError]:
    """What is wrong in each text, and the links that lead nowhere.

    Args:
        texts: of the files that could be read.
        receipt: the one there is, if it could be read.
        whole: whether all could; else a page may be there that is not known.
    """
    found: dict[str, Links] = {}
    mistakes: set[str] = set()
    for file, text in texts.items():
        address = file.values["adresse"]
        try:
            found[address] = text.links
        except ContentError as error:
            mistakes.add(address)
            yield from error.each
            continue
        if found[address].at_send_button != (address == FORM):
            problem = tell("::: formular skal stå på %(form)s, og kun dér", form=FORM)
            yield file.source.error(problem, "adresse")
    known = all(text.reader.facts.known for text in texts.values())
    places = _Places(found, mistakes, whole=whole, facts_known=known)
    for file in texts:
        if links := found.get(file.values["adresse"]):
            yield from places.wrong_links(file.source.path, links)
    for one in receipt:
        try:
            for links in one.check():
                yield from places.wrong_links(one.path, links)
        except ContentError as error:
            yield from error.each


@dataclass(frozen=True)
class _Places:
    """Where links may lead.

    Attributes:
        found: by address, the texts in which nothing is wrong.
        wrong: the addresses of the others.
        whole: whether these are all pages.
        facts_known: else a heading may be left out with a fact that could not be read.
    """

    found: Mapping[str, Links]
    wrong: Collection[str]
    whole: bool
    facts_known: bool

    def wrong_links(self, path: Path, links: Links) -> Iterator[ContentError]:
        """Errors for links that lead to no page, or to no heading of one or of the text itself."""
        for line, link in links.targets:
            if link.startswith(("https://", "mailto:", "tel:")):
                continue
            place, _, anchor = link.partition("#")
            if place in self.wrong or (place.startswith("/") and not self.whole):
                continue
            target = self.found.get(place) if place else links if anchor else None
            wanted = anchor and self.facts_known
            if target is None or (wanted and anchor not in target.anchors):
                yield ContentError(path, line, leads_nowhere(link))
