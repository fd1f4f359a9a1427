import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from udvej.web import assets as inline_module
from udvej.web.assets import Assets, allowed

STATIC = Path(inline_module.__file__).parent / "static"
LAYERS = ("tokens", "base", "layout", "components", "utilities", "print")


@pytest.fixture(scope="module")
def inline() -> Assets:
    """What the pages carry."""
    return Assets.load()


def test_styles_stand_in_the_order_of_their_layers(inline: Assets) -> None:
    """Tokens first, print last."""
    order = re.search(r"@layer ([^;{]+);", inline.style)
    assert order is None or [*map(str.strip, order[1].split(","))] == [*LAYERS]
    assert inline.style.index(":root") < inline.style.index("body")
    assert inline.style.rindex("@media print") > inline.style.rindex("@media (")


@pytest.mark.parametrize("word", ["@import", "url(", "http:", "https:", "</", "<!--"])
def test_nothing_inline_fetches_or_ends_its_element(inline: Assets, word: str) -> None:
    """One request, one answer; and a page that holds together."""
    assert word not in inline.style
    assert word not in inline.script


@pytest.mark.parametrize("kind", ["styles/*.css", "*.js"])
def test_comments_and_indents_stay_at_home(inline: Assets, kind: str) -> None:
    """Every page would carry them over the wire. Each other line is there, in its order."""
    files = sorted(STATIC.glob(kind))
    lines = [line.strip() for path in files for line in path.read_text("utf-8").splitlines()]
    left = [line for line in lines if line and not line.startswith(("/*", "//"))]
    text = inline.script if kind == "*.js" else inline.style
    assert [line for line in text.splitlines() if line] == left
    assert len(left) < len([*filter(None, lines)])


def test_icon_is_a_picture_inside_the_page(inline: Assets) -> None:
    """An SVG that needs no second request."""
    kind, _, data = inline.icon.partition(",")
    assert kind == "data:image/svg+xml"
    assert ET.fromstring(unquote(data)).tag == "{http://www.w3.org/2000/svg}svg"
    assert not set(inline.icon) & set("\"'<>& \n")


@pytest.mark.parametrize("text", ["", "p{color:red}", "/* blåbær */"])
def test_allowed_is_the_hash_of_the_text(text: str) -> None:
    """As the browser computes it over the element's UTF-8 (CSP 3, 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
    assert allowed(text) == f"'sha256-{digest}'"


def test_allowed_of_nothing_is_the_well_known_hash() -> None:
    """SHA-256 of no bytes."""
    assert allowed("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
