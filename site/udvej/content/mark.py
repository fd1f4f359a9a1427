"""`maerke.svg`: the municipality's mark, read strictly and made of nothing but shapes.

It stands inside every page, so what it may hold is listed, and all else is refused: no script,
style, event, link or foreign content, nothing that is fetched or defined elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.parsers import expat

from markupsafe import Markup, escape

from udvej.content.located_toml import read_text
from udvej.errors import ContentError
from udvej.wording import deferred, tell

MARK_FILE: Final = "maerke.svg"
# The heaviest page and this, uncompressed, still fit the first TCP window.
MOST_BYTES: Final = 4096
# How many times as wide as high it may be, and as high as wide.
_MOST_TIMES: Final = 2
_HEIGHT: Final = 48

_SVG: Final = "http://www.w3.org/2000/svg"
_NUMBERS: Final = re.compile(r"[-+.,\deE\s%]+")
_PATH: Final = re.compile(r"[-+.,\deE\sMmZzLlHhVvCcSsQqTtAa]+")
_PAINT: Final = re.compile(r"none|currentColor|#(?:[0-9a-fA-F]{3}){1,2}|[a-z]+")
_WORD: Final = re.compile(r"[a-z]+")
_MOVES: Final = re.compile(
    r"(?:\s*(?:matrix|translate|scale|rotate|skew[XY])\([-+.,\deE\s]*\),?)+\s*"
)
_SIDE: Final = r"(\d{1,6}(?:\.\d+)?)"
_VIEW: Final = re.compile(rf"\s*-?{_SIDE}[\s,]+-?{_SIDE}[\s,]+{_SIDE}[\s,]+{_SIDE}\s*")

# What each attribute may say (SVG 2).
_ATTRIBUTES: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("fill", "stroke", "color"), _PAINT),
    **dict.fromkeys(("fill-rule", "clip-rule", "stroke-linecap", "stroke-linejoin"), _WORD),
    **dict.fromkeys(
        ("fill-opacity", "opacity", "stroke-opacity", "stroke-width", "stroke-miterlimit",
         "stroke-dasharray", "stroke-dashoffset", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy",
         "r", "rx", "ry", "width", "height", "points"),
        _NUMBERS,
    ),
    "d": _PATH,
    "transform": _MOVES,
    "viewBox": _VIEW,
}  # fmt: skip
_SHAPES: Final = frozenset(
    ("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
)
_HOLDERS: Final = frozenset(("svg", "g"))
# What drawing programs write and nobody sees.
_UNSEEN: Final = frozenset(("title", "desc"))
_NEEDLESS: Final = frozenset(("id", "class", "version", "role", "baseProfile"))
_OF_THE_WHOLE: Final = frozenset(("width", "height", "x", "y"))

_ADVICE: Final = deferred(
    "gem tegningen som »Plain SVG« med figurer alene, og farver som fill og stroke"
)


@dataclass(frozen=True)
class Mark:
    """The mark, ready to stand in a page.

    Attributes:
        svg: one element, hidden from screen readers, since the name stands beside it.
        coloured: whether it has colours of its own, rather than the text's.
    """

    svg: Markup
    coloured: bool


def load_mark(path: Path) -> Mark:
    """Read and check a mark.

    Raises:
        ContentError: naming file and line of what it may not hold.
    """
    try:
        text = read_text(path)
    except ContentError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):  # such as a photograph
            problem = tell("det er et billede af en anden slags og ikke SVG")
            raise ContentError(path, 1, _advised(problem)) from error
        raise
    if len(text.encode()) > MOST_BYTES:
        problem = tell("mærket fylder mere end %(most)s bytes; forenkl tegningen", most=MOST_BYTES)
        raise ContentError(path, 1, problem)
    reader = _Reader(path)
    try:
        reader.parser.Parse(text.encode(), True)  # noqa: FBT003 (expat takes no keywords)
    except expat.ExpatError as error:
        problem = _advised(tell("det er ikke SVG, der kan læses"))
        raise ContentError(path, error.lineno, problem) from error
    if not reader.drawn:
        problem = tell("der er ingen figurer i tegningen; tegn en, eller slet filen")
        raise ContentError(path, 1, problem)
    return Mark(Markup("".join(reader.written)), reader.coloured)  # noqa: S704 (listed and escaped)


class _Reader:
    """Rebuilds the SVG from the elements and attributes that are allowed; raises for all others."""

    def __init__(self, path: Path) -> None:
        self.written: list[str] = []
        self.coloured = self.drawn = False
        self._path = path
        self._unseen = 0
        self.parser = expat.ParserCreate("utf-8", " ")  # whatever it says itself
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise self._error(tell("<!DOCTYPE> må ikke stå der; slet linjen"))

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space == _SVG and tag in _UNSEEN and not self._unseen:
            self._unseen = 1
            return
        if (
            self._unseen
            or space != _SVG
            or tag not in _SHAPES
            or (tag == "svg") == bool(self.written)
        ):
            raise self._error(_advised(tell("%(name)s må ikke stå der", name=f"<{tag}>")))
        given = {key: value for key, value in attributes.items() if key not in _NEEDLESS}
        for key, value in given.items():
            if key not in _ATTRIBUTES or not _ATTRIBUTES[key].fullmatch(value):
                name = key.rpartition(" ")[2]
                problem = tell("%(name)s må ikke stå der, eller ikke sådan", name=name)
                raise self._error(_advised(problem))
        if tag == "svg":
            given = self._whole(given)
        elif "viewBox" in given:
            raise self._error(_advised(tell("viewBox må kun stå i <svg>")))
        self.drawn |= tag not in _HOLDERS
        paints = {given.get(key, "none") for key in ("fill", "stroke", "color")}
        self.coloured |= bool(paints - {"none", "currentColor"})
        said = "".join(f' {key}="{escape(value)}"' for key, value in given.items())
        self.written.append(f"<{tag}{said}>")

    def _whole(self, given: Mapping[str, str]) -> dict[str, str]:
        """What the outermost element says: its size is the page's, its colour the text's."""
        view = _VIEW.fullmatch(given.get("viewBox", ""))
        width, height = map(float, view.groups()[2:]) if view else (0, 0)
        if not (0 < width <= _MOST_TIMES * height and height <= _MOST_TIMES * width):
            raise self._error(
                tell(
                    'giv <svg> en viewBox, som "0 0 48 48"; den ene side må højst være'
                    " dobbelt så lang som den anden"
                )
            )
        kept = {key: value for key, value in given.items() if key not in _OF_THE_WHOLE}
        size = {"width": f"{_HEIGHT * width / height:.0f}", "height": str(_HEIGHT)}
        return {"fill": "currentColor", **kept, **size, "aria-hidden": "true"}

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag in _UNSEEN:
            self._unseen = 0
        else:
            self.written.append(f"</{tag}>")

    def _text(self, words: str) -> None:
        if words.strip() and not self._unseen:
            raise self._error(_advised(tell("tekst må ikke stå der")))

    def _error(self, problem: str) -> ContentError:
        return ContentError(self._path, self.parser.CurrentLineNumber, problem)


def _advised(problem: str) -> str:
    return f"{problem}; {tell(_ADVICE)}"
