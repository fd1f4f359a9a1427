"""Words of a trade and abbreviations, and whether a Danish text explains those that it uses."""

import re
from collections.abc import Mapping
from typing import Final

from udvej.content.facts import Facts
from udvej.content.schema import LISTS

# Each with a word that no explanation of it can do without, however it is put (WCAG 3.1.3, 3.1.4).
# Words of everyday Danish are none: sms, mail, mobil, pc, kl. So are the names among the facts.
TERMS: Final[Mapping[str, str]] = {
    r"CPR": r"personnum",
    r"\bexit(?!-)": r"udgang|hjælp til at komme ud|vej ud",
    r"exit-koordinator": r"politi",
    r"exit-medarbejder": r"kommune",
    r"exit-kandidat": r"\bvil ud\b",
    r"exit-enhed": r"kommunen, politiet og kriminalforsorgen",
    r"kriminalforsorgen": r"fængs",
    r"prøveløsladt": r"før (hele )?(straffen|din straf)",
    r"samtykkeerklæring": r"\bja til\b",
    r"samarbejdsaftale": r"kontrakt",
    r"personfarlig": r"skade",
    r"Digital Post": r"beskyttet post",
    r"sikker post": r"beskyttet post",
    r"\bcookie": r"lille fil",
    r"\bIP\b": r"forbindelses? nummer|nummer på (din forbindelse|nettet)",
    r"\bDPO\b": r"databeskyttelse",
    r"\bWCAG\b": r"regler for hjemmesider",
    r"\bAA\b": r"niveau AA\b",
    r"\bAAA\b": r"strengere regler",
    r"webtilgængelighedslov": r"loven om",
    r"krypteret": r"kodet|låst",
    r"dataansvarlig": r"har ansvaret for",
    r"indsigelse": r"ikke vil have",
    r"inkognito": r"privat fane",
    r"\bbrowser": r"program, du ser siden i",
    r"mentor": r"støtter",
    r"afvænning": r"misbrug",
    r"tilgængelighedserklæring": r"kort besked om",
}
_ABBREVIATION: Final = re.compile(r"\b[A-ZÆØÅ]{2,}\b")


def unexplained(text: str, facts: Facts) -> list[str]:
    """The terms of a text that it does not explain, and abbreviations that are none of them.

    Args:
        text: of a whole page.
        facts: whose words the municipality answers for.
    """
    words = " ".join(text.split())
    names = {
        entry.text(name)
        for table in ("kommune", *LISTS)
        for entry in (facts.each(table) if table in LISTS else [facts])
        for name in entry.names()
    }
    for name in sorted(filter(None, names), key=len, reverse=True):
        words = words.replace(name, "")
    missing = [
        term
        for term, meaning in TERMS.items()
        if re.search(term, words, re.IGNORECASE) and not re.search(meaning, words, re.IGNORECASE)
    ]
    strange = {
        short
        for short in _ABBREVIATION.findall(words)
        if not any(re.search(term, short, re.IGNORECASE) for term in TERMS)
    }
    return [*missing, *sorted(strange)]
