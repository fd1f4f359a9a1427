"""The municipality's mark: what it may hold, and what is refused by file and line."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from udvej.content.mark import MARK_FILE, MOST_BYTES, Mark, load_mark
from udvej.errors import ContentError

SVG = "http://www.w3.org/2000/svg"
SOUND = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by hand -->
<svg xmlns="{SVG}" xmlns:x="https://program.example/" id="lag"
  viewBox="0 0 40 20" width="400" version="1.1">
<title>Kommunen & andre</title>
<g transform="translate(1 2) rotate(45)" class="a">
<path id="p" d="M1 2h3.5a1 1 0 0 1 2e-3 4Z" fill="#004f98" fill-rule="evenodd"/>
</g>
<circle cx="5" cy="5" r="2" stroke="red" stroke-width="1.5"/>
</svg>
""".replace("&", "&amp;")


def load(folder: Path, svg: str) -> Mark:
    """Read a mark from a file."""
    path = folder / MARK_FILE
    path.write_text(svg, "utf-8")
    return load_mark(path)


def test_a_mark_is_its_shapes_and_nothing_else(tmp_path: Path) -> None:
    """Comments, names and titles stay at home; its size is the page's; it is not read aloud."""
    svg = ET.fromstring(load(tmp_path, SOUND).svg)
    assert svg.attrib == {
        "fill": "currentColor",
        "viewBox": "0 0 40 20",
        "width": "96",
        "height": "48",
        "aria-hidden": "true",
    }
    assert [element.tag for element in svg.iter()] == ["svg", "g", "path", "circle"]
    assert svg[0].attrib == {"transform": "translate(1 2) rotate(45)"}
    assert svg[0][0].attrib == {
        "d": "M1 2h3.5a1 1 0 0 1 2e-3 4Z",
        "fill": "#004f98",
        "fill-rule": "evenodd",
    }


@pytest.mark.parametrize(
    ("paint", "coloured"),
    [
        ("", False),
        ('fill="none" stroke="currentColor"', False),
        ('fill="#123"', True),
        ('stroke="red"', True),
    ],
)
def test_a_mark_in_the_colour_of_the_text_needs_no_ground(
    paint: str, tmp_path: Path, *, coloured: bool
) -> None:
    """One with colours of its own stands on white in the dark."""
    svg = f'<svg xmlns="{SVG}" viewBox="0 0 9 9"><path {paint} d="M0 0h9"/></svg>'
    assert load(tmp_path, svg).coloured is coloured


# On a line of its own, the third, inside an otherwise sound mark.
WRONG_INSIDE = {
    "script": "<script>alert(1)</script>",
    "style-element": "<style>path{fill:red}</style>",
    "style-attribute": '<path d="M0 0" style="fill:red"/>',
    "event": '<path d="M0 0" onclick="alert(1)"/>',
    "event-of-animation": '<animate attributeName="x" onbegin="alert(1)"/>',
    "link": '<a href="https://andet.example/"><path d="M0 0"/></a>',
    "xlink": '<g xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#a"/>',
    "href": '<g href="javascript:alert(1)"/>',
    "use": '<use href="#a"/>',
    "image": '<image href="https://andet.example/x.png"/>',
    "foreign": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">Hej</p></foreignObject>',
    "html": '<p xmlns="http://www.w3.org/1999/xhtml">Hej</p>',
    "another-namespace": '<path xmlns="https://andet.example/" d="M0 0"/>',
    "url": '<path d="M0 0" fill="url(https://andet.example/x)"/>',
    "url-of-its-own": '<path d="M0 0" fill="url(#a)"/>',
    "filter": '<path d="M0 0" filter="url(#a)"/>',
    "text-element": "<text>Nordby</text>",
    "words": "Nordby",
    "cdata": "<![CDATA[<script>]]>",
    "svg-in-svg": '<svg viewBox="0 0 1 1"/>',
    "view": '<g viewBox="0 0 1 1"/>',
    "number": '<path d="M0 0" stroke-width="calc(1px)"/>',
    "path": '<path d="M0 0;alert(1)"/>',
    "moved": '<g transform="translate(1) url(#a)"/>',
    "inside-a-title": "<title><script>alert(1)</script></title>",
    "not-closed": "<g>",
    "entity": "<g>&egen;</g>",
}


