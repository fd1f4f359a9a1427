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
from support import postgres
from support.clock import MINUTE
from support.doomed import SharedClock, accepting, delivering, started
from support.mailserver import Authority, Faults, Hold, Server, Taken, serving
from support.patience import PATIENCE, until
from support.places import ON_POSTGRESQL, Place
from udvej.config import MailServer
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox
from udvej.outbox.watch import Status

# How long the slow one may go on between two things that are waited for.
LONG = 10 * PATIENCE
# About as long as either of them takes for one referral.
MOMENT = 0.03


@contextmanager
def opened(place: Place, clock: Callable[[], float]) -> Iterator[Outbox]:
    """The outbox, for a look."""
    database = place.open()
    yield Outbox(database, clock)
    database.close()


def status(place: Place, clock: Callable[[], float]) -> Status:
    """How the outbox stands."""
    with opened(place, clock) as outbox:
        return outbox.status()


def until_all_is_mailed(place: Place, clock: Callable[[], float]) -> None:
    """Wait for as long as it goes on."""
    while left := status(place, clock).waiting:
        for _ in range(int(LONG)):
            time.sleep(0.1 if left < LONG else 1)  # to count thousands takes a while
            if status(place, clock).waiting < left:
                break
        else:
            pytest.fail("nothing is mailed any more")


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

    def send(self, place: Place, clock: SharedClock, certificate: bytes, kills: int) -> None:
        """Have everything accepted, by a process that is killed so many times."""
        moments = sorted(self._chance.sample(range(len(self._keys)), kills))
        for moment in [*moments, len(self._keys)]:
            here, there = Pipe(duplex=False)
            unanswered = self._keys[len(self.acknowledged) :]
            process = started(accepting, place, clock, certificate, unanswered, there)
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

    def is_over() -> bool:
        clock.move(1)  # else a mail that failed once on a busy machine would never be tried again
        return finished()

    for moment in moments:
        process = start()
        until(
            lambda moment=moment: server.mails.qsize() >= moment or is_over(),  # type: ignore[misc]
            patience=LONG,
        )
        time.sleep(chance.uniform(0, MOMENT))
        kill(process)
        clock.move(6 * MINUTE)  # its lease ends
    process = start()
    until(is_over, patience=LONG)
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

    def against(self, acknowledged: Sequence[str], referrals: int) -> str:
        """What is amiss, counted, of so many that were sent."""
        arrived = Counter(self.senders())
        unstored = sum(key not in arrived for key in acknowledged)
        return (
            f"{referrals} referrals: {referrals - len(arrived)} lost, {unstored} acknowledged but"
            f" not stored, {sum(arrived.values()) - len(arrived)} under two numbers,"
            f" {self.doubled()} mailed twice with the same Message-ID"
        )

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
    ("place", "kills", "referrals"),
    [
        *(
            pytest.param(engine, kills, referrals, id=f"{engine}-{kills}-kills", marks=marks)
            for engine in ("sqlite", "postgresql")
            for kills, referrals, marks in ((6, 150, ()), (200, 20_000, pytest.mark.slow))
        ),
    ],
    indirect=["place"],
)
def test_kill_9_at_any_moment_of_accept_and_delivery_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    place: Place,
    authority: Authority,
    team: TeamKey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both at once on one outbox, each killed half of the times; sealed, over TLS, opened."""
    clock, visitors = SharedClock(), Visitors([f"nr{n}" for n in range(referrals)], seed=kills)
    with serving(authority.context()) as server, ThreadPoolExecutor(2) as lives:
        half = kills // 2
        sent = lives.submit(visitors.send, place, clock, team.certificate_pem(), half)
        mailed = lives.submit(
            mail_all,
            partial(started, delivering, place, clock, server.settings(authority.file)),
            sorted(random.Random(referrals).sample(range(referrals), half)),
            clock=clock,
            server=server,
            finished=lambda: sent.done() and not status(place, clock).waiting,
        )
        sent.result()
        mailed.result()
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    read = Team(team, mails)
    with capsys.disabled():
        told = f"{kills} kill -9 on {'PostgreSQL' if place.url else 'SQLite'}"
        print(f"\n{told}, {read.against(visitors.acknowledged, referrals)}")  # noqa: T201 (what the bench is for)
    assert status(place, clock).last == referrals
    nothing_amiss(read, visitors.acknowledged, referrals)
    assert read.doubled() <= half


def nothing_amiss(read: Team, acknowledged: Sequence[str], referrals: int) -> None:
    """Each arrived once under its own number, without a gap, and what was acknowledged is there."""
    arrived = Counter(read.senders())
    assert len(acknowledged) == referrals
    assert [key for key in acknowledged if key not in arrived] == []
    assert read.numbers() == [*range(1, referrals + 1)]
    assert set(arrived.values()) == {1}
    assert set(arrived) == {*acknowledged}
    assert read.different() == []


def struck(
    strike: Callable[[], None],
    moments: Sequence[int],
    referrals: int,
    *,
    place: Place,
    clock: SharedClock,
    settings: MailServer,
    team: TeamKey,
    chance: random.Random,
) -> Sequence[str]:
    """What is acknowledged while the database is struck amid accepts and deliveries.

    All of it has been mailed in the end.
    """
    acknowledged: list[str] = []
    keys = [f"nr{n}" for n in range(referrals)]
    here, there = Pipe(duplex=False)
    sending = started(accepting, place, clock, team.certificate_pem(), keys, there)
    mailing = started(delivering, place, clock, settings)
    there.close()
    for moment in [*moments, referrals]:
        while len(acknowledged) < moment:
            assert here.poll(PATIENCE), "nothing was acknowledged"
            acknowledged.append(here.recv())
        if moment < referrals:
            time.sleep(chance.uniform(0, MOMENT))
            strike()
            clock.move(6 * MINUTE)  # the lease ends of what was in hand
    sending.join(PATIENCE)
    assert sending.exitcode == 0
    until_all_is_mailed(place, clock)
    kill(mailing)
    return acknowledged


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("kills", "referrals"),
    [
        pytest.param(3, 60, id="3-kills"),
        pytest.param(200, 20_000, id="200-kills", marks=pytest.mark.slow),
    ],
)
def test_kill_9_of_postgresql_itself_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    place: Place,
    postgresql: postgres.Server,
    authority: Authority,
    team: TeamKey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All of its processes at once, amid accepts and deliveries, which go on when it is back."""
    clock, chance = SharedClock(), random.Random(kills)

    def strike() -> None:
        postgresql.kill()
        postgresql.start()

    with serving(authority.context()) as server:
        settings = server.settings(authority.file)
        moments = sorted(chance.sample(range(referrals), kills))
        acknowledged = struck(
            strike,
            moments,
            referrals,
            place=place,
            clock=clock,
            settings=settings,
            team=team,
            chance=chance,
        )
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    read = Team(team, mails)
    with capsys.disabled():
        told = f"{kills} kill -9 of PostgreSQL itself"
        print(f"\n{told}, {read.against(acknowledged, referrals)}")  # noqa: T201 (what the bench is for)
    assert status(place, clock).last == referrals
    nothing_amiss(read, acknowledged, referrals)
    assert read.doubled() <= kills


