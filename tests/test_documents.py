"""What README and SECURITY point at is there."""

import re
import tomllib

import pytest
from support.checkout import CHECKOUT

TESTS = CHECKOUT / "tests"


@pytest.fixture(scope="module")
def names() -> set[str]:
    """Every file of the project by each end of its path, and every test by its name."""
    paths = [*CHECKOUT.glob("*.*"), *(CHECKOUT / "site").rglob("*"), *TESTS.rglob("*")]
    names = set()
    for path in paths:
        parts = path.relative_to(CHECKOUT).parts
        names |= {"/".join(parts[at:]) for at in range(len(parts))}
        if path.suffix == ".py" and path.is_relative_to(TESTS):
            names |= {*re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))}
    return names


@pytest.mark.parametrize("document", ["README.md", "SECURITY.md"])
def test_every_file_and_test_that_is_named_exists(document: str, names: set[str]) -> None:
    """What was moved or renamed is named as it is called now."""
    text = (CHECKOUT / document).read_text("utf-8")
    named = re.findall(r"`([\w./-]+\.(?:py|js|css|html|md|example|svg)|test_\w+)`", text)
    assert named
    assert [name for name in named if name not in names] == []


def test_the_picture_of_the_house_shows_every_room_above_those_it_may_import() -> None:
    """In the order of the layers to which `make check` holds the imports."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    [layers] = (
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    house = readme.partition("\n## The house\n")[2].partition("\n`content/`")[0]
    lines = re.findall(r"^    ((?:[a-z_]+/?, )*[a-z_]+/?)(?= |$)", house, re.MULTILINE)
    assert len(lines) == 10
    shown = [name.strip("/ ") for line in lines for name in line.split(",")]
    heights = {name.strip(): at for at, layer in enumerate(layers) for name in layer.split("|")}
    del heights["__main__"]
    assert {*shown} == heights.keys()
    assert [heights[name] for name in shown] == sorted(heights.values())
