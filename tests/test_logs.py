import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from udvej import logs
from udvej.errors import StorageError

MARK = "kvittering4711"
HERE = rf"{re.escape(__file__)}:\d+"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a logger of its own writes through the formatter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.EventFormatter())
    log = logging.getLogger("udvej.prøve")
    log.addHandler(handler)
    log.propagate = False
    yield stream
    log.removeHandler(handler)
    log.propagate = True


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    """The logger that writes there."""
    assert written.getvalue() == ""
    return logging.getLogger("udvej.prøve")


def _raise_with_causes() -> None:
    try:
        try:
            raise KeyError(MARK)  # noqa: TRY301 (a cause with a place here)
        except KeyError as error:
            raise ValueError(MARK) from error
    except ValueError:
        raise StorageError(MARK)  # noqa: B904 (the context is what is tested)


def _log_exception(log: logging.Logger) -> None:
    try:
        _raise_with_causes()
    except StorageError:
        log.exception("event=broken number=%d", 42)


def test_a_line_holds_time_level_logger_and_event(
    log: logging.Logger, written: io.StringIO
) -> None:
    """In UTC, so that lines from several machines compare."""
    log.warning("event=retry number=%d", 42)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING udvej\.prøve event=retry number=42\n",
        written.getvalue(),
    )


def test_times_are_utc() -> None:
    """The beginning of the epoch is midnight everywhere."""
    record = logging.makeLogRecord({"created": 0.0, "msg": "x", "levelname": "INFO"})
    assert logs.EventFormatter().format(record).startswith("1970-01-01T00:00:00Z ")


def test_an_exception_is_type_and_place_with_its_causes_and_never_a_message(
    log: logging.Logger, written: io.StringIO
) -> None:
    """A message can hold what a person typed."""
    _log_exception(log)
    line = written.getvalue()
    assert MARK not in line
    assert re.search(
        rf" event=broken number=42 exception=StorageError at {HERE} "
        rf"from ValueError at {HERE} from KeyError at {HERE}\n$",
        line,
    )


def test_an_exception_group_tells_none_of_its_messages(
    log: logging.Logger, written: io.StringIO
) -> None:
    """Neither the group's nor those inside."""
    log.error("event=x", exc_info=ExceptionGroup(MARK, [ValueError(MARK)]))
    assert written.getvalue().endswith(" event=x exception=ExceptionGroup\n")


def test_a_cached_traceback_is_not_written(log: logging.Logger, written: io.StringIO) -> None:
    """Another handler's formatter leaves its text on the record."""
    other = logging.StreamHandler(io.StringIO())
    log.handlers.insert(0, other)
    try:
        _log_exception(log)
    finally:
        log.removeHandler(other)
    assert MARK not in written.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_an_event_is_one_line(log: logging.Logger, written: io.StringIO, end: str) -> None:
    """Nothing can forge a second one."""
    log.error("event=a%sevent=b", end)
    assert len(written.getvalue().splitlines()) == 1
    assert " event=a event=b\n" in written.getvalue()


def test_nothing_to_tell_of_an_exception_that_is_none(
    log: logging.Logger, written: io.StringIO
) -> None:
    """`exception` outside of an except block."""
    log.error("event=x", exc_info=True)  # noqa: LOG014 (that is the case)
    assert written.getvalue().endswith(" event=x\n")


def test_a_line_that_cannot_be_written_shows_nothing_of_what_it_holds() -> None:
    """As when stderr is gone: the library would print the line's arguments then, and where."""
    program = f"""
import logging, os, sys
from udvej import logs
logs.configure()
logging.getLogger().handlers[0].setStream(open(os.devnull))  # which takes no line
logging.getLogger("x").error("event=%s", {MARK!r})
logging.getLogger("x").error("event=%d", {MARK!r})
print("done")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_configure_sends_everything_to_stderr(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From INFO up, once, however often it is called."""
    root, stderr = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stderr)
    root.handlers.clear()  # pytest's own, which force=True would close
    try:
        logs.configure()
        logs.configure()
        logging.getLogger("et bibliotek").info("event=a")
        logging.getLogger("et bibliotek").debug("event=b")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert re.fullmatch(r"\S+Z INFO et bibliotek event=a\n", stderr.getvalue())
