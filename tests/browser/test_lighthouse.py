"""Lighthouse, as on a phone, where it is installed."""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from support.browser import Served, installed_chromium
from support.checkers import LIGHTHOUSE, needed
from support.municipality import ADDRESSES

pytestmark = pytest.mark.browser


def lighthouse(address: str) -> Mapping[str, Any]:
    """Its scores from 0 to 1, and each audit that is not passed."""
    flags = "--headless=new --no-sandbox --ignore-certificate-errors --disable-gpu"
    run = subprocess.run(
        [
            *needed("node", LIGHTHOUSE),
            address,
            "--quiet",
            "--output=json",
            "--only-categories=accessibility,best-practices,seo",
            "--disable-full-page-screenshot",
            "--no-enable-error-reporting",
            f"--chrome-flags={flags}",
        ],
        env=os.environ | {"CHROME_PATH": installed_chromium()},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(run.stdout)
    failed = [name for name, audit in report["audits"].items() if audit["score"] not in (None, 1)]
    return {
        **{name: category["score"] for name, category in report["categories"].items()},
        "failed": failed,
    }


@pytest.mark.parametrize("address", ADDRESSES)
def test_lighthouse_is_content(site: Served, address: str) -> None:
    """100 in accessibility, best practices and search engines, as on a phone."""
    assert lighthouse(site.origin + address) == {
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


def test_lighthouse_would_notice_a_poor_page() -> None:
    """All three scores can be less."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Poor) as server:
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        scores = lighthouse(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    assert max(scores["accessibility"], scores["best-practices"], scores["seo"]) < 1
