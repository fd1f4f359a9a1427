"""Freeze the pages to files, compressed, so that reading them takes no Python."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from flask import Flask
from werkzeug.test import TestResponse

from udvej import shipped
from udvej.config import Config
from udvej.content import compiled
from udvej.content.editions import Content, translations_of
from udvej.errors import ConfigError, ContentError
from udvej.publish.compressed import write_compressed
from udvej.publish.front import write_for_front, write_home
from udvej.publish.turns import turn
from udvej.services import load_content
from udvej.web.frozen import PAGE
from udvej.web.reader import reader_app
from udvej.wording import tell

if TYPE_CHECKING:
    from hashlib import _Hash

# In the state folder: the pages that the site was last found good with.
PAGES: Final = "pages"
WWW: Final = "www"
SOURCES: Final = "sources"

_PACKAGE: Final = Path(__file__).parents[1]
_MAKERS: Final = ("babel", "bleach", "brotli", "flask", "jinja2", "markdown-it-py", "phonenumbers")
# The blueprints whose answers are the same for every visitor.
_SAME_FOR_EVERYBODY: Final = ("pages-", "searching.")
_STAMP_LENGTH: Final = 16  # of each of its two halves


def stamp(config: Config) -> str:
    """A hash over the program, then one over all else that pages are made of."""
    live = config.live
    digest = sha256(f"{config.address}\n{live and live.sealing}".encode())
    _hash(digest, config.content, translations_of(config.content))
    # Nobody changes the program of a live site while it runs; a developer does in a demonstration.
    program = _stamp_of_program() if live else _stamp_of_program.__wrapped__()
    return program + digest.hexdigest()[:_STAMP_LENGTH]


@cache
def _stamp_of_program() -> str:
    digest = sha256("\n".join([sys.version, *map(version, _MAKERS)]).encode())
    _hash(digest, shipped.TRANSLATIONS, _PACKAGE)
    return digest.hexdigest()[:_STAMP_LENGTH]


def is_of_this_program(folder: Path) -> bool:
    """Whether a link leads to a build that this version of the program has made.

    Args:
        folder: as for `freeze`.
    """
    made = folder.resolve()
    return made.suffix.startswith(f".{_stamp_of_program()}") and made.is_dir()


def stamp_of_sources(config: Config) -> str:
    """A hash over what an editor writes: whatever the program makes of it."""
    digest = sha256()
    _hash(digest, config.content, translations_of(config.content))
    return digest.hexdigest()


def _hash(digest: "_Hash", *folders: Path) -> None:
    for folder in folders:
        for path in inputs(folder):
            digest.update(f"\n{path.relative_to(folder)}\n".encode())
            with suppress(OSError):  # what cannot be read is named when the page is
                digest.update(path.read_bytes())


def inputs(folder: Path) -> Iterator[Path]:
    """The files of a folder that pages are made of, in order; of none that is not there."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:  # a start reads thousands
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from inputs(path)
            elif entry.is_file() and not _is_hidden(path):
                yield path


def _is_hidden(path: Path) -> bool:
    """Whether a file is an editor's or a system's, or made of others."""
    return path.name.startswith(".") or path.suffix in (".pyc", ".mo", ".pot")


def with_sources_of(build: Path, config: Config) -> Config:
    """The same site with the content and translations that a build was made of, as they were.

    Args:
        build: made by `freeze`.
        config: of the site.
    """
    sources = build.resolve() / SOURCES
    return replace(config, content=sources / "content")


def freeze(config: Config, folder: Path, like: Path | None = None) -> Path:
    """Render every page that is the same for everybody, in every language.

    `folder` becomes a symbolic link to a folder next to it, which is complete before the link
    points to it: a build that fails leaves the previous one in place. Unchanged input is not
    rendered again, and the same input gives the same bytes.

    Args:
        config: as for the site itself.
        folder: the link; its parent exists. Inside are `www/` with the files; `sources/` with the
            content and translations that they were made of; `errors/` with what nginx shows when
            the application does not answer; and for nginx to include: `headers.conf`,
            `leaving.conf` with the cookies of leaving, and `pages.conf`, which names the folder
            that the link leads to, so that pages and headers change together.
        like: as for `build`.

    Returns:
        The folder that the link leads to.

    Raises:
        ConfigError: the folder is something else, or cannot be written.
        ContentError: a page cannot be rendered.
    """
    made = build(config, folder, like)
    repoint(folder, made)
    return made


