"""The site as it was last found good, which web workers and delivery are made of.

They are forked from a process that holds it, and read no setting, certificate or content by
themselves: whatever is changed meanwhile, one that has died is replaced.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from udvej.config import Config
from udvej.errors import ContentError, UdvejError
from udvej.notes import Note, Notes
from udvej.publish.freeze import PAGES, WWW, freeze, with_sources_of
from udvej.publish.running import Asked
from udvej.publish.swap import Builds
from udvej.server.reloading import ReloadingApp
from udvej.services import Services
from udvej.web.app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """A site of which everything has been read and found good.

    Attributes:
        services: its parts.
        build: the folder that `freeze` made of its content.
        written: names the content that a demonstration shows, with mistakes if it has any.
    """

    services: Services
    build: Path
    written: Config

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Checked":
        """Check all of it as it is now.

        Raises:
            UdvejError: content, a setting or a certificate is wrong.
        """
        config = Config.from_environ(environ)
        checked = cls._of(config)
        Builds(config.state).take_folder()
        Notes(config.state).clear()
        return checked

    @classmethod
    def asked(cls, environ: Mapping[str, str], asked: Asked) -> "Checked":
        """Check what a publisher asks for, and change all that the site shows to it.

        Raises:
            UdvejError: a setting or a certificate is wrong, or it cannot be written.
        """
        config = Config.from_environ(environ)
        builds = Builds(config.state)
        checked = cls._of(with_sources_of(config.state / asked.build, config))
        builds.take(asked)
        Notes(config.state).clear()
        return checked

    @classmethod
    def at_start(cls, environ: Mapping[str, str]) -> "Checked":
        """The same, and where only the content is wrong, the last that was good.

        What an editor has undone is not taken up by a start; a reload or `publish` does that.

        Wrong settings and certificates are refused: nobody would know for whom to seal, while
        pages, leaving and the phone number are the business of the web server in front.

        Raises:
            UdvejError: a setting or certificate is wrong, or there is no good content yet.
        """
        config = Config.from_environ(environ)
        builds = Builds(config.state)
        if config.live and builds.undone:
            with suppress(ContentError):  # good for another version of the program
                return cls._of(builds.served(config))
        try:
            return cls.from_environ(environ)
        except ContentError as error:
            build = config.state / PAGES
            if not build.is_dir():
                raise
            try:
                checked = cls._of(with_sources_of(build, config), config)
            except ContentError:  # good for another version of the program
                raise error from None
            refuse(error, config.state)
            return checked

    @classmethod
    def _of(cls, config: Config, shown: Config | None = None) -> "Checked":
        services = Services.open(config)
        _ = services.sealer, services.carrier
        for table in (services.outbox, services.drafts):
            table.close()  # no connection lives through a fork
        build = freeze(config, config.state / PAGES)
        if config.live:
            services = Services(with_sources_of(build, config))
            _ = services.sealer, services.carrier
            for catalogue in services.content.catalogues:
                for fault in catalogue.faults:
                    _log.warning("event=translation-left-out fault=%r", str(fault))
        return cls(services, build, shown or config)

    def application(self) -> "WSGIApplication":
        """What a web worker answers with, made in its own process."""
        config = self.services.config
        if config.live:
            return create_app(self.services, self.build / WWW)
        return ReloadingApp(self.written, frozen_app, config)


def frozen_app(config: Config) -> "WSGIApplication":
    """A demonstration as it is now, its pages frozen in the state folder.

    Raises:
        UdvejError: as `freeze` and `create_app`.
    """
    return create_app(Services.open(config), freeze(config, config.state / PAGES) / WWW)


def refuse(error: UdvejError, state: Path) -> None:
    """Say to operations what is wrong while the site goes on as it was."""
    for line in str(error).splitlines():
        _log.error("event=refused problem=%r", line)
    Notes(state).write(Note.REFUSED, str(error))
