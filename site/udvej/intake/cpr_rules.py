"""The grammar of CPR numbers: whole, glued to other digits, or a birth date and four digits apart.

What is written as something else is blanked first (`lookalikes`). The numbers, and the words
before and after, are then looked at in a bounded piece of text each: time stays linear.

The rules are CPR-kontoret's, "Personnummeret i CPR" and cpr.dk: DDMMYY-SSSS; a replacement number
(erstatningspersonnummer) has 60 added to the day; modulus 11 is no test, since numbers that fail
it have been given out from 2007.
"""

import re
import string
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from udvej.intake.lookalikes import (
    DATE,
    DAY,
    MONTH,
    NUMBERS,
    SHAPED,
    YEAR,
    without_likely,
    without_lookalikes,
)
from udvej.intake.words import CPR, FIELD, LAST, LINK

_FEWEST = 7  # digits of "7 maj 79 3148"
_TEN = 10
_MOST = 1_000  # in one form: a hundred phone numbers, in fields that hold 1,720 characters
_RUN = re.compile(r"\d(?:[\W_]*+\d)*+")
_PLAUSIBLE = re.compile(rf"{DATE}(?:\d{{6}}|(?:18|19|20)\d{{6}})")
_NOT_DIGITS = re.compile(r"\D+")
# An unbroken number that begins or ends with a CPR number.
_GLUED = re.compile(rf"(?<!\d)(?:{DATE}\d{{7,}}|\d+?{DATE}(?:(?:18|19|20)\d\d|\d\d)\d{{4}}(?!\d))")

_WORD = rf"(?:{CPR}|person[\W_]?{LINK})"
_FILLER = rf"[\W_{LINK}]*+"
# Called a CPR number, it is one: no date asked for, and a leading zero may have been lost.
_LENGTHS = "|".join(rf"(?:[\W_]*\d){{{length - 1}}}" for length in (10, 12, 9, 11))
_CALLED = re.compile(rf"{_WORD}{_FILLER}(\d(?:{_LENGTHS}))(?!\d)")
_CALLED_AFTER = re.compile(_FILLER + _WORD)

# A birth date, written in any way that people write one.
_BETWEEN = r"(?: ?[./-] ?| )"
_SPOKEN_DAY = r"(?:0 ?[1-9]|[12] ?\d|3 ?[01]|[1-9])"
_SPOKEN_MONTH = r"(?:0 ?[1-9]|1 ?[0-2]|[1-9])"
_NAMED_YEAR = r"(?:(?:18|19|20) ?)?\d ?\d"
_BORN = (
    rf"(?:(?<!\d)(?<!\d[./-])(?:{DATE}{YEAR}"
    rf"|{_SPOKEN_DAY}{_BETWEEN}{_SPOKEN_MONTH}{_BETWEEN}{_NAMED_YEAR}"
    rf"|(?:18|19|20)\d\d[./ -]?(?:0[1-9]|1[0-2])[./ -]?(?:0[1-9]|[12]\d|3[01])"
    rf"|{DAY}\.?(?:st|nd|rd|th)?[ -]?(?:of |i )?(?:[A-L]|(?<=i ){MONTH}\b)[\W_]{{0,3}}{_NAMED_YEAR}"
    rf"|{DAY}\.? m\w+ {MONTH} (?:år|aar) {YEAR})"
    rf"|[A-L] ?{DAY}\.?(?:st|nd|rd|th)?,? (?:18|19|20)\d\d)(?!\d)"
)
_FOUR = r"(?<!\d)(?:\d{4}(?!\d)|\d(?: ?\d){3}(?! ?\d))(?![./:-]\d)"
_NUMBERED = rf"[46](?= ?[{LINK}{LAST}1])|(?<={LAST} )4(?= )|2\.(?= {LINK})"
_DATE_STARTS = re.compile(r"[\dA-L](?<!\d\d)(?:(?<=\d)|(?= ?\d))")
_DATE = re.compile(_BORN)
_THEN_FOUR = re.compile(
    rf"(?P<gap>(?:[\W_{LINK}{LAST}{CPR}{FIELD}]|{_NUMBERED})*+)(?P<four>{_FOUR})"
)
# The last four digits, named as such, before or after; or alone on a line or in a field.
_NAMING = rf"(?:[\W_{LINK}{CPR}]|(?:i|of|in)\b){{0,30}}"
_NAMED_BEFORE = re.compile(rf"{LAST}{_NAMING}(?:4{_NAMING})?(?P<four>{_FOUR})")
_MASKED_BEFORE = re.compile(
    rf"[*_?#](?<![*_?#]{{2}})[*_?#]{{5}}(?![*_?#]){_NAMING}(?P<four>{_FOUR})"
)
# "the last four": of a CPR number, also when the birth date is written in a way that no rule knows.
_NAMED_FOUR = re.compile(rf"{LAST}[ {LINK}]{{0,12}}4{_NAMING}(?P<four>{_FOUR})")
_MONTH_OR_YEAR = re.compile(r"[A-L12](?:(?<=[A-L])|(?<!\d[12])(?:(?<=1)[89]|(?<=2)0)\d\d(?!\d))")
_FOUR_DIGITS = re.compile(_FOUR)
_NAMED_AFTER = re.compile(
    rf"[ ,({LINK}]{{0,12}}(?:til |at |in )?(?:4 )?(?:{LAST}|end of)(?! ?4? ?(?!i\b)[a-z])"
)
# Also after a comma, when words say that a number comes.
_EDGE_BEFORE = re.compile(
    rf"(?:.*[\n{FIELD}])?(?:[^\w\n]|[_{LINK}])*+|.*[,;.:!?] ?{LINK} [ {LINK}]*+", re.DOTALL
)
# Glued to a word that means nothing here: a user name, a house number.
_APART = re.compile(r"(?<![^\W\dA-Z])")
_EDGE_AFTER = re.compile(rf"(?:[^\w\n]|[_{LINK}]){{0,12}}+(?![^\n{FIELD}])")
_EDGE = 12
_ALL_DIGITS = re.compile(rf"[^\d{FIELD}]*+(\d(?:[^{FIELD}]*\d)?)[^\d{FIELD}]*")
_WORD_SIGN = re.compile(r"[^\W_]")


