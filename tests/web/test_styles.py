"""Templates and their styles are found from each other, and neither outlives the other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
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


def selectors(css: str) -> Iterator[str]:
    """Those of a style sheet, however many a rule has."""
    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for rule in re.findall(r"([^{};]+)\{", bare):
        if "@" not in rule:
            yield from (one.strip() for one in re.split(r",(?![^(]*\))", rule))


def bare_within(selector: str) -> Iterator[tuple[str, str]]:
    """The elements without a class that it asks for within one, each with that class."""
    within: list[str] = []
    for part in re.split(r"\s*[\s>+~]\s*(?![^([]*[)\]])", selector):
        if classes := re.findall(r"\.([a-z][\w-]*)", part):
            within = classes
        elif kinds := re.findall(r"(?:^|:is\(|, )([a-z]\w*)", part):
            yield from product(within, kinds)


@cache
def sheets() -> Mapping[Path, set[str]]:
    """Each style sheet, with the classes that it names."""
    paths = [*TEMPLATES.rglob("*.css"), *STYLES.glob("*.css")]
    assert paths
    return {path: named_in_styles(path.read_text("utf-8")) for path in sorted(paths)}


@cache
def texts() -> Mapping[Path, str]:
    """Each template."""
    paths = sorted(TEMPLATES.rglob("*.html"))
    assert paths
    return {path: path.read_text("utf-8") for path in paths}


@cache
def templates() -> Mapping[Path, set[str]]:
    """Each template, with the classes that it gives."""
    return {path: named_in_template(html) for path, html in texts().items()}


def given_by_the_program() -> Iterator[str]:
    """The classes that templates and Markdown give."""
    for names in templates().values():
        yield from names
    for drawing in PICTURES.values():
        yield from named_in_template(drawing)
    yield from given_by_markdown()


def given_by_markdown() -> Iterator[str]:
    """The classes of boxes, and of blocks by their shape."""
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
    paths = [*(TEMPLATES / folder).glob("*.html")]
    assert paths
    for path in paths:
        macros = re.findall(r"{% macro (\w+)", path.read_text("utf-8"))
        assert macros
        assert [name for name in macros if not belongs(block(name), path.stem)] == [], path


def test_each_style_sheet_has_its_template() -> None:
    """Beside it; that of a box is what Markdown makes of `::: name`, or of a shape."""
    beside = [sheet for sheet in sheets() if sheet.is_relative_to(TEMPLATES)]
    assert beside
    for sheet in beside:
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
    beside = [each for each in every_selector() if re.search(r"[+~](?![^(]*\))", each)]
    assert beside
    for selector in beside:
        assert len({*re.findall(r"\.[a-z]+(?=[\w-]*)", selector)}) <= 1, selector
        assert not re.search(r"\bmain\b|form", selector), selector


def test_no_style_hangs_on_what_is_written_within_another_block() -> None:
    """`.thumb-bar > form` breaks when the button that the bar holds is written otherwise."""
    asked = {pair for each in every_selector() for pair in bare_within(each)}
    boxes = {*given_by_markdown()}  # in which anything may stand
    ours = [(name, kind) for name, kind in sorted(asked) if name not in boxes]
    assert ours
    written = elements(texts())
    assert [(name, kind) for name, kind in ours if kind in written - written_within(name)] == []


def every_selector() -> Iterator[str]:
    """Those of all sheets."""
    for sheet in sheets():
        yield from selectors(sheet.read_text("utf-8"))


def elements(paths: Iterable[Path]) -> set[str]:
    """Those that some templates write."""
    return {kind for path in paths for kind in re.findall(r"<([a-z]\w*)", texts()[path])}


def written_within(name: str) -> set[str]:
    """The elements of the templates that give a class, or that say what stands in such a block."""
    own = [path for path, names in templates().items() if name in names]
    macros = {macro for path in own for macro in re.findall(r"{% macro (\w+)", texts()[path])}
    filling = [
        path for path, html in texts().items() if macros & {*re.findall(r"{% call (\w+)", html)}
    ]
    return elements([*own, *filling])


def test_the_readers_of_classes_read_them() -> None:
    """What the tests above rest upon."""
    css = '.a-b:is(.c--d, i) > e { top: 1.5em; content: ".no" } @media (width: 6.9em) { .f {} }'
    assert named_in_styles(f"/* .not */ {css}") == {"a-b", "c--d", "f"}
    assert [*selectors(f"/* .not */ {css}")] == [".a-b:is(.c--d, i) > e", ".f"]
    asked = ".a > b:is(i, u) .c :is(d, e)[x='y z'] > *"
    assert {*bare_within(asked)} == {("a", "b"), ("a", "i"), ("a", "u"), ("c", "d"), ("c", "e")}
    html = '<a class="a{% if b == "c" %} a--d{% endif %} e"><i data-class="no" class="f">'
    assert named_in_template(html) == {"a", "a--d", "e", "f"}
    assert belongs("leave-button--x", "leave_button")
    assert not belongs("leave-buttons", "leave_button")
