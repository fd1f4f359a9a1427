"""`udvej serve`, but for the TLS that a web server in front of it would speak.

Run as a program, and apart from `browser.py`, since it imports no more than it needs.
"""

import sys
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import brotli
from limits import parse
from udvej import cli
from udvej.publish import compressed, stamps
from udvej.server import granian, processes, reloading
from udvej.web import app


def _serve(port: str, certificate: str, key: str, sendings: str, corrections: str) -> int:
    over_https = partial(granian.Server, ssl_cert=Path(certificate), ssl_key=Path(key))
    # The same to a browser, and made in a tenth of the time.
    quickly = SimpleNamespace(compress=partial(brotli.compress, quality=4))
    with (
        patch.object(compressed, "brotli", quickly),
        patch.object(processes, "Server", over_https),
        # Nobody writes meanwhile; to look for it takes longer than all else of an answer.
        patch.object(reloading, "stamp", cache(stamps.stamp)),
        patch.object(app, "_SENDINGS", parse(sendings)),
        patch.object(app, "_CORRECTIONS", parse(corrections)),
    ):
        return cli.main(["serve", "--port", port])


if __name__ == "__main__":
    sys.exit(_serve(*sys.argv[1:]))
