"""What is answered for a municipality that cannot be served: the page that says so, and no more."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Response

from udvej.content.addresses import HEALTH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_UNAVAILABLE: Final = 503
# Where nothing was ever built: nobody's name, since nobody knows whose it is.
_PLAIN: Final = (
    '<!doctype html><html lang="da"><meta charset="utf-8"><title>Siden virker ikke lige nu</title>'
    '<meta name="viewport" content="width=device-width"><h1>Siden virker ikke lige nu</h1>'
    "<p>Prøv igen om lidt.</p></html>"
)
_WHY: Final = "settings, content or certificate are wrong, see: udvej status\n"


class KeptOutSite:
    """WSGI application that answers 503: with the page that was built for that, by language."""

    def __init__(self, errors: Path | None, headers: Iterable[tuple[str, str]]) -> None:
        """Read nothing yet.

        Args:
            errors: the folder of a build with its error pages, which may be missing, or None.
            headers: what every answer carries.
        """
        self._errors, self._headers = errors, [*headers]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer."""
        path = environ.get("PATH_INFO", "")
        answer = Response(_WHY, _UNAVAILABLE, mimetype="text/plain")
        if path != HEALTH:
            answer = Response(self._page(path), _UNAVAILABLE, mimetype="text/html")
        answer.headers["Cache-Control"] = "no-store"
        for name, value in self._headers:
            answer.headers[name] = value
        return answer(environ, start_response)

    def _page(self, path: str) -> str:
        if self._errors is None:
            return _PLAIN
        language = path.removeprefix("/").partition("/")[0]
        asked = self._errors / language if language.replace("-", "").isalnum() else self._errors
        for folder in (asked, self._errors):
            try:
                return (folder / f"{_UNAVAILABLE}.html").read_text("utf-8")
            except OSError:
                continue
        return _PLAIN
