"""Read a text as the person meant it: signs folded, words that mean digits as digits.

Rules that look for numbers then have one alphabet: digits, signs, small letters for words that
mean nothing to them, and a capital (see `words`) for each word that does.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from udvej.intake.signs import FOLDED
from udvej.intake.words import LEXICON, NUMBER_WORDS, TENS, UNITS, UNSURE

_WORDS = re.compile(r"([^\W\d_]+)")
# O, l and I typed for digits, in a word of these and digits; others in the last four. It begins
# with a set of characters: the engine then skips the rest.
_LOOKS = re.compile(
    r"[oil\d](?:(?:(?<=\d)(?<!\d\d)\d{5}|(?<=[oil])(?<![oil][oil])[oil]*+\d{6})"
    r"[ -]?-[ -]?[bgilosz\d]{4}(?![^\W_])"
    r"|(?<![^\W_][oil\d])(?:(?<=\d)\d*+[oil]|(?<=[oil])[oil]*+\d)[oil\d]*+(?![^\W_]))"
)
# Digits enough by themselves.
_ENOUGH = re.compile(r"[oil]*(?:\d{4}|\d{6}|\d{10}|\d{12})[oil]*(?!\d)")
_AS_DIGITS = str.maketrans("bgilosz", "8611052")
_NEAR = 3  # characters between two words of one number, one of which may be a digit


class _Layer(NamedTuple):
    """Where pieces of a text begin before (`old`) and after (`new`) they were put in words."""

    old: Sequence[int]
    new: Sequence[int]

    @classmethod
    def between(cls, old: Iterable[str], new: Iterable[str]) -> "_Layer":
        return cls([*accumulate(map(len, old), initial=0)], [*accumulate(map(len, new), initial=0)])

    def back(self, place: int) -> int:
        """Give the place in the old text; a piece of another length is one place."""
        piece = bisect_right(self.new, place) - 1
        start, inside = self.old[piece], place - self.new[piece]
        if not inside or self.old[piece + 1] - start != self.new[piece + 1] - self.new[piece]:
            return start
        return start + inside


class Reading:
    """A text as read: `plain` is digits, signs, small letters and the capitals above."""

    def __init__(self, text: str) -> None:
        """Read it; any string will do, and time is linear in its length."""
        folded = list(map(FOLDED.__getitem__, text))
        plain = _LOOKS.sub(_as_digits, "".join(folded))
        parts = _WORDS.split(plain)
        meant = _meant(parts)
        self.plain = "".join(meant)
        self._layers = [_Layer.between(parts, meant)]
        if len(plain) != len(text) or list(map(len, folded)).count(1) != len(text):
            self._layers.append(_Layer.between(text, folded))

    def place(self, at: int) -> int:
        """Give the place in the text of a place in `plain`, or of its end."""
        for layer in self._layers:
            at = layer.back(at)
        return at

    def stop(self, end: int) -> int:
        """Map an exclusive end in `plain` to the text, past marks on the last character."""
        last = self.place(end - 1)
        while (stop := self.place(end)) == last:
            end += 1
        return stop


def _as_digits(looks: re.Match[str]) -> str:
    """Give what looks like digits as digits."""
    word = looks[0]
    if "-" in word:
        number = word.lstrip("oil")
        return word[: -len(number)] + number.translate(_AS_DIGITS)
    return word if _ENOUGH.match(word) else word.translate(_AS_DIGITS)


def _meant(parts: Sequence[str]) -> list[str]:
    """Give the parts of a text (signs, a word, signs, a word, …) with what known words mean."""
    words = parts[1::2]
    meant = [*parts]
    meant[1::2] = map(LEXICON.get, words, words)
    last = -2  # the last word that was a number
    unsure: list[int] = []  # words just before, digits if the next is one
    for at in [at for at, word in enumerate(words) if word in NUMBER_WORDS]:
        word, here, near = words[at], 2 * at + 1, len(parts[2 * at]) <= _NEAR
        if not (near and unsure and unsure[-1] == at - 1):
            unsure.clear()
        if word in UNSURE and not (near and last == at - 1):
            unsure.append(at)
            continue
        for one in unsure:
            meant[2 * one + 1] = UNSURE[words[one]]
        unsure.clear()
        last, meant[here] = at, UNSURE.get(word, meant[here])
        if parts[here - 1] not in (" ", "-") or at == 0:
            continue
        if word in UNITS and words[at - 1] in TENS and words[at - 1].endswith("ty"):
            meant[here - 2 : here + 1] = [TENS[words[at - 1]] + UNITS[word], "", ""]
        elif word in TENS and words[at - 1] == "og" and words[max(at - 2, 0)] in UNITS:
            meant[here - 4 : here + 1] = [TENS[word] + UNITS[words[at - 2]], "", "", "", ""]
    return meant
