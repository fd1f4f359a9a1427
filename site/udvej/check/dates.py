"""Texts and numbers that nobody has looked at for long."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from udvej.check.findings import Finding
from udvej.content.headers import Header
from udvej.content.located_toml import LocatedToml
from udvej.wording import tell

REVIEWED: Final = "gennemgaaet"
_OLD: Final = timedelta(days=365)


def old_page(file: Header, today: date) -> Iterator[Finding]:
    """A finding if a page was last reviewed more than a year ago, or on a date to come."""
    reviewed, owner = file.values[REVIEWED], file.values["ansvarlig"]
    if isinstance(reviewed, date) and (wrong := _wrong(reviewed, today)):
        ask = tell("; bed %(owner)s om at læse siden, og ret datoen", owner=owner)
        yield Finding(file.source.path, file.source.line(REVIEWED), f"{REVIEWED}: {wrong}{ask}")


def old_contacts(source: LocatedToml, today: date) -> Iterator[Finding]:
    """Contacts in `kommune.toml` whose date says that nobody has tried them for a year."""
    for table, found in source.data.items():
        for number, entry in enumerate(found if isinstance(found, list) else [found]):
            reviewed = entry.get(REVIEWED) if isinstance(entry, Mapping) else None
            if isinstance(reviewed, date) and (wrong := _wrong(reviewed, today)):
                ask = tell("; prøv numre og adresser i [%(table)s], og ret datoen", table=table)
                line = source.line(REVIEWED, table, number)
                yield Finding(source.path, line, f"{REVIEWED}: {wrong}{ask}")


def _wrong(reviewed: date, today: date) -> str:
    if reviewed > today:
        return tell("%(date)s er ikke kommet endnu", date=reviewed)
    if today - reviewed > _OLD:
        return tell("%(date)s er over et år siden", date=reviewed)
    return ""
