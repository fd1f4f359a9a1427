"""A live site on two hosts, which share a database, a server for limits, and nothing else."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.forked import run
from support.mailserver import Authority, Server
from support.municipality import CONTENT
from support.patience import PATIENCE, until
from support.postgres import Server as Postgres
from support.redis_server import RedisServer, redis_server
from support.road import Browser, Road, Site, furnish, laid, unanswered
from support.running import held_port
from udvej.outbox.keys import TeamKey


@dataclass
class Host:
    """One of them.

    Attributes:
        folder: its own, with its state and its content.
        settings: of its site.
        site: as it runs.
    """

    folder: Path
    settings: Mapping[str, str]
    site: Site = field(init=False)

    def start(self, *arguments: str) -> None:
        """`udvej serve`, until it answers."""
        self.site = Site(self.settings, self.folder / "printed", *arguments)

    @property
    def content(self) -> Path:
        """The content folder."""
        return self.folder / "content"

    def browser(self) -> Browser:
        """Somebody who has not been there before."""
        return Browser(self.site.port)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of an operator there."""
        env = {**self.settings, "LANG": "da_DK.UTF-8"}
        return run(*arguments, env=env, patience=2 * PATIENCE)


@dataclass
class Hosts:
    """Both, and what they share."""

    one: Host
    other: Host
    road: Road
    database: Postgres
    limits: RedisServer

    @property
    def both(self) -> tuple[Host, Host]:
        """In order."""
        return self.one, self.other

    @property
    def mail(self) -> Server:
        """The team's mail server."""
        return self.road.server

    def known(self) -> int:
        """How many servers have reported in the database what they show."""
        asked = "SELECT count(*) FROM udvej.servers WHERE shows <> ''"
        return int(self.database.ask(asked)[0][0])


@contextmanager
def two_hosts(
    folder: Path, authority: Authority, team: TeamKey, database: Postgres, **others: str
) -> Iterator[Hosts]:
    """Both running, each with a content folder of its own that says the same.

    Args:
        folder: for all files.
        authority: as for `laid`.
        team: as for `laid`.
        database: runs; what it held of a site before is dropped.
        others: settings besides.
    """
    database.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    folders = folder / "one", folder / "other"
    for each in folders:
        shutil.copytree(CONTENT, each / "content")
        shutil.copytree(CONTENT.with_name("translations"), each / "translations")
    with redis_server() as limits:
        shared = {
            "UDVEJ_CONTENT": str(folders[0] / "content"),
            "UDVEJ_STATE": str(folders[0] / "state"),
            "UDVEJ_PUBLIC_ADDRESS": unanswered(),
            "UDVEJ_DATABASE": database.url,
            "UDVEJ_LIMITS": limits.url,
            **others,
        }
        with laid("starttls", folder, authority, team, **shared) as road:
            its = {
                **road.site.settings,
                "UDVEJ_CONTENT": str(folders[1] / "content"),
                "UDVEJ_STATE": str(folders[1] / "state"),
                "UDVEJ_PORT": str(held_port()),
            }
            one, other = Host(folders[0], road.site.settings), Host(folders[1], its)
            one.site = road.site
            furnish(its)
            other.start()
            hosts = Hosts(one, other, road, database, limits)
            try:
                until(lambda: hosts.known() == 2)
                yield hosts
            finally:
                one.site.kill()
                other.site.kill()