def _whole(plain: str) -> Iterator[tuple[int, int]]:
    """Give runs of digits and signs whose digits are just those of a CPR number."""
    for run in _RUN.finditer(plain):
        digits = _NOT_DIGITS.sub("", run[0])
        if _PLAUSIBLE.fullmatch(digits) or (
            len(digits) == _TEN and _CALLED_AFTER.match(plain, run.end())
        ):
            yield run.span()


def _dates(plain: str) -> list[tuple[int, int]]:
    """Give the places of birth dates, in order and without overlap."""
    dates, done = [], 0
    for start in _DATE_STARTS.finditer(plain):
        if start.start() >= done and (date := _DATE.match(plain, start.start())):
            dates.append(date.span())
            done = date.end()
    return dates


def _last_four(plain: str, names: Collection[range]) -> Iterator[tuple[int, int, bool]]:
    """Give the places of four digits that belong to a birth date, and whether they are named so."""
    for pattern in (_NAMED_BEFORE, _MASKED_BEFORE):
        yield from ((*match.span("four"), True) for match in pattern.finditer(plain))
    for number in NUMBERS.finditer(plain):
        start = number.start()
        four = _FOUR_DIGITS.match(plain, start)
        if four and (
            (_APART.match(plain, start) and any(start in name for name in names))
            or _NAMED_AFTER.match(plain, four.end())
            or (
                _EDGE_AFTER.match(plain, four.end())
                and _EDGE_BEFORE.fullmatch(plain, max(start - _EDGE, 0), start)
            )
        ):
            yield *four.span(), False


def _without_date(plain: str) -> Iterator[tuple[int, int]]:
    """Give four digits that are named as such, in a text with a month or a year."""
    years = [match.span() for match in islice(_MONTH_OR_YEAR.finditer(plain), 2)]
    for match in _NAMED_FOUR.finditer(plain):
        if any(year != match.span("four") for year in years):
            yield match.span("four")


def _apart(plain: str, names: Collection[range]) -> Iterator[tuple[int, int]]:
    """Give birth dates and the four digits that belong to them, words between or fields."""
    dates = _dates(plain)
    if not dates:
        yield from _without_date(plain)
        return
    for start, end, named in _last_four(plain, names):
        at = bisect(dates, (start, end))
        near = dates[max(at - 2, 0) : at + 1]
        apart = [(begin, stop) for begin, stop in near if stop <= start or end <= begin]
        # "sidste fire 0 9 2 6" holds no date; "1979" after a month holds no four
        if apart and (named or len(apart) == len(near)):
            yield start, end
            yield min(apart, key=lambda date: max(date[0] - end, start - date[1]))


def numbers_in(plain: str, names: Collection[range]) -> list[tuple[int, int]]:
    """Give the places of CPR numbers in a reading, in order and without overlap.

    Args:
        plain: what a `Reading` made of a text, or of several with `FIELD` between.
        names: the pieces of it in which four digits belong to a birth date, come what may.
    """
    return _merged(plain, _numbers_in(plain, names))


def _numbers_in(plain: str, names: Collection[range]) -> Iterator[tuple[int, int]]:
    digits = sum(map(plain.count, string.digits))
    if digits < _FEWEST:
        return
    if digits > _MOST:
        yield from (match.span(1) for match in _ALL_DIGITS.finditer(plain))
        return
    called = dict(match.span(1) for match in _CALLED.finditer(plain))
    yield from called.items()
    plain = without_lookalikes(plain, called)
    yield from _whole(plain)
    for start, end in _dates(plain):
        if then := _THEN_FOUR.match(plain, end):
            if then["gap"].isupper():  # words
                yield start, end
                yield then.span("four")
            else:
                yield start, then.end()
    plain = without_likely(plain)
    for number in NUMBERS.finditer(plain):
        for pattern in (SHAPED, _GLUED):
            if match := pattern.match(plain, number.start()):
                yield match.span()
    yield from _apart(plain, names)


def _merged(plain: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put the places in order, and make one of those with nothing but signs between."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and not _WORD_SIGN.search(plain, merged[-1][1], start):
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
