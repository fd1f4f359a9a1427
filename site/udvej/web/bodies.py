"""Reading the bodies of requests: few at a time, for a sender who stalls holds a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Condition
from typing import IO, Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable
from werkzeug.utils import cached_property

from udvej.web.rate_limit import network_of

# Fewer than a worker's threads: the others stay free for pages and for leaving.
MOST_AT_ONCE: Final = 2
# How long to wait for a turn: longer than reading a body that has arrived, short enough that the
# waiting threads shut nobody out.
_TURN_SECONDS: Final = 0.1
# Behind nginx bodies arrive whole, so a turn is delayed only by a busy machine: two people of one
# network must not get a 503.
_TURN_BEHIND_SECONDS: Final = 5.0
_BEHIND: Final = "werkzeug.proxy_fix.orig"
_RETRY_SECONDS: Final = 10
# How much of a too long body is read and dropped: a browser whose upload is cut shows no answer.
_MOST_DRAINED: Final = 32 * 1024 * 1024
_PIECE: Final = 64 * 1024


class _Turns:
    """Two bodies at a time, one for each network, so that stalled senders leave room for others."""

    def __init__(self) -> None:
        self._changed, self._reading = Condition(), set[bytes]()

    @contextmanager
    def of(self, network: bytes, patience: float) -> Iterator[None]:
        def free() -> bool:
            return len(self._reading) < MOST_AT_ONCE and network not in self._reading

        with self._changed:
            if not self._changed.wait_for(free, patience):
                raise ServiceUnavailable(retry_after=_RETRY_SECONDS)
            self._reading.add(network)
        try:
            yield
        finally:
            with self._changed:
                self._reading.remove(network)
                self._changed.notify_all()


_turns = _Turns()


class BoundedRequest(Request):
    """A request whose body is read whole, or refused while too many senders stall.

    A web server in front that passes bodies on when they are whole, as nginx does, never meets
    the refusal.
    """

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body.

        Raises:
            ServiceUnavailable: others are being waited for.
            RequestEntityTooLarge: it is longer than the application takes.
            ClientDisconnected: it ended too soon.
        """
        patience = _TURN_BEHIND_SECONDS if _BEHIND in self.environ else _TURN_SECONDS
        with _turns.of(network_of(self.remote_addr or ""), patience):
            try:
                return BytesIO(super().stream.read())
            except RequestEntityTooLarge:
                self._drain()
                raise

    def _drain(self) -> None:
        for _ in range(_MOST_DRAINED // _PIECE):
            if not self.input_stream.read(_PIECE):
                break
