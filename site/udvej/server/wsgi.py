"""The application of one web process."""

import logging
import os
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from udvej import logs
from udvej.config import Config
from udvej.errors import UdvejError
from udvej.publish.freeze import WWW, freeze, stamp
from udvej.web.app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)


def application() -> "WSGIApplication":
    """What a web server is given, made from the environment.

    Raises:
        UdvejError: as `Config.from_environ` and `create_app`.
    """
    logs.configure()
    config = Config.from_environ(os.environ)
    return make(config) if config.live else ReloadingApp(config)


def make(config: Config) -> "WSGIApplication":
    """The site as it is now, its pages frozen in the state folder.

    Raises:
        UdvejError: as `freeze` and `create_app`.
    """
    return create_app(config, freeze(config, config.state / "pages") / WWW)


class ReloadingApp:
    """A demonstration that shows what is changed on the next reload, mistakes too."""

    def __init__(self, config: Config) -> None:
        """Prepare."""
        self._config = config
        self._changing = Lock()
        self._stamp = ""
        self._application: WSGIApplication = Response("")

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer as the site is now."""
        with self._changing:
            if (now := stamp(self._config)) != self._stamp:
                try:
                    self._application, self._stamp = make(self._config), now
                except UdvejError as error:
                    _log.exception("event=cannot-be-shown")
                    self._application, self._stamp = Response(f"{error}\n", 500), ""
            application = self._application
        return application(environ, start_response)