def build(config: Config, folder: Path, like: Path | None = None) -> Path:
    """The same, but for the link, which is left as it is until `repoint`.

    Args:
        config: as for `freeze`.
        folder: likewise.
        like: a build of the same for another folder, to be copied rather than made once more.

    Returns:
        The folder that the link is to lead to.

    Raises:
        ConfigError: as for `freeze`.
        ContentError: as for `freeze`.
    """
    made = built(config, folder)
    named = made.suffix.removeprefix(".")
    if folder.exists() and not folder.is_symlink():
        raise ConfigError(f"{folder} is there already and was not made by `udvej build`; move it")
    with _writing(folder):
        if not made.is_dir():
            with TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as temporary:
                making = Path(temporary, folder.name)
                if like is not None and like.is_dir() and like.name.endswith(f".{named}"):
                    shutil.copytree(like, making)
                else:
                    content = _make(config, folder, making)
                    _keep_sources(config, making, named)
                    _compile(content, with_sources_of(making, config))
                write_home(making, made)
                making.rename(made)
    return made


def built(config: Config, folder: Path) -> Path:
    """The folder that a build has where it is made; one for each content and program."""
    return folder.with_name(f"{folder.name}.{stamp(config)}")


def _make(config: Config, folder: Path, making: Path) -> Content:
    content, live = load_content(config), config.live is not None
    app = reader_app(content, config.address, demonstration=not live)
    _write(app, config, making, folder)
    write_for_front(app, content, config.address, making)
    return content


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """One process at a time: what one has built, another would delete before it is linked."""
    try:
        with turn(folder.with_name(f".{folder.name}.lock")):
            yield
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror})") from error


def _write(app: Flask, config: Config, making: Path, before: Path) -> None:
    for address, answer in _answers(app, config):
        path = Path(WWW, address.removeprefix("/"))
        path = path / PAGE if address.endswith("/") else path
        write_compressed(answer.data, making / path, before / path)


def _answers(app: Flask, config: Config) -> Iterator[tuple[str, TestResponse]]:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(_SAME_FOR_EVERYBODY):
            answer = client.get(rule.rule, base_url=config.address)
            if answer.status_code != HTTPStatus.OK:
                raise ContentError(
                    config.content, 1, tell("siden %(address)s kan ikke vises", address=rule.rule)
                )
            yield rule.rule, answer


def _keep_sources(config: Config, making: Path, named: str) -> None:
    kept = with_sources_of(making, config)
    for folder, copy in (
        (config.content, kept.content),
        (translations_of(config.content), translations_of(kept.content)),
    ):
        copy.mkdir(parents=True)
        for path in inputs(folder):
            target = copy / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    if stamp(kept) != named:
        raise ConfigError("UDVEJ_CONTENT: changed while it was read; try again")


def _compile(content: Content, kept: Config) -> None:
    compiled.write(kept.content, content.editions, translations_of(kept.content))


def before(folder: Path) -> Path:
    """The link to the build that `folder` led to when it was made of other sources."""
    return folder.with_name(f"{folder.name}-before")


def repoint(folder: Path, made: Path) -> None:
    """Replace the link in one step, and delete the builds that nobody needs any more.

    Besides the new one, the one it replaces stays, from which a web server may still be reading;
    and the last that was made of other sources, to which one may want to go back.

    Raises:
        ConfigError: it cannot be written.
    """
    with _writing(folder):
        replaced = folder.resolve()
        if replaced != made:
            if replaced.is_dir() and _differ(replaced, made):
                _link(before(folder), replaced)
            _link(folder, made)
        kept = (made, replaced, before(folder).resolve())
        for old in folder.parent.glob(f"{folder.name}.*"):
            if len(old.name) == len(made.name) and old not in kept:
                shutil.rmtree(old, ignore_errors=True)


def _differ(one: Path, other: Path) -> bool:
    digests = [sha256(), sha256()]
    for digest, made in zip(digests, (one, other), strict=True):
        _hash(digest, made / SOURCES)
    return digests[0].digest() != digests[1].digest()


def _link(link: Path, made: Path) -> None:
    with TemporaryDirectory(dir=link.parent, prefix=f"{link.name}.") as temporary:
        making = Path(temporary, link.name)
        making.symlink_to(made.name)
        making.replace(link)
