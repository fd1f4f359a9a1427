"""Freeze the pages to files, compressed, so that reading them takes no Python."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import Flask
from werkzeug.test import TestResponse

from udvej.config import Config
from udvej.content import compiled
from udvej.content.editions import Content, translations_of
from udvej.errors import ConfigError, ContentError
from udvej.publish.compressed import write_compressed
from udvej.publish.front import write_for_front, write_home
from udvej.publish.stamps import built, hash_of, inputs, stamp
from udvej.publish.turns import turn
from udvej.services import load_content
from udvej.web.frozen import PAGE
from udvej.web.reader import reader_app
from udvej.wording import tell

# In the state folder: the pages that the site was last found good with.
PAGES: Final = "pages"
WWW: Final = "www"
SOURCES: Final = "sources"

# The blueprints whose answers are the same for every visitor.
_SAME_FOR_EVERYBODY: Final = ("pages-", "searching.")


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
    """As `freeze`, but leave the link as it is until `repoint`.

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
    """The link to the previous build made of other sources, for `--undo`."""
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
    return hash_of(one / SOURCES) != hash_of(other / SOURCES)


def _link(link: Path, made: Path) -> None:
    with TemporaryDirectory(dir=link.parent, prefix=f"{link.name}.") as temporary:
        making = Path(temporary, link.name)
        making.symlink_to(made.name)
        making.replace(link)
