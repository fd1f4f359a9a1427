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

# Fewer than a worker has threads: the others go on with pages, and with leaving.
MOST_AT_ONCE: Final = 2
# Longer than bodies that have arrived take to be read; so short that waiting keeps nobody out.
_TURN_SECONDS: Final = 0.1
# Behind a web server bodies are whole, and take no longer to read than a busy machine lets them:
# two people of one network must not be told to wait.
_TURN_BEHIND_SECONDS: Final = 5.0
_BEHIND: Final = "werkzeug.proxy_fix.orig"
_RETRY_SECONDS: Final = 10
# So much of what is too long is let pass: a browser whose sending is cut off shows no answer.
_MOST_PASSED: Final = 32 * 1024 * 1024
_PIECE: Final = 64 * 1024


class _Turns:
    """One at a time for each network, so that senders from one who stall leave room for others."""

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
                self._let_pass()
                raise

    def _let_pass(self) -> None:
        for _ in range(_MOST_PASSED // _PIECE):
            if not self.input_stream.read(_PIECE):
                break
