"""Names that a municipality's site must not say: the program's, and another municipality's."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from support.checkout import CHECKOUT
from support.municipality import NORDBY
from udvej.content.facts import Facts
from udvej.content.kinds import MAIL, NAME, PHONE
from udvej.content.kommune_toml import load_facts
from udvej.content.schema import SCHEMA
from udvej.errors import ContentError

_PROGRAM: Final = "Udvej"


def _names(facts: Facts) -> Iterator[str]:
    """What a municipality, its people and its places are called, and how they are reached."""
    for table, kinds in SCHEMA.items():
        entries = facts.each(table) or [facts]
        for key, kind in kinds.items():
            if kind.fits in (NAME.fits, PHONE.fits, MAIL.fits) and not kind.is_words:
                yield from (entry.text(f"{table}.{key}") for entry in entries)
    # "Nordby" of "Nordby Kommune".
    yield from (facts.text(name).partition(" ")[0] for name in ("kommune.navn", "politi.kreds"))


@cache
def names_of_others() -> Sequence[str]:
    """The program's name, and what the checkout's own content calls its municipality.

    Not what Nordby says as well, whatever the municipality of the checkout is called; nor anything
    while its facts cannot be read, which other tests say.
    """
    files = (path for path in NORDBY.rglob("*") if path.is_file())
    ours = "\n".join(path.read_text("utf-8") for path in files).casefold()
    try:
        theirs = [*_names(load_facts(CHECKOUT / "content" / "kommune.toml"))]
    except ContentError:
        theirs = []
    names = (name for name in theirs if name and name.casefold() not in ours)
    return [*dict.fromkeys((_PROGRAM, *names))]
