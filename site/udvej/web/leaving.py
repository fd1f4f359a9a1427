"""Leaving: a blank page that moves on to an ordinary site, and for some minutes keeps doing so.

By the cookie every request within those minutes, Back included, is sent away too, so that
somebody who picks up the phone does not get back to the site. It is Lax: with Strict, Back after
coming from another site would show the page.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, request
from werkzeug.wrappers import Request, Response

from udvej.content.addresses import LEAVE
from udvej.content.facts import Facts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE: Final = "__Host-videre"
# Runs before the refresh does, and leaves no entry in the history.
SCRIPT: Final = "location.replace(document.querySelector('a').href)"
_PAGE: Final = (
    '<!doctype html><html lang="da" dir="ltr"><head><meta charset="utf-8"><title>{name}</title>'
    '<meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark">'
    '<meta http-equiv="refresh" content="0; url={address}"></head>'
    '<body><main><h1><a href="{address}">{name}</a></h1></main>'
    "<script>{script}</script></body></html>"
)


@dataclass(frozen=True)
class Leaving:
    """Sends people away.

    Attributes:
        sites: ordinary sites, of which one is chosen at random.
        minutes: for how long the site stays shut in that browser.
        session_cookie: the form's cookie, which ends here.
    """

    sites: Sequence[str]
    minutes: int
    session_cookie: str

    @classmethod
    def of(cls, facts: Facts, session_cookie: str) -> "Leaving":
        """As `kommune.toml` says."""
        return cls(facts["forlad"]["sider"], facts["forlad"]["minutter"], session_cookie)

    def response(self) -> Response:
        """The blank page, with the cookie that keeps the site shut."""
        address = secrets.choice(self.sites)
        name = address.removeprefix("https://").removeprefix("www.").strip("/")
        response = Response(
            _PAGE.format(name=escape(name), address=escape(address), script=SCRIPT),
            mimetype="text/html",
        )
        response.set_cookie(
            COOKIE,
            "1",
            max_age=self.minutes * 60,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        response.delete_cookie(self.session_cookie, secure=True, httponly=True, samesite="Strict")
        return response


class Bounce:
    """WSGI middleware: a browser that has left is sent away again, whatever it asks for."""

    def __init__(self, application: "WSGIApplication", leaving: Leaving) -> None:
        """Wrap an application."""
        self._application = application
        self._leaving = leaving

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, or let the application answer."""
        # Most requests have no cookie: only those that may have ours are parsed.
        left = COOKIE in environ.get("HTTP_COOKIE", "") and COOKIE in Request(environ).cookies
        return (self._away(environ) if left else self._application)(environ, start_response)

    def _away(self, environ: "WSGIEnvironment") -> Response:
        """The blank page, but for a form from another tab.

        A page that answers a POST would leave the whole form in the browser's session files, so
        it is led to the page first. The text is not received: leaving ended the form's cookie.
        """
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] != LEAVE:
            return Response(status=303, headers={"Location": "/"})
        return self._leaving.response()


def blueprint(leaving: Leaving) -> Blueprint:
    """The route that every page's leave button posts to."""
    views = Blueprint("leaving", __name__)

    @views.post(LEAVE)
    def leave() -> Response:
        if not _is_ours(request):
            abort(400)
        return leaving.response()

    return views


def _is_ours(request: Request) -> bool:
    """Whether the button was ours: another site must not shut this one in somebody's browser.

    Browsers say so in `Sec-Fetch-Site`; Safari before 16.4 only in `Origin`, and the oldest not
    at all. Nobody is kept from leaving for want of either.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    ours = request.host_url.rstrip("/")
    return request.headers.get("Origin", ours) == ours
