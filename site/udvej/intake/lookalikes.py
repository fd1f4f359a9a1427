"""What is written so that it is no CPR number, though its digits might be one.

The patterns are for a `Reading`: small letters, and capitals for words with a meaning. They are
tried where a number or a word before one begins, never searched for, and look at a bounded piece
of text: time stays linear.
"""

import re
import string
from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import Final

from udvej.intake.words import ACCOUNT, LINK, MONEY, OTHER, PLACE_OF_WORK

DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
MONTH: Final = r"(?:0?[1-9]|1[0-2])"
YEAR: Final = r"(?:(?:18|19|20)\d\d|\d\d)"
# A day (60 is added in a replacement number) and a month as a CPR number has them. 31 February
# passes: it is rather a slip in a true number than anything else.
DATE: Final = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])(?:0[1-9]|1[0-2])"
# A CPR number among other numbers: nothing, or punctuation, between its pairs.
_GAP = r"[\W_]{0,4}"
_SIGNS = r"[\W_]{1,4}"
_SERIAL = rf"(?:\d{{4}}|{_SIGNS}\d\d(?:\d\d|[ .:-]\d\d))"
_PAIRS = (
    rf"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01]){_GAP}(?:0[1-9]|1[0-2]){_GAP}"
    rf"(?:(?:18|19|20)\d\d|\d\d){_SERIAL}"
)
_SINGLES = (
    r"(?:0S[1-9]|[12]S\d|3S[01]|6S[1-9]|[78]S\d|9S[01])S(?:0S[1-9]|1S[0-2])(?:S\d){6}"
).replace("S", r"[\W_]{1,2}")
SHAPED: Final = re.compile(
    rf"(?<!\d)(?:{_PAIRS}|{_SINGLES}"
    # one digit too many, on either side
    rf"|\d{DATE}\d\d{_SIGNS}\d{{4}}|{DATE}\d\d{_SIGNS}\d{{5}})(?!\d)"
)

_NO_MORE = r"(?![\W_]*\d)"
_ALONE = r"(?<!\d)(?<!\d[^\w,;\n])(?<!\d[^\w,;\n][^\w,;\n])"
_ENDS = r"(?![^\w,;\n]{0,3}\d)"
_CLOCK = r"(?:[01]?\d|2[0-4])[.:][0-5]\d"
_WRITTEN_DATE = (
    rf"(?:{DAY}(?:-{MONTH}-|\.{MONTH}\.|/{MONTH}/){YEAR}|{DAY}/{MONTH}[ -](?:19|20)\d\d)"
)
_EIGHT = r"[1-9](?:[ .-]?\d){7}"
_FOUR_HOURS = r"(?:[01]\d|2[0-4])[0-5]\d"
_THOUSANDS = r"(?:[1-9]\d{0,2}(?:[. ]\d{3})+(?:,\d\d)?|\d{1,8}(?:[.,]\d\d)?)"
_WORDS = rf"[\W_{LINK}]{{0,8}}"
_NUMBER = r"[a-z]{0,2}-?\d[\da-z]*(?:[./: -]{1,3}\d[\da-z]*)*"
_CASE = rf"(?:{OTHER}|(?<![^\W_])j\.? ?{LINK})"  # "j.nr." is a case number's too

