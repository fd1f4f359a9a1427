"""How long the search for CPR numbers takes for the worst 64 KiB that a search can find."""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from bench.figures import MILLI, Figure, is_quick, show
from udvej.intake.cpr import find, remove

SIZE: Final = 65_536
WANTED: Final = 0.05
PIECES: Final = (
    *("0", "-", " ", "a", "a ", "é", "ﷺ", "z", "\n", "+", "*", "******.", "o", "1-", "1 ", "0 1 "),
    *("1a", "a1b2", "x1", "1,", "1.", "(1", "+1 ", "1/1-", "23 26 10 99 ", "0101901234", "010190 "),
    *("0 1 0 1 9 0 1 2 3 4 ", "1-1-90 ", "7. maj 1979 ", "maj ", "010190 og ", "sidste fire 1143 "),
    *("sidste ", "og ", "en ", "fem ", "fire og tyve ", "cpr ", "cpr 1 ", "sag ", "sag 12-", "kr "),
    *("kr 120.384 ", "konto 1234 ", "p-nr 1", "https://", "www.", "abc-", "3f070579-3148-4a22-"),
    *(
        "İ",
        "1\u200b",
        "\u200b1",
        "lo1 ",
        "((1",
        "Zx1",
        "0o",
        "x ",
        "4 ",
        "7 i ",
        "12:",
        "fem og tyve ",
    ),
    *("4571120384123453 ", "+4915112038411 ", "00905072847539 ", "dk50 0040 ", "1143\n", "j nr "),
)
ROUNDS: Final = 150
QUICK: Final = 1  # round, of one piece
DIGITS: Final = 950  # just below where all digits go, unsearched


class Recipe(NamedTuple):
    """A text: so many characters of one piece, and the rest of another, after it or among it."""

    head: str
    rest: str
    share: int
    among: bool = False

    @property
    def text(self) -> str:
        """What is searched."""
        times = self.share // len(self.head)
        gap = (SIZE - self.share) // times if self.among else 0
        return ((self.head + (self.rest * gap)[:gap]) * times + self.rest * SIZE)[:SIZE]

    def __str__(self) -> str:
        """For a row of figures."""
        where = "among" if self.among else "then"
        return f"{self.share} of {self.head!a}, {where} {self.rest!a}"


def _seconds(act: Callable[[str], object], text: str, times: int = 3) -> float:
    """Of processor time, the least of a few: others share the machine."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        act(text)
        taken.append(time.process_time() - begun)
    return min(taken)


def _first(pieces: Sequence[str]) -> Iterator[Recipe]:
    """Every piece alone, and as many digits as are searched, before and among other words."""
    for piece in pieces:
        yield Recipe(piece, piece, SIZE)
        if digits := sum(map(str.isdigit, piece)):
            for rest, among in product(("a ", "en ", "maj ", "-"), (False, True)):
                yield Recipe(piece, rest, DIGITS // digits * len(piece), among)


def main() -> int:
    """Try what is known to be slow, then random mixtures around the worst so far."""
    chance = random.Random(1)
    quick = is_quick(__doc__)
    pieces = PIECES[:QUICK] if quick else PIECES
    taken = {recipe: _seconds(find, recipe.text) for recipe in _first(pieces)}
    for _ in range(QUICK if quick else ROUNDS):
        worst = sorted(taken, key=lambda recipe: -taken[recipe])[:10]
        one = chance.choice(worst)
        recipe = chance.choice(
            [
                one._replace(head=chance.choice(PIECES)),
                one._replace(rest=chance.choice(PIECES)),
                one._replace(share=chance.randrange(1_000, SIZE)),
                one._replace(among=not one.among),
            ]
        )
        taken[recipe] = taken.get(recipe) or _seconds(find, recipe.text)
    worst = sorted(taken, key=lambda recipe: -taken[recipe])[:40]  # some for others' load
    again = {recipe: _seconds(find, recipe.text, 15) for recipe in worst}
    figures = []
    for recipe in sorted(again, key=lambda recipe: -again[recipe])[:5]:
        removed = _seconds(remove, recipe.text)
        figures.append(
            Figure(
                f"64 KiB searched: {recipe}",
                f"≤ {WANTED * MILLI:.0f} ms",
                f"{again[recipe] * MILLI:.0f} ms",
                f"removed in {removed * MILLI:.0f} ms",
                again[recipe] <= WANTED,
            )
        )
    return int(not show(figures))


if __name__ == "__main__":
    sys.exit(main())
