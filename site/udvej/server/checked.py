"""The last good site, from which web workers and the delivery process are forked.

The parent holds it; the children read no setting, certificate or content themselves, except the
copy of the content in the build. So a child that has died is replaced by an identical one, whatever
has been edited meanwhile.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from udvej.config import Config
from udvej.errors import ContentError, SealingError, UdvejError
from udvej.notes import Note, Notes
from udvej.publish import everywhere
from udvej.publish.freeze import PAGES, WWW, build, freeze, repoint, with_sources_of
from udvej.publish.running import Asked
from udvej.publish.stamps import built
from udvej.publish.swap import Builds
from udvej.server.reloading import ReloadingApp
from udvej.services import Services
from udvej.web.app import create_app
from udvej.web.frozen import Files

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """A site of which everything has been read and found good.

    Attributes:
        services: its parts.
        build: the folder that `freeze` made of its content.
        files: the pages in it.
        written: the config as given; a demonstration reloads its content folder, mistakes included.
    """

    services: Services
    build: Path
    written: Config
    files: Files

    @classmethod
    def before_reload(cls, config: Config) -> "Checked":
        """Check all of it as it is now, and publish nothing: `written` has the sources that count.

        Raises:
            UdvejError: content, a setting or a certificate is wrong.
        """
        return cls._of(everywhere.wanted(config))

    @classmethod
    def of(cls, config: Config) -> "Checked":
        """Check all of it as it is now, and publish it.

        Raises:
            UdvejError: content, a setting or a certificate is wrong.
        """
        wanted = everywhere.wanted(config)
        checked = cls._linked(wanted, config)
        if wanted is config:
            everywhere.begin_with(checked.services.config)
        clear_notes_and_undo(config)
        return checked

    @classmethod
    def asked(cls, config: Config, asked: Asked) -> "Checked":
        """Check what a publisher asks for, and change all that the site shows to it.

        Raises:
            UdvejError: a setting or a certificate is wrong, or it cannot be written.
        """
        builds = Builds(config.state)
        checked = cls._of(with_sources_of(config.state / asked.build, config))
        builds.take(asked, config.shared_state)
        Notes(config.state).clear()
        return checked

    @classmethod
    def at_start(cls, config: Config) -> "Checked":
        """As `of`, but fall back to the last good build where only the content is wrong.

        After an undo a start keeps the restored build; a reload or `publish` takes up the folder.

        Wrong settings and certificates are refused: nobody would know for whom to seal, while the
        web server in front still serves pages, leaving and the phone number.

        Raises:
            UdvejError: a setting or certificate is wrong, or there is no good content yet.
        """
        builds = Builds(config.state)
        if config.live and builds.undone:
            with suppress(ContentError):  # good for another version of the program
                return cls._linked(builds.served(config))
        try:
            return cls.of(config)
        except ContentError as error:
            if not builds.current.is_dir():
                raise
            try:
                checked = cls._linked(with_sources_of(builds.current, config), config)
            except ContentError:  # good for another version of the program
                raise error from None
            refuse(error, config.state)
            return checked

    @classmethod
    def _linked(cls, config: Config, written: Config | None = None) -> "Checked":
        """Check all of it, and publish it."""
        checked = cls._of(config, written)
        repoint(config.state / PAGES, checked.build)
        return checked

    @classmethod
    def _of(cls, config: Config, written: Config | None = None) -> "Checked":
        """Check all of it; what is published stays as it is."""
        services, before = Services.open(config), (config.state / PAGES).resolve()
        sealer = services.sealer
        if not config.name:
            _check_parts(services)
        made = build(config, config.state / PAGES)
        if config.live:
            services = Services(with_sources_of(made, config))
            services.sealer = sealer
            _ = services.facts, services.face
            if not (config.name and made == before):
                _read(services)
        return cls(services, made, written or config, Files(made / WWW))

    def is_of(self, config: Config) -> bool:
        """Whether settings, content and certificate are still what was checked."""
        try:
            sealer = Services(config).sealer
        except SealingError:
            return False
        same = self.written == config and self.services.sealer == sealer
        return same and self.build == built(everywhere.wanted(config), config.state / PAGES)

    def application(self) -> "WSGIApplication":
        """What a web worker of a single site answers with, made in its own process."""
        config = self.services.config
        if config.live:
            return create_app(self.services, self.files)
        return ReloadingApp(self.written, frozen_app, config)


def _check_parts(services: Services) -> None:
    """Single site: fail at start, not at the first referral, if mail or a database is wrong."""
    _ = services.carrier
    for table in (services.outbox, services.drafts):
        table.close()  # no connection lives through a fork


def _read(services: Services) -> None:
    """Read all of the content, and say what of its translations is left out."""
    _ = services.carrier
    for catalogue in services.content.catalogues:
        for fault in catalogue.faults:
            _log.warning("event=translation-left-out fault=%r", str(fault))


def frozen_app(config: Config) -> "WSGIApplication":
    """A demonstration as it is now, its pages frozen in the state folder.

    Raises:
        UdvejError: as `freeze` and `create_app`.
    """
    files = Files(freeze(config, config.state / PAGES) / WWW)
    return create_app(Services.open(config), files)


def clear_notes_and_undo(config: Config) -> None:
    """Clear all notes and the undo marker: the site follows the content folder again."""
    Builds(config.state).clear_undo()
    Notes(config.state).clear()


def refuse(error: UdvejError, state: Path) -> None:
    """Say to operations what is wrong while the site goes on as it was."""
    for line in str(error).splitlines():
        _log.error("event=refused problem=%r", line)
    Notes(state).write(Note.REFUSED, str(error))
