"""What every page carries inside, and the policy that allows just that and nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from udvej.content.face import Face

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE / "static"
# The cascade layers, of which a later one wins, and where their styles lie: those of the whole page
# by themselves, those of a template next to it, under its name.
LAYERS: Final[Mapping[str, str]] = {
    "tokens": "static/styles/tokens.css",
    "base": "static/styles/base.css",
    "layout": "templates/layout.css",
    "components": "templates/**/*.css",
    "utilities": "static/styles/utilities.css",
    "print": "static/styles/print.css",
}
# What no browser needs: comments, in scripts on lines of their own, and spaces around lines.
_UNNEEDED_IN_STYLES: Final = re.compile(r"(?:/\*[^*]*\*/|\s)*([{};])(?:/\*[^*]*\*/|\s)*")
_UNNEEDED_IN_SCRIPTS: Final = re.compile(r"^\s*(?://[^\n]*\n)?()\s*", re.MULTILINE)


@dataclass(frozen=True)
class Assets:
    """Styles, script and icon of a page.

    Attributes:
        style: for the one `<style>`.
        script: for the one `<script>`.
        icon: a `data:` address for the icon.
    """

    style: Markup
    script: Markup
    icon: str

    @classmethod
    def load(cls, face: Face) -> "Assets":
        """Read them from the package.

        Args:
            face: the municipality's, which gives the colours.
        """
        return cls._loaded(face.styles, str(face.icon), _changed())

    @classmethod
    @lru_cache(maxsize=8)
    def _loaded(cls, colours: str, icon_colour: str, _changed: int) -> "Assets":
        """The same for all municipalities of the same colours, until a developer changes a file."""
        icon = (_STATIC / "icon.svg").read_text("utf-8").strip()
        return cls(
            _minified(_UNNEEDED_IN_STYLES, _styles(colours)),
            _minified(
                _UNNEEDED_IN_SCRIPTS,
                (path.read_text("utf-8") for path in sorted(_STATIC.glob("*.js"))),
            ),
            f"data:image/svg+xml,{quote(icon.format(colour=icon_colour))}",
        )


def _changed() -> int:
    """When the last of the files was."""
    return max(path.stat().st_mtime_ns for path in _files())


@cache
def _files() -> Sequence[Path]:
    places = ("static/*", "static/styles/*", "templates/**/*.css")
    return [path for place in places for path in _HERE.glob(place) if path.is_file()]


def _styles(colours: str) -> Iterator[str]:
    taken = set[Path]()
    for layer, place in LAYERS.items():
        files = sorted({*_HERE.glob(place)} - taken)
        taken.update(files)
        styles = "".join(path.read_text("utf-8") for path in files)
        if layer == "tokens":
            styles = colours + styles
        yield f"@layer {layer} {{\n{styles}}}\n"
    yield (_STATIC / "styles" / "old_browsers.css").read_text("utf-8")


def _minified(unneeded: re.Pattern[str], texts: Iterable[str]) -> Markup:
    return Markup(unneeded.sub(r"\1", "".join(texts)).strip())  # noqa: S704 (ours)


def allowed(text: str) -> str:
    """The source expression that allows one inline style or script (CSP 3, 2.3.1)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
