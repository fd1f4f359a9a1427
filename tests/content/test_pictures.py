"""Drawings among the words."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from udvej.content.facts import Facts
from udvej.content.markdown import Reader, Text, blocks
from udvej.content.pictures import PICTURES
from udvej.errors import ContentError

NAME, PICTURE = next(iter(PICTURES.items()))


def _text(markdown: str) -> Text:
    text = Text(Reader(Path("side.md"), 0, Facts({})), f"# Overskrift\n\n{markdown}\n")
    assert text.links
    return text


def _body(markdown: str) -> str:
    return _text(markdown).body.replace("\n", "").partition("</h1>")[2]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("![]({}) ord", "<p>{}ord</p>"),
        ("### ![]({}) Ord", '<h3 id="ord">{}Ord</h3>'),
        ("- ![]({}) ord", '<ul class="tegning-liste"><li>{}ord</li></ul>'),
        ("1. ### ![]({}) Ord", '<ol><li><h3 id="ord">{}Ord</h3></li></ol>'),
    ],
)
def test_a_picture_stands_before_the_words_of_its_block(markdown: str, html: str) -> None:
    """It is inside the page, as the package holds it."""
    assert _body(markdown.format(NAME)) == html.format(PICTURE)


def test_nobody_translates_a_picture() -> None:
    """The message is the words alone, so that a catalogue stays as it is."""
    assert [words for _, _, words in blocks(f"# ![]({NAME}) Ord\n\n- ![]({NAME}) **ord**")] == [
        "Ord",
        "**ord**",
    ]


@pytest.mark.parametrize(
    "markdown",
    ["![](nej) ord", "ord ![]({})", "![ord]({}) ord", "![](https://ond.dk/spor.gif)", "![]()"],
)
def test_any_other_picture_is_refused(markdown: str) -> None:
    """The editor is told where it may stand, and which there are."""
    with pytest.raises(ContentError) as refused:
        _text(markdown.format(NAME))
    assert str(refused.value).startswith("side.md:3: en tegning står først og hedder ![](navn)")
    assert all(name in str(refused.value) for name in PICTURES)


def test_words_cannot_draw() -> None:
    """What stands for a picture on the way cannot be written by hand."""
    for words in (f'<span class="{NAME}"></span>', f'<svg class="{NAME}"></svg>', PICTURE):
        assert "<svg" not in _body(words)


@pytest.mark.parametrize("name", PICTURES)
def test_each_drawing_is_one_of_a_family(name: str) -> None:
    """Lines of one width in the colour of the words, on one canvas; heard by nobody."""
    drawing = ET.fromstring(
        re.sub(r"<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', PICTURES[name])
    )
    family = ET.fromstring(re.sub(r"<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', PICTURE))
    assert drawing.attrib == family.attrib
    assert drawing.attrib["stroke"] == "currentColor"
    assert drawing.attrib["aria-hidden"] == "true"
    assert {path.tag for path in drawing} == {"{http://www.w3.org/2000/svg}path"}
    assert not "".join(drawing.itertext()).strip()
    assert len(PICTURES[name]) < 600
