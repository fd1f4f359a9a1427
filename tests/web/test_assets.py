import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

import pytest
from support.municipality import CONTENT, FACTS
from udvej.content import face
from udvej.content.face import Face
from udvej.web import assets as inline_module
from udvej.web.assets import LAYERS, Assets, allowed

WEB = Path(inline_module.__file__).parent
# Where the styles of the colours lie.
COLOURS = Path(face.__file__).parent
FACE = Face.load(CONTENT, FACTS)


@pytest.fixture(scope="module")
def inline() -> Assets:
    """What the pages carry."""
    return Assets.load(FACE)


def test_styles_stand_in_the_order_of_their_layers(inline: Assets) -> None:
    """Tokens first, print last; each layer is begun once, and nothing else names one."""
    order = ["tokens", "base", "layout", "components", "utilities", "print"]
    assert re.findall(r"@layer ([^{;]*\w)", inline.style) == order == [*LAYERS]
    assert inline.style.index(":root") < inline.style.index("body")
    assert inline.style.rindex("@media print") > inline.style.rindex("@media (")


@pytest.mark.parametrize("word", ["@import", "url(", "http:", "https:", "</", "<!--"])
def test_nothing_inline_fetches_or_ends_its_element(inline: Assets, word: str) -> None:
    """One request, one answer; and a page that holds together."""
    assert word not in inline.style
    assert word not in inline.script


@pytest.mark.parametrize("kind", ["*.css", "*.js"])
def test_comments_and_indents_stay_at_home(inline: Assets, kind: str) -> None:
    """Every page would carry them over the wire. Each other line is there, in its order."""
    text = inline.script if kind == "*.js" else inline.style
    rest = text.replace("\n", "")
    for path in (*sorted(WEB.rglob(kind)), *COLOURS.glob(kind)):
        written = FACE.styles if path.parent == COLOURS else path.read_text("utf-8")
        source = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
        lines = [line for line in map(str.strip, source.splitlines()) if line[:2] != "//"]
        left = (
            re.sub(r"\s*([{};])\s*", r"\1", "".join(lines)) if kind == "*.css" else "".join(lines)
        )
        assert rest.count(left) == 1, path
        rest = rest.replace(left, "")
    assert rest == "".join(f"@layer {name}{{}}" for name in LAYERS if kind == "*.css")
    assert "/*" not in text
    assert not re.search(r"^\s|\s$|^//", text, re.MULTILINE)


def test_the_colours_are_those_of_the_face(inline: Assets) -> None:
    """The light ones are the page's own, the dark ones those of who likes it dark."""
    light, dark = inline.style.split("@media (prefers-color-scheme: dark)")[:2]
    for half, scheme in ((light, FACE.light), (dark, FACE.dark)):
        assert f"--paper: {scheme.paper};" in half
        assert f"--accent: {scheme.accent};" in half
    assert FACE.light != FACE.dark


def test_icon_is_a_picture_inside_the_page(inline: Assets) -> None:
    """An SVG that needs no second request."""
    kind, _, data = inline.icon.partition(",")
    assert kind == "data:image/svg+xml"
    assert ET.fromstring(unquote(data)).tag == "{http://www.w3.org/2000/svg}svg"
    assert not set(inline.icon) & set("\"'<>& \n")
    assert quote(str(FACE.icon)) in inline.icon


@pytest.mark.parametrize("text", ["", "p{color:red}", "/* blåbær */"])
def test_allowed_is_the_hash_of_the_text(text: str) -> None:
    """As the browser computes it over the element's UTF-8 (CSP 3, 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
    assert allowed(text) == f"'sha256-{digest}'"


def test_allowed_of_nothing_is_the_well_known_hash() -> None:
    """SHA-256 of no bytes."""
    assert allowed("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
