"""What every page carries inside, and the policy that allows just that and nothing else."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Inline:
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
    def load(cls) -> "Inline":
        """Read them from the package; the styles in the order of their numbers."""
        styles = sorted((_STATIC / "styles").glob("*.css"))
        icon = (_STATIC / "icon.svg").read_text("utf-8").strip()
        return cls(
            Markup("".join(path.read_text("utf-8") for path in styles)),  # noqa: S704 (ours)
            Markup((_STATIC / "leave.js").read_text("utf-8")),  # noqa: S704 (ours)
            f"data:image/svg+xml,{quote(icon)}",
        )


def allowed(text: str) -> str:
    """The source expression that allows one inline style or script (CSP 3, 2.3.1)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
