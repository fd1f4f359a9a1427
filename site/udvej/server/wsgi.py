"""The application of one web process."""

import os
from typing import TYPE_CHECKING

from udvej import logs
from udvej.config import Config
from udvej.publish.freeze import WWW, freeze
from udvej.server.reloading import ReloadingApp
from udvej.services import Services
from udvej.web.app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def application() -> "WSGIApplication":
    """What a web server is given, made from the environment.

    Raises:
        UdvejError: as `Config.from_environ` and `create_app`.
    """
    logs.configure()
    config = Config.from_environ(os.environ)
    return frozen_app(config) if config.live else ReloadingApp(config, frozen_app)


def frozen_app(config: Config) -> "WSGIApplication":
    """The site as it is now, its pages frozen in the state folder.

    Raises:
        UdvejError: as `freeze` and `create_app`.
    """
    services = Services.open(config)
    return create_app(services, freeze(config, config.state / "pages") / WWW)
