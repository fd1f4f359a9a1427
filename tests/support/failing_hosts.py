"""Hosts that people use while a test strikes them, or the database that they share."""

import random
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from typing import Final

from support.clock import MINUTE
from support.killed_processes import SharedClock, accepting, delivering, started
from support.mailserver import Authority, Server
from support.patience import PATIENCE
from support.places import Place
from udvej.outbox.keys import TeamKey
from udvej.outbox.table import Outbox
from udvej.outbox.watch import Status

# About as long as a host takes for one referral.
_MOMENT: Final = 0.03
# How many wait for a host's answer, so that it is struck amid its work.
_CROWD: Final = 8


class Shared:
    """What all hosts share: a place, a clock, a mail server, and a team that reads."""

    def __init__(self, place: Place, server: Server, authority: Authority, team: TeamKey) -> None:
        """With nothing kept yet.

        Args:
            place: where all is kept.
            server: takes the mails.
            authority: signed its certificate.
            team: who may open them.
        """
        self.place, self.server, self.clock = place, server, SharedClock()
        given = place, self.clock
        self.accepting = partial(started, accepting, *given, team.certificate_pem())
        self.delivering = partial(started, delivering, *given, server.settings(authority.file))

    @contextmanager
    def outbox(self) -> Iterator[Outbox]:
        """The outbox, for a look."""
        database = self.place.open()
        yield Outbox(database, self.clock)
        database.close()

    def status(self) -> Status:
        """How it stands."""
        with self.outbox() as outbox:
            return outbox.status()


class Host:
    """One of them: what accepts, what delivers, and the people who wait for its answers.

    Attributes:
        answered: what was acknowledged.
    """

    def __init__(self, shared: Shared, *, accepts: bool = True, delivers: bool = True) -> None:
        """Start it.

        Args:
            shared: with the others.
            accepts: whether people use it.
            delivers: whether it mails.
        """
        self._shared, self.accepts, self._delivers = shared, accepts, delivers
        self.answered: list[str] = []
        self._waiting: deque[str] = deque()
        self.start()

    def start(self) -> None:
        """Start all of it."""
        self._processes: list[ForkServerProcess] = []
        if self.accepts:
            self.door, there = Pipe()
            self._processes.append(self._shared.accepting(there))
            there.close()
        if self._delivers:
            self._processes.append(self._shared.delivering())

    def send(self, keys: Sequence[str]) -> None:
        """Let people send so many more."""
        for key in keys:
            self.door.send(key)
            self._waiting.append(key)

    @property
    def waiting(self) -> int:
        """How many wait for its answers."""
        return len(self._waiting)

    def hear(self) -> None:
        """Take its next answer, which is for the one that has waited longest."""
        key = self.door.recv()
        assert key == self._waiting.popleft()
        self.answered.append(key)

    def kill(self) -> Sequence[str]:
        """End all of it at once, as `kill -9` or a power cut does.

        Returns:
            What people send again, since they had no answer.
        """
        assert {process.exitcode for process in self._processes} == {None}
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join(PATIENCE)
            assert process.exitcode == -signal.SIGKILL
        if not self.accepts:
            return []
        with self.door, suppress(EOFError, ConnectionResetError):
            while True:
                self.hear()
        again, self._waiting = self._waiting, deque()
        return again


class People:
    """Those who use the hosts until all that they sent is mailed."""

    def __init__(self, shared: Shared, hosts: Sequence[Host], referrals: int) -> None:
        """Let nobody send yet.

        Args:
            shared: by the hosts.
            hosts: all there are.
            referrals: how many people send, each one.
        """
        self._shared, self._hosts = shared, hosts
        self._doors = [host for host in hosts if host.accepts]
        self._unsent = deque(f"nr{n}" for n in range(referrals))

    def use(self, strike: Callable[[], None], moments: Sequence[int]) -> Sequence[str]:
        """What was acknowledged to them, each once. The hosts are killed in the end.

        Args:
            strike: called soon after each of the moments.
            moments: after how much that was answered or mailed, in order.
        """
        for moment in moments:
            self._go_on_until(lambda moment=moment: self._came() >= moment)  # type: ignore[misc]
            time.sleep(random.uniform(0, _MOMENT))
            strike()
            self._shared.clock.move(6 * MINUTE)  # the leases end of what was in hand
        self._go_on_until(self._is_over)
        for host in self._hosts:
            host.kill()
        return sorted({key for host in self._hosts for key in host.answered})

    def _came(self) -> int:
        return sum(len(host.answered) for host in self._hosts) + self._shared.server.mails.qsize()

    def _is_over(self) -> bool:
        waits = self._unsent or any(host.waiting for host in self._doors)
        return not waits and not self._shared.status().waiting

    def _go_on_until(self, done: Callable[[], bool]) -> None:
        came, limit = -1, 0.0
        while not done():
            if self._came() > came:
                came, limit = self._came(), time.monotonic() + PATIENCE
            assert time.monotonic() < limit, "nothing is accepted or mailed any more"
            self._go_on()

    def _go_on(self) -> None:
        """Let as many send as a host has room for, and hear what is answered."""
        for host in self._doors:
            room = min(_CROWD - host.waiting, len(self._unsent))
            host.send([self._unsent.popleft() for _ in range(room)])
        answers = wait([host.door for host in self._doors], timeout=0.1)
        for host in self._doors:
            if host.door in answers:
                host.hear()
        if not answers:
            self._shared.clock.move(1)  # what the mail server did not take is tried again


def moments(referrals: int, strikes: int, chance: random.Random) -> Sequence[int]:
    """When to strike, for `People.use`: random counts, spread over all accepts and mails."""
    each = 2 * referrals / strikes
    return [int(each * (number + chance.random())) for number in range(strikes)]
