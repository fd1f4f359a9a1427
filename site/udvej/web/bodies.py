"""Reading the bodies of requests: few at a time, for a sender who stalls holds a thread."""

from io import BytesIO
from threading import BoundedSemaphore
from typing import IO, Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable
from werkzeug.utils import cached_property

# Fewer than a worker has threads: the others go on with pages, and with leaving.
MOST_AT_ONCE: Final = 2
# Longer than bodies that have arrived take to be read; so short that waiting keeps nobody out.
_TURN_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = 10
# So much of what is too long is let pass: a browser whose sending is cut off shows no answer.
_MOST_PASSED: Final = 32 * 1024 * 1024
_PIECE: Final = 64 * 1024

_turns = BoundedSemaphore(MOST_AT_ONCE)


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
        if not _turns.acquire(timeout=_TURN_SECONDS):
            raise ServiceUnavailable(retry_after=_RETRY_SECONDS)
        try:
            return BytesIO(super().stream.read())
        except RequestEntityTooLarge:
            self._let_pass()
            raise
        finally:
            _turns.release()

    def _let_pass(self) -> None:
        for _ in range(_MOST_PASSED // _PIECE):
            if not self.input_stream.read(_PIECE):
                break
