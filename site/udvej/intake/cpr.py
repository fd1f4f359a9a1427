"""Find and remove CPR numbers (Danish personnumre) in what a visitor has typed.

A miss cannot be undone and a false alarm costs a minute, so when in doubt it is a CPR number.
The text is folded to plain digits, letters and signs; written forms that cannot be anything but
something else (a foreign phone, a date with a time) are blanked; the digits left are tried.

The rules are CPR-kontoret's, "Personnummeret i CPR" and cpr.dk: DDMMYY-SSSS; a replacement number
(erstatningspersonnummer) has 60 added to the day; modulus 11 is no test, since numbers that fail
it have been given out from 2007.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# 31 February passes: it is rather a slip in a true number than anything else.
_DATE = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])(?:0[1-9]|1[0-2])"
_PLAUSIBLE = re.compile(rf"{_DATE}(?:\d{{6}}|(?:18|19|20)\d{{6}})")
# Only letters part digits from digits; every other sign may stand inside a number.
_RUN = re.compile(r"\d(?:[\W_]*\d)*")
_TEN = re.compile(r"\d(?:[\W_]*\d){9}")
_GROUP = re.compile(r"\d+")
_RUN_ENDS = r"(?![\W_]*\d)"

_WORD = r"(?:cpr|person[\W_]?n(?:umme)?r)"
_FILLER = r"(?:[\W_]|nummer|nr|er|mit|min|det|som|lyder|hedder|følgende)*"
# Called a CPR number, it is one: no date asked for, and a leading zero may have been lost.
_LENGTHS = "|".join(rf"(?:[\W_]*\d){{{length - 1}}}" for length in (10, 12, 9, 11))
_CALLED = re.compile(rf"{_WORD}{_FILLER}(\d(?:{_LENGTHS}))(?!\d)")
_CALLED_AFTER = re.compile(_FILLER + _WORD)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:(?:19|20)\d\d|\d\d)"
# A date written loosely (1/1-90 or 1990-01-01), then four digits in one piece.
_LOOSE = re.compile(
    rf"(?<!\d)(?:{_DAY}[./-] ?{_MONTH}[./-] ?{_YEAR}"
    r"|(?:18|19|20)\d\d[./ -]?(?:0[1-9]|1[0-2])[./ -]?(?:0[1-9]|[12]\d|3[01]))"
    r"[\W_]*\d{4}(?!\d)"
)

_CLOCK = r"(?:[01]?\d|2[0-4])[.:][0-5]\d"
_WRITTEN_DATE = (
    rf"(?:{_DAY}(?:-{_MONTH}-|\.{_MONTH}\.|/{_MONTH}/){_YEAR}|{_DAY}/{_MONTH}[ -](?:19|20)\d\d)"
)
_PHONE = (
    r"[2-9](?:\d{7}|\d{3}[ .-]\d{4}"
    r"|\d(?: \d\d){3}|\d(?:-\d\d){3}|\d(?:\.\d\d){3}|\d(?:[ .-]\d{3}){2})"
)
_EIGHT = r"[2-9](?:[ .-]?\d){7}"

# Written so that it cannot be a CPR number, whatever its digits.
_EXCUSED = re.compile(
    # date, then clock time, with a sign between hours and minutes
    rf"(?<!\d)(?<!\d[./-])(?:{_WRITTEN_DATE}|(?:19|20)\d\d-\d\d-\d\d)[ ,]{{1,3}}{_CLOCK}"
    rf"(?::[0-5]\d)?(?: ?- ?{_CLOCK})?(?!(?:[^\w,;\n]|_)*\d)"
    # Danish phone with its country code; foreign phone (E.164: at most 15 digits, none from 0)
    rf"|(?:\+ ?45|(?<!\d)0045)[ .-]{{0,3}}{_EIGHT}(?:[ .-]{_EIGHT})*(?![ .-]{{0,3}}\d)"
    r"|(?<!\d)\+(?!45|\d{6}[\W_]+\d{4}(?!\d))[1-9](?:[ ().-]{0,3}\d){6,14}(?![ ().-]{0,3}\d)"
    # Danish IBAN; reg.nr and account number
    rf"|(?<!\w)dk ?\d\d ?(?:\d{{4}} ?){{3}}\d\d{_RUN_ENDS}"
    rf"|konto[^\W\d_]{{0,20}}+(?:[\W_]|nr|nummer|er){{0,8}}\d{{4}}[ .-]{{1,3}}\d{{7,10}}{_RUN_ENDS}"
    rf"|(?<!\w)reg(?:[\W_]|nr|nummer){{0,8}}\d{{4}}[^\d]{{1,20}}konto[^\d]{{0,12}}\d{{7,10}}{_RUN_ENDS}"
    # case number: a year, then a number too short to be a CPR number by itself
    r"|(?<!\w)(?:sag(?:en|s)?|j|journal)(?:[\W_]|nummer|nr|er){0,8}"
    rf"(?:19|20)\d\d[-/.]\d{{1,9}}{_RUN_ENDS}"
    # amount in thousands
    r"|(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?:,\d\d)? ?(?:kr|dkk)(?!\w)"
)
# Looks like something else, unless the whole run of digits makes a CPR number.
_DATES = re.compile(rf"{_WRITTEN_DATE}(?:(?:, ?|; ?|\n| - | |-){_WRITTEN_DATE})+")
_HOURS = rf"(?:{_CLOCK}|(?:[01]?\d|2[0-4]))"
_ELSE = re.compile(
    rf"(?!20){_PHONE}(?:[ /]{_PHONE})*|(?:{_DAY}/{_MONTH}[ -])?{_HOURS} ?- ?{_HOURS}"
)
_PART = re.compile(r" *((?:[^,;\n/]|(?<! )/|/(?! ))+)")

_BLANK = "\u115f\u1160\u2800"  # letters and signs that show as nothing
_FIGURES = frozenset(range(100))  # some signs, such as a circled twelve, hold two digits
_PHONE_LENGTH = 8
_LIKELY = (1, 2, 3, 4, 5, 6, _PHONE_LENGTH)  # lengths of digit groups that stand for themselves
_PASSES = 8


class Span(NamedTuple):
    """A place in a text: `text[start:end]`."""

    start: int
    end: int


@lru_cache(maxsize=4096)
def _fold_sign(sign: str) -> str:
    """Give one character as plain digits, small letters, a space, a sign, or nothing."""
    folded = ""
    for char in unicodedata.normalize("NFKC", sign):
        number = unicodedata.numeric(char, -1.0)
        kind = unicodedata.category(char)
        if number in _FIGURES:
            folded += str(int(number))
        elif char in "\n\v\f\r\x85\u2028\u2029":
            folded += "\n"
        elif char.isspace() or char in _BLANK:
            folded += " "
        elif kind == "Pd" or char == "\u2212":
            folded += "-"
        elif kind not in ("Cc", "Cf", "Mn", "Me"):  # these show as nothing, or on the sign before
            folded += char.casefold()
    return folded


def _fold(text: str) -> tuple[str, list[int]]:
    """Give the folded text and, for each of its characters and its end, the place in `text`."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        folded = _fold_sign(sign)
        signs.append(folded)
        places.extend([place] * len(folded))
    return "".join(signs), [*places, len(text)]


