"""Processes killed at any moment: nothing lost, nothing acknowledged that was not kept."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from itertools import cycle
from pathlib import Path

import pytest
from support import postgres
from support.failing_hosts import Host, People, Shared, moments
from support.mailserver import Authority, Faults, Hold, Server, serving
from support.patience import until
from support.places import ON_POSTGRESQL, Place
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Opener, Sealed


class Team:
    """Reads what arrived."""

    def __init__(self, key: TeamKey, server: Server) -> None:
        """With every mail that the server took."""
        self._opener = Opener(key.certificate, key.private_key)
        self._mails: dict[int, Counter[bytes]] = defaultdict(Counter)
        for _ in range(server.mails.qsize()):
            mail = server.mails.get_nowait()
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


@pytest.fixture
def nothing_amiss(team: TeamKey, capsys: pytest.CaptureFixture[str]) -> Callable[..., Team]:
    """Judges what became of referrals, and prints it."""

    def judge(told: str, shared: Shared, acknowledged: Sequence[str], referrals: int) -> Team:
        """Each arrived under one number, without a gap, and what was acknowledged is there."""
        read = Team(team, shared.server)
        arrived = Counter(read.senders())
        unstored = [key for key in acknowledged if key not in arrived]
        with capsys.disabled():
            print(  # noqa: T201 (what the bench is for)
                f"\n{told}, {referrals} referrals: {referrals - len(arrived)} lost, {len(unstored)}"
                f" acknowledged but not stored, {arrived.total() - len(arrived)} under two numbers,"
                f" {read.doubled()} mailed twice with the same Message-ID"
            )
        assert len(acknowledged) == referrals
        assert unstored == []
        assert read.numbers() == [*range(1, referrals + 1)]
        assert shared.status().last == referrals
        assert set(arrived.values()) == {1}
        assert set(arrived) == {*acknowledged}
        assert read.different() == []
        return read

    return judge


FEW, MANY = (6, 150), pytest.param(200, 20_000, marks=pytest.mark.slow)


@pytest.mark.parametrize(("kills", "referrals"), [FEW, MANY])
def test_kill_9_at_any_moment_of_accept_and_delivery_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    place: Place,
    authority: Authority,
    team: TeamKey,
    nothing_amiss: Callable[..., Team],
) -> None:
    """Both at once on one outbox, each killed half of the times; sealed, over TLS, opened."""
    chance, half = random.Random(kills), kills // 2
    with serving(authority.context()) as server:
        shared = Shared(place, server, authority, team)
        web, post = Host(shared, delivers=False), Host(shared, accepts=False)
        doomed = chance.sample([web, post] * half, 2 * half)

        def strike() -> None:
            host = doomed.pop()
            again = host.kill()
            host.start()
            web.send(again)

        people = People(shared, [web, post], referrals)
        acknowledged = people.use(strike, moments(referrals, kills, chance))
    told = f"{kills} kill -9 on {'PostgreSQL' if place.url else 'SQLite'}"
    read = nothing_amiss(told, shared, acknowledged, referrals)
    assert read.doubled() <= half


@ON_POSTGRESQL
@pytest.mark.parametrize(("kills", "referrals"), [(4, 60), MANY])
def test_kill_9_of_one_of_two_hosts_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    place: Place,
    authority: Authority,
    team: TeamKey,
    nothing_amiss: Callable[..., Team],
) -> None:
    """What accepts there and what delivers, at once; people press again at the other host.

    At every other kill so does who was answered last, since the answer was lost on its way. How
    many mails come twice is not bounded: the clock runs fast, and may end the lease of one that the
    other host has in hand.
    """
    chance, lost = random.Random(kills), cycle((0, 1))
    with serving(authority.context()) as server:
        shared = Shared(place, server, authority, team)
        hosts = [Host(shared), Host(shared)]

        def strike() -> None:
            doomed, other = chance.sample(hosts, 2)
            if again := doomed.kill():
                other.send([*doomed.answered[len(doomed.answered) - next(lost) :], *again])
            doomed.start()

        people = People(shared, hosts, referrals)
        acknowledged = people.use(strike, moments(referrals, kills, chance))
    nothing_amiss(f"{kills} kill -9 of one of two hosts", shared, acknowledged, referrals)


@ON_POSTGRESQL
@pytest.mark.parametrize(("kills", "referrals"), [(3, 60), MANY])
def test_kill_9_of_postgresql_itself_loses_nothing_that_was_acknowledged(
    kills: int,
    referrals: int,
    *,
    place: Place,
    postgresql: postgres.Server,
    authority: Authority,
    team: TeamKey,
    nothing_amiss: Callable[..., Team],
) -> None:
    """All of its processes at once, amid accepts and deliveries, which go on when it is back.

    At every other kill the delivery starts while it is away.
    """
    amid_it = cycle((True, False))
    with serving(authority.context()) as server:
        shared = Shared(place, server, authority, team)
        web, post = Host(shared, delivers=False), Host(shared, accepts=False)

        def strike() -> None:
            postgresql.kill()
            if next(amid_it):
                post.kill()
                post.start()
            postgresql.start()

        people = People(shared, [web, post], referrals)
        acknowledged = people.use(strike, moments(referrals, kills, random.Random(kills)))
    read = nothing_amiss(f"{kills} kill -9 of PostgreSQL itself", shared, acknowledged, referrals)
    assert read.doubled() <= kills


@pytest.mark.parametrize("processes", [pytest.param(2, marks=pytest.mark.slow), 4])
def test_several_delivery_processes_at_once_mail_each_referral_once(
    processes: int, place: Place, authority: Authority, team: TeamKey
) -> None:
    """Each with a mail in hand before the first gets its 250."""
    hold, number = Hold(), 60
    with serving(authority.context(), faults=Faults(hold=hold)) as server:
        shared = Shared(place, server, authority, team)
        with shared.outbox() as outbox:
            for key in range(number):
                outbox.accept(b"%d" % key, "AAA-AAA", lambda n: Sealed(b"%d" % n, f"{n:032}"))
        hosts = [Host(shared, accepts=False) for _ in range(processes)]
        assert hold.arrived(processes)
        hold.end()
        until(lambda: shared.status().sent == number)
        for host in hosts:
            host.kill()
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
    nothing_amiss: Callable[..., Team],
) -> None:
    """The primary is killed amid accepts and deliveries, which go on where the standby takes over.

    Nothing is acknowledged that the standby has not got. Both are named in the settings.
    """
    chance, referrals = random.Random(seed), 400
    with (
        postgres.serving() as primary,
        postgres.following(primary, "second") as standby,
        serving(authority.context()) as server,
    ):
        hosts = f"host={primary.folder},{standby.folder}&port=5432,5432"
        place = Place(tmp_path, f"postgresql+psycopg://postgres@/postgres?{hosts}")
        shared = Shared(place, server, authority, team)
        assert shared.status().last == 0

        def strike() -> None:
            primary.kill()
            standby.ask("SELECT pg_promote()")

        people = People(shared, [Host(shared)], referrals)
        acknowledged = people.use(strike, [chance.randrange(100, 300)])
        told = "The primary killed, its standby promoted"
        read = nothing_amiss(told, shared, acknowledged, referrals)
        place.forget()
    assert read.doubled() <= 1
