"""Processes killed at any moment: nothing lost, nothing acknowledged that was not kept."""

import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from support.clock import MINUTE
from support.doomed import SharedClock, accepting, delivering, started
from support.mailserver import Authority, Faults, Hold, Server, Taken, serving
from support.patience import PATIENCE, until
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox
from udvej.outbox.watch import Status
from udvej.sqlite import SQLite

# How long the slow one may go on between two things that are waited for.
LONG = 10 * PATIENCE
# About as long as either of them takes for one referral.
MOMENT = 0.03


@contextmanager
def opened(state: Path, clock: Callable[[], float]) -> Iterator[Outbox]:
    """The outbox, for a look."""
    database = SQLite(state)
    yield Outbox(database, clock)
    database.close()


def status(state: Path, clock: Callable[[], float]) -> Status:
    """How the outbox stands."""
    with opened(state, clock) as outbox:
        return outbox.status()


def kill(process: ForkServerProcess) -> None:
    """As `kill -9`, or a machine without memory, does."""
    assert process.exitcode is None
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL


class Visitors:
    """People who send, and send again when no answer came."""

    def __init__(self, keys: Sequence[str], seed: int) -> None:
        """With the keys of what they send."""
        self._keys, self._chance = keys, random.Random(seed)
        self.acknowledged: list[str] = []

    def send(self, state: Path, clock: SharedClock, certificate: bytes, kills: int) -> None:
        """Have everything accepted, by a process that is killed so many times."""
        moments = sorted(self._chance.sample(range(len(self._keys)), kills))
        for moment in [*moments, len(self._keys)]:
            here, there = Pipe(duplex=False)
            unanswered = self._keys[len(self.acknowledged) :]
            process = started(accepting, state, clock, certificate, unanswered, there)
            there.close()
            while len(self.acknowledged) < moment:
                self._hear(here)
            if moment < len(self._keys):
                time.sleep(self._chance.uniform(0, MOMENT))
                kill(process)
            self._hear_the_rest(here)
            process.join(PATIENCE)
            assert process.exitcode is not None

    def _hear(self, here: "Connection[str, str]") -> None:
        assert here.poll(PATIENCE), "nothing was acknowledged"
        self.acknowledged.append(here.recv())

    def _hear_the_rest(self, here: "Connection[str, str]") -> None:
        with suppress(EOFError):
            while True:
                self._hear(here)
        here.close()


def mail_all(
    start: Callable[[], ForkServerProcess],
    moments: Sequence[int],
    *,
    clock: SharedClock,
    server: Server,
    finished: Callable[[], bool],
) -> None:
    """Have everything mailed, by a process that is killed when so many mails have been taken."""
    chance = random.Random(len(moments))
    for moment in moments:
        process = start()
        until(
            lambda moment=moment: server.mails.qsize() >= moment or finished(),  # type: ignore[misc]
            patience=LONG,
        )
        time.sleep(chance.uniform(0, MOMENT))
        kill(process)
        clock.move(6 * MINUTE)  # its lease ends
    process = start()
    until(finished, patience=LONG)
    kill(process)


class Team:
    """Reads what arrived."""

    def __init__(self, key: TeamKey, mails: Sequence[Taken]) -> None:
        """With every mail that the server took."""
        self._opener = Opener(key.certificate, key.private_key)
        self._mails: dict[int, Counter[bytes]] = defaultdict(Counter)
        for mail in mails:
            subject = message_from_bytes(mail.content)["Subject"]
            self._mails[int(subject.removeprefix("Henvendelse nr. "))][mail.content] += 1

    def numbers(self) -> list[int]:
        """The running numbers, each once."""
        return sorted(self._mails)

    def doubled(self) -> int:
        """How many mails came once more than needed."""
        return sum(copies.total() - 1 for copies in self._mails.values())

    def different(self) -> list[int]:
        """Numbers that came as mails which are not the same byte for byte, Message-ID and all."""
        return [number for number, copies in self._mails.items() if len(copies) > 1]

    def senders(self) -> list[str]:
        """The names inside the seals, in the order of the numbers, which the letters name too."""
        return [self._sender(number) for number in self.numbers()]

    def _sender(self, number: int) -> str:
        cms = message_from_bytes(next(iter(self._mails[number]))).get_payload(decode=True)
        assert isinstance(cms, bytes)
        part = message_from_bytes(self._opener.open(Sealed(cms, "")), policy=policy.default)
        letter = part.get_content().splitlines()
        assert letter[0] == f"Henvendelse nr. {number}"
        return str(letter[letter.index("Vil kaldes:") + 1].removeprefix("> "))


@pytest.mark.parametrize(
    ("kills", "referrals"),
    [
        pytest.param(20, 500, id="20-kills"),
        pytest.param(200, 20_000, id="200-kills", marks=pytest.mark.slow),
    ],
)
def test_kill_9_at_any_moment_of_accept_and_delivery_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    tmp_path: Path,
    authority: Authority,
    team: TeamKey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both at once on one outbox, each killed half of the times; sealed, over TLS, opened."""
    clock, visitors = SharedClock(), Visitors([f"nr{n}" for n in range(referrals)], seed=kills)
    with serving(authority.context()) as server, ThreadPoolExecutor(2) as lives:
        half = kills // 2
        sent = lives.submit(visitors.send, tmp_path, clock, team.certificate_pem(), half)
        mailed = lives.submit(
            mail_all,
            partial(started, delivering, tmp_path, clock, server.settings(authority.file)),
            sorted(random.Random(referrals).sample(range(referrals), half)),
            clock=clock,
            server=server,
            finished=lambda: sent.done() and not status(tmp_path, clock).waiting,
        )
        sent.result()
        mailed.result()
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    read = Team(team, mails)
    arrived = Counter(read.senders())
    unstored = [key for key in visitors.acknowledged if key not in arrived]
    with capsys.disabled():
        print(  # noqa: T201 (what the bench is for)
            f"\n{kills} kill -9, {referrals} referrals: {referrals - len(arrived)} lost, "
            f"{len(unstored)} acknowledged but not stored, "
            f"{read.doubled()} mailed twice with the same Message-ID"
        )
    assert len(visitors.acknowledged) == referrals
    assert unstored == []
    assert status(tmp_path, clock).last == referrals
    assert read.numbers() == [*range(1, referrals + 1)]
    assert set(arrived.values()) == {1}
    assert set(arrived) == set(visitors.acknowledged)
    assert read.different() == []
    assert read.doubled() <= half


@pytest.mark.parametrize("processes", [2, 4])
def test_several_delivery_processes_at_once_mail_each_referral_once(
    processes: int, tmp_path: Path, authority: Authority
) -> None:
    """Each with a mail in hand before the first gets its 250."""
    clock, hold, number = SharedClock(), Hold(), 60
    with opened(tmp_path, clock) as outbox:
        for key in range(number):
            outbox.accept(b"%d" % key, "AAA-AAA", lambda n: Sealed(b"%d" % n, f"{n:032}"))
    with serving(authority.context(), faults=Faults(hold=hold)) as server:
        settings = server.settings(authority.file)
        running = [started(delivering, tmp_path, clock, settings) for _ in range(processes)]
        assert hold.arrived(processes)
        hold.end()
        until(lambda: status(tmp_path, clock).sent == number)
        for process in running:
            kill(process)
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    ids = sorted(message_from_bytes(mail.content)["Message-ID"] for mail in mails)
    assert ids == [f"<{n:032}@kommune.example>" for n in range(1, number + 1)]
