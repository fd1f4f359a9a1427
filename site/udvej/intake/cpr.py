"""Find and remove CPR numbers (Danish personnumre) in what a visitor has typed.

A miss cannot be undone and a false alarm costs a minute, so when in doubt it is a CPR number.
A text is read (`reading`), and CPR numbers are looked for in the reading (`cpr_rules`).
"""

import re
from bisect import bisect
from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto
from itertools import accumulate, chain
from typing import Final, NamedTuple

import phonenumbers

from udvej.intake.cpr_rules import numbers_in
from udvej.intake.lookalikes import NUMBERS
from udvej.intake.reading import Reading
from udvej.intake.words import FIELD

# How to write what is no CPR number, so that it is never taken for one.
SAFE_WAYS: Final = {
    "phone": "+45 12 34 56 78",
    "time": "12. marts kl. 16.30",
    "amount": "120.384 kr.",
    "case": "sag 2030/1203841",
}
_PASSES = 4
_PHONE_SIGNS = re.compile(r"[+\d ().\-/]+")
_FOUR = re.compile(r"\d(?: ?\d){3}")
_WORDS_BEFORE = 4


class Part(Enum):
    """How much of a CPR number a span holds."""

    WHOLE = auto()
    BIRTH_DATE = auto()
    LAST_FOUR = auto()


class Trace(NamedTuple):
    """What may be said of a span that was taken out: nothing that reads as a digit.

    Attributes:
        part: how much of a CPR number it was.
        after: the words just before it on its line, at most four, or "".
    """

    part: Part
    after: str


class Span(NamedTuple):
    """A place in a text: `text[start:end]`."""

    start: int
    end: int


def _is_phone(plain: str) -> bool:
    """Say whether a field holds a phone number that may be given out, and nothing else."""
    if not _PHONE_SIGNS.fullmatch(plain):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(plain, "DK"))
    except phonenumbers.NumberParseException:
        return False


def find_in(
    fields: Mapping[str, str], *, phones: Collection[str] = (), names: Collection[str] = ()
) -> dict[str, list[Span]]:
    """Find CPR numbers in a form, also those of which a part stands in each of two fields.

    Args:
        fields: what was typed, by field, in the order of the page. Any strings will do.
        phones: the fields for phone numbers. One that can be rung is never a CPR number there.
        names: the fields in which no number belongs. Four digits there belong to a birth date.

    Time is linear. A form of more than 2,000 digits, which no person writes, loses all from the
    first digit of each field to its last.

    Returns:
        The places in each field that holds any, in order and apart. A number with words within
        has two: the birth date and the four digits. A run of digits longer than a number is one.
    """
    readings = [Reading(text) for text in fields.values()]
    plains = [
        "x" if name in phones and _is_phone(reading.plain) else reading.plain
        for name, reading in zip(fields, readings, strict=True)
    ]
    starts = [*accumulate((len(plain) + 1 for plain in plains), initial=0)]
    plain = FIELD.join(plains)
    named = [
        range(start, start + len(field))
        for name, start, field in zip(fields, starts, plains, strict=False)
        if name in names
    ]
    keys = [*fields]
    found: dict[str, list[Span]] = {}
    for begin, after in numbers_in(plain, named):
        field = bisect(starts, begin) - 1
        reading, start = readings[field], starts[field]
        span = Span(reading.place(begin - start), reading.stop(after - start))
        found.setdefault(keys[field], []).append(span)
    return found


def remove_from(
    fields: Mapping[str, str], *, phones: Collection[str] = (), names: Collection[str] = ()
) -> dict[str, str]:
    """Give the fields without their CPR numbers; `find_in` finds nothing in what is returned.

    Nothing is put in their place, and the space around them is closed up. A field without a CPR
    number is returned as it is. The arguments are those of `find_in`.
    """
    kept = dict(fields)
    for _ in range(_PASSES):  # the digits around a number may make another when it is gone
        found = find_in(kept, phones=phones, names=names)
        if not found:
            return kept
        for name, spans in found.items():
            kept[name] = _without(kept[name], spans)
    return {name: _without(text, _all_digits(text)) for name, text in kept.items()}


def find(text: str) -> list[Span]:
    """Give the places of CPR numbers in `text`, as `find_in` does; an empty list if none."""
    return find_in({"": text}).get("", [])


def remove(text: str) -> str:
    """Give `text` without its CPR numbers, as `remove_from` does."""
    return remove_from({"": text})[""]


def _all_digits(text: str) -> list[Span]:
    """Give the places of digits, and of words for digits."""
    reading = Reading(text)
    return [
        Span(reading.place(run.start()), reading.stop(run.end()))
        for run in NUMBERS.finditer(reading.plain)
    ]


def _without(text: str, spans: Sequence[Span]) -> str:
    """Cut the spans out, and keep one of the two gaps around each."""
    if not spans:
        return text
    edges = [0, *chain.from_iterable(spans), len(text)]
    kept: list[str] = []
    gap = ""
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        rest = text[start:end].lstrip()
        piece = rest.rstrip()
        gap = max(gap, text[start : end - len(rest)], key=_breaks)
        if piece:
            if (kept and piece[0] not in ",.;:!?)") or not start:
                kept.append(gap)
            kept.append(piece)
            gap = rest[len(piece) :]
    return "".join(kept) + (gap if text[spans[-1].end :].strip() else "")


def _breaks(gap: str) -> tuple[int, int]:
    return gap.count("\n"), len(gap)


def trace(text: str, span: Span) -> Trace:
    """Say what was taken out and where, without a digit of it.

    Args:
        text: what was typed in one field.
        span: a place in it that `find_in` gave.
    """
    plain = Reading(text[span.start : span.end]).plain
    if _FOUR.fullmatch(plain):
        part = Part.LAST_FOUR
    else:
        whole = len("".join(NUMBERS.findall(plain))) > len("31121979")
        part = Part.WHOLE if whole else Part.BIRTH_DATE
    line = text[: span.start].rpartition("\n")[2].split()[-_WORDS_BEFORE:]
    # From the last word that holds a digit, or means one beside others.
    after = next((n for n, word in enumerate(reversed(line)) if _is_number(word)), len(line))
    return Trace(part, " ".join(line[len(line) - after :]))


def _is_number(word: str) -> bool:
    return bool(NUMBERS.search(Reading(f"nul {word}").plain, 1))
