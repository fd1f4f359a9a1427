"""The facts that differ from one municipality to the next."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from udvej.contacts import phone_link
from udvej.content.kinds import DAYS, MAIL, MINUTES, PHONE, Kind, is_link, kind_of_own
from udvej.content.schema import LISTS, OWN, SCHEMA

# One table, as it is given.
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """The checked facts, by table and key: `facts["team"]["telefon"]`.

    Attributes:
        tables: each table of `SCHEMA`, of which a list is a tuple, and the municipality's own.
        known: whether they could be read; else there may be any fact of its own.
    """

    tables: Mapping[str, Given | Sequence[Given]]
    known: bool = True

    @classmethod
    def unknown(cls) -> "Facts":
        """All of them still to be filled in; to look at pages while `kommune.toml` is wrong."""
        blank = {table: dict.fromkeys(kinds, "") for table, kinds in SCHEMA.items()}
        lists = {table: (blank[table],) for table in LISTS}
        return cls({**blank, **lists, OWN: defaultdict(str)}, known=False)

    def __getitem__(self, table: str) -> Given:
        """One table of `kommune.toml`; of a list the first, or one in which nothing is given."""
        found = self.tables[table]
        if isinstance(found, Mapping):
            return found
        return found[0] if found else dict.fromkeys(SCHEMA[table], "")

    def each(self, table: str) -> Sequence["Facts"]:
        """These facts once for each entry of a list, as if there were no other entry."""
        return [
            Facts({**self.tables, table: (entry,)})
            for entry in self.tables[table]
            if isinstance(entry, Mapping) and any(entry.values())
        ]

    @property
    def recipients(self) -> Sequence[str]:
        """The mail addresses that referrals go to, at least one."""
        return self["team"]["modtagere"] or [self["team"]["mail"]]

    def offers(self, tag: str) -> bool:
        """Whether the site is to be read in a language; in all there are, unless some are named."""
        named = self["sprog"]["tilbyd"]
        return named == "" or tag in named

    def text(self, name: str) -> str:
        """The words of a fact.

        Args:
            name: table and key, such as "team.telefon".

        Returns:
            "" where the municipality has not filled the fact in.

        Raises:
            KeyError: there is no fact of that name.
        """
        value = self._value(name)
        return site_name(value) if is_link(value) else str(value)

    def is_words(self, name: str) -> bool:
        """Whether a fact is Danish to be translated, rather than a name, a number or an address.

        Raises:
            KeyError: there is no fact of that name.
        """
        return self._kind(name).is_words

    def duration(self, name: str) -> timedelta | None:
        """A fact that is a time, in minutes or days; None for all others.

        Raises:
            KeyError: there is no fact of that name.
        """
        kind, value = self._kind(name), self._value(name)
        if value == "":
            return None
        if kind is MINUTES:
            return timedelta(minutes=value)
        return timedelta(days=value) if kind is DAYS else None

    def link(self, name: str) -> str:
        """Where a phone number, mail address or web address leads; else "".

        Raises:
            KeyError: there is no fact of that name.
        """
        kind, value = self._kind(name), self._value(name)
        if value == "":
            return ""
        if kind.fits is PHONE.fits:
            return phone_link(value)
        if kind.fits is MAIL.fits:
            return f"mailto:{value}"
        return str(value) if is_link(value) else ""

    def has(self, name: str) -> bool:
        """Whether there is a fact of that name, filled in or not."""
        table, _, key = name.partition(".")
        if table == OWN:
            return key in self[OWN] or not self.known
        return key in SCHEMA.get(table, {})

    def names(self) -> Iterator[str]:
        """The names of all facts, filled in or not."""
        for table in self.tables:
            yield from (f"{table}.{key}" for key in self[table])

    def missing(self) -> Iterator[str]:
        """The names of the facts that are still to be filled in before the site goes live."""
        for table, kinds in SCHEMA.items():
            found = self.tables[table]
            entries = [found] if isinstance(found, Mapping) else found
            for key, kind in kinds.items():
                if kind.is_asked_for and any(entry[key] == "" for entry in entries):
                    yield f"{table}.{key}"

    def _value(self, name: str) -> Any:  # noqa: ANN401 (what TOML can hold)
        table, _, key = name.partition(".")
        return self[table][key]

    def _kind(self, name: str) -> Kind:
        table, _, key = name.partition(".")
        return kind_of_own(self[OWN][key]) if table == OWN else SCHEMA[table][key]


def site_name(address: str) -> str:
    """What people call the site at an address: its host without "www."."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
