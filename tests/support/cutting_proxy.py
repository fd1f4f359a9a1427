"""A proxy before PostgreSQL that cuts the connection at a COMMIT, as a network or server may."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from threading import Thread
from typing import Final

from support.patience import PATIENCE

_SOCKET: Final = ".s.PGSQL.5432"


class Breaks(Enum):
    """When it does, once."""

    BEFORE = auto()
    """The server never learns of the commit."""
    AFTER = auto()
    """The server has committed, and its answer is lost."""


class Severed:
    """Connections through it, of which one is broken; those that come later are let through."""

    def __init__(self, server: Path, listener: socket.socket) -> None:
        """Break nothing yet."""
        self.folder = Path(listener.getsockname()).parent
        self._server, self._listener = server / _SOCKET, listener
        self.breaks: Breaks | None = None
        self.broken = 0
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed in the end
            while True:
                here = self._listener.accept()[0]
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(self._server))
                Thread(target=self._ask, args=(here, there), daemon=True).start()
                Thread(target=_pass_on, args=(there, here), daemon=True).start()

    def _ask(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError), here, there:
            while asked := here.recv(2**16):
                if b"COMMIT" in asked and self.breaks is not None:
                    breaks, self.breaks = self.breaks, None
                    self.broken += 1
                    if breaks is Breaks.AFTER:
                        here.shutdown(socket.SHUT_WR)  # the answer is not passed on
                        there.sendall(asked)
                        there.shutdown(socket.SHUT_WR)  # when it has committed, it ends
                    else:
                        there.shutdown(socket.SHUT_RDWR)
                    here.shutdown(socket.SHUT_RDWR)
                    return
                there.sendall(asked)


def _pass_on(there: socket.socket, here: socket.socket) -> None:
    with suppress(OSError):
        while answer := there.recv(2**16):
            here.sendall(answer)


@contextmanager
def severing(server: Path, folder: Path) -> Iterator[Severed]:
    """Such a way, until the block ends.

    Args:
        server: the folder with the server's socket.
        folder: where the way's own is to be, with a short path.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(str(folder / _SOCKET))
        listener.listen()
        yield Severed(server, listener)
