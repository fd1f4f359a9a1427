"""Pages that nothing leads to: nobody reads them."""

from collections.abc import Iterator

from udvej.check.findings import Finding
from udvej.content.pages import NEEDED, Edition
from udvej.wording import tell


def unreached(edition: Edition) -> Iterator[Finding]:
    """Each page that neither a menu nor a page that is read leads to.

    Args:
        edition: the Danish one.
    """
    waiting = {*NEEDED, *(page.address for page in edition.pages.values() if page.menu)}
    reached: set[str] = set()
    while waiting:
        address = waiting.pop()
        reached.add(address)
        links = edition.pages[address].text.links.targets
        waiting |= {link.partition("#")[0] for _, link in links} & edition.pages.keys() - reached
    for page in edition.pages.values():
        if page.address not in reached:
            words = tell('adresse: intet fører hertil; skriv menu = "top", eller sæt et link')
            yield Finding(page.file.source.path, page.file.source.line("adresse"), words)
