"""Counts and ages for Prometheus, on a loopback address alone.

Never a total of what was sent: its history would say when somebody wrote.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from udvej import logs
from udvej.errors import ConfigError, UdvejError
from udvej.installation import Installation
from udvej.publish.swap import published
from udvej.services import Services

_LOOPBACK: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 5
_OK, _AWAY, _UNKNOWN = 200, 503, 404
_KIND: Final = "text/plain; version=0.0.4; charset=utf-8"

_log = logging.getLogger(__name__)


def listening(asked: Callable[[], Installation], port: int) -> ThreadingHTTPServer:
    """What answers `GET /metrics`.

    Args:
        asked: gives the installation; called for each scrape, so that settings are current.
        port: of 127.0.0.1; 0 for any.

    Raises:
        ConfigError: it cannot be listened on.
    """

    class Handler(_Handler):
        asked_for = staticmethod(asked)

    try:
        return ThreadingHTTPServer((_LOOPBACK, port), Handler)
    except OSError as error:
        raise ConfigError(f"--port: cannot listen there ({error.strerror})") from error


class _Handler(BaseHTTPRequestHandler):
    """Answers one request, and writes nothing of it down."""

    asked_for: Callable[[], Installation]
    timeout = _TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """`/metrics`, and nothing else."""
        if self.path != "/metrics" or not self._is_asked_by_its_own_name():
            self.send_error(_UNKNOWN)
            return
        try:
            text = exposition(self.asked_for()).encode()
        except UdvejError:
            _log.exception("event=not-measured")
            self.send_error(_AWAY)
            return
        self.send_response(_OK)
        self.send_header("Content-Type", _KIND)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _is_asked_by_its_own_name(self) -> bool:
        """Whether no foreign page has led a browser here by a name of its own (DNS rebinding)."""
        host = self.headers.get("Host", _LOOPBACK)
        return host.partition(":")[0] in (_LOOPBACK, "localhost")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def exposition(installation: Installation) -> str:
    """All of it, in Prometheus' text format (0.0.4); of several municipalities with labels.

    Raises:
        UdvejError: the database of a single municipality does not answer, or nothing can be sealed.
    """
    found: dict[str, tuple[str, list[str]]] = {}
    for name in installation.names:
        label = f'{{municipality="{name}"}}' if installation.is_many else ""
        for gauge, text, value in _measured(installation, name):
            _, values = found.setdefault(gauge, (text, []))
            values.append(f"udvej_{gauge}{label} {_number(value)}\n")
    return "".join(
        f"# HELP udvej_{gauge} {text}\n# TYPE udvej_{gauge} gauge\n{''.join(values)}"
        for gauge, (text, values) in found.items()
    )


def _measured(installation: Installation, name: str) -> Iterator[tuple[str, str, float]]:
    """The gauges of one; of several also whether there are any, since one keeps out no other."""
    gauges = []
    try:
        services = Services(published(installation.one(name)))
        try:
            gauges = [*_gauges(services)]
        finally:
            services.outbox.close()
    except UdvejError:
        if not installation.is_many:
            raise
        with logs.of(name):
            _log.exception("event=not-measured")
    if installation.is_many:
        yield "measured", "Whether the rest could be measured.", bool(gauges)
    yield from gauges


def _number(value: float) -> str:
    return {"inf": "+Inf"}.get(str(value), str(value + 0))


def _gauges(services: Services) -> Iterator[tuple[str, str, float]]:
    """Name, what it is, and its value."""
    status, health = services.outbox.status(), services.health
    shown = health.shown()
    yield "waiting", "What the mail server has yet to take.", status.waiting
    yield "waiting_oldest_seconds", "How long the oldest of it has waited.", status.oldest
    yield "failed", "What the mail server has refused for good.", len(status.failed)
    yield "paced", "What waits behind the rest, since it may be a flood's.", status.paced
    yield "aside", "What somebody has set aside.", status.aside
    yield "delivery_silent_seconds", "Since a delivery was at work.", status.silent
    yield "drill_sent_seconds", "Since a drill was sent.", shown.sent
    yield "team_opened_seconds", "Since the team told the code of a drill.", shown.opened
    left = services.sealer.expires - datetime.now(UTC)
    yield "team_certificate_left_seconds", "Until it expires.", left.total_seconds()
    free = shutil.disk_usage(services.config.state).free
    yield "state_free_bytes", "Room on the disk of the state folder.", free
    yield "problems", "Lines that /sundhed has to say.", len([*health.problems()])
