"""A real browser, and the real site for it to visit."""

import atexit
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from os import environ
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import trustme
from playwright.sync_api import Browser, Error, Page, Playwright, Route, expect, sync_playwright
from support.checkout import CHECKOUT
from support.municipality import ADDRESSES, places
from support.patience import PATIENCE, until
from support.running import ended, held_port, started
from udvej.content.addresses import FORM
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Outbox
from udvej.outbox.watch import Status
from udvej.sqlite import SQLite

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
# The same engine without the window around it, which costs as much as the page in it.
_WINDOWLESS: Final = ("chromium-headless-shell",)
FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    # Else each new window loads two pages of the browser's own, which cost more than one of ours,
    # and a process is always kept ready for the next site.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--no-sandbox",
)
# Each visit has a process of its own. One more for each site in it, and faster code for scripts
# that run for a moment, would take longer to make than they save.
_SPARING: Final = ("--js-flags=--no-opt", "--renderer-process-limit=1")
_HASTE_MILLISECONDS: Final = 3_100
_FILL_IN: Final = """([fields, choices]) => {
    for (const [name, text] of Object.entries(fields)) document.getElementById(name).value = text;
    for (const choice of choices) document.querySelector(choice).checked = true;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine, as a person has it: with its cache for Back."""
    browser = driver().chromium.launch(
        executable_path=_installed(*_WINDOWLESS, *_BROWSERS),
        args=[*FLAGS, *_SPARING],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@cache
def driver() -> Playwright:
    """Playwright; a process can have but one."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    expect.set_options(timeout=1000 * PATIENCE)
    return playwright


def installed_chromium() -> str:
    """Where the one with windows is, which writes down what a person's would."""
    return _installed(*_BROWSERS)


def _installed(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise RuntimeError("there is no Chromium on this machine; run: make setup-system")
    return found


@dataclass(frozen=True)
class Served:
    """A demonstration that runs.

    Attributes:
        origin: where, without a slash at the end.
        state: its state folder.
    """

    origin: str
    state: Path

    def received(self) -> int:
        """How many referrals have been accepted so far."""
        return self._outbox().last

    def letters(self) -> list[str]:
        """What has arrived with the team, opened, when nothing is on its way any more."""
        until(lambda: self._outbox().waiting == 0)
        return [*Demonstration.prepare(self.state).letters()]

    def _outbox(self) -> Status:
        with closing(SQLite(self.state)) as database:
            return Outbox(database).status()

    def holds(self, words: str) -> bool:
        """Whether words stand in any file of the state folder, the log too."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        return any(words.encode() in path.read_bytes() for path in files)


@contextmanager
def served(
    state: Path,
    settings: Mapping[str, str] | None = None,
    *,
    https: bool = True,
    limits: tuple[str, str] = ("30/hour", "120/hour"),
) -> Iterator[Served]:
    """`udvej serve` in a process of its own, over HTTPS or as `make run` does it.

    Args:
        state: its folder.
        settings: names the content; Nordby's if left out.
        https: whether it speaks TLS.
        limits: how often one client may send over TLS, and how often its drafts are kept, in each
            web process.
    """
    port = held_port()
    authority = trustme.CA()
    arguments = ["-m", "udvej", "serve", "--port", str(port)]
    if https:
        identity = authority.issue_cert("127.0.0.1", common_name="127.0.0.1")  # w3m wants it
        certificate, key = state / "certificate.pem", state / "key.pem"
        identity.cert_chain_pems[0].write_to_path(certificate)
        identity.private_key_pem.write_to_path(key)
        arguments = ["-m", "support.over_https", str(port), str(certificate), str(key), *limits]
    site = Served(f"http{'s' if https else ''}://127.0.0.1:{port}", state)
    others = {key: value for key, value in environ.items() if not key.startswith("UDVEJ_")}
    with (state / "log").open("wb") as log:
        process = started(
            [sys.executable, *arguments],
            env={
                **others,
                **(settings or places()),
                "UDVEJ_STATE": str(state),
                "PYTHONPATH": str(CHECKOUT / "tests"),
            },
            stderr=log,
        )
        try:
            trust = ssl.create_default_context()
            authority.configure_trust(trust)
            address = f"{site.origin}/sundhed"
            until(lambda: process.poll() is not None or _listens(port))
            until(lambda: process.poll() is not None or _answers(address, trust))
            assert process.poll() is None, (state / "log").read_text()
            yield site
        finally:
            _stop(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except OSError:
        return False
    return True


def _answers(address: str, trust: ssl.SSLContext) -> bool:
    try:
        with urlopen(address, timeout=PATIENCE, context=trust) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    finally:
        ended(process)


@dataclass
class Visit:
    """Somebody with a browser, and what it was seen to do.

    Attributes:
        page: its only tab.
        site: where it is.
        requests: every address that was asked for.
        complaints: what the browser wrote in its console, refusals by the policy among it.
    """

    page: Page
    site: Served
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def begin_again(self) -> None:
        """Be as if nothing had been before, but for the size of the window and its settings.

        In the same tab, since a new one takes three times as long as a page.
        """
        self.page.unroute_all()
        self.page.context.clear_cookies()
        self.requests.clear()
        self.complaints.clear()

    def bring_about(self, state: Callable[["Visit"], None]) -> None:
        """Begin again, and come to a page in one of its states."""
        self.begin_again()
        state(self)

    def open(self, address: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.site.origin + address)

    def fill_in(self, **fields: str) -> None:
        """Open the form and have it filled in; `fields` instead of what a test does not care for.

        All at once: one by one takes longer than all else that a visit does.
        """
        self.open(FORM)
        self.page.evaluate(_FILL_IN, [{**TYPED, **fields}, CHOSEN])

    def linger(self) -> None:
        """Let as much time go by as a person needs; what is sent faster is taken for a robot's."""
        shown_for = self.page.evaluate("performance.now()")
        time.sleep(max(0, _HASTE_MILLISECONDS - shown_for) / 1000)

    def send(self) -> None:
        """Press the button, and see where that leads."""
        self.page.click(SEND)
        self.page.wait_for_load_state()

    def go_back(self) -> None:
        """Press Back, as soon as the browser can say where that leads.

        For a moment after a page came out of its cache, Chromium answers that none is active;
        nothing has been pressed then.
        """

        def pressed() -> bool:
            try:
                self.page.go_back(wait_until="commit")
            except Error as error:
                if "Not attached to an active page" not in error.message:
                    raise
                return False
            return True

        until(pressed)

    def is_outside(self, address: str) -> bool:
        """Whether an address is none of the site's."""
        return not address.startswith((self.site.origin, "data:"))

    def focused(self, selector: str) -> bool:
        """Whether what has focus is what a selector means."""
        matches = "selector => document.activeElement.matches(selector)"
        return bool(self.page.evaluate(matches, selector))

    def comes_to_focus(self, selector: str) -> bool:
        """Whether that soon has focus; `autofocus` waits for the first picture of the page."""
        expect(self.page.locator(selector)).to_be_focused()
        return True


SEND: Final = "main .button--primary"
TYPED: Final[Mapping[str, str]] = {
    "name": "Kim",
    "phone": "20 12 34 56",
    "mail": "navn@eksempel.dk",
    "times": "Hverdage efter kl. 16",
    "message": "Jeg vil gerne høre mere.",
}
CHOSEN: Final = ("#who-0", "#prefer-1", "#may_leave_message")
CPR: Final = "010190-1234"


@contextmanager
def visiting(
    browser: Browser,
    site: Served,
    **options: Any,  # noqa: ANN401 (what Playwright takes for a context)
) -> Iterator[Visit]:
    """A visit with nothing left from any other; the rest of the world is a stub."""
    with browser.new_context(
        **{"ignore_https_errors": True, "locale": "da-DK", **options}
    ) as context:
        context.set_default_timeout(1000 * PATIENCE)
        visit = Visit(context.new_page(), site)
        context.route(visit.is_outside, partial(_outside, visit))
        context.on("request", lambda request: visit.requests.append(request.url))
        context.on("console", lambda message: visit.complaints.append(message.text))
        context.on("weberror", lambda error: visit.complaints.append(str(error.error)))
        yield visit


def _outside(visit: Visit, route: Route) -> None:
    """The weather, with a link to the site."""
    body = f'<!doctype html><title>Vejret</title><a href="{visit.site.origin}/">Sol</a>'
    route.fulfill(body=body, content_type="text/html")


def _refused(visit: Visit) -> None:
    visit.open(FORM)
    visit.send()


def _cpr(visit: Visit) -> None:
    visit.fill_in(message=f"Mit nummer er {CPR}.")
    visit.send()


def _receipt(visit: Visit) -> None:
    visit.fill_in()
    visit.send()


def _cookies(visit: Visit) -> None:
    visit.fill_in()
    visit.page.context.clear_cookies()
    visit.send()


def leave(visit: Visit) -> None:
    """The blank page, kept from moving on."""
    visit.page.route(visit.is_outside, lambda route: route.abort("aborted"))
    visit.open("/")
    visit.page.click(".thumb-bar .leave-button")


def _expired(visit: Visit) -> None:
    visit.fill_in()
    visit.page.evaluate("document.querySelector('[name=csrf_token]').value = 'gammel'")
    visit.send()


# Every page, and every state a page can be brought into, by a name for it.
STATES: Final[Mapping[str, Callable[[Visit], None]]] = {
    **{
        address.strip("/") or "forside": partial(Visit.open, address=address)
        for address in ADDRESSES
    },
    "findes-ikke": partial(Visit.open, address="/findes-ikke/"),
    "skriv-fejl": _refused,
    "skriv-cpr": _cpr,
    "skriv-cookies": _cookies,
    "skriv-udloebet": _expired,
    "skriv-tak": _receipt,
}
