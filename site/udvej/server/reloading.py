"""A demonstration that an editor looks at while writing."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from udvej.config import Config
from udvej.errors import UdvejError
from udvej.publish.freeze import stamp

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)


class ReloadingApp:
    """WSGI application that shows changed content on the next request, mistakes too."""

    def __init__(self, config: Config, make: Callable[[Config], "WSGIApplication"]) -> None:
        """Make nothing yet.

        Args:
            config: names the content.
            make: makes the site as the content is now; raises UdvejError where it is wrong.
        """
        self._config, self._make = config, make
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
                    self._application, self._stamp = self._make(self._config), now
                except UdvejError as error:
                    _log.exception("event=cannot-be-shown")
                    self._application, self._stamp = Response(f"{error}\n", 500), ""
            application = self._application
        return application(environ, start_response)
