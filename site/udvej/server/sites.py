"""Every municipality's site as it was last found good, and those that are kept out.

What is wrong with one is its own: it keeps its last good site, or answers that it is away, and the
others go on as if nothing were.
"""

import gc
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from udvej import logs
from udvej.config import Config
from udvej.errors import ConfigError, UdvejError
from udvej.installation import Installation, host_of
from udvej.publish.freeze import PAGES, build
from udvej.publish.front import ERRORS, headers_in
from udvej.publish.running import Asked
from udvej.publish.stamps import is_of_this_program
from udvej.publish.swap import published
from udvej.server.checked import Checked, clear_notes_and_undo, refuse
from udvej.services import Services
from udvej.web.app import dynamic_app, with_files
from udvej.web.hosts import Hosts, WhenAsked
from udvej.web.kept_out import KeptOutSite

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sites:
    """What workers and delivery are made of.

    Attributes:
        installation: who there is.
        good: what each is served with, by name; the others are kept out.
    """

    installation: Installation
    good: Mapping[str, Checked]

    @classmethod
    def at_start(cls, installation: Installation) -> "Sites":
        """Check all of them; each of several that is wrong is logged and noted.

        Raises:
            UdvejError: the single municipality is wrong; or all of several are.
        """
        if not installation.is_many:
            configs = installation.configs.items()
            return cls(installation, {name: Checked.at_start(config) for name, config in configs})
        gc.freeze()  # else each build's garbage collections scan all imported modules
        _build_all(installation.configs.values())
        good, wrong = _each(installation, installation.names, Checked.at_start)
        if not good:
            raise ConfigError("\n".join(map(str, wrong.values())))
        return cls(installation, good)

    @property
    def asked(self) -> Mapping[str, Asked]:
        """What publishers ask for now, by name."""
        states = {name: self.installation.state_of(name) for name in self.installation.names}
        return {name: asked for name, state in states.items() for asked in Asked.read(state)}

    def renewed(
        self, environ: Mapping[str, str], asked: Mapping[str, Asked]
    ) -> tuple["Sites", Mapping[str, UdvejError]]:
        """Check those that somebody asks for, or else all that have changed.

        Args:
            environ: the settings as they are now.
            asked: of `asked`.

        Returns:
            What is good now, where a change that is wrong leaves a site as it was; and what is
            wrong with each change that was refused.

        Raises:
            ConfigError: what belongs to the installation is wrong, so that nothing was looked at.
        """
        installation = Installation.from_environ(environ)

        def check(config: Config) -> Checked:
            before = self.good.get(config.name)
            if config.name in asked:
                return Checked.asked(config, asked[config.name])
            if config.name and before and before.is_of(config):
                clear_notes_and_undo(config)
                return before
            return Checked.of(config)

        renewed, refused = _each(installation, [*asked] or installation.names, check)
        kept = {name: one for name, one in self.good.items() if name in installation.names}
        for name in self.good.keys() - kept.keys():
            with logs.of(name):
                _log.warning("event=gone")
        return Sites(installation, {**kept, **renewed}), refused

    @property
    def services(self) -> Mapping[str, Services]:
        """The parts of each that has settings which can be used, by name; for the delivery.

        What was accepted is mailed also while a site is kept out.
        """
        services = {name: one.services for name, one in self.good.items()}
        for name in self.installation.configs.keys() - services.keys():
            services[name] = Services(published(self.installation.configs[name]))
        return services

    def application(self) -> "WSGIApplication":
        """What a web worker answers with, made in its own process."""
        if not self.installation.is_many:
            (alone,) = self.good.values()
            return alone.application()
        answers = {**self._kept_out()}
        # A host name may have moved from a site that runs on old settings to one whose settings
        # name it today: that one is added last, and replaces the other.
        for name in sorted(self.good, key=lambda name: name in self.installation.configs):
            checked = self.good[name]
            application = _ready_when_asked(checked)
            answers[host_of(checked.services.config.address)] = name, application
        return Hosts(answers)

    def _kept_out(self) -> Mapping[str, tuple[str, "WSGIApplication"]]:
        """By host, where that is known."""
        hosts: dict[str, str] = {}
        for name in self.installation.names:
            if name not in self.good and (host := self.installation.host_of(name)):
                hosts[host] = "" if host in hosts else name  # whose page would it be?
        state_of = self.installation.state_of
        return {
            host: (name, _away(state_of(name) if name else None)) for host, name in hosts.items()
        }


def _each(
    installation: Installation, names: Iterable[str], check: Callable[[Config], Checked]
) -> tuple[dict[str, Checked], dict[str, UdvejError]]:
    """Check each by itself; those that are good, and what is wrong with the others."""
    good: dict[str, Checked] = {}
    wrong: dict[str, UdvejError] = {}
    for name in names:
        with logs.of(name):
            try:
                good[name] = check(installation.one(name))
                continue
            except UdvejError as error:
                wrong[name] = error
            except Exception:  # noqa: BLE001 (whatever it is, what runs goes on)
                _log.exception("event=broken")
                wrong[name] = UdvejError("the program broke over what it read; see its log")
            refuse(wrong[name], installation.state_of(name))
    return good, wrong


def _ready_when_asked(checked: Checked) -> "WSGIApplication":
    """Pages at once, and all else when it is first asked for."""

    def make() -> "WSGIApplication":
        services = checked.services.fresh()
        application = dynamic_app(services).wsgi_app
        services.close_files()  # most who look at the form send nothing
        return application

    away = _away(checked.services.config.state)
    return with_files(WhenAsked(make, away), checked.services, checked.files)


def _away(state: Path | None) -> KeptOutSite:
    """What answers while a site does not.

    Args:
        state: its state folder, in which there may be a build; None where it is not known.
    """
    headers: Mapping[str, str] = {}
    if state is not None:
        with suppress(OSError):
            headers = headers_in(state / PAGES)
    return KeptOutSite(state and state / PAGES / ERRORS, headers.items())


def _build_all(configs: Iterable[Config]) -> None:
    """Build by all processors what is new or of another version; what is wrong is said later."""
    missing = [config for config in configs if not is_of_this_program(config.state / PAGES)]
    if len(missing) > 1:
        forked = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=forked) as processes:
            for _ in processes.map(_build, missing):
                pass


def _build(config: Config) -> None:
    with suppress(UdvejError):
        Services.open(config)
        build(config, config.state / PAGES)
