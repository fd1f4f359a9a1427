"""A demonstration that an editor looks at while writing."""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from werkzeug.wrappers import Response

from udvej.check.findings import Finding
from udvej.config import Config
from udvej.errors import ContentError, UdvejError
from udvej.publish.stamps import stamp
from udvej.wording import tell

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BODY: Final = re.compile("<body[^>]*>")
# Request headers that bring a compressed answer or a 304, neither of which can take the banner.
_UNWANTED_HEADERS: Final = ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
_BANNER: Final = Markup(
    '<aside class="layout" lang="da" dir="ltr"><div class="notice notice--problem" role="alert">'
    "<h2>{heading}</h2><ul>{mistakes}</ul><p>{advice}</p></div></aside>"
)

_log = logging.getLogger(__name__)


class ReloadingApp:
    """WSGI application that shows changed content on the next request.

    What is wrong with it is shown by file and line above the pages as they last were good.
    """

    def __init__(
        self, config: Config, make: Callable[[Config], "WSGIApplication"], last_good: Config
    ) -> None:
        """Make nothing yet.

        Args:
            config: names the content.
            make: makes the site as the content is now; raises UdvejError where it is wrong.
            last_good: names what is shown until the content is found good for the first time.
        """
        self._config, self._make, self._last_good = config, make, last_good
        self._changing = Lock()
        self._stamp = ""
        self._application: WSGIApplication | None = None
        self._banner = Markup()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer as the site is now."""
        with self._changing:
            if (now := stamp(self._config)) != self._stamp:
                self._take_up(now)
            application, banner = self._application, self._banner
        if application is None:
            application = Response(_page(banner), 500, mimetype="text/html")
        elif banner:
            application = _with_banner(banner, application, environ)
        return application(environ, start_response)

    def _take_up(self, now: str) -> None:
        try:
            self._application, self._banner = self._make(self._config), Markup()
            self._stamp = now
        except UdvejError as error:
            _log.exception("event=cannot-be-shown")
            self._banner = _banner(error)
            self._stamp = now if isinstance(error, ContentError) else ""
            if self._application is None and self._last_good != self._config:
                self._application = self._make(self._last_good)


def _banner(error: UdvejError) -> Markup:
    lines: Sequence[object] = [error]
    if isinstance(error, ContentError):
        lines = [Finding(each.path, each.line, each.problem) for each in error.each]
    return _BANNER.format(
        heading=tell("Der er fejl i teksten"),
        mistakes=Markup().join(Markup("<li>{}</li>").format(str(line)) for line in lines),
        advice=tell("Herunder er siden, som den sidst var i orden. Ret fejlene, og indlæs igen."),
    )


def _page(banner: Markup) -> str:
    return Markup('<!doctype html><html lang="da"><title>Udvej</title><body>{}').format(banner)


def _with_banner(
    banner: Markup, application: "WSGIApplication", environ: "WSGIEnvironment"
) -> "WSGIApplication":
    """The answer of an application with the banner above all that it shows."""
    for name in _UNWANTED_HEADERS:
        environ.pop(name, None)
    answer = Response.from_app(application, environ, buffered=True)
    if answer.mimetype == "text/html":
        html = answer.get_data(as_text=True)
        answer.set_data(_BODY.sub(lambda body: body[0] + str(banner), html, count=1))
        answer.headers.pop("ETag", None)
    return answer
