"""Templates and their styles are found from each other, and neither outlives the other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from udvej.content import shapes
from udvej.content.parser import BOXES
from udvej.content.pictures import PICTURES
from udvej.web import assets

TEMPLATES: Final = Path(assets.__file__).parent / "templates"
STYLES: Final = Path(assets.__file__).parent / "static" / "styles"
# Names blocks of the content's Markdown by their shape.
SHAPES: Final = Path(shapes.__file__)
# The boxes that are shown as such; `kontakt politi` is a `kontakt`.
SEEN_BOXES: Final = {box.partition(" ")[0] for box in BOXES} - {"formular"}


def named_in_styles(css: str) -> set[str]:
    """The classes that a style sheet has rules for."""
    bare = re.sub(r"/\*.*?\*/|\"[^\"]*\"|\([^()]*\d[^()]*\)", "", css, flags=re.DOTALL)
    return {*re.findall(r"\.([a-z][\w-]*)(?=[^;}]*\{)", bare)}


def named_in_template(html: str) -> set[str]:
    """The classes that a template gives, whichever way its conditions fall."""
    values = re.findall(r'(?<![\w-])class="([^"]*)"', re.sub(r"{%.*?%}", " ", html))
    return set(" ".join(values).split())


def block(name: str) -> str:
    """The class that a file is named after."""
    return name.replace("_", "-")


def belongs(name: str, styles: str) -> bool:
    """Whether a class is one of the block of that name, or of a part or variant of it."""
    return re.fullmatch(rf"{block(styles)}(-.+)?", name) is not None


@cache
def sheets() -> Mapping[Path, set[str]]:
    """Each style sheet, with the classes that it names."""
    paths = [*TEMPLATES.rglob("*.css"), *STYLES.glob("*.css")]
    return {path: named_in_styles(path.read_text("utf-8")) for path in sorted(paths)}


@cache
def templates() -> Mapping[Path, set[str]]:
    """Each template, with the classes that it gives."""
    paths = sorted(TEMPLATES.rglob("*.html"))
    return {path: named_in_template(path.read_text("utf-8")) for path in paths}


def given_by_the_program() -> Iterator[str]:
    """The classes that templates and Markdown give."""
    for names in templates().values():
        yield from names
    for drawing in PICTURES.values():
        yield from named_in_template(drawing)
    yield from SEEN_BOXES
    yield from re.findall(r"[a-z-]+", " ".join(re.findall(r'"(.*?)"', SHAPES.read_text("utf-8"))))


def unpaired(sheet: Path) -> Iterable[str]:
    """The classes of a sheet beside a template that do not bear its name."""
    # The styles of one block may place another within it, which stands in its own sheet as well.
    own = {name for name in sheets()[sheet] if belongs(name, sheet.stem)}
    elsewhere = set[str]().union(*(names for path, names in sheets().items() if path != sheet))
    return sheets()[sheet] - own - elsewhere if own else {"nothing"}


def test_each_class_of_a_template_has_its_styles_beside_it() -> None:
    """`leave-button` is found in `leave_button.css` and nowhere else first."""
    homes = {
        name: path for path, names in sheets().items() for name in names if belongs(name, path.stem)
    }
    utilities = sheets()[STYLES / "utilities.css"]
    for template, names in templates().items():
        assert names - utilities - {*homes} == set(), template
        own = {name for name in names if belongs(name, template.stem)}
        for name in own:
            assert homes[name].with_suffix(".html") == template


@pytest.mark.parametrize("folder", ["components", "boxes"])
def test_each_macro_bears_the_name_of_its_file(folder: str) -> None:
    """Or begins with it, as classes do."""
    for path in (TEMPLATES / folder).glob("*.html"):
        macros = re.findall(r"{% macro (\w+)", path.read_text("utf-8"))
        assert macros
        assert [name for name in macros if not belongs(block(name), path.stem)] == [], path


def test_each_style_sheet_has_its_template() -> None:
    """Beside it; that of a box is what Markdown makes of `::: name`, or of a shape."""
    for sheet in TEMPLATES.rglob("*.css"):
        assert unpaired(sheet) == set(), sheet
        if sheet.parent.name == "boxes":
            assert sheet.stem in {*given_by_the_program()}, sheet
        else:
            assert sheet.with_suffix(".html").exists(), sheet


def test_each_box_has_its_styles() -> None:
    """An editor who writes `::: name` sees it."""
    boxes = {path.stem for path in (TEMPLATES / "boxes").glob("*.css")}
    assert boxes >= SEEN_BOXES


def test_no_rule_is_dead() -> None:
    """Each class that has styles is one that a page can have."""
    given = {*given_by_the_program()}
    for sheet, names in sheets().items():
        assert names - given == set(), sheet


def test_no_style_hangs_on_the_order_of_blocks() -> None:
    """`.one + .other` breaks when a page puts something between them."""
    for sheet in sheets():
        css = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{};]+)\{", css):
            around = re.split(r"[+~](?![^(]*\))", selector)
            if len(around) > 1 and "@" not in selector:
                assert len({*re.findall(r"\.[a-z]+(?=[\w-]*)", selector)}) <= 1, selector
                assert not re.search(r"\bmain\b|form", selector), selector


def test_the_readers_of_classes_read_them() -> None:
    """What the tests above rest upon."""
    css = '.a-b:is(.c--d, i) > e { top: 1.5em; content: ".no" } @media (width: 6.9em) { .f {} }'
    assert named_in_styles(f"/* .not */ {css}") == {"a-b", "c--d", "f"}
    html = '<a class="a{% if b == "c" %} a--d{% endif %} e"><i data-class="no" class="f">'
    assert named_in_template(html) == {"a", "a--d", "e", "f"}
    assert belongs("leave-button--x", "leave_button")
    assert not belongs("leave-buttons", "leave_button")
