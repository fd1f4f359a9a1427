"""What is measured of each page, and in which looks: all of it in one visit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Final

from support.accessibility import CONTRASTS, FORCED, SCHEMES, Look
from support.browser import STATES

Measures = Mapping[str, Sequence[Look]]

# What readers may set themselves, by 1.4.12.
SPACED: Final = """
    * { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; }
    p { margin-block-end: 2em !important; }
"""
# The reader's own letters, twice as large, without a window that is any narrower.
LARGE_LETTERS: Final = "html { font-size: 200% }"

# 1280 by 1024 pixels at 400 %.
ENLARGED: Final = Look(320, 256, motion="reduce")
PHONE: Final = Look(320, 568)
LARGER_PHONE: Final = Look(360, 640)
ASIDE: Final = Look(568, 320)
COMPUTER: Final = Look()
PAPER: Final = Look(794, 1123, media="print")
GROWN: Final = (
    *(replace(look, styles=styles) for look in (PHONE, COMPUTER) for styles in ("", SPACED)),
    *(Look(width, styles=LARGE_LETTERS) for width in (640, 1280)),
)
# On either side of each width at which the page is laid out differently.
SCREENS: Final = (
    PHONE,
    LARGER_PHONE,
    Look(768, 1024),
    Look(1023, 700),
    Look(1024, 768),
    COMPUTER,
)
UPRIGHT: Final = (PHONE, LARGER_PHONE)

# Of whatever is answered.
AT_HAND: Final[Measures] = {
    "places()": SCREENS,
    "leavingInReach()": (*UPRIGHT, ASIDE, ENLARGED, COMPUTER),
    "leavingDepth()": UPRIGHT,
}
# Of what people read and write in.
PAGES: Final[Measures] = {
    "faintText(7)": (
        *(Look(320, 568, *colours) for colours in product(SCHEMES, CONTRASTS, FORCED)),
        PAPER,
    ),
    "faintEdges(3)": [
        Look(scheme=scheme, forced=forced) for scheme, forced in product(SCHEMES, FORCED)
    ],
    "smallTargets(44)": (PHONE, COMPUTER),
    "touchingTargets()": (PHONE, COMPUTER),
    "width()": (ENLARGED, PHONE),
    "cutOff()": (*GROWN, ASIDE, PAPER),
    "overlapping()": GROWN,
    "badlySet(80, 1.5)": (PHONE, Look(640), COMPUTER, Look(2560)),
    "moving()": (COMPUTER, Look(motion="reduce")),
    "print()": (PAPER,),
    "text()": (PHONE, ASIDE),
    "links()": (COMPUTER,),
    "stretches()": (COMPUTER,),
    "offCentre()": (LARGER_PHONE, COMPUTER),
}


def measures(state: str) -> Measures:
    """All that is measured of a state."""
    return {**AT_HAND, **(PAGES if state in STATES else {})}
