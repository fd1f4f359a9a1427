"""The addresses that the program itself answers, each written here and nowhere else.

They stand in the browser's history and in the language's own path (`/en/skriv/`), so none of them
holds a word that could betray its reader.
"""

from typing import Final

# A page of `content/` that the program adds the form to.
FORM: Final = "/skriv/"
RECEIPT: Final = "/skriv/tak/"
AGAIN: Final = "/skriv/forfra/"
WITHOUT_COOKIE: Final = "/skriv/ikke-sendt/"
LEAVE: Final = "/forlad/"
HEALTH: Final = "/sundhed"

# No page of `content/` may have one of these.
TAKEN: Final = frozenset((RECEIPT, AGAIN, WITHOUT_COOKIE, LEAVE, f"{HEALTH}/"))
