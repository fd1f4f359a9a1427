"""Several municipalities in one worker: each request goes to the one whose host it asks for."""

import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Final

from udvej import logs
from udvej.errors import UdvejError
from udvej.installation import plain_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The answer to an unknown host name has no body: an error page would show what runs here.
_NOBODYS: Final = "421 Misdirected Request"  # RFC 9110, 15.5.20
_NOTHING: Final = [("Content-Length", "0"), ("Cache-Control", "no-store")]

_log = logging.getLogger(__name__)


class Hosts:
    """WSGI application of all municipalities; none is answered by what is another's.

    Only the Host header counts, which a web server in front sets. A request that gives two has none
    (RFC 9112, 3.2).
    """

    def __init__(self, sites: Mapping[str, tuple[str, "WSGIApplication"]]) -> None:
        """Hold them.

        Args:
            sites: the name and the application of each municipality, by its `host_of`.
        """
        self._sites = sites

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Let the municipality answer that is asked."""
        site = self._sites.get(plain_host(environ.get("HTTP_HOST", "")))
        if site is None:
            start_response(_NOBODYS, _NOTHING)
            return []
        name, application = site
        with logs.of(name):
            return application(environ, start_response)


class WhenAsked:
    """WSGI application that is made when it is first asked for, and kept from then on.

    Dropping what was not asked for recently would save memory; but to make it takes half a second,
    and a client that asks for one after the other would have all of them made again and again.

    While it cannot be made, another answers.
    """

    def __init__(self, make: Callable[[], "WSGIApplication"], meanwhile: "WSGIApplication") -> None:
        """Make nothing yet.

        Args:
            make: makes it; may raise UdvejError.
            meanwhile: answers where that was raised.
        """
        self._make, self._meanwhile = make, meanwhile
        self._making = Lock()
        self._made: WSGIApplication | None = None

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Let it answer."""
        try:
            application = self._application()
        except UdvejError:
            _log.exception("event=cannot-be-made")
            application = self._meanwhile
        return application(environ, start_response)

    def _application(self) -> "WSGIApplication":
        if self._made is None:
            with self._making:  # by one thread, for which the others wait
                if self._made is None:
                    self._made = self._make()
        return self._made
