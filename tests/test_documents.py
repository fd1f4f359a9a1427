"""What README and SECURITY point at is there."""

import re

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
