"""w3m, which knows no script and no style, in a terminal where a person presses keys."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.patience import PATIENCE, until
from support.running import ended, started

# High enough for the whole form.
_COLUMNS, _LINES = 80, 150


class TextBrowser:
    """A person with w3m, who waits for what each key brings before pressing the next."""

    def __init__(self, folder: Path, address: str, message: str) -> None:
        """Open an address.

        Args:
            folder: home and all that it may write; a short name, since a socket's (unix(7)) ends
                at 108 bytes.
            address: what is opened.
            message: what the editor, which w3m starts for a text of several lines, writes there.
        """
        self._environment = {
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "TMUX_TMPDIR": str(folder),
        }
        written = folder / "message"
        written.write_text(message, "utf-8")
        options = ("-cookie", "-o", "ssl_verify_server=0", "-o", f"editor=cp {written} %s")
        size = ("-x", str(_COLUMNS), "-y", str(_LINES))
        # Not as a daemon, which would be nobody's child.
        self._server = started(["tmux", "-D", "-u", "-f", os.devnull], env=self._environment)
        try:
            until(lambda: any(folder.glob("tmux-*/default")))
            self._terminal("new-session", "-d", *size, "w3m", *options, address)
            self._terminal("set-option", "remain-on-exit", "on")
        except BaseException:
            self.close()
            raise

    def _terminal(self, *arguments: str) -> str:
        ran = subprocess.run(
            ["tmux", "-u", *arguments],
            env=self._environment,
            capture_output=True,
            check=False,
            text=True,
            timeout=PATIENCE,
        )
        assert ran.returncode == 0, (arguments, ran.stderr)
        return ran.stdout

    @property
    def screen(self) -> list[str]:
        """The lines that are shown; the last one is w3m's own."""
        lines = self._terminal("capture-pane", "-p").split("\n")
        return [line.rstrip() for line in lines[:_LINES]]

    def sees(self, line: str) -> None:
        """Wait for a line that begins so."""
        screen: list[str] = []

        def seen() -> bool:
            screen[:] = self.screen
            return any(shown.startswith(line) for shown in screen)

        try:
            until(seen)
        except AssertionError as error:
            raise AssertionError("\n".join(screen)) from error

    def _is_on(self, line: str) -> bool:
        """Whether the cursor is on a line that begins so."""
        return self.screen[int(self._terminal("display-message", "-p", "#{cursor_y}"))].startswith(
            line
        )

    def _press(self, *keys: str) -> None:
        self._terminal("send-keys", *keys)

    def _type(self, prompt: str, text: str) -> None:
        """Answer what w3m asks."""
        until(lambda: self.screen[-1] == prompt)
        self._terminal("send-keys", "-l", text)
        until(lambda: self.screen[-1].endswith(text))
        self._press("Enter")

    def _find(self, line: str) -> None:
        """Search for a line."""
        self._press("/")
        self._type("Forward:", f"^{line}")
        until(lambda: self._is_on(line))

    def _field_of(self, label: str, field: str) -> None:
        """Go from a label to the field that comes next."""
        self._find(label)
        self._press("Tab")
        until(lambda: self._is_on(field))

    def write(self, label: str, text: str) -> None:
        """Fill in the field below a label."""
        self._field_of(label, "[ ")
        self._press("Enter")
        self._type("TEXT:", text)
        self.sees(f"[{text}")

    def edit(self, label: str) -> None:
        """Let the editor write in the field below a label."""
        self._field_of(label, "[ ")
        self._press("Enter")

    def choose(self, question: str, choice: str) -> None:
        """Choose the first answer to a question."""
        self._field_of(question, f"( ) {choice}")
        self._press("Enter")
        self.sees(f"(*) {choice}")

    def press(self, button: str) -> None:
        """Press a button that has a line of its own."""
        self._find(button)
        self._press("Enter")

    def close(self) -> None:
        """Close the terminal."""
        ended(self._server)


@contextmanager
def text_browser(folder: Path, address: str, message: str) -> Iterator[TextBrowser]:
    """One that is closed in the end; see `TextBrowser`."""
    person = TextBrowser(folder, address, message)
    try:
        yield person
    finally:
        person.close()
