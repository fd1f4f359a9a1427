"""What a site looks like: its colours and its mark."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor
from pathlib import Path
from typing import Final

from udvej.content.colours import Colour
from udvej.content.facts import Facts
from udvej.content.kommune_toml import FACTS_FILE, source_of
from udvej.content.mark import MARK_FILE, Mark, load_mark
from udvej.errors import Mistakes
from udvej.wording import tell

# Text and its background (WCAG 1.4.6), and what is no text (WCAG 1.4.11).
_TEXT: Final = 7.0
_SIGN: Final = 3.0
# The backgrounds of a tab's icon: a light and a dark browser.
_TABS: Final = (Colour.read("#ffffff"), Colour.read("#202124"))

_STYLES: Final = Path(__file__).with_name("colours.css")
_NAMED: Final = re.compile(r"(?<=--accent: )#\w{6}(?=;)")
_GROUND: Final = re.compile(r"--(?:paper|wash): (#\w{6});")


@dataclass(frozen=True)
class ColourScheme:
    """The colours of one scheme, light or dark.

    Attributes:
        paper: what a page is written on.
        accent: of links, buttons and lines.
    """

    paper: Colour
    accent: Colour


@dataclass(frozen=True)
class Face:
    """What a site looks like.

    Attributes:
        styles: the custom properties of the colours, as CSS.
        light: the colours of those who like it light.
        dark: the colours of those who like it dark.
        icon: the colour of the tab's icon.
        mark: the municipality's, where it has one.
    """

    styles: str
    light: ColourScheme
    dark: ColourScheme
    icon: Colour
    mark: Mark | None

    @classmethod
    def load(cls, folder: Path, facts: Facts) -> "Face":
        """Read and check it.

        Args:
            folder: the content; may hold `maerke.svg`.
            facts: those of the same folder, whose `[udseende]` may name the accents.

        Raises:
            ContentError: an accent is below 7:1 on the paper, or the mark holds what it may not.
        """
        styles = _STYLES.read_text("utf-8")
        backgrounds = [Colour.read(ground) for ground in _GROUND.findall(styles)]
        mistakes, accents, marks = Mistakes(), list[Colour](), list[Mark]()
        for key, ours, on in zip(
            ("farve", "farve_moerk"),
            _NAMED.findall(styles),
            (backgrounds[:2], backgrounds[2:4]),
            strict=True,
        ):
            with mistakes.gathering():
                accents.append(_accent(folder, facts, key, Colour.read(ours), on))
        if (mark := folder / MARK_FILE).exists():
            with mistakes.gathering():
                marks.append(load_mark(mark))
        mistakes.raise_if_any()
        written = map(str, accents)
        return cls(
            _NAMED.sub(lambda _: next(written), styles),
            ColourScheme(backgrounds[0], accents[0]),
            ColourScheme(backgrounds[2], accents[1]),
            _icon(accents[0]),
            next(iter(marks), None),
        )


@lru_cache(maxsize=8)
def _icon(accent: Colour) -> Colour:
    """The same for all municipalities of the same colours."""
    return accent.nearest(_TABS, _SIGN)


def _accent(
    folder: Path, facts: Facts, key: str, ours: Colour, backgrounds: Sequence[Colour]
) -> Colour:
    """The municipality's accent of one scheme, or ours.

    Raises:
        ContentError: it cannot be read on the backgrounds of a page.
    """
    if not (written := facts["udseende"][key]):
        return ours
    accent = Colour.read(written)
    if (contrast := accent.least_contrast(backgrounds)) < _TEXT:
        path = folder / FACTS_FILE
        raise source_of(path).error(
            tell(
                "%(colour)s er svær at læse på siden (%(contrast)s, der skal være mindst"
                " %(least)s); den nærmeste, der kan bruges, er %(nearest)s",
                colour=written,
                contrast=_ratio(contrast),
                least=_ratio(_TEXT),
                nearest=accent.nearest(backgrounds, _TEXT),
            ),
            key,
            "udseende",
        )
    return accent


def _ratio(contrast: float) -> str:
    """A contrast ratio as Danish writes it, never rounded up."""
    return f"{floor(contrast * 10) / 10:.1f}:1".replace(".", ",")
