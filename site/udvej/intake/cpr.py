"""Find and remove CPR numbers (Danish personnumre) in what a visitor has typed.

A miss cannot be undone and a false alarm costs a minute, so when in doubt it is a CPR number.
A text is read (`reading`), and CPR numbers are looked for in the reading (`cpr_rules`).
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from itertools import accumulate, chain
from typing import Final, NamedTuple

from udvej.contacts import is_in_use
from udvej.intake.cpr_rules import numbers_in
from udvej.intake.lookalikes import NUMBERS
from udvej.intake.reading import Reading
from udvej.intake.words import FIELD

# Of one field; a person who wrote more knows what was taken out.
MOST_TRACES: Final = 4
_PASSES = 3
_PHONE_SIGNS = re.compile(r"[+\d ().\-/]+")
_FOUR = re.compile(r"\d(?: ?\d){3}")
_LONGEST = 80  # characters of a birth date in words
_MOST_BEFORE = (4, 40)  # words, characters


class Part(StrEnum):
    """How much of a CPR number a span holds."""

    WHOLE = "whole"
    BIRTH_DATE = "birth date"
    LAST_FOUR = "last four"


class Trace(NamedTuple):
    """What may be said of a span that was taken out: nothing that reads as a digit.

    Attributes:
        part: how much of a CPR number it was.
        after: the words just before it on its line, which are kept; at most four, or "".
    """

    part: Part
    after: str


class Span(NamedTuple):
    """A place in a text: `text[start:end]`."""

    start: int
    end: int


class Cleaned(NamedTuple):
    """A form without its CPR numbers.

    Attributes:
        fields: what is left, by field; `find_in` finds nothing in it.
        taken: what was taken out, by field, for those that held any; the first few.
    """

    fields: dict[str, str]
    taken: dict[str, list[Trace]]


def _is_phone(plain: str) -> bool:
    """Say whether a field holds a phone number that may be given out, and nothing else."""
    return bool(_PHONE_SIGNS.fullmatch(plain)) and is_in_use(plain)


def find_in(
    fields: Mapping[str, str], *, phones: Collection[str] = (), names: Collection[str] = ()
) -> dict[str, list[Span]]:
    """Find CPR numbers in a form, also those of which a part stands in each of two fields.

    Args:
        fields: what was typed, by field, in the order of the page. Any strings will do.
        phones: the fields for phone numbers. One that can be rung is never a CPR number there.
        names: the fields in which no number belongs. Four digits there belong to a birth date.

    Time is linear. A form of more than 1,000 digits, which no person writes, loses all from the
    first digit of each field to its last.

    Returns:
        The places in each field that holds any, in order and without overlap. A number with words
        within has two: the birth date and the four digits. A run of digits longer than a number is
        one.
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


def cleaned(
    fields: Mapping[str, str], *, phones: Collection[str] = (), names: Collection[str] = ()
) -> Cleaned:
    """Take the CPR numbers out of a form.

    Nothing is put in their place, and the space around them is closed up. A field without a CPR
    number is returned as it is. The arguments are those of `find_in`.
    """
    kept = dict(fields)
    taken: dict[str, list[Trace]] = {}
    for _ in range(_PASSES):  # the digits around a number may make another when it is gone
        found = find_in(kept, phones=phones, names=names)
        if not found:
            return Cleaned(kept, taken)
        for name, spans in found.items():
            traces = taken.setdefault(name, [])
            traces += _traces(kept[name], spans[: MOST_TRACES - len(traces)])
            kept[name] = _without(kept[name], spans)
    for names_left in (taken.keys(), kept.keys()):  # still found after _PASSES: drop all digits
        kept |= {name: _without(kept[name], _all_digits(kept[name])) for name in names_left}
        if not find_in(kept, phones=phones, names=names):
            break
    return Cleaned(kept, taken)


def find(text: str) -> list[Span]:
    """Give the places of CPR numbers in `text`, as `find_in` does; an empty list if none."""
    return find_in({"": text}).get("", [])


def remove(text: str) -> str:
    """Give `text` without its CPR numbers, as `cleaned` does."""
    return cleaned({"": text}).fields[""]


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


def _traces(text: str, spans: Sequence[Span]) -> list[Trace]:
    """Say what is taken out of one field and where, without a digit of it."""
    ends = [0, *(span.end for span in spans)]
    return [
        Trace(_part(text[start:end]), _before(text[since:start]))
        for since, (start, end) in zip(ends, spans, strict=False)
    ]


def _part(taken: str) -> Part:
    if len(taken) > _LONGEST:
        return Part.WHOLE
    plain = Reading(taken).plain
    if _FOUR.fullmatch(plain):
        return Part.LAST_FOUR
    whole = len("".join(NUMBERS.findall(plain))) > len("31121979")
    return Part.WHOLE if whole else Part.BIRTH_DATE


def _before(text: str) -> str:
    """Give the last words of the last line: up to one with a digit, or that may be one of several.

    "de sidste fire er" is quoted whole, of "nul to er" only the last word.
    """
    most, longest = _MOST_BEFORE
    words = text.rpartition("\n")[2].split()[-most - 1 :]
    numbers = [*map(_is_number, words)]
    start = len(words)
    while start and len(words) - start < most and len(" ".join(words[start - 1 :])) <= longest:
        at = start - 1
        alone = at > 0 and start < len(words) and not (numbers[at - 1] or numbers[start])
        if numbers[at] and (_holds_digit(words[at]) or not alone):
            break
        start = at
    return " ".join(words[start:]).strip(" ,.;:!?()-")


def _is_number(word: str) -> bool:
    """Say whether a word is a number, also if it is one only next to another."""
    return bool(NUMBERS.search(Reading(f"nul {word}").plain, 1))


def _holds_digit(word: str) -> bool:
    return any(unicodedata.numeric(sign, None) is not None for sign in word)
