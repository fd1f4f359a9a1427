"""What every page carries inside, and the policy that allows just that and nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

_STATIC = Path(__file__).parent / "static"
# What only we read: comments, where those of scripts have lines of their own, and indents.
_OURS = re.compile(r"/\*.*?\*/|^\s*//[^\n]*|^\s+", re.DOTALL | re.MULTILINE)


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
    def load(cls) -> "Assets":
        """Read them from the package; the styles in the order of their numbers."""
        styles, scripts = (_STATIC / "styles").glob("*.css"), _STATIC.glob("*.js")
        icon = (_STATIC / "icon.svg").read_text("utf-8").strip()
        return cls(
            _joined(styles),
            _joined(scripts),
            f"data:image/svg+xml,{quote(icon)}",
        )


def _joined(files: Iterable[Path]) -> Markup:
    text = "".join(path.read_text("utf-8") for path in sorted(files))
    return Markup(_OURS.sub("", text))  # noqa: S704 (ours)


def allowed(text: str) -> str:
    """The source expression that allows one inline style or script (CSP 3, 2.3.1)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
