"""A Redis or Valkey server of a test's own."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from support.patience import PATIENCE, until
from support.running import ended, started

_PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server"


class RedisServer:
    """It listens on a socket in a folder of its own."""

    def __init__(self, folder: Path, configuration: Path | None, *options: str) -> None:
        """Start it, and wait until it answers.

        Args:
            folder: short, since the path of a socket may have 107 bytes (unix(7)).
            configuration: a file to begin with; without one it keeps nothing on the disk.
            options: of the server, before ours.
        """
        self._folder, self._configuration, self._options = folder, configuration, options
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        """Once more, with nothing in it."""
        begun = ["--port", "0", "--save", "", "--loglevel", "warning"]
        if self._configuration:
            begun = [str(self._configuration)]
        ours = ["--dir", str(self._folder), "--unixsocket", str(self.socket)]
        command = [_PROGRAM, *begun, *self._options, *ours]
        with (self._folder / "printed").open("wb") as printed:
            self._process = started(command, stdout=printed, stderr=printed)
        until(self._answers)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "printed").read_text()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.AuthenticationError:  # it asks who we are, so it answers
            return True
        except redis.ConnectionError:
            return False

    def client(self) -> redis.Redis:
        """A connection of an operator's."""
        return redis.Redis(unix_socket_path=str(self.socket), protocol=2, socket_timeout=PATIENCE)

    def kill(self) -> None:
        """As a host that loses its power."""
        ended(self._process)

    def hang(self) -> None:
        """It takes connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hang`."""
        self._process.send_signal(signal.SIGCONT)

    def left(self) -> dict[str, int]:
        """Each key, with the seconds it has left."""
        with self.client() as client:
            return {key.decode(): client.ttl(key) for key in client.scan_iter()}


@contextmanager
def redis_server(*options: str, configuration: Path | None = None) -> Iterator[RedisServer]:
    """Run one until the end; see `RedisServer`."""
    with TemporaryDirectory(prefix="udvej-redis-", dir="/tmp") as folder:
        server = RedisServer(Path(folder), configuration, *options)
        try:
            yield server
        finally:
            server.kill()
