"""Several municipalities in one worker: each request goes to the one whose host it asks for."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Final

from udvej import logs
from udvej.errors import UdvejError
from udvej.installation import plain_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A host that is nobody's is told nothing, not even by the form of an error page.
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


class Recent:
    """Remembers which of many were used last, and lets go of the others."""

    def __init__(self, most: int) -> None:
        """Hold nothing yet.

        Args:
            most: how many to hold.
        """
        self._most, self._lock = most, Lock()
        self._used: OrderedDict[int, Callable[[], None]] = OrderedDict()

    def use(self, one: object, let_go: Callable[[], None]) -> None:
        """Say that one is used now.

        Args:
            one: which.
            let_go: called when many others were used since.
        """
        oldest = None
        with self._lock:
            self._used[id(one)] = let_go
            self._used.move_to_end(id(one))
            if len(self._used) > self._most:
                _, oldest = self._used.popitem(last=False)
        if oldest is not None:
            oldest()


class WhenAsked:
    """WSGI application that is made when it is first asked for, and again after it was let go.

    While it cannot be made, another answers.
    """

    def __init__(
        self,
        make: Callable[[], tuple["WSGIApplication", Callable[[], None]]],
        meanwhile: "WSGIApplication",
        recent: Recent,
    ) -> None:
        """Make nothing yet.

        Args:
            make: makes it, and what closes the files that it holds; may raise UdvejError.
            meanwhile: answers where that was raised.
            recent: decides what is let go.
        """
        self._make, self._meanwhile, self._recent = make, meanwhile, recent
        self._making = Lock()
        self._made: tuple[WSGIApplication, Callable[[], None]] | None = None

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
        made = self._made
        if made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make()
                made = self._made
        self._recent.use(self, self._let_go)
        return made[0]

    def _let_go(self) -> None:
        """What is being answered by it is answered; then it is gone."""
        made, self._made = self._made, None
        if made is not None:
            made[1]()
