"""Pictures of every page and state, to be looked at: `make screenshots`."""

import logging
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from support.browser import STATES, Visit, chromium, leave, served, visiting
from support.rare_answers import RARE

_FOLDER: Final = Path("state/screenshots")
_PHONE: Final = {"width": 360, "height": 740}
_COMPUTER: Final = {"width": 1280, "height": 900}
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "telefon": {"viewport": _PHONE},
    "telefon-mørk": {"viewport": _PHONE, "color_scheme": "dark"},
    "telefon-tvungne-farver": {"viewport": _PHONE, "forced_colors": "active"},
    "computer": {"viewport": _COMPUTER},
    "computer-mørk": {"viewport": _COMPUTER, "color_scheme": "dark"},
    "computer-400-procent": {"viewport": {"width": 320, "height": 256}},
    "papir": {"viewport": {"width": 794, "height": 1123}},
}


def _skip_link(visit: Visit) -> None:
    visit.open("/")
    visit.page.keyboard.press("Tab")


def _field(visit: Visit) -> None:
    visit.open("/skriv/")
    visit.page.focus("#phone")


_PICTURES: Final[Mapping[str, Callable[[Visit], None]]] = {
    **STATES,
    **RARE,
    "tastatur": _skip_link,
    "tastatur-felt": _field,
    "forlad": leave,
}


def main(folder: Path) -> None:
    """Take them all.

    Args:
        folder: where they go, each called after its page, and how it is looked at.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable()  # what breaks here is meant to
    with (
        tempfile.TemporaryDirectory() as state,
        served(Path(state)) as site,
        chromium() as browser,
    ):
        for look, options in _LOOKS.items():
            for name, bring in _PICTURES.items():
                with visiting(browser, site, reduced_motion="reduce", **options) as visit:
                    bring(visit)
                    visit.page.emulate_media(media="print" if look == "papir" else "screen")
                    path = folder / f"{name}-{look}"
                    visit.page.screenshot(path=path.with_suffix(".png"))
                    visit.page.screenshot(path=path.with_suffix(".whole.png"), full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else _FOLDER)
