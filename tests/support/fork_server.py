"""Starts `udvej` without importing it each time, which takes longer than most else that it does.

A program, which `support.forked` runs: it imports `udvej` and nothing of the tests, and forks for
each process that is asked for. Nothing has run in it by then: no thread, no handler of a signal, no
log, as in a Python that has only just begun. `udvej serve` makes its own workers in the same way.

A message is JSON with "arguments", "environment", "folder" and "umask"; the answer is the id of the
process. A message that is such an id asks for the exit status of one that has ended. A pipe comes
with each message for its answer, so that an interrupted caller leaves none behind; a start also
brings two files to print to. When its socket closes, the server ends, and its children get SIGTERM.
"""

import json
import os
import runpy
import signal
import socket
import sys
from contextlib import suppress
from ctypes import CDLL
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from udvej import commands

_MOST_BYTES: Final = 2**17
_PR_SET_PDEATHSIG: Final = 1


def _asked(asking: socket.socket) -> dict[str, Any] | None:
    """Fork for each message; what is asked of this process, or None in the first at the end."""
    ended: dict[int, int] = {}
    while True:
        message, given, _, _ = socket.recv_fds(asking, _MOST_BYTES, 3)
        if not message:
            return None
        answering, *files = given
        asked = json.loads(message)
        if isinstance(asked, int):
            if asked not in ended:
                ended[asked] = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
            answer = ended[asked]
        elif answer := os.fork():
            ended.pop(answer, None)
        else:
            os.close(answering)
            os.setsid()
            CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            for number, file in enumerate(files, start=1):
                os.dup2(file, number)
                os.close(file)
            asking.close()
            return dict(asked)
        with suppress(BrokenPipeError):
            os.write(answering, b"%d" % answer)
        for file in (answering, *files):
            os.close(file)


def _begin(asked: dict[str, Any]) -> None:
    """Be `python -m udvej` with these arguments, environment, folder and umask."""
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path.insert(0, asked["folder"])
    sys.argv[1:] = asked["arguments"]
    runpy.run_module("udvej", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for module in iter_modules(commands.__path__, "udvej.commands."):
        import_module(module.name)
    if asked := _asked(socket.socket(fileno=int(sys.argv[1]))):
        _begin(asked)
