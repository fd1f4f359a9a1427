"""The content that is judged: as it is, with all facts filled in, and another municipality's.

These tests are the only ones that read the `content/` and `translations/` that are served. They
expect no municipality, and pass for any content that is valid: `pytest -m content` judges the
folder that `UDVEJ_CONTENT` names, with the translations next to it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from support.contents import CONTENTS
from support.house import House, live


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folders by name, each made when it is first asked for."""
    return cache(lambda name: CONTENTS[name](tmp_path_factory.mktemp("contents")))


@pytest.fixture(scope="session")
def houses(
    folders: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], House]:
    """The real site with each of them; opened when it is first asked for."""
    return cache(lambda name: House(live(tmp_path_factory.mktemp("state"), folders(name))))


@pytest.fixture(scope="session", params=CONTENTS)
def which(request: pytest.FixtureRequest) -> str:
    """The name of each."""
    return str(request.param)


@pytest.fixture(scope="session")
def contents(which: str, folders: Callable[[str], Path]) -> Path:
    """Each of the folders."""
    return folders(which)


@pytest.fixture(scope="session")
def house(which: str, houses: Callable[[str], House]) -> House:
    """The real site with that content."""
    return houses(which)
