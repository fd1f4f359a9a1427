"""`kommune.toml`, where a municipality gives its facts: read, checked, named by its lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from udvej.content.facts import Facts, Given
from udvej.content.kinds import Kind, kind_of_own
from udvej.content.located_toml import LocatedToml, read_text
from udvej.content.messages import Message
from udvej.content.schema import LISTS, OWN, SCHEMA
from udvej.errors import ContentError, Mistakes
from udvej.wording import did_you_mean, nearest, tell

FACTS_FILE: Final = "kommune.toml"
_OWN_KEY: Final = re.compile(r"[a-zæøå0-9_]+")
_TABLES: Final = {*SCHEMA, OWN}


def load_facts(path: Path) -> Facts:
    """Read and check `kommune.toml`.

    Raises:
        ContentError: naming file, line and key.
    """
    source, mistakes = source_of(path), Mistakes()
    mistakes.add(_wrong_tables(source))
    for table, number, given in _entries(source):
        mistakes.add(_wrong_own(source) if table == OWN else _wrong(source, table, given, number))
    mistakes.raise_if_any()
    tables: dict[str, Given | Sequence[Given]] = {OWN: MappingProxyType(source.data.get(OWN, {}))}
    for table, kinds in SCHEMA.items():
        given = source.data.get(table, [{}] if table in LISTS else {})  # `[]` says: there is none
        whole = [MappingProxyType({**dict.fromkeys(kinds, ""), **each}) for each in _listed(given)]
        tables[table] = tuple(whole) if table in LISTS else whole[0]
    return Facts(MappingProxyType(tables))


def source_of(path: Path) -> LocatedToml:
    """What `kommune.toml` says, right or wrong, with each value taken for what it means.

    Raises:
        ContentError: it is not TOML, or cannot be read.
    """
    source = LocatedToml.parse(path, read_text(path))
    for table, kinds in SCHEMA.items():
        found = source.data.get(table)
        entries: list[Any] = found if isinstance(found, list) else [found]
        for entry in filter(lambda one: isinstance(one, dict), entries):
            for key in kinds.keys() & entry.keys():
                entry[key] = kinds[key].normalized(entry[key])
    return source


def legible_facts(path: Path) -> Facts:
    """As many facts as can be read while others are wrong, which are "" here."""
    facts = Facts.unknown()
    with suppress(ContentError):
        source, tables = source_of(path), {**facts.tables}
        for table, _, given in _entries(source):
            if table not in LISTS and table != OWN:
                kinds = SCHEMA[table]
                right = {key: given.get(key, "") for key in kinds}
                tables[table] = {
                    key: value if kinds[key].may_be(value) else "" for key, value in right.items()
                }
        return Facts(tables, known=False)
    return facts


def examples(path: Path) -> Iterator[ContentError]:
    """The facts that a new folder was made with, and that are nobody's: no live site shows them.

    Args:
        path: a `kommune.toml` that has been found good.
    """
    source = source_of(path)
    for place, _, kind, value in _given(source):
        if kind.is_example(value):
            problem = tell("er kun et eksempel (»%(value)s«); skriv jeres eget", value=value)
            yield source.error(problem, *place)


def messages(path: Path) -> Iterator[Message]:
    """What there is to translate in `kommune.toml`, with what it says above each fact.

    Args:
        path: a `kommune.toml` that has been found good.
    """
    source = source_of(path)
    for place, name, kind, value in _given(source):
        if kind.is_words and value:
            comment = source.comment(*place) or f"fact {name}"
            yield Message(source.line(*place), value, "", comment)


# Key, table, and which of the tables of that name: as `LocatedToml` asks for it.
_Place = tuple[str, str, int]


def _given(source: LocatedToml) -> Iterator[tuple[_Place, str, Kind, Any]]:
    """Each fact that the file gives, with its place, name and kind."""
    for table, found in source.data.items():
        for number, entry in enumerate(_listed(found)):
            for key, value in entry.items():
                kind = kind_of_own(value) if table == OWN else SCHEMA[table][key]
                yield (key, table, number), f"{table}.{key}", kind, value


def _listed(found: Any) -> Sequence[Given]:  # noqa: ANN401 (what TOML can hold)
    return found if isinstance(found, list) else [found]


def _entries(source: LocatedToml) -> Iterator[tuple[str, int, Given]]:
    """Each table that is as it should be, and is looked at closer; those left out are empty."""
    misspelt = {nearest(table, _TABLES) for table in source.data.keys() - _TABLES}
    for table in sorted(_TABLES - misspelt):
        found = source.data.get(table, [] if table in LISTS else {})
        if not _misshapen(table, found):
            yield from ((table, number, entry) for number, entry in enumerate(_listed(found)))


def _misshapen(table: str, found: object) -> bool:
    if table not in LISTS:
        return not isinstance(found, dict)
    return not (isinstance(found, list) and all(isinstance(each, dict) for each in found))


def _wrong_tables(source: LocatedToml) -> Iterator[ContentError]:
    for table, found in source.data.items():
        if table not in _TABLES:
            problem = tell("kendes ikke; slet den, eller ret stavningen")
            yield source.error(problem + did_you_mean(table, _TABLES), table, table)
        elif _misshapen(table, found) and table in LISTS:
            problem = tell("skriv [[%(table)s]] på en linje for sig, én for hver", table=table)
            yield source.error(problem, table, table)
        elif _misshapen(table, found):
            problem = tell("skriv [%(table)s] på en linje for sig", table=table)
            yield source.error(problem, table, table)


def _wrong_own(source: LocatedToml) -> Iterator[ContentError]:
    for key, value in source.data.get(OWN, {}).items():
        kind = kind_of_own(value)
        if not _OWN_KEY.fullmatch(key):
            problem = tell("skriv navnet med små bogstaver og _, som tolk_telefon")
            yield source.error(problem, key, OWN)
        elif not kind.may_be(value):
            yield source.error(kind.advice_in_words, key, OWN)
        elif _has_braces(value):
            yield source.error(_no_braces(), key, OWN)


def _why_unknown(source: LocatedToml, key: str, kinds: Mapping[str, Kind]) -> str:
    if key in _TABLES:
        return tell("flyt linjen op over den første linje med [ og ]")
    if homes := [table for table in SCHEMA if key in SCHEMA[table] and table not in source.data]:
        headers = map(_header, homes)
        return tell("skal stå under %(table)s; skriv den linje over", table=next(headers))
    return tell("kendes ikke; slet linjen, eller ret stavningen") + did_you_mean(key, kinds)


def _header(table: str) -> str:
    return f"[[{table}]]" if table in LISTS else f"[{table}]"


def _no_braces() -> str:
    return tell("{ og } kan kun bruges på en side; skriv det, der skal stå")


def _has_braces(value: object) -> bool:
    return isinstance(value, str) and not {*"{}"}.isdisjoint(value)


def _wrong(source: LocatedToml, table: str, given: Given, number: int) -> Iterator[ContentError]:
    kinds = SCHEMA[table]
    unknown = [key for key in given if key not in kinds]
    for key in unknown:
        yield source.error(_why_unknown(source, key, kinds), key, table, number)
    if table in LISTS and not any(value != "" for value in given.values()):
        return  # an entry that waits to be filled in
    misspelt = {nearest(key, kinds) for key in unknown}  # which is said already
    for key, kind in kinds.items():
        if key in misspelt:
            continue
        if key not in given and not kind.may_be_absent:
            problem = tell("mangler under %(table)s; ", table=_header(table))
            yield source.error(problem + kind.advice_in_words, key, table, number)
        elif not kind.may_be(given.get(key, "")):
            yield source.error(kind.advice_in_words, key, table, number)
        elif _has_braces(given.get(key)):
            yield source.error(_no_braces(), key, table, number)