def _blank(match: re.Match[str]) -> str:
    return "x" * len(match[0])


def _windows(run: str) -> Iterator[tuple[int, int]]:
    """Give every stretch of whole groups that holds a plausible CPR number.

    A number begins where a group of digits begins, or anywhere in one as long as no phone is; it
    may end inside a group (one digit too many), unless that group is a phone number.
    """
    groups = [match.span() for match in _GROUP.finditer(run)]
    digits = "".join(run[start:end] for start, end in groups)
    owner = [group for group in groups for _ in range(*group)]
    first = 0
    for group in groups:
        length = group[1] - group[0]
        for begin in range(first, first + (1 if length in _LIKELY else length)):
            for size in (10, 12):
                end = begin + size
                if end > len(digits) or not _PLAUSIBLE.fullmatch(digits, begin, end):
                    continue
                last = owner[end - 1]
                whole = end == len(digits) or owner[end] != last
                phone = last[1] - last[0] == _PHONE_LENGTH and run[last[0]] in "23456789"
                if whole or (length > 1 and not phone):
                    yield group[0], last[1]
        first += length


def _in_run(run: str) -> Iterator[tuple[int, int]]:
    """Give the places of CPR numbers in one run of digits and signs."""
    if _PLAUSIBLE.fullmatch("".join(_GROUP.findall(run))):
        yield 0, len(run)
    elif not _DATES.fullmatch(run):
        kept = _PART.sub(lambda part: _blank(part) if _ELSE.fullmatch(part[1]) else part[0], run)
        for rest in _RUN.finditer(kept):
            for start, end in _windows(rest[0]):
                yield rest.start() + start, rest.start() + end


def _in_folded(plain: str) -> Iterator[tuple[int, int]]:
    """Give the places of CPR numbers in folded text, in no order and perhaps overlapping."""
    called = dict(match.span(1) for match in _CALLED.finditer(plain))
    yield from called.items()
    plain = _EXCUSED.sub(
        lambda match: match[0] if match.start() in called else _blank(match), plain
    )
    yield from (match.span() for match in _LOOSE.finditer(plain))
    for run in _RUN.finditer(plain):
        if _TEN.fullmatch(run[0]) and _CALLED_AFTER.match(plain, run.end()):
            yield run.span()
        for start, end in _in_run(run[0]):
            yield run.start() + start, run.start() + end


def find(text: str) -> list[Span]:
    """Give the places of CPR numbers in `text`, in order and apart; an empty list if none.

    Takes any string, never raises. A digit run longer than a number is given whole.
    """
    plain, places = _fold(text)
    spans: list[Span] = []
    for start, after in sorted(_in_folded(plain)):
        end, last = after, places[after - 1]
        while places[end] == last:
            end += 1
        stop = places[end]  # the next that shows: marks set on the last digit go with it
        if spans and places[start] < spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(stop, spans[-1].end))
        else:
            spans.append(Span(places[start], stop))
    return spans


def _join(before: str, after: str) -> str:
    """Join what stood around a number, keeping one of the two gaps."""
    left, right = before.rstrip(), after.lstrip()
    gap = max(before[len(left) :], after[: len(after) - len(right)], key=lambda s: s.count("\n"))
    return left + (gap if left and right and right[0] not in ",.;:!?)" else "") + right


def remove(text: str) -> str:
    """Give `text` without its CPR numbers; `find` finds nothing in what is returned.

    Nothing is put in their place, and the space around them is closed up. Text without a CPR
    number is returned as it is.
    """
    for _ in range(_PASSES):  # the digits around a number may make another when it is gone
        spans = find(text)
        if not spans:
            return text
        for start, end in reversed(spans):
            text = _join(text[:start], text[end:])
    return "".join(sign for sign in text if not re.search(r"\d", _fold_sign(sign)))