# The first digits of a CPR number may stand before, some signs away.
_NO_BEFORE = r"(?<!\d[\W_])(?<!\d[\W_]{2})(?<!\d[\W_]{3})"
_SURELY_OTHER = re.compile(
    # From a sign or a digit.
    r"(?<!\d)\+ ?45[ .-]{0,3}" + _EIGHT + rf"(?:[ .-]{_EIGHT})*+(?![ .-]{{0,3}}\d)"
    rf"|(?<!\d)0045[ .-]{{0,3}}{_EIGHT}(?:[ .-]{_EIGHT})*+(?![ .-]{{0,3}}\d)"
    # foreign phone (E.164: at most 15 digits, none from 0)
    r"|(?:(?<!\d)\+|(?<![\d.:])" + _NO_BEFORE + r"00)(?!45|\d{6}[\W_]+\d{4}(?!\d))"
    r"\(?[1-9](?:(?! ?00[1-9]\d{7})[ ().-]{0,3}\d){6,14}(?!(?! ?00[1-9]\d{7})[ ().-]{0,3}\d)"
    r"|(?<!\d)(?:"
    # date, then clock time, with a sign between hours and minutes
    rf"(?<!\d[./-])(?:{_WRITTEN_DATE}|(?:19|20)\d\d-\d\d-\d\d)(?:[ ,]{{1,3}}|t){_CLOCK}"
    rf"(?::[0-5]\d)?(?: ?- ?{_CLOCK})?(?!(?:[^\w,;\n]|_)*\d)"
    # card number
    r"|\d{4}(?P<gap>[ -])(?:\d{4}(?P=gap)){2}\d{4}(?![ -]?\d)|3[47]\d\d[ -]\d{6}[ -]\d{5}(?!\d)"
    # case number of the police
    r"|\d{4}-\d{5}-\d{5}-\d\d(?!\d)"
    # geographic coordinates
    r"|(?!\d\.\d+\W+\d\.)\d{1,3}\.\d{4,}[^\w\n]{1,3}\d{1,3}\.\d{4,}(?![\d.])"
    # IPv4 address
    r"|" + _NO_BEFORE + r"(?:1?\d?\d|2[0-5]\d)(?:\.(?:1?\d?\d|2[0-5]\d)){3}"
    r"(?::\d{2,5})?(?![.-])(?![\W_]{0,3}\d)"
    # address with floor and postcode
    r"|\d{1,3}, ?\d{1,2}\.(?: ?\d{1,4})?\.?,? \d{4} (?=[a-z])"
    # hours, but not where the first of them may end a birth date
    rf"|(?<!\d)(?<!\d[ ./-]){_FOUR_HOURS} ?(?:-|{LINK}|til|to) ?{_FOUR_HOURS}{_NO_MORE}"
    r")"
    # From a letter.
    r"|(?<![^\W_])(?:"
    # UUID, MAC address
    r"[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|(?:[\da-f]{2}[:-]){5}[\da-f]{2}"
    # MD5, SHA-1, SHA-2, and whatever calls itself hexadecimal
    r"|(?=\d*[a-f])(?:[\da-f]{40}|[\da-f]{32}|[\da-f]{64})|0[xX][\da-f]+"
    r")(?![^\W_])"
    # Danish IBAN
    r"|(?<![^\W_])dk ?\d\d ?(?:\d{4} ?){3}\d\d(?![^\W_])"
    # account number
    rf"|{ACCOUNT}{_WORDS}\d{{4}}[ .-]{{1,3}}\d{{7,10}}{_NO_MORE}"
    rf"|{ACCOUNT}{_WORDS}\d{{4}}[^\d]{{1,20}}{ACCOUNT}[^\d]{{0,12}}\d{{7,10}}{_NO_MORE}"
    # case number: a year and a number too short to be a CPR number by itself
    rf"|{_CASE}{_WORDS}(?:19|20)\d\d[-/.]\d{{1,9}}{_NO_MORE}"
    rf"|{_CASE}{_WORDS}(?:\d{{1,4}}-)?\d{{1,5}}/(?:19|20)\d\d{_NO_MORE}"
    # production unit (P-nummer)
    rf"|(?:{PLACE_OF_WORK}|(?<![^\W_])p[ -]?{LINK}){_WORDS}10\d{{8}}(?!\d)"
)
# Foreign IBAN (ISO 13616), 15 to 34 characters, once its check digits are right.
_IBAN = re.compile(r"(?<![^\W_])[a-z]{2}\d\d(?: ?[\da-z]{4}){2,7}(?: ?[\da-z]{1,3})?(?![^\W_])")
# Likewise, unless a CPR number stands in it.
_NAMED = re.compile(
    rf"(?:{_CASE}|{ACCOUNT}){_WORDS}{_NUMBER}"
    # letters and digits in turns: a serial number
    r"|(?<![^\W_])\d*+[a-zX]++\d++[a-zX]++\d[^\W_]*+"
    r"|(?:https?://|www\.)[^\s]{1,300}"
)
# An amount.
_AMOUNT = re.compile(
    rf"(?<!\d)(?<!\d\W)(?<!\d\W\W){_THOUSANDS}(?:,-)? ?{MONEY}"
    rf"|{MONEY}[\W_]{{0,2}}{_THOUSANDS}(?![\W_]{{0,3}}\d)"
)
# Numbers with a check digit that is right: payment cards, IMEI, EAN.
_LONG = re.compile(r"(?<!\d)\d{13,19}(?!\d)")

