"""Whether requests come through as many web servers as `UDVEJ_PROXIES` says.

With too few, all visitors are one client to the limits; with too many, the one that a visitor
names. Only the number of addresses in `X-Forwarded-For` is looked at, and nothing of them kept.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from udvej.notes import Note, Notes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class CountedProxies:
    """WSGI middleware that notes it when they do not fit."""

    def __init__(self, application: "WSGIApplication", proxies: int, notes: Notes) -> None:
        """Wrap an application.

        Args:
            application: answers.
            proxies: how many there should be.
            notes: where to note it.
        """
        self._application, self._proxies, self._notes = application, proxies, notes

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Look at what is sent, which is what the limits count, and let the application answer."""
        if environ["REQUEST_METHOD"] == "POST" and self._differ(environ):
            self._notes.write(Note.PROXIES)
        return self._application(environ, start_response)

    def _differ(self, environ: "WSGIEnvironment") -> bool:
        named = len([*filter(str.strip, environ.get("HTTP_X_FORWARDED_FOR", "").split(","))])
        if self._proxies:
            return named < self._proxies  # more is what a visitor made up, and is not believed
        return named > 0 and _is_near(environ.get("REMOTE_ADDR", ""))


def _is_near(address: str) -> bool:
    """Whether it can be a web server of ours, and not a visitor who makes the header up."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
