"""Pages that are files: served as they lie, compressed, before anything else is asked."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from wsgiref.headers import Headers

from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE: Final = "index.html"
COMPRESSED: Final = (".br", ".gz")


class Frozen:
    """WSGI middleware: an address that is a file is answered by it, all others go on."""

    def __init__(self, application: "WSGIApplication", folder: Path) -> None:
        """Learn what is there; what comes later is not seen.

        Args:
            application: answers what is no file, and whatever is not read but sent.
            folder: holds `om/index.html` for `/om/`, and each file compressed beside it.
        """
        self._application = application
        # One address a page: neither `/om` nor `/om/index.html` is one.
        self._files = WhiteNoise(
            application, max_age=None, allow_all_origins=False, add_headers_function=_plain_type
        )
        for path in _files(folder):
            self._files.add_file_to_dictionary(_address(path, folder), str(path))

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer with a file, or let the application answer."""
        reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        answer = self._files if reads else self._application
        return answer(environ, start_response)


def _files(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in COMPRESSED
    )


def _address(path: Path, folder: Path) -> str:
    return f"/{path.relative_to(folder).as_posix()}".removesuffix(PAGE)


def _plain_type(headers: Headers, _path: str, _address: str) -> None:
    """As Flask and web servers write it: `charset=utf-8`, without quotes."""
    headers["Content-Type"] = (headers["Content-Type"] or "").replace('"', "")
