"""Judges from outside: the Nu HTML checker (validator.nu) and Lighthouse, as on a phone.

`make setup-ci` installs both. Elsewhere these tests are left out; on CI they must not be.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Response
from support.accessibility import ALL_STATES
from support.browser import ADDRESSES, Served, Visit, visiting
from support.checkout import CHECKOUT
from support.lighthouse import lighthouse
from support.patience import PATIENCE

pytestmark = pytest.mark.browser

_CHECKERS: Final = CHECKOUT / ".checkers" / "node_modules"
_NU: Final = _CHECKERS / "vnu-jar" / "build" / "dist" / "vnu.jar"
_LIGHTHOUSE: Final = _CHECKERS / "lighthouse" / "core" / "index.js"


def needed(command: str, file: Path) -> Sequence[str]:
    """The beginning of a command line, or the end of the test where its program is missing."""
    if shutil.which(command) is None or not file.exists():
        reason = f"{command} or {file.name} is not installed; run: make setup-ci"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    return [command, *(["-jar"] if command == "java" else []), str(file)]


# Nu.


def nu(*files: Path) -> list[str]:
    """What the checker says of files: errors and warnings."""
    command = [*needed("java", _NU), "--format", "json", "--exit-zero-always"]
    run = subprocess.run(
        [*command, *files], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    return [
        f"{Path(said['url']).name}: {said['message']}"
        for said in json.loads(run.stderr)["messages"]
    ]


def answer(visit: Visit, state: str) -> bytes:
    """The page of a state as the server sent it."""
    pages: list[Response] = []
    visit.page.on("response", lambda page: pages.append(page))  # noqa: PLW0108 (it wants to mark it)
    ALL_STATES[state](visit)
    ours = [page for page in pages if page.url.startswith(visit.site.origin) and page.status != 303]
    return ours[-1].body()


def test_html_is_valid(browser: Browser, site: Served, tmp_path: Path) -> None:
    """The checker has no error and no warning for any page or state; 4.1.1 of WCAG 2.1 is this."""
    needed("java", _NU)
    files = [tmp_path / f"{state}.html" for state in ALL_STATES]
    for file in files:
        with visiting(browser, site) as visit:
            file.write_bytes(answer(visit, file.stem))
    assert nu(*files) == []


def test_invalid_html_would_be_noticed(tmp_path: Path) -> None:
    """An error and a warning."""
    file = tmp_path / "side.html"
    file.write_text("<!doctype html><title>x</title><p><section></p><a name=x></a>")
    said = " ".join(nu(file))
    assert "Stray end tag" in said or "No “p” element in scope" in said
    assert "Consider adding a “lang” attribute" in said


# Lighthouse.


Judged = Callable[[str], Mapping[str, Any]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """What Lighthouse says of an address."""
    needed("node", _LIGHTHOUSE)
    with lighthouse(_LIGHTHOUSE, tmp_path_factory.mktemp("lighthouse")) as judged:
        yield judged


@pytest.mark.parametrize("address", ADDRESSES)
def test_lighthouse_is_content(site: Served, judged: Judged, address: str) -> None:
    """100 in accessibility, best practices and search engines, as on a phone."""
    assert judged(site.origin + address) == {
        "accessibility": 1,
        "best-practices": 1,
        "seo": 1,
        "failed": [],
    }


class _Poor(BaseHTTPRequestHandler):
    """A page without a language, a description, contrast or a viewport."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p style='color: #aaa'>Ord</p><img src='data:,'>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_lighthouse_would_notice_a_poor_page(judged: Judged) -> None:
    """All three scores can be less."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Poor) as server:
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        try:
            scores = judged(f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
    assert max(scores["accessibility"], scores["best-practices"], scores["seo"]) < 1
