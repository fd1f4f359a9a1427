"""Frozen pages, served from memory before a request reaches the application."""

import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import brotli
from whitenoise.base import scantree
from whitenoise.media_types import MediaTypes
from whitenoise.responders import FileEntry, StaticFile
from whitenoise.string_utils import decode_path_info

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE: Final = "index.html"
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
COMPRESSED: Final = tuple(_ENCODINGS.values())
_TAKEN: Final[Mapping[str | None, re.Pattern[str]]] = {
    name: re.compile(rf"\b{name}\b" if name else "") for name in (None, *_ENCODINGS)
}
# All but the oldest browsers take it; the other forms would take three times the memory.
_HELD: Final = ".br"


class Files:
    """Frozen pages in memory; processes that are forked later share them.

    WhiteNoise knows types, encodings and what is not modified; but its own WSGI application opens
    the file at each request, which costs more than all the rest.
    """

    def __init__(self, folder: Path) -> None:
        """Read, of each file, the form that browsers take, or it where there is none.

        Args:
            folder: holds `om/index.html` for `/om/`, and each file with its compressed forms; those
                that are added later are not seen.
        """
        self._types = MediaTypes()
        self._found: dict[str, StaticFile] = {}
        self._stats = dict(scantree(folder))
        # One address a page: neither `/om` nor `/om/index.html` is one.
        self._paths = {
            path.removeprefix(str(folder)).removesuffix(PAGE): path
            for path in self._stats
            if not path.endswith(COMPRESSED)
        }
        self._read: dict[str, bytes] = {}
        for path in self._paths.values():
            held = path + _HELD if path + _HELD in self._stats else path
            with open(held, "rb") as file:  # noqa: PTH123 (thousands, at a start)
                self._read[held] = file.read()

    def before(self, application: "WSGIApplication") -> "WSGIApplication":
        """WSGI middleware that answers with a file, or lets the application answer."""

        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            method, address = environ["REQUEST_METHOD"], decode_path_info(environ["PATH_INFO"])
            if method not in ("GET", "HEAD") or address not in self._paths:
                return application(environ, start_response)
            file = self._found.get(address) or self._find(address)
            if file.is_not_modified(environ):
                start_response("304 Not Modified", file.not_modified_response.headers)
                return []
            # The whole file: no page is long enough for a `Range` to be worth it.
            path, headers = file.get_path_and_headers(environ)
            start_response("200 OK", headers)
            return [] if method == "HEAD" else [self._body(path)]

        return answer

    def _find(self, address: str) -> StaticFile:
        """The file of an address, made when it is first asked for: most of thousands never are.

        It is typed as Flask and web servers do it: `charset=utf-8`, without quotes.
        """
        path = self._paths[address]
        kind = self._types.get_type(path)
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        packed = {name: path + suffix for name, suffix in _ENCODINGS.items()}
        file = _Page(path, [("Content-Type", kind + charset)], packed, self._stats)
        self._found[address] = file
        return file

    def _body(self, path: str) -> bytes:
        if path in self._read:
            return self._read[path]
        if (packed := path + _HELD) in self._read:
            body: bytes = brotli.decompress(self._read[packed])
            return body
        return Path(path).read_bytes()  # few browsers are so old


class _Page(StaticFile):  # type: ignore[misc]  # it has no types
    """WhiteNoise's file with the same headers, in a quarter of its time and half of its memory.

    An installation has thousands, of which each worker looks up one for each request.
    """

    def get_headers(
        self, headers: Iterable[tuple[str, str]], files: Mapping[str | None, FileEntry]
    ) -> dict[str, str]:
        """Those of all forms of the file."""
        file = files[None]
        vary = {"Vary": "Accept-Encoding"} if len(files) > 1 else {}
        return {
            **dict(headers),
            **vary,
            "Last-Modified": _date(int(file.mtime)),
            "ETag": f'"{int(file.mtime):x}-{file.size:x}"',
        }

    def get_alternatives(
        self, headers: Mapping[str, str], files: Mapping[str | None, FileEntry]
    ) -> Sequence[tuple[re.Pattern[str], str, list[tuple[str, str]]]]:
        """Each form of the file, the smallest first: who takes it, where it is, its headers."""
        same = [_same(*header) for header in headers.items()]
        return [
            (
                _TAKEN[encoding],
                file.path,
                [
                    *same,
                    ("Content-Length", str(file.size)),
                    *([_same("Content-Encoding", encoding)] if encoding else []),
                ],
            )
            for encoding, file in sorted(files.items(), key=lambda form: form[1].size)
        ]


@lru_cache(maxsize=64)
def _same(name: str, value: str) -> tuple[str, str]:
    """A header, once for all files that have it."""
    return name, value


@lru_cache(maxsize=64)
def _date(moment: int) -> str:
    return formatdate(moment, usegmt=True)