@pytest.mark.parametrize("processes", [2, 4])
def test_several_delivery_processes_at_once_mail_each_referral_once(
    processes: int, place: Place, authority: Authority
) -> None:
    """Each with a mail in hand before the first gets its 250."""
    clock, hold, number = SharedClock(), Hold(), 60
    with opened(place, clock) as outbox:
        for key in range(number):
            outbox.accept(b"%d" % key, "AAA-AAA", lambda n: Sealed(b"%d" % n, f"{n:032}"))
    with serving(authority.context(), faults=Faults(hold=hold)) as server:
        settings = server.settings(authority.file)
        running = [started(delivering, place, clock, settings) for _ in range(processes)]
        assert hold.arrived(processes)
        hold.end()
        until(lambda: status(place, clock).sent == number)
        for process in running:
            kill(process)
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    ids = sorted(message_from_bytes(mail.content)["Message-ID"] for mail in mails)
    assert ids == [f"<{n:032}@kommune.example>" for n in range(1, number + 1)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_switch_to_the_standby_loses_nothing_that_was_acknowledged(
    seed: int,
    *,
    tmp_path: Path,
    authority: Authority,
    team: TeamKey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The primary is killed amid accepts and deliveries, which go on where the standby takes over.

    Nothing is acknowledged that the standby has not got. Both are named in the settings.
    """
    clock, chance, referrals = SharedClock(), random.Random(seed), 400
    with (
        postgres.serving() as primary,
        postgres.following(primary, "second") as standby,
        serving(authority.context()) as server,
    ):
        hosts = f"host={primary.folder},{standby.folder}&port=5432,5432"
        place = Place(tmp_path, f"postgresql+psycopg://postgres@/postgres?{hosts}")
        with opened(place, clock):
            pass

        def strike() -> None:
            primary.kill()
            standby.ask("SELECT pg_promote()")

        settings = server.settings(authority.file)
        moments = [chance.randrange(100, 300)]
        acknowledged = struck(
            strike,
            moments,
            referrals,
            place=place,
            clock=clock,
            settings=settings,
            team=team,
            chance=chance,
        )
        assert status(place, clock).last == referrals
        place.forget()
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    read = Team(team, mails)
    with capsys.disabled():
        told = read.against(acknowledged, referrals)
        print(f"\nThe primary killed, its standby promoted, {told}")  # noqa: T201 (what the bench is for)
    nothing_amiss(read, acknowledged, referrals)
    assert read.doubled() <= 1
