"""Titles: the browser writes them down, so none may tell what its page is about."""

from collections.abc import Iterable, Sequence
from typing import Final

from udvej.languages import N_, Language, listed

# The context (msgctxt) of titles in the catalogues.
TITLE: Final = "title"

# Translators: words by which a title would betray its reader; put those of your language, apart
# by commas. No title may hold one of them.
TELL_TALE: Final = N_(
    "exit, bande, rocker, kriminal, afson, politi, fængsel, faengsel, løslad, loeslad, tatover, "
    "misbrug, flugt, udvej"
)


def tell_tale(language: Language) -> Sequence[str]:
    """The words that no title may hold in a language, the Danish ones among them."""
    return with_danish(language.catalogue.gettext(TELL_TALE))


def with_danish(own: str) -> Sequence[str]:
    """A language's own words and the Danish ones.

    Args:
        own: the translation of `TELL_TALE`, or "".
    """
    return listed(f"{TELL_TALE}, {own}".casefold())


def telling_word(title: str, words: Iterable[str]) -> str:
    """The first of the words that a title or an address holds, or ""."""
    folded = title.casefold()
    return next((word for word in words if word in folded), "")
