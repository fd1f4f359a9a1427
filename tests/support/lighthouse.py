"""Lighthouse, started once, with a Chromium of its own."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.browser import FLAGS, installed_chromium
from support.patience import until
from support.running import ended, next_line, started

_SCRIPT: Final = Path(__file__).with_suffix(".mjs")


@contextmanager
def lighthouse(module: Path, profile: Path) -> Iterator[Callable[[str], Mapping[str, Any]]]:
    """What judges the page at an address, as on a phone.

    Args:
        module: Lighthouse's `core/index.js`.
        profile: a folder for the browser.

    Yields:
        Gives the scores of an address from 0 to 1 by category, and which audits `failed`.
    """
    port = profile / "DevToolsActivePort"
    browser = started(
        [
            installed_chromium(),
            *FLAGS,
            "--headless=new",
            "--ignore-certificate-errors",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: port.is_file() and port.read_text().count("\n") > 0)
        judge = started(
            ["node", _SCRIPT, module, port.read_text().splitlines()[0]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        try:

            def judged(address: str) -> Mapping[str, Any]:
                assert judge.stdin is not None
                judge.stdin.write(f"{address}\n".encode())
                found: Mapping[str, Any] = json.loads(next_line(judge))
                return found

            yield judged
        finally:
            ended(judge)
    finally:
        ended(browser)
