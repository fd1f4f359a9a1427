"""What serves in a benchmark, with all its processes, once it does."""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from tempfile import TemporaryFile

import psutil
from support.patience import PATIENCE
from support.running import ended, started


@dataclass(frozen=True)
class Server:
    """One that answers.

    Attributes:
        port: where it listens, on 127.0.0.1.
        process: the first of its processes.
        seconds: from its start to its first answer.
    """

    port: int
    process: psutil.Process
    seconds: float

    def tree(self) -> list[psutil.Process]:
        """It and its children."""
        return [self.process, *self.process.children(recursive=True)]

    def busy_seconds(self) -> float:
        """Processor time so far."""
        times = [process.cpu_times() for process in self.tree()]
        return sum(one.user + one.system for one in times)

    def memory_bytes(self) -> int:
        """What it takes of the machine, shared pages shared out (PSS)."""
        return sum(process.memory_full_info().pss for process in self.tree())


@contextmanager
def serving(
    command: Sequence[str],
    environ: Mapping[str, str],
    port: int,
    address: str,
    *,
    host: str = "",
    processes: int = 1,
) -> Iterator[Server]:
    """Run a server until the block ends.

    Args:
        command: starts it.
        environ: for it.
        port: where it is to listen.
        address: what to ask for until it answers.
        host: whom to ask; the port's own if left out.
        processes: how many it is made of.

    Raises:
        SystemExit: it has ended, or does not answer; with what it has printed.
    """
    with TemporaryFile("w+", encoding="utf-8") as printed:
        begun = time.perf_counter()
        process = started(command, env=environ, stdout=subprocess.DEVNULL, stderr=printed)

        def wait(what: str, done: Callable[[], bool]) -> None:
            while process.poll() is None and time.perf_counter() < begun + PATIENCE:
                with suppress(OSError):
                    if done():
                        return
                time.sleep(0.005)
            printed.seek(0)
            how = f"has not {what}" if process.poll() is None else f"ended ({process.returncode})"
            sys.exit(f"{shlex.join(command)} {how}; nothing is measured\n{printed.read()}")

        try:
            wait("answered", lambda: status(port, address, host) < 400)
            server = Server(port, psutil.Process(process.pid), time.perf_counter() - begun)
            wait(f"made {processes} processes", lambda: len(server.tree()) >= processes)
            yield server
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            ended(process)


def udvej(
    environ: Mapping[str, str], address: str, host: str = ""
) -> AbstractContextManager[Server]:
    """The same for `udvej serve`: its first process, two workers and the delivery."""
    command = [sys.executable, "-m", "udvej", "serve"]
    return serving(command, environ, int(environ["UDVEJ_PORT"]), address, host=host, processes=4)


def status(port: int, address: str, host: str = "") -> int:
    """Of the answer to one request.

    Raises:
        OSError: there is none.
    """
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", address, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
