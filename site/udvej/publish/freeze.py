"""Freeze the pages to files, compressed, so that reading them takes no Python."""

import gzip
import re
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import brotli
from flask import Flask
from werkzeug.exceptions import default_exceptions
from werkzeug.test import TestResponse

from udvej.config import Config
from udvej.content import catalogue
from udvej.content.facts import load_facts
from udvej.errors import ConfigError, ContentError
from udvej.web.app import SESSION_COOKIE, create_app
from udvej.web.frozen import PAGE
from udvej.web.leaving import Leaving

WWW: Final = "www"
HEADERS: Final = "headers.conf"
PAGES: Final = "pages.conf"
LEAVING: Final = "leaving.conf"
ERRORS: Final = "errors"

_PACKAGE: Final = Path(__file__).parents[1]
_MAKERS: Final = ("babel", "bleach", "brotli", "flask", "jinja2", "markdown-it-py", "phonenumbers")
# The blueprints whose every answer can be a file.
_SAME_FOR_EVERYBODY: Final = ("pages-", "searching.")
_OF_ONE_ANSWER: Final = ("Content-Encoding", "Content-Length", "Content-Type", "Date", "ETag")
# What a web server in front has to say itself, when the application cannot.
_FRONT_SAYS: Final = (400, 413, 429, 503)
_STAMP_LENGTH: Final = 16


def stamp(config: Config) -> str:
    """One hash over all that the pages are made of; the same pages have the same."""
    live = config.live
    told = [config.address, str(live and live.sealing), sys.version, *map(version, _MAKERS)]
    digest = sha256("\n".join(told).encode())
    for folder in (config.content, config.translations, _PACKAGE):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".mo", ".pot"):
                digest.update(f"\n{path.relative_to(folder)}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:_STAMP_LENGTH]


def freeze(config: Config, folder: Path) -> Path:
    """Render every page that is the same for everybody, in every language.

    `folder` becomes a link to a folder beside it that is complete before the link leads there:
    a build that fails leaves the one before in place. Unchanged input is not rendered again, and
    the same input gives the same bytes.

    Args:
        config: as for the site itself.
        folder: the link; its parent exists. Inside are `www/` with the files; `errors/` with what
            nginx shows when the application does not answer; and for nginx to include:
            `headers.conf`, `leaving.conf` with the cookies of leaving, and `pages.conf`, which
            names the folder that the link leads to, so that pages and headers change together.

    Returns:
        The folder that the link leads to.

    Raises:
        ConfigError: the folder is something else, or cannot be written.
        ContentError: a page cannot be rendered.
        UdvejError: as `create_app`.
    """
    made = folder.with_name(f"{folder.name}.{stamp(config)}")
    if folder.exists() and not folder.is_symlink():
        raise ConfigError(f"{folder} is there already and was not made by `udvej build`; move it")
    try:
        if not made.is_dir():
            app = create_app(config)
            with TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as beside:
                making = Path(beside, folder.name)
                _write(app, config, making)
                _write_for_front(app, config, making, made)
                _move(making, made)
        _repoint(folder, made)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror})") from error
    return made


def _write(app: Flask, config: Config, making: Path) -> None:
    for address, answer in _answers(app, config):
        path = making / WWW / address.removeprefix("/")
        _compress(answer.data, path / PAGE if address.endswith("/") else path)
    (making / HEADERS).write_text(_for_nginx(answer), "utf-8")


def _write_for_front(app: Flask, config: Config, making: Path, made: Path) -> None:
    for language in catalogue.languages(catalogue.load(config.translations)).values():
        for code in _FRONT_SAYS:
            with app.test_request_context(language.at("/"), base_url=config.address):
                app.preprocess_request()
                page = app.make_response(app.handle_user_exception(default_exceptions[code]()))
            _compress(page.data, making / ERRORS / language.prefix.strip("/") / f"{code}.html")
    away = load_facts(config.content / "kommune.toml")["forlad"]
    left = Leaving(away["sider"][:1], away["minutter"], SESSION_COOKIE).response()
    _compress(left.data, making / ERRORS / "leaving.html")
    # Without the moment of its making: Max-Age is enough (RFC 6265, 5.3), and reproducible.
    cookies = [re.sub(" Expires=[^;]*;", "", kept) for kept in left.headers.getlist("Set-Cookie")]
    added = [f'add_header Set-Cookie "{cookie}" always;\n' for cookie in cookies]
    (making / LEAVING).write_text("".join(added), "utf-8")
    (making / PAGES).write_text(f'set $udvej_pages "{made}";\n', "utf-8")


def _compress(body: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    packed = {".br": brotli.compress(body), ".gz": gzip.compress(body, mtime=0)}
    for suffix, smaller in packed.items():
        if len(smaller) < len(body):
            path.with_name(path.name + suffix).write_bytes(smaller)


def _answers(app: Flask, config: Config) -> Iterator[tuple[str, TestResponse]]:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(_SAME_FOR_EVERYBODY):
            answer = client.get(rule.rule, base_url=config.address)
            if answer.status_code != HTTPStatus.OK:
                raise ContentError(config.content, 1, f"siden {rule.rule} kan ikke vises")
            yield rule.rule, answer


def _for_nginx(answer: TestResponse) -> str:
    """An include with the headers of an answer, for what nginx answers itself."""
    lines = [
        f'add_header {name} "{value}" always;\n'
        for name, value in answer.headers.items()
        if name not in _OF_ONE_ANSWER
    ]
    return "# Written by `udvej build`: the hashes change with the styles.\n" + "".join(lines)


def _move(making: Path, made: Path) -> None:
    try:
        making.rename(made)
    except OSError:
        if not made.is_dir():  # else another process was first
            raise


def _repoint(folder: Path, made: Path) -> None:
    """Turn the link at once, and forget all but what it leads to and what it led to."""
    before = folder.resolve()
    if before != made:
        with TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as beside:
            link = Path(beside, folder.name)
            link.symlink_to(made.name)
            link.replace(folder)
    length = len(made.name)
    for old in folder.parent.glob(f"{folder.name}.*"):
        if len(old.name) == length and old not in (made, before):
            shutil.rmtree(old, ignore_errors=True)
