"""One line an event, for operations, with nothing personal in it.

Where one installation serves several municipalities, each line says whose it is.

An exception's message can hold what a person typed, so only types and places are written.
"""

import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

_whose: ContextVar[str] = ContextVar("whose", default="")


def configure() -> None:
    """Send every log of this process to stderr through `EventFormatter`, from INFO up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It logs each form that is refused in free text; we log an event of our own.
    logging.getLogger("flask_wtf").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # else a line that cannot be written shows its arguments
    sys.excepthook = _log_uncaught


@contextmanager
def of(name: str) -> Iterator[None]:
    """Let what is logged in the block say whose it is.

    Args:
        name: a municipality's, or "" for a single one.
    """
    token = _whose.set(name)
    try:
        yield
    finally:
        _whose.reset(token)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(__name__).critical("event=ended", exc_info=(kind, error, trace))


class EventFormatter(logging.Formatter):
    """Writes `time level logger event`; of an exception its type, place and causes."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Times are UTC, so that lines from several machines compare."""
        line = "%(asctime)sZ %(levelname)s %(name)s %(whose)s%(message)s"
        super().__init__(line, "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line; a line break inside it is shown as a space."""
        exception = record.exc_info[1] if record.exc_info else None
        whose = f"municipality={name} " if (name := _whose.get()) else ""
        kept = {"exc_info": None, "exc_text": None, "whose": whose}
        record = logging.makeLogRecord(record.__dict__ | kept)
        line = super().format(record)
        if exception is not None:
            line += " exception=" + " from ".join(_describe(exception))
        return " ".join(line.splitlines())


def _describe(exception: BaseException | None) -> Iterator[str]:
    while exception is not None:
        frames = traceback.extract_tb(exception.__traceback__)
        place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        yield type(exception).__name__ + place
        exception = exception.__cause__ or exception.__context__
