"""Which compressed forms a browser takes, where it says so with weights."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HEADER: Final = "HTTP_ACCEPT_ENCODING"


class AcceptedEncodings:
    """WSGI middleware that leaves out what a browser refuses by `;q=0` (RFC 9110, 12.5.3).

    What compresses our answers looks for a name and passes over its weight.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        """Wrap an application."""
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Let the application answer."""
        if ";" in (weighed := environ.get(_HEADER, "")):
            taken = parse_accept_header(weighed, Accept)
            environ[_HEADER] = ", ".join(name for name, weight in taken if weight > 0)
        return self._application(environ, start_response)