@pytest.mark.parametrize("line", WRONG_INSIDE.values(), ids=WRONG_INSIDE)
def test_what_a_mark_may_not_hold_is_refused_by_line(line: str, tmp_path: Path) -> None:
    """Nothing is mended in silence: the editor is told where, and what to do."""
    svg = f'<svg xmlns="{SVG}"\nviewBox="0 0 9 9">\n{line}\n</svg>\n'
    with pytest.raises(ContentError) as refused:
        load(tmp_path, svg)
    where = re.match(rf"{re.escape(str(tmp_path / MARK_FILE))}:(\d+): \S", str(refused.value))
    assert where
    assert int(where[1]) == (4 if line == "<g>" else 3)


WRONG_WHOLE = {
    "empty": "",
    "no-svg": "en tekst",
    "html": "<html></html>",
    "no-namespace": '<svg viewBox="0 0 9 9"/>',
    "no-view": f'<svg xmlns="{SVG}"/>',
    "flat": f'<svg xmlns="{SVG}" viewBox="0 0 9 0"/>',
    "too-wide": f'<svg xmlns="{SVG}" viewBox="0 0 21 10"/>',
    "too-high": f'<svg xmlns="{SVG}" viewBox="0 0 10 21"/>',
    "view-of-words": f'<svg xmlns="{SVG}" viewBox="0 0 NaN 9"/>',
    "doctype": f'<!DOCTYPE svg><svg xmlns="{SVG}" viewBox="0 0 9 9"/>',
    "entities": (
        f'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="{SVG}">&b;</svg>'
    ),
    "no-shape": f'<svg xmlns="{SVG}" viewBox="0 0 9 9"><g/></svg>',
    "endless": f'<svg xmlns="{SVG}" viewBox="0 0 {"9" * 400} {"9" * 400}"><path d="M0 0"/></svg>',
    "two": f'<svg xmlns="{SVG}" viewBox="0 0 9 9"/><svg xmlns="{SVG}" viewBox="0 0 9 9"/>',
}


@pytest.mark.parametrize("svg", WRONG_WHOLE.values(), ids=WRONG_WHOLE)
def test_what_is_no_mark_is_refused(svg: str, tmp_path: Path) -> None:
    """By file and line."""
    with pytest.raises(ContentError, match=rf"{MARK_FILE}:1: "):
        load(tmp_path, svg)


@pytest.mark.parametrize(("more", "good"), [(0, True), (1, False)])
def test_a_mark_has_room_for_so_many_bytes(more: int, tmp_path: Path, *, good: bool) -> None:
    """Each page carries it, and must fit the first TCP window."""
    drawn = f'<svg xmlns="{SVG}" viewBox="0 0 9 9"><path d="M0 0h9"/>'
    svg = drawn.ljust(MOST_BYTES - len("</svg>") + more)
    if good:
        assert load(tmp_path, f"{svg}</svg>").svg
    else:
        with pytest.raises(ContentError, match=str(MOST_BYTES)):
            load(tmp_path, f"{svg}</svg>")


@pytest.mark.parametrize("encoding", ["UTF-7", "UTF-16", "EUC-JP", "ISO-8859-1", "findes-ikke"])
def test_a_mark_is_utf8_whatever_it_says_itself(encoding: str, tmp_path: Path) -> None:
    """An encoding that it names could make harmless characters mean something else."""
    said = f'<?xml version="1.0" encoding="{encoding}"?>'
    svg = f'{said}<svg xmlns="{SVG}" viewBox="0 0 9 9"><title>+ADw-æ</title><path d="M0 0"/></svg>'
    assert load(tmp_path, svg).svg.count("<") == 4


def test_a_photograph_by_the_name_of_a_mark_is_said_to_be_one(tmp_path: Path) -> None:
    """To save it as UTF-8 would not help."""
    path = tmp_path / MARK_FILE
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(ContentError, match=rf"{MARK_FILE}:1: .* ikke SVG; gem tegningen som"):
        load_mark(path)
