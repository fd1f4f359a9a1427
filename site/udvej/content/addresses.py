"""The addresses that the program itself answers, for all of its Python and templates.

nginx and `leave.js` have to repeat those of leaving and the form.

They stand in the browser's history and in the language's own path (`/en/skriv/`), so none of them
holds a word that could betray its reader.
"""

from typing import Final

# A page of `content/` that the program adds the form to. The receipt and every refusal are shown
# here too: an address of their own would tell that something was sent.
FORM: Final = "/skriv/"
AGAIN: Final = "/skriv/forfra/"
# Not routed on a running site: `udvej check` renders the receipts here without sending a form.
RECEIPTS: Final = "/skriv/tak/"
# Where nothing can be kept from one request to the next.
WITHOUT_COOKIE: Final = "/skriv/cookie/"
TOO_LONG: Final = "/skriv/kort/"
LEAVE: Final = "/forlad/"
HEALTH: Final = "/sundhed"
SECURITY: Final = "/.well-known/security.txt"

# No page of `content/` may have one of these.
TAKEN: Final = frozenset((AGAIN, RECEIPTS, WITHOUT_COOKIE, TOO_LONG, LEAVE, f"{HEALTH}/"))
