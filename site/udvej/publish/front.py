"""What a web server in front includes and shows while the application does not answer."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Final

from flask import Flask
from werkzeug.exceptions import default_exceptions

from udvej.content.editions import Content
from udvej.publish.compressed import write_compressed
from udvej.web.leaving import Leaving
from udvej.web.reader import SESSION_COOKIE

HEADERS: Final = "headers.conf"
PAGES: Final = "pages.conf"
LEAVING: Final = "leaving.conf"
ERRORS: Final = "errors"

_HEADER: Final = re.compile(r'^add_header (\S+) "(.*)" always;$', re.MULTILINE)
_OF_ONE_ANSWER: Final = ("Content-Encoding", "Content-Length", "Content-Type", "Date", "ETag")
# What a web server in front has to say itself, when the application cannot.
_ERROR_CODES: Final = (400, 429, 503)
# The first of the random number that nginx gives each request.
_DIGITS: Final = "0123456789abcdef"


def write_for_front(app: Flask, content: Content, address: str, folder: Path) -> None:
    """Write the includes for nginx and its error pages, in every language.

    Args:
        app: made by `reader_app`.
        content: what the site says.
        address: the one people use.
        folder: where to write.

    Raises:
        OSError: it cannot be written.
    """
    for edition in content.editions.values():
        language = edition.language
        for code in _ERROR_CODES:
            with app.test_request_context(language.at("/"), base_url=address):
                app.preprocess_request()
                page = app.make_response(app.handle_user_exception(default_exceptions[code]()))
            path = folder / ERRORS / language.prefix.strip("/") / f"{code}.html"
            write_compressed(page.data, path)
    _write_leaving(content, folder)
    (folder / HEADERS).write_text(_headers(app, address), "utf-8")


def write_home(folder: Path, home: Path) -> None:
    """Let nginx find the pages by the build's own name, so that they change as their headers do.

    Args:
        folder: where to write.
        home: where the folder will be when it is complete.

    Raises:
        OSError: it cannot be written.
    """
    (folder / PAGES).write_text(f'set $udvej_pages "{home}";\n', "utf-8")


def _write_leaving(content: Content, folder: Path) -> None:
    """The pages that lead away: one for each digit, so that nginx takes a site at random."""
    leaving = Leaving.of(content.facts, SESSION_COOKIE)
    left = leaving.response()
    for digit, site in zip(_DIGITS, cycle(leaving.sites), strict=False):
        left = replace(leaving, sites=[site]).response()
        write_compressed(left.data, folder / ERRORS / f"leaving-{digit}.html")
    # Without the moment of its making: Max-Age is enough (RFC 6265, 5.3), and reproducible.
    cookies = [re.sub(" Expires=[^;]*;", "", kept) for kept in left.headers.getlist("Set-Cookie")]
    added = [f'add_header Set-Cookie "{cookie}" always;\n' for cookie in cookies]
    (folder / LEAVING).write_text("".join(added), "utf-8")


def headers_in(build: Path) -> Mapping[str, str]:
    """The headers that every answer of a build carries.

    Args:
        build: where `write_for_front` has written.

    Raises:
        OSError: it cannot be read.
    """
    return dict(_HEADER.findall((build / HEADERS).read_text("utf-8")))


def _headers(app: Flask, address: str) -> str:
    answer = app.test_client().get("/", base_url=address)
    lines = [
        f'add_header {name} "{value}" always;\n'
        for name, value in answer.headers.items()
        if name not in _OF_ONE_ANSWER
    ]
    return "# Written by `udvej build`: the hashes change with the styles.\n" + "".join(lines)
