"""Questions that a visitor's browser asks, by the public address."""

import errno
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from udvej.content.addresses import FORM
from udvej.errors import ConfigError
from udvej.health import Answer, Level, certificate_shown, together
from udvej.publish.freeze import PAGES, WWW
from udvej.publish.front import headers_in
from udvej.services import Services
from udvej.web.frozen import PAGE

_TIMEOUT_SECONDS: Final = 10.0
_COMPRESSED: Final = frozenset((".br", ".gz"))
_NAMED: Final = 3


@dataclass(frozen=True)
class _Heard:
    """An answer to a browser."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Browser:
    """Asks over one connection, whose certificate is verified."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPSConnection(
            parts.hostname or "",
            parts.port,
            timeout=_TIMEOUT_SECONDS,
            context=ssl.create_default_context(),
        )

    def get(self, address: str) -> _Heard:
        """Raises OSError where there is no answer."""
        try:
            self._connection.request("GET", address, headers={"Accept-Encoding": "identity"})
            answer = self._connection.getresponse()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return _Heard(answer.status, headers, answer.read())
        except HTTPException as error:
            raise ConnectionError(errno.EPROTO, "it does not speak HTTP") from error

    def close(self) -> None:
        self._connection.close()


def certificate(services: Services) -> Answer:
    """Whether browsers accept the site's certificate, and for how long."""
    return certificate_shown(services.config.address)


def headers(services: Services) -> Answer:
    """Whether the security headers arrive as they were built."""
    with closing(_Browser(services.config.address)) as browser:
        heard = browser.get("/")
    wrong = [
        name
        for name, value in headers_in(_build(services)).items()
        if heard.headers.get(name.lower()) != value
    ]
    if wrong:
        return Answer(
            Level.FAILURE,
            f"missing, or not as they were built: {', '.join(wrong)}",
            "compare your web server's site with site/deploy/nginx/udvej.conf, and reload it",
        )
    return Answer(Level.OK, "all arrive")


def pages(services: Services) -> Answer:
    """Whether each page arrives as it was built."""
    with closing(_Browser(services.config.address)) as browser:
        wrong = [
            address
            for address, body in _built(_build(services) / WWW)
            if browser.get(address).body != body
        ]
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        return Answer(
            Level.FAILURE,
            f"not as they were built: {', '.join(wrong[:_NAMED])}{more}",
            "reload the site and its web server",
        )
    return Answer(Level.OK, "all arrive as they were built")


def form(services: Services) -> Answer:
    """Whether the application answers behind the web server."""
    with closing(_Browser(services.config.address)) as browser:
        heard = browser.get(FORM)
    if heard.status != 200 or b"<form" not in heard.body:  # noqa: PLR2004
        return Answer(
            Level.FAILURE,
            f"{FORM} answers {heard.status}",
            "see the log of the application, and whether the web server finds it",
        )
    return Answer(Level.OK, "answers")


def proxies(services: Services) -> Answer:
    """Whether clients can be told apart."""
    live = services.config.live
    if live and not live.proxies:
        return Answer(
            Level.WARNING,
            "UDVEJ_PROXIES is 0, and the site itself speaks no HTTPS, so something is before it",
            "give the number of web servers that name the client in X-Forwarded-For",
        )
    return together(services.health.proxies(), "no request has said otherwise")


def _build(services: Services) -> Path:
    build = services.config.state / PAGES
    if not build.is_dir():
        raise ConfigError("no pages have been built; start the site")
    return build.resolve()


def _built(www: Path) -> Iterator[tuple[str, bytes]]:
    """Each file that a browser can ask for, with its address."""
    for path in sorted(www.rglob("*")):
        if path.is_file() and path.suffix not in _COMPRESSED:
            address = f"/{path.relative_to(www).as_posix()}"
            yield address.removesuffix(PAGE), path.read_bytes()
