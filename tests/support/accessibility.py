"""What a page is to those who see, hear or reach it otherwise: by axe, and by our own measures.

Run as a program it renews the snapshots of the accessibility tree: `make snapshots`.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property, partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, CDPSession, JSHandle, Page, ViewportSize
from support.browser import STATES, Served, Visit, chromium, leave, served, visiting
from support.municipality import ADDRESSES
from support.rare_answers import RARE

SNAPSHOTS: Final = Path(__file__).parents[1] / "browser" / "accessibility-tree"
_MEASURES: Final = Path(__file__).with_name("measures.js").read_text("utf-8")
_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_ADD: Final = """(styles) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    document.adoptedStyleSheets = [sheet];
}"""
_AFRESH: Final = """() => {
    document.activeElement.blur();
    scrollTo({ top: 0, behavior: "instant" });
}"""
# The part of the window so many pixels around an element, from the beginning of the page.
_AROUND: Final = """(element, around) => {
    const box = element.getBoundingClientRect();
    const x = Math.max(0, box.left - around), y = Math.max(0, box.top - around);
    return {
        x: x + scrollX,
        y: y + scrollY,
        width: Math.min(document.documentElement.clientWidth, box.right + around) - x,
        height: Math.min(innerHeight, box.bottom + around) - y,
    };
}"""
# Every rule that axe has: WCAG at all levels, best practices, what is experimental or obsolete.
_RUN_AXE: Final = """async (left) => {
    const rules = Object.fromEntries(
        axe.getRules().map(({ ruleId }) => [ruleId, {enabled: !left.includes(ruleId)}]));
    const resultTypes = ["violations", "incomplete"];
    const found = await axe.run(document, { rules, resultTypes });
    return Object.fromEntries(resultTypes.map((type) => [type, found[type].flatMap((rule) =>
        rule.nodes.map((node) => [rule.id, node.html]))]));
}"""

# Its rules of contrast, which take longer than all the others.
COLOURS: Final = ("color-contrast", "color-contrast-enhanced")
# What axe leaves to people, and who has looked at it.
SETTLED: Final[Mapping[str, str]] = {
    # Near the bar and the road it cannot say what lies behind. `test_contrast…` can.
    "color-contrast": "",
    "color-contrast-enhanced": "",
    # It cannot always read the styles. `test_either_way_up` looks at the page.
    "css-orientation-lock": "",
    # Hidden on purpose: the honeypot field, the language offer, the link to a menu already in
    # view, and the phone number's digits on narrow screens.
    "hidden-content": r'<div hidden="">|<p class="language-offer"|<a class="layout-to-menu"'
    r'|<span class="roomy"',
}
# Words that tell nothing of where a link leads unless one reads what stands around it.
VAGUE: Final = re.compile(
    r"\b(her|mere|det|den|dem|dette|gøre|videre|klik|link|se|læs)$|^(her|klik|læs mere)\b",
    re.IGNORECASE,
)

Scheme = Literal["light", "dark"]
Contrast = Literal["no-preference", "more"]
Forced = Literal["none", "active"]
SCHEMES: Final[Sequence[Scheme]] = ("light", "dark")
CONTRASTS: Final[Sequence[Contrast]] = ("no-preference", "more")
FORCED: Final[Sequence[Forced]] = ("none", "active")


@dataclass(frozen=True)
class Look:
    """How somebody has set up their browser, of which pages take notice."""

    width: int = 1280
    height: int = 900
    scheme: Scheme = "light"
    contrast: Contrast = "no-preference"
    forced: Forced = "none"
    motion: Literal["no-preference", "reduce"] = "no-preference"
    media: Literal["screen", "print"] = "screen"
    styles: str = ""  # what their browser adds of its own

    @property
    def size(self) -> ViewportSize:
        """Of the window, in pixels of CSS."""
        return {"width": self.width, "height": self.height}

    @property
    def preferences(self) -> Mapping[str, str]:
        """What pages are told by media queries, as Playwright names it."""
        return {
            "color_scheme": self.scheme,
            "contrast": self.contrast,
            "forced_colors": self.forced,
            "reduced_motion": self.motion,
            "media": self.media,
        }


# While a page is opened: without smooth scrolling, so that a jump renders no frames on its way.
COMING: Final = Look(motion="reduce")
# What is found by each measure in each look.
Found = Mapping[tuple[str, Look], Any]


@dataclass
class Shown:
    """A page in the browser, to be looked at in many ways."""

    state: str
    page: Page
    _now: Look | None = None

    def look(self, look: Look = Look()) -> None:
        """Show it afresh, as somebody would see it.

        Args:
            look: their browser's settings.
        """
        self._set(look)
        self.page.evaluate(f"({_AFRESH})()")

    def _set(self, look: Look) -> None:
        """Only what is new: each takes as long as some measures together."""
        before, self._now = self._now, look
        if before is None or before.size != look.size:
            self.page.set_viewport_size(look.size)
        if before is None or before.preferences != look.preferences:
            self.page.emulate_media(**look.preferences)  # type: ignore[arg-type]
        if before is None or before.styles != look.styles:
            self.page.evaluate(_ADD, look.styles)

    def measure(self, what: str) -> Any:  # noqa: ANN401 (what the script gives back)
        """A measure of `measures.js`, as a call."""
        return self.page.evaluate(f"measures.{what}")

    def measure_all(self, wanted: Mapping[str, Sequence[Look]]) -> Found:
        """Several measures, each in some looks: all that are wanted of a look at once.

        Args:
            wanted: the looks of each measure.
        """
        looks = sorted({look for each in wanted.values() for look in each}, key=astuple)
        found = {}
        for look in looks:
            self._set(look)
            measures = [measure for measure, each in wanted.items() if look in each]
            calls = ", ".join(f"measures.{measure}" for measure in measures)
            taken = self.page.evaluate(f"() => {{ ({_AFRESH})(); return [{calls}]; }}")
            found.update(
                {(measure, look): each for measure, each in zip(measures, taken, strict=True)}
            )
        return found

    def axe(self, left: Sequence[str] = ()) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What axe has to say: `violations` and `incomplete`, each as rule and element.

        Args:
            left: rules that are left out.
        """
        found: Mapping[str, Sequence[tuple[str, str]]] = self.page.evaluate(_RUN_AXE, left)
        return found

    def complaints_of_axe(self, left: Sequence[str] = ()) -> list[tuple[str, str]]:
        """What is wrong by axe, and what it is not sure of and nobody has settled; see `axe`."""
        found = self.axe(left)
        unsettled = [
            (rule, element)
            for rule, element in found["incomplete"]
            if rule not in SETTLED or not re.match(SETTLED[rule], element)
        ]
        return [*found["violations"], *unsettled]

    def kinds(self) -> Iterator[JSHandle]:
        """One of each kind of stop of the keyboard."""
        kinds = self.page.evaluate_handle("measures.kinds()")
        yield from kinds.get_properties().values()

    def picture(self, element: JSHandle, around: int) -> str:
        """A picture of an element and what is around it in the window, as PNG in base64.

        By the browser's own call: Playwright's does as much again before and after it.
        """
        clip = element.evaluate(_AROUND, around)
        taken = self._devtools.send("Page.captureScreenshot", {"clip": {**clip, "scale": 1}})
        return str(taken["data"])

    @cached_property
    def _devtools(self) -> CDPSession:
        return self.page.context.new_cdp_session(self.page)

    def tree(self) -> str:
        """The accessibility tree, but for what is new each time."""
        tree = self.page.locator("body").aria_snapshot()
        return re.sub(r"\b[0-9A-Z]{3}-[0-9A-Z]{3}\b", "XXX-XXX", tree) + "\n"