_PHONE = (
    r"[2-9](?:\d{7}|\d{3}[ .-]\d{4}"
    r"|\d(?: \d\d){3}|\d(?:-\d\d){3}|\d(?:\.\d\d){3}|\d(?:[ .-]\d{3}){2})"
)
_HOURS = rf"(?:{_CLOCK}|(?:[01]?\d|2[0-4]))"
_WRITTEN = rf"{_WRITTEN_DATE}(?:(?:, ?|; ?|\n| - | |-){_WRITTEN_DATE})+"
# Phones, hours and dates: excused unless all the digits around them make a CPR number.
_LIKELY_OTHER = re.compile(
    rf"{_ALONE}(?:{_PHONE}(?:(?: / |[ /]){_PHONE})*+|(?:{DAY}/{MONTH}[ -])?{_HOURS} ?- ?{_HOURS})"
    rf"(?=(?: / | ?[,;\n])|{_ENDS})"
    rf"|(?<!\d)(?<!\d[\W_]){_WRITTEN}{_NO_MORE}"
)


# Patterns that are searched for begin with a set of characters: the engine then skips the rest.
NUMBERS: Final = re.compile(r"\d\d*+")
_SIGNPOSTS = re.compile(
    rf"[{OTHER}{ACCOUNT}{MONEY}{PLACE_OF_WORK}+jphw](?:(?<=\+)(?=[\d (])"
    rf"|(?<=[{OTHER}{ACCOUNT}{MONEY}{PLACE_OF_WORK}])(?=[^\d]{{0,24}}\d)"
    rf"|(?<![^\W_].)(?=[. -]{{1,2}}{LINK}[^\d]{{0,8}}\d|ttps?:|ww\.))"
)
_LETTERS = string.ascii_lowercase + LINK
_LONGEST_WORD = 40
_EAN = 13
_IBAN_LEAST = 15
_BIRTH_DATES = (6, 8)  # digits


def _starts(plain: str) -> list[int]:
    """Give where a lookalike may begin: numbers, words with a digit, and words before one."""
    starts = {match.start() for match in _SIGNPOSTS.finditer(plain)}
    for number in NUMBERS.finditer(plain):
        start = number.start()
        word = plain[max(start - _LONGEST_WORD, 0) : start]
        starts |= {start, start - len(word) + len(word.rstrip(_LETTERS))}
    return sorted(starts)


def without_lookalikes(plain: str, kept: Container[int]) -> str:
    """Give a reading with letters in the place of whatever is surely no CPR number.

    Args:
        plain: the reading.
        kept: the places of numbers that are called CPR numbers.
    """
    return _blanked(plain, _starts(plain), partial(_excused, plain, kept))


def without_likely(plain: str) -> str:
    """Likewise, of what is rather something else, when all digits around it make no CPR number."""
    numbers = [number.start() for number in NUMBERS.finditer(plain)]
    return _blanked(plain, numbers, lambda start: _end(_LIKELY_OTHER.match(plain, start)))


def _blanked(plain: str, starts: Iterable[int], end_of: Callable[[int], int]) -> str:
    pieces, done = [], 0
    for start in starts:
        if start >= done and (end := end_of(start)):
            pieces += [plain[done:start], "x" * (end - start)]
            done = end
    return "".join([*pieces, plain[done:]])


def _excused(plain: str, kept: Container[int], start: int) -> int:
    """Give where what begins at `start` ends, when it is no CPR number; 0 when it may be one."""
    if start in kept:
        return 0
    if end := _end(_SURELY_OTHER.match(plain, start)) or _end(_AMOUNT.match(plain, start)):
        return end
    iban = _IBAN.match(plain, start)
    if iban and _has_iban_check(iban[0].replace(" ", "")):
        return iban.end()
    named = _NAMED.match(plain, start)
    digits = sum(map(str.isdigit, named[0])) if named else 0
    if (
        named
        and digits not in _BIRTH_DATES
        and not any(
            SHAPED.match(plain, number.start(), named.end())
            for number in NUMBERS.finditer(plain, start, named.end())
        )
    ):
        return named.end()
    long = _LONG.match(plain, start)
    return long.end() if long and _has_check_digit(long[0]) else 0


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _has_check_digit(number: str) -> bool:
    """Say whether the last digit is right by ISO/IEC 7812 (Luhn) or, of 13 digits, by GS1."""
    digits = [*map(int, reversed(number))]
    if len(digits) == _EAN:
        total = sum(digits[::2]) + 3 * sum(digits[1::2])
    else:
        total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0


def _has_iban_check(iban: str) -> bool:
    """Say whether an IBAN leaves 1 when divided by 97 (ISO 7064), its letters from 10 to 35."""
    return (
        len(iban) >= _IBAN_LEAST
        and int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
    )
