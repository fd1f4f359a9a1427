"""Chromium with a profile folder of its own, as a person has it."""

import subprocess
from contextlib import suppress
from os import environ
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page
from support.browser import FLAGS, driver, installed_chromium
from support.internet import Internet
from support.patience import PATIENCE, until
from support.running import ended, started


class Chromium:
    """A person with Chromium; another with the same folder is the same person, later."""

    SESSIONS = Path("profile/Default/Sessions")

    def __init__(
        self, folder: Path, net: Internet, *, script: bool = True, restore: bool = False
    ) -> None:
        """Start it.

        Args:
            folder: home, profile and temporary files, all that it may write; a short name, since
                a socket's (unix(7)) ends at 108 bytes.
            net: all that it can reach.
            script: whether pages may run theirs.
            restore: open what was open when it was last there.
        """
        profile, temporary = folder / "profile", folder / "tmp"
        for place in (profile, temporary):
            place.mkdir(parents=True, exist_ok=True)
        if restore:  # what the button "Restore" of its window does after a crash
            settings = profile / "Default" / "Preferences"
            settings.write_text(settings.read_text().replace('"Crashed"', '"Normal"'))
        port = profile / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        self._process = started(
            [
                installed_chromium(),
                *FLAGS,
                "--headless",
                "--remote-debugging-port=0",
                "--password-store=basic",
                f"--user-data-dir={profile}",
                f"--proxy-server=127.0.0.1:{net.proxy}",
                f"--ignore-certificate-errors-spki-list={','.join(net.keys)}",
                "--restore-last-session" if restore else "about:blank",
            ],
            env={**environ, "HOME": str(folder), "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: port.is_file() and port.read_text().count("\n") > 0)
            address = f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
            self._browser = driver().chromium.connect_over_cdp(address)
            self._tab(self._browser.contexts[0].pages[0])
            self._devtools.send("Emulation.setScriptExecutionDisabled", {"value": not script})
        except BaseException:
            self.kill()
            raise

    def _tab(self, page: Page) -> None:
        self._page, self._devtools = page, page.context.new_cdp_session(page)

    def tabs(self) -> set[str]:
        """The addresses of all that is open."""
        open_ = self._devtools.send("Target.getTargets")["targetInfos"]
        return {tab["url"] for tab in open_ if tab["type"] == "page"}

    def open_tab(self) -> None:
        """Go on in another tab."""
        self._tab(self._page.context.new_page())

    def return_to_the_first_tab(self) -> None:
        """Go on where it began."""
        self._tab(self._browser.contexts[0].pages[0])

    def copy(self, selector: str) -> None:
        """Copy all of a field, by keys, to the clipboard."""
        self._page.click(selector)
        for keys in ("Control+A", "Control+C"):
            self._page.keyboard.press(keys)

    def paste(self, selector: str) -> None:
        """Paste what is on the clipboard into a field, by keys."""
        self._page.click(selector)
        self._page.keyboard.press("Control+V")

    def value(self, selector: str) -> str:
        """What a field holds."""
        return self._page.input_value(selector)

    @property
    def title(self) -> str:
        """Of the page that is shown; "" while it is loading."""
        title = self._page.title()
        return "" if title.startswith("Loading ") else title

    @property
    def address(self) -> str:
        """Of the page that is shown."""
        history = self._history()
        return str(history["entries"][history["currentIndex"]]["url"])

    def open(self, address: str) -> None:
        """Go to an address."""
        self._page.goto(address)

    def words(self, selector: str) -> str:
        """What is seen there."""
        return self._page.inner_text(selector)

    def sees(self, selector: str) -> bool:
        """Whether there is such a thing."""
        return self._page.locator(selector).count() > 0

    def click(self, selector: str) -> None:
        """Press a button or a link."""
        self._page.click(selector)

    def choose(self, selector: str) -> None:
        """Press Space on a choice."""
        self._page.press(selector, "Space")

    def write(self, selector: str, text: str) -> None:
        """Type into a field, key by key."""
        self._page.click(selector)
        self._page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, named as in UI Events, whatever has focus."""
        for key in keys:
            self._page.keyboard.press(key)

    def back(self) -> bool:
        """Go back in the browser's own list, if it leads anywhere; keys do not reach its window."""
        history = self._history()
        before = history["currentIndex"]
        if before:
            entry = {"entryId": history["entries"][before - 1]["id"]}
            self._devtools.send("Page.navigateToHistoryEntry", entry)
            until(lambda: self._history()["currentIndex"] < before)
        return bool(before)

    def _history(self) -> Any:  # noqa: ANN401 (what Playwright gives)
        """The list behind Back; for a moment after a page came out of its cache there is none."""
        found: list[Any] = []

        def told() -> bool:
            with suppress(Error):
                found.append(self._devtools.send("Page.getNavigationHistory"))
            return bool(found)

        until(told)
        return found[0]

    def forget_cookies(self) -> None:
        """Delete every cookie, as in the browser's settings."""
        self._devtools.send("Network.clearBrowserCookies")

    def close(self) -> None:
        """Close the window, as people do."""
        with suppress(Error):
            self._browser.new_browser_cdp_session().send("Browser.close")
        self._process.wait(PATIENCE)
        self._browser.close()

    def kill(self) -> None:
        """Take its power away: SIGKILL, unannounced."""
        ended(self._process)
