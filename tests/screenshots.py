"""Pictures of every page and state, to be looked at: `make screenshots`."""

import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Final, Literal

from browser import STATES, Visit, chromium, leave, served, visiting

_FOLDER: Final = Path("state/screenshots")
_SIZES: Final = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def _skip_link(visit: Visit) -> None:
    visit.open("/")
    visit.page.keyboard.press("Tab")


_PICTURES: Final[Mapping[str, Callable[[Visit], None]]] = {
    **STATES,
    "tastatur": _skip_link,
    "forlad": leave,
}


def main(folder: Path) -> None:
    """Take them all.

    Args:
        folder: where they go, each called after its page, its width and its colours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        served(Path(state)) as site,
        chromium() as browser,
    ):
        for size, scheme in product(_SIZES, _SCHEMES):
            for name, bring in _PICTURES.items():
                options = {"viewport": size, "color_scheme": scheme, "reduced_motion": "reduce"}
                with visiting(browser, site, **options) as visit:
                    bring(visit)
                    path = folder / f"{name}-{size['width']}-{scheme}"
                    visit.page.screenshot(path=path.with_suffix(".png"))
                    visit.page.screenshot(path=path.with_suffix(".whole.png"), full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else _FOLDER)
