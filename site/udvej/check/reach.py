"""Pages that nothing leads to, and files that are no pages: nobody reads them."""

from collections.abc import Iterator
from pathlib import Path

from udvej.check.findings import Finding
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.mark import MARK_FILE
from udvej.content.pages import NEEDED, Edition, page_paths
from udvej.content.receipt import RECEIPT_FILE
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


def unused(folder: Path) -> Iterator[Finding]:
    """Each file that is there to no end, such as `om.txt` or `mærke.svg`.

    Args:
        folder: of the content; what an editor or a system hides or keeps is not looked at.
    """
    used = {folder / name for name in (FACTS_FILE, MARK_FILE, RECEIPT_FILE)}
    for path in {*folder.glob("[!.]*")} - used - {*page_paths(folder)}:
        if not path.name.endswith("~"):
            words = tell(
                "filen bliver ikke brugt; en side ender på .md, og mærket hedder %(mark)s",
                mark=MARK_FILE,
            )
            yield Finding(path, 1, words)
