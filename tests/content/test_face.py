"""The municipality's colours, which every page can be read in."""

from pathlib import Path

import pytest
from udvej.content.colours import Colour
from udvej.content.face import Face
from udvej.content.kommune_toml import load_facts
from udvej.errors import ContentError


def face(content: Path, farve: str = "", farve_moerk: str = "") -> Face:
    """The face of a folder in which the two accents are these."""
    path = content / "kommune.toml"
    lines = []
    for line in path.read_text("utf-8").splitlines():
        key = line.partition(" ")[0]
        given = {"farve": farve, "farve_moerk": farve_moerk}
        lines.append(f'{key} = "{given[key]}"' if key in given else line)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Face.load(content, load_facts(path))


def test_the_accents_of_the_folder_are_those_of_the_pages(content: Path) -> None:
    """Light and dark, and nothing else is changed."""
    ours, theirs = face(content), face(content, "#a10d25", "#F694A4")
    assert (str(theirs.light.accent), str(theirs.dark.accent)) == ("#a10d25", "#f694a4")
    assert theirs.light.paper == ours.light.paper != ours.dark.paper == theirs.dark.paper
    changed = theirs.styles.replace("#a10d25", str(ours.light.accent))
    assert changed.replace("#f694a4", str(ours.dark.accent)) == ours.styles
    assert ours.styles.count(str(ours.light.accent)) == ours.styles.count("#a5d6bf") == 1


def test_our_own_accents_can_be_read(content: Path) -> None:
    """What a folder gets that names none."""
    ours = face(content)
    assert face(content, str(ours.light.accent), str(ours.dark.accent)) == ours


@pytest.mark.parametrize(
    ("key", "written", "nearest"),
    [("farve", "#c8102e", "#a10d25"), ("farve_moerk", "#0055a4", "#67b6ff")],
)
def test_an_accent_that_cannot_be_read_is_refused_with_the_nearest(
    key: str, written: str, nearest: str, content: Path
) -> None:
    """Below 7:1 on the paper or the wash of its scheme (WCAG 1.4.6), by file, line and key."""
    path = content / "kommune.toml"
    with pytest.raises(ContentError) as refused:
        face(content, **{key: written})
    said = str(refused.value)
    (line,) = (
        number
        for number, words in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if words.startswith(f"{key} =")
    )
    assert said.startswith(f"{path}:{line}: {key}: {written} ")
    assert said.endswith(nearest)
    assert face(content, **{key: nearest})


def test_the_icon_can_be_told_from_light_and_dark_tabs(content: Path) -> None:
    """In the accent's hue (WCAG 1.4.11)."""
    icon = face(content, "#4b0082").icon
    tabs = [Colour.read("#ffffff"), Colour.read("#202124")]
    assert icon.least_contrast(tabs) >= 3
    assert icon.blue > icon.red > icon.green


def test_a_folder_without_a_mark_has_none(content: Path) -> None:
    """The road takes its place."""
    assert face(content).mark
    (content / "maerke.svg").unlink()
    assert face(content).mark is None
