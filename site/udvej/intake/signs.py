"""Fold the characters of a text: digits of every script, spaces, dashes, what does not show."""

import re
import unicodedata
from typing import Final

_FIGURES = frozenset(range(100))  # some signs, such as a circled twelve, hold two digits
_BREAKS = "\n\v\f\r\x85\u2028\u2029"
_BLANK = "\u115f\u1160\u2800"  # letters and signs that show as nothing
_SHOW_AS_NOTHING = ("Cc", "Cf", "Mn", "Me")  # or on the sign before
# Spelled with or without, by the same person.
_ARABIC = str.maketrans("أإآة", "اااه", "ـ")  # noqa: RUF001 (Arabic it is)
# "İ" folds to "i" and a dot above, which shows as nothing by itself.
_CASE_MARKS = re.compile("[\u0300-\u036f]")
_LONGEST = 2  # letters; some ligatures are whole sentences


def _fold(sign: str) -> str:
    """Give one character as plain digits, small letters, a space, a sign, or nothing."""
    folded = ""
    for char in unicodedata.normalize("NFKC", sign).translate(_ARABIC):
        number = unicodedata.numeric(char, -1.0)
        kind = unicodedata.category(char)
        if number in _FIGURES:
            folded += str(int(number))
        elif char in _BREAKS:
            folded += "\n"
        elif char.isspace() or char in _BLANK:
            folded += " "
        elif kind == "Pd" or char == "\u2212":
            folded += "-"
        elif kind not in _SHOW_AS_NOTHING:
            folded += _CASE_MARKS.sub("", char.casefold())
    if len(folded) > _LONGEST and not any(map(str.isdigit, folded)):
        return folded[:1]
    return folded


class _Folded(dict[str, str]):
    """Characters and what they fold to, filled as they are met, up to a bound."""

    most = 20_000

    def __missing__(self, sign: str) -> str:
        folded = _fold(sign)
        if len(self) < self.most:
            self[sign] = folded
        return folded


# Each character and what it folds to.
FOLDED: Final = _Folded()


def fold(text: str) -> str:
    """Give a text with each of its characters folded."""
    return "".join(map(FOLDED.__getitem__, text))