def _refused_in(tag: str, visit: Visit) -> None:
    """The form in another language, sent empty."""
    visit.open(f"/{tag}/skriv/")
    visit.send()


# With what is seldom met, and the blank page, which is on the screen for a moment.
ALL_STATES: Final[Mapping[str, Callable[[Visit], None]]] = {
    **STATES,
    **{
        f"{tag}{address.rstrip('/').replace('/', '-')}": partial(
            Visit.open, address=f"/{tag}{address}"
        )
        for tag, address in product(("en", "ar"), ADDRESSES)
    },
    **{f"{tag}-skriv-fejl": partial(_refused_in, tag) for tag in ("en", "ar")},
    **RARE,
    "forlad": leave,
}


def bring_measures(context: BrowserContext) -> None:
    """Have axe and the measures in each page that is opened, without sending them each time."""
    for script in (_AXE, _MEASURES):
        context.add_init_script(script)


@contextmanager
def gallery(browser: Browser, site: Served) -> Iterator[Callable[[str], Shown]]:
    """Pages by the names of their states, one after the other in the same tab.

    Tests of a state that follow each other find it as they left it; ask again for one after another
    has been shown.
    """
    with visiting(browser, site) as visit:
        bring_measures(visit.page.context)
        shown = Shown("", visit.page)

        def show(state: str) -> Shown:
            nonlocal shown
            if state != shown.state:
                shown.look(COMING)
                visit.bring_about(ALL_STATES[state])
                shown = Shown(state, visit.page)
            return shown

        yield show


def _renew_snapshots() -> None:
    with (
        tempfile.TemporaryDirectory() as state,
        served(Path(state)) as site,
        chromium() as browser,
        gallery(browser, site) as show,
    ):
        SNAPSHOTS.mkdir(exist_ok=True)
        for old in SNAPSHOTS.glob("*.yml"):
            old.unlink()
        for name in STATES:
            shown = show(name)
            shown.look()
            (SNAPSHOTS / f"{name}.yml").write_text(shown.tree(), "utf-8")


if __name__ == "__main__":
    _renew_snapshots()
