"""`kommune.toml`: the facts that differ from one municipality to the next."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from udvej.contacts import is_mail_address, is_phone, phone_link
from udvej.content.located_toml import LocatedToml, read_text

FACTS_FILE: Final = "kommune.toml"
# The characters of an address (RFC 3986).
_WEB = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _phone(value: object) -> bool:
    return isinstance(value, str) and is_phone(value)


def _mail(value: object) -> bool:
    return isinstance(value, str) and is_mail_address(value, ascii_only=True)


def _link(value: object) -> bool:
    if not (isinstance(value, str) and _WEB.fullmatch(value)):
        return False
    try:
        return bool(urlsplit(value).hostname)
    except ValueError:
        return False


def _links(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_link, value))


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high


@dataclass(frozen=True)
class Kind:
    """What a value must be, and what to tell the editor when it is not.

    Attributes:
        fits: whether a value is one.
        advice: what to write instead.
        optional: whether it may be "" until the municipality knows it.
        absent: whether it may be left out, which says the same; a folder made before the program
            knew the fact stays good.
    """

    fits: Callable[[object], bool]
    advice: str
    optional: bool = False
    absent: bool = False


TEXT = Kind(_text, 'skriv en tekst i anførselstegn, som "Lejre Kommune"')
UNKNOWN_YET = Kind(
    _text, 'skriv en tekst i anførselstegn, eller "" indtil I ved det', optional=True
)
# An answer to a reader's question, which only the municipality can give.
ANSWER = replace(UNKNOWN_YET, absent=True)
PHONE = Kind(_phone, 'skriv et telefonnummer, som "46 46 46 46"')
MAIL = Kind(_mail, 'skriv en mailadresse, som "navn@kommune.dk"')
LINK = Kind(_link, 'skriv en adresse, der begynder med "https://"')
LINK_UNKNOWN_YET = Kind(
    _link, 'skriv en adresse, der begynder med "https://", eller "" indtil I har den', optional=True
)
LINKS = Kind(_links, 'skriv mindst én adresse: ["https://…", "https://…"]')
MINUTES = Kind(_whole(1, 120), "skriv et helt antal minutter fra 1 til 120")
DAYS = Kind(_whole(1, 90), "skriv et helt antal dage fra 1 til 90")

SCHEMA: Mapping[str, Mapping[str, Kind]] = {
    "kommune": {"navn": TEXT},
    "team": {
        "navn": TEXT,
        "center": TEXT,
        "gade": TEXT,
        "postnr_by": TEXT,
        "telefon": PHONE,
        "mail": MAIL,
        "aabningstider": UNKNOWN_YET,
        "svartid": UNKNOWN_YET,
    },
    "politi": {
        "titel": TEXT,
        "navn": TEXT,
        "enhed": TEXT,
        "station": TEXT,
        "kreds": TEXT,
        "gade": TEXT,
        "postnr_by": TEXT,
        "telefon": PHONE,
        "mail": MAIL,
    },
    "sikkerpost": {"adresse": LINK},
    "forlad": {"minutter": MINUTES, "sider": LINKS},
    "frister": {"gemmes_dage": DAYS},
    "privatliv": {
        "dpo": UNKNOWN_YET,
        "sagssystem": UNKNOWN_YET,
        "hjemmel": UNKNOWN_YET,
        "rettigheder": ANSWER,
    },
    "tilgaengelighed": {"dato": UNKNOWN_YET, "erklaering": LINK_UNKNOWN_YET, "test": UNKNOWN_YET},
    "raadgivning": {"linjer": UNKNOWN_YET},
    "svar": dict.fromkeys(
        (
            "spoerg",
            "paaroerende",
            "fagperson",
            "anonym",
            "politiet_faar",
            "bruges_til",
            "fortryde",
            "ikke_egnet",
            "under_18",
            "anden_kommune",
            "straf",
            "beskyttelse",
            "gaeld",
            "flytte",
            "moedested",
            "tage_med",
            "koordinator",
            "laeser",
            "kontakt",
            "tolk",
            "foelsomt",
            "historie",
        ),
        ANSWER,
    ),
}


@dataclass(frozen=True)
class Facts:
    """The checked facts, by table and key: `facts["team"]["telefon"]`."""

    tables: Mapping[str, Mapping[str, Any]]

    def __getitem__(self, table: str) -> Mapping[str, Any]:
        """One table of `kommune.toml`."""
        return self.tables[table]

    def text(self, name: str) -> str:
        """The words of a fact.

        Args:
            name: table and key, such as "team.telefon".

        Returns:
            "" where the municipality has not filled the fact in.

        Raises:
            KeyError: there is no fact of that name.
        """
        kind, value = self._find(name)
        return site_name(value) if value and kind.fits is _link else str(value)

    def duration(self, name: str) -> timedelta | None:
        """A fact that is a time, in minutes or days; None for all others.

        Raises:
            KeyError: there is no fact of that name.
        """
        kind, value = self._find(name)
        if kind is MINUTES:
            return timedelta(minutes=value)
        return timedelta(days=value) if kind is DAYS else None

    def link(self, name: str) -> str:
        """Where a phone number, mail address or web address leads; else "".

        Raises:
            KeyError: there is no fact of that name.
        """
        kind, value = self._find(name)
        if value == "":
            return ""
        if kind is PHONE:
            return phone_link(value)
        if kind is MAIL:
            return f"mailto:{value}"
        return str(value) if kind.fits is _link else ""

    def has(self, name: str) -> bool:
        """Whether there is a fact of that name, filled in or not."""
        table, _, key = name.partition(".")
        return key in SCHEMA.get(table, {})

    def _find(self, name: str) -> tuple[Kind, Any]:
        table, _, key = name.partition(".")
        return SCHEMA[table][key], self.tables[table][key]

    def missing(self) -> Iterator[str]:
        """The names of the facts that are still to be filled in before the site goes live."""
        for table, keys in SCHEMA.items():
            yield from (f"{table}.{key}" for key in keys if self.tables[table][key] == "")


def load_facts(path: Path) -> Facts:
    """Read and check `kommune.toml`.

    Raises:
        ContentError: naming file, line and key.
    """
    source = LocatedToml.parse(path, read_text(path))
    for table, keys in source.data.items():
        if table not in SCHEMA:
            raise source.error("kendes ikke; slet den, eller ret stavningen", table, table)
        if not isinstance(keys, dict):
            raise source.error(f"skriv [{table}] på en linje for sig", table)
        for key in keys:
            if key not in SCHEMA[table]:
                raise source.error("kendes ikke; slet linjen, eller ret stavningen", key, table)
    tables = {}
    for table, kinds in SCHEMA.items():
        given = source.data.get(table, {})
        for key, kind in kinds.items():
            if key not in given and not kind.absent:
                raise source.error(f"mangler under [{table}]; {kind.advice}", key, table)
            value = given.get(key, "")
            if not (kind.fits(value) or (kind.optional and value == "")):
                raise source.error(kind.advice, key, table)
        tables[table] = MappingProxyType({**dict.fromkeys(kinds, ""), **given})
    return Facts(MappingProxyType(tables))


def site_name(address: str) -> str:
    """What people call the site at an address: its host without "www."."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
