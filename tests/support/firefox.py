"""Firefox with a profile folder of its own, as a person has it."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Mapping
from contextlib import suppress
from os import environ
from pathlib import Path
from types import MappingProxyType
from typing import Final

from support.internet import Internet
from support.patience import PATIENCE, until
from support.running import ended, started

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports has "\\d" in plain strings
    from marionette_driver.by import By
    from marionette_driver.errors import MarionetteException
    from marionette_driver.keys import Keys
    from marionette_driver.marionette import Marionette


_BROWSERS: Final = ("firefox-esr", "firefox")
# So that it comes up with one empty tab, makes none in reserve, and writes without delay. What it
# keeps of a page is as Mozilla delivers it.
_PREFERENCES: Final = {
    "browser.aboutwelcome.enabled": False,
    "browser.newtab.preload": False,
    "browser.sessionstore.interval": 500,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "marionette.port": 0,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.ssl": "127.0.0.1",
    "remote.prefs.recommended": False,
}


class Firefox:
    """A person with Firefox; another with the same folder is the same person, later."""

    # Whom it asks for itself, whatever is visited.
    # A minute after its start also for lists of dangerous sites and for a codec.
    OWN = (
        *(".mozilla.org", ".mozilla.com", ".mozilla.net", ".firefox.com"),
        *("safebrowsing.googleapis.com", "update.googleapis.com"),
    )
    SESSIONS = Path("profile/sessionstore-backups")

    def __init__(
        self,
        folder: Path,
        net: Internet,
        *,
        script: bool = True,
        restore: bool = False,
        preferences: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Start it.

        Args:
            folder: home, profile and temporary files, all that it may write.
            net: all that it can reach.
            script: whether pages may run theirs.
            restore: open what was open when it was last there.
            preferences: in place of those it comes with.
        """
        found = next(filter(None, map(shutil.which, _BROWSERS)), None)
        if found is None:
            raise RuntimeError("there is no Firefox on this machine; run: make setup-system")
        profile, temporary = folder / "profile", folder / "tmp"
        for place in (profile, temporary):
            place.mkdir(parents=True, exist_ok=True)
        chosen = {
            **_PREFERENCES,
            "network.proxy.http_port": net.proxy,
            "network.proxy.ssl_port": net.proxy,
            "browser.startup.page": 3 if restore else 0,
            "javascript.enabled": script,
            **preferences,
        }
        lines = (f'user_pref("{name}", {json.dumps(value)});\n' for name, value in chosen.items())
        (profile / "user.js").write_text("".join(lines))
        port = profile / "MarionetteActivePort"
        port.unlink(missing_ok=True)
        flags = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote")
        self._process = started(
            [found, *flags, "--profile", str(profile)],
            env={**environ, "HOME": str(folder), "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: port.is_file() and port.read_text() != "")
            self._marionette = Marionette(host="127.0.0.1", port=int(port.read_text()))
            self._marionette.start_session({"acceptInsecureCerts": True})
        except BaseException:
            self.kill()
            raise

    def tabs(self) -> set[str]:
        """The addresses of all that is open."""
        with self._marionette.using_context("chrome"):
            addresses = "return gBrowser.tabs.map(tab => tab.linkedBrowser.currentURI.spec)"
            return {*self._marionette.execute_script(addresses)}

    def open_tab(self) -> None:
        """Go on in another tab."""
        self._marionette.switch_to_window(self._marionette.open(type="tab")["handle"])

    def return_to_the_first_tab(self) -> None:
        """Go on where it began."""
        self._marionette.switch_to_window(self._marionette.window_handles[0])

    def copy(self, selector: str) -> None:
        """Copy all of a field, by keys, to the clipboard."""
        self.click(selector)
        for key in "ac":
            self._keys(Keys.CONTROL, key, together=True)

    def paste(self, selector: str) -> None:
        """Paste what is on the clipboard into a field, by keys."""
        self.click(selector)
        self._keys(Keys.CONTROL, "v", together=True)

    def value(self, selector: str) -> str:
        """What a field holds."""
        return str(self._marionette.find_element(By.CSS_SELECTOR, selector).get_property("value"))

    @property
    def title(self) -> str:
        """Of the page that is shown."""
        return str(self._marionette.title)

    @property
    def address(self) -> str:
        """Of the page that is shown."""
        return str(self._marionette.get_url())

    def open(self, address: str) -> None:
        """Go to an address."""
        self._marionette.navigate(address)

    def words(self, selector: str) -> str:
        """What is seen there."""
        return str(self._marionette.find_element(By.CSS_SELECTOR, selector).text)

    def sees(self, selector: str) -> bool:
        """Whether there is such a thing."""
        return bool(self._marionette.find_elements(By.CSS_SELECTOR, selector))

    def click(self, selector: str) -> None:
        """Press a button or a link."""
        self._marionette.find_element(By.CSS_SELECTOR, selector).click()

    def choose(self, selector: str) -> None:
        """Press Space on a choice."""
        self._marionette.find_element(By.CSS_SELECTOR, selector).send_keys(Keys.SPACE)

    def write(self, selector: str, text: str) -> None:
        """Type into a field, key by key."""
        self._marionette.find_element(By.CSS_SELECTOR, selector).send_keys(text)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, named as in UI Events, whatever has focus."""
        self._keys(*(getattr(Keys, key.upper()) for key in keys), together=False)

    def back(self) -> bool:
        """Press Alt and the left arrow, the browser's own Back, if it leads anywhere."""
        with self._marionette.using_context("chrome"):
            history = "gBrowser.selectedBrowser.browsingContext.sessionHistory"
            before = self._marionette.execute_script(f"return {history}.index")
            if before:
                self._keys(Keys.ALT, Keys.ARROW_LEFT, together=True)
                until(
                    lambda: self._marionette.execute_script(
                        f"return {history}.index < {before} && !gBrowser.selectedBrowser.isLoading"
                    )
                )
        return bool(before)

    def _keys(self, *keys: str, together: bool) -> None:
        action = self._marionette.actions.sequence("key", "keyboard")
        for key in keys:
            action.key_down(key)
            if not together:
                action.key_up(key)
        for key in keys if together else ():
            action.key_up(key)
        action.perform()

    def forget_cookies(self) -> None:
        """Delete every cookie, as in the browser's settings."""
        with self._marionette.using_context("chrome"):
            self._marionette.execute_script("Services.cookies.removeAll()")

    def close(self) -> None:
        """Close the window, as people do."""
        # It may be gone before it has answered.
        gone = (MarionetteException, OSError)
        with suppress(*gone), self._marionette.using_context("chrome"):
            self._marionette.execute_script("Services.startup.quit(Services.startup.eAttemptQuit)")
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Take its power away: SIGKILL, unannounced."""
        ended(self._process)
