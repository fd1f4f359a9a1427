"""The content that is judged: as it is, with all facts filled in, and another municipality's.

These tests are the only ones that read the `content/` and `translations/` that are served. They
expect no municipality, and pass for any content that is valid: `pytest -m content` judges the
folder that `UDVEJ_CONTENT` names, with the translations next to it.
"""

from pathlib import Path

import pytest
from support.contents import CONTENTS
from support.house import House, live


@pytest.fixture(scope="session", params=CONTENTS)
def contents(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each of the folders."""
    return CONTENTS[request.param](tmp_path_factory.mktemp("contents"))


@pytest.fixture(scope="session")
def house(contents: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The real site with that content."""
    state = tmp_path_factory.mktemp("state")
    return House(live(state, contents))
