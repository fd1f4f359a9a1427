"""What clients send is counted by all hosts together, in a real server, which may fail."""

import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from flask import Flask
from limits import RateLimitItemPerHour
from redis.exceptions import NoPermissionError
from support.checkout import CHECKOUT
from support.clock import DAY, HOUR, Clock
from support.patience import PATIENCE, until
from support.redis_server import RedisServer, redis_server
from support.running import held_port
from support.visiting import Visitor
from udvej import redis_address
from udvej.config import Config
from udvej.services import Services
from udvej.shared_counts import SharedCounts
from udvej.web.app import create_app
from udvej.web.rate_limit import ClientLimit

pytestmark = pytest.mark.heavy

ADDRESS, ANOTHER = "192.0.2.7", "2001:db8:1:2:3:4:5:6"
SECRET = "hemmelig" * 8
TWO = RateLimitItemPerHour(2, namespace="sendings")


@pytest.fixture(scope="module")
def started() -> Iterator[RedisServer]:
    """One for all tests that leave it as it was."""
    with redis_server() as server:
        yield server


@pytest.fixture
def server(started: RedisServer) -> RedisServer:
    """It, empty."""
    with started.client() as client:
        client.flushall()
    return started


@pytest.fixture
def doomed() -> Iterator[RedisServer]:
    """One of a test's own, to break."""
    with redis_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left alone is asked again at once."""
    monkeypatch.setattr("udvej.shared_counts._PAUSE_SECONDS", 0.05)


Host = Callable[..., SharedCounts]


@pytest.fixture
def host(clock: Clock) -> Host:
    """A host's own way to a server."""

    def made(server: RedisServer, name: str = "", secret: str = SECRET) -> SharedCounts:
        return SharedCounts(server.url, secret, name, clock)

    return made


def limit(shared: SharedCounts, clock: Clock) -> ClientLimit:
    """Two an hour, counted there."""
    return ClientLimit(TWO, clock, shared=shared)


def test_two_hosts_count_together(server: RedisServer, host: Host, clock: Clock) -> None:
    """What one has let through the other knows; another client has a count of its own."""
    one, other = (limit(host(server), clock) for _ in range(2))
    assert [one.allows(ADDRESS), other.allows(ADDRESS), one.allows(ADDRESS)] == [True, True, False]
    assert not other.allows(ADDRESS)
    assert other.allows(ANOTHER)


_PROCESS = """
import sys
from limits import RateLimitItemPerHour
from udvej.shared_counts import SharedCounts
from udvej.web.rate_limit import ClientLimit

url, secret, now, address = sys.argv[1:]
clock = lambda: float(now)
limit = ClientLimit(RateLimitItemPerHour(2, namespace="sendings"), clock,
                    shared=SharedCounts(url, secret, "", clock))
print(limit.allows(address))
"""


def test_two_processes_count_together(server: RedisServer, host: Host, clock: Clock) -> None:
    """They share nothing but the secret and the server."""
    assert limit(host(server), clock).allows(ADDRESS)
    arguments = (server.url, SECRET, str(clock()), ADDRESS)
    told = [
        subprocess.run(
            [sys.executable, "-c", _PROCESS, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told == ["True", "False"]


def test_limits_and_municipalities_are_counted_apart(
    server: RedisServer, host: Host, clock: Clock
) -> None:
    """Though they have one number, one secret and one client."""
    drafts = RateLimitItemPerHour(2, namespace="drafts")
    limits = [
        limit(host(server, "nordby"), clock),
        limit(host(server, "sydby"), clock),
        ClientLimit(drafts, clock, shared=host(server, "nordby")),
    ]
    for one in limits:
        assert [one.allows(ADDRESS) for _ in range(3)] == [True, True, False]


def test_every_key_goes_by_itself_and_the_salt_with_its_day(
    server: RedisServer, host: Host, clock: Clock
) -> None:
    """Counts in their hour; the salt never lasts into the day after the next midnight."""
    clock.now = 20_000 * DAY + 5 * HOUR
    shared = host(server, "nordby")
    assert ClientLimit(TWO, clock, shared=shared).allows(ANOTHER)
    left = server.left()
    assert len(left) == 4  # the salt, and the address by three widths
    assert all(key.startswith("udvej:nordby:") for key in left)
    salt = "udvej:nordby:salt:20000"
    assert 18 * HOUR < left.pop(salt) <= 19 * HOUR + 1
    assert all(0 < seconds <= HOUR for seconds in left.values())


def counted(server: RedisServer) -> set[str]:
    """The keys of counts."""
    return {key for key in server.left() if ":salt:" not in key}


def test_the_salt_is_the_same_on_all_hosts_and_another_each_day(
    server: RedisServer, host: Host, clock: Clock
) -> None:
    """So that a day's counts tell nothing of the next day's, though all of them leaked."""
    hosts = [host(server) for _ in range(2)]
    days = []
    for _day in range(3):
        for one in hosts:
            limit(one, clock).allows(ADDRESS)
        days.append(counted(server))
        with server.client() as client:
            client.delete(*days[-1])
        clock.move(DAY)
    assert [len(day) for day in days] == [1, 1, 1]
    assert len({*days[0], *days[1], *days[2]}) == 3


def test_a_server_that_was_emptied_has_all_hosts_agree_again_within_a_minute(
    server: RedisServer, host: Host, clock: Clock
) -> None:
    """Its salt is another then, and each looks for it once a minute."""
    one, other = (limit(host(server), clock) for _ in range(2))
    assert one.allows(ADDRESS)
    assert other.allows(ADDRESS)
    with server.client() as client:
        client.flushall()
    clock.move(60)
    assert [one.allows(ADDRESS), other.allows(ADDRESS), one.allows(ADDRESS)] == [True, True, False]


@pytest.mark.parametrize("address", [ADDRESS, f"::ffff:{ADDRESS}", ANOTHER])
def test_nothing_that_the_server_holds_tells_an_address_or_the_salt(
    address: str, server: RedisServer, host: Host, clock: Clock
) -> None:
    """Neither its dump nor its keys; the salt is there as ciphertext alone."""
    shared = host(server)
    assert limit(shared, clock).allows(address)
    with server.client() as client:
        client.config_set("rdbcompression", "no")
        client.save()
        values = [client.get(key) for key in client.scan_iter()]
        folder = Path(client.config_get("dir")["dir"])
    dump = (folder / "dump.rdb").read_bytes()
    held = dump + "".join(server.left()).encode() + repr(values).encode()
    client_ = ip_address(address)
    texts = [address, client_.exploded, client_.packed.hex(), str(int(client_))]
    packed = [client_.packed[:size] for size in (4, 6, 7, 8, 16)]
    forms = [text.encode() for text in texts] + [part for part in packed if len(part) > 4]
    forms += [sha256(form).hexdigest().encode() for form in [*forms, *packed]]
    salt = shared._salt  # noqa: SLF001 (it is shown nowhere)
    forms += [salt, salt.hex().encode(), SECRET.encode()]
    assert b"udvej::sendings" in held
    assert [form for form in forms if form in held] == []


def test_the_server_of_the_guide_counts(signer: trustme.CA, tmp_path: Path, clock: Clock) -> None:
    """Its lines, at the end of a configuration, and the setting that leads there."""
    guide = (CHECKOUT / "site" / "deploy" / "second-host.md").read_text("utf-8")
    port, password = held_port(), secrets.token_hex(32)
    (lines,) = re.findall(r"^(    bind ADDRESS\n(?:    .*\n)*)", guide, re.MULTILINE)
    (url,) = re.findall(r"^ +UDVEJ_LIMITS=(rediss:.*)$", guide, re.MULTILINE)
    made = signer.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    made.private_key_pem.write_to_path(tmp_path / "key.pem")
    for name in ("authority.pem", "redis-authority.pem"):
        signer.cert_pem.write_to_path(tmp_path / name)
    for told, ours in {
        "bind ADDRESS": "bind 127.0.0.1",
        "/etc/redis/": f"{tmp_path}/",
        "/etc/udvej/": f"{tmp_path}/",
        "6380": str(port),
        "limits.example.dk": "localhost",
        "PASSWORD": password,
    }.items():
        assert told in lines + url
        lines, url = lines.replace(told, ours), url.replace(told, ours)
    configuration = tmp_path / "redis.conf"
    configuration.write_text(lines, "utf-8")
    with redis_server(configuration=configuration):
        shared = SharedCounts(url, SECRET, "", clock)
        one = limit(shared, clock)
        assert [one.allows(ADDRESS) for _ in range(3)] == [True, True, False]
        assert not shared.trouble()
    assert redis_address.mistake_in(url) == ""


Break = Callable[[RedisServer], None]


def told(server: RedisServer, *commands: str) -> None:
    """Give a server commands as its operator."""
    with server.client() as client:
        for command in commands:
            client.execute_command(*command.split())


FAILURES: dict[str, tuple[Break, Break, str]] = {
    "away": (RedisServer.kill, RedisServer.start, "cannot be reached"),
    "silent": (RedisServer.hang, RedisServer.go_on, "does not answer within 0.2 s"),
    "full": (
        lambda server: told(server, "CONFIG SET maxmemory 1"),
        lambda server: told(server, "CONFIG SET maxmemory 0"),
        "is full; give it more memory",
    ),
    "replica": (
        lambda server: told(server, f"REPLICAOF 127.0.0.1 {held_port()}"),
        lambda server: told(server, "REPLICAOF NO ONE"),
        "is a replica, which takes nothing; name the primary",
    ),
    "no disk": (
        lambda server: told(server, "CONFIG SET min-replicas-to-write 1"),
        lambda server: told(server, "CONFIG SET min-replicas-to-write 0"),
        "refuses to count (NOREPLICAS)",
    ),
    "evicting": (
        lambda server: told(
            server, "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory 100mb"
        ),
        lambda server: told(
            server, "CONFIG SET maxmemory 0", "CONFIG SET maxmemory-policy noeviction"
        ),
        "forgets counts when it is full; set its maxmemory-policy to noeviction",
    ),
    "password": (
        lambda server: told(
            server, "ACL SETUSER default resetpass >s3kretpassword", "CLIENT KILL TYPE normal"
        ),
        RedisServer.start,
        "refuses the name or password",
    ),
    "may too little": (
        lambda server: told(server, "ACL SETUSER default -evalsha"),
        lambda server: told(server, "ACL SETUSER default +@all"),
        "lets this user do too little; see site/deploy/second-host.md",
    ),
}
# Nothing refuses these at the very next count, but a look does, within a minute.
SEEN_WITHIN_A_MINUTE = {"evicting"}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_server_that_fails_costs_no_request_and_is_used_again_when_it_is_back(
    failure: str,
    doomed: RedisServer,
    host: Host,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The process counts by itself, says so once, and what to do, and no secret."""
    spoil, mend, words = FAILURES[failure]
    shared = host(doomed)
    one = limit(shared, clock)
    assert one.allows(ADDRESS)
    spoil(doomed)
    if failure in SEEN_WITHIN_A_MINUTE:
        clock.move(60)
    assert [one.allows(ADDRESS) for _ in range(3)] == [True, True, False]
    assert words in shared.trouble()
    assert shared.trouble().startswith("UDVEJ_LIMITS: ")
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if line.startswith("event=limits-apart")] == said
    assert len(said) == 1
    assert words in said[0]
    assert "s3kret" not in caplog.text + shared.trouble()
    assert str(doomed.socket) not in caplog.text
    if failure == "password":
        doomed.kill()  # who does not know it has to start once more
    mend(doomed)
    until(lambda: not shared.trouble())
    assert [record.getMessage() for record in caplog.records][-1] == "event=limits-together"
    other = limit(host(doomed), clock)
    assert one.allows(ANOTHER)
    assert [other.allows(ANOTHER), one.allows(ANOTHER)] == [True, False]


def test_one_visitor_waits_for_a_silent_server_and_no_other(
    doomed: RedisServer, host: Host, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again by a thread of its own."""
    monkeypatch.setattr("udvej.shared_counts._PAUSE_SECONDS", PATIENCE)
    shared = host(doomed)
    one = limit(shared, clock)
    doomed.hang()
    assert one.allows(ADDRESS)

    def asked(*_: object) -> None:
        pytest.fail("the server was asked")

    monkeypatch.setattr(shared, "_look", asked)
    monkeypatch.setattr(shared._limiter.storage, "incr", asked)  # noqa: SLF001 (where it is)
    assert one.allows(ADDRESS)
    assert "does not answer" in shared.trouble()


def test_a_host_with_another_secret_is_named(doomed: RedisServer, host: Host, clock: Clock) -> None:
    """It cannot read the salt, so it would count every client once more."""
    assert limit(host(doomed), clock).allows(ADDRESS)
    other = host(doomed, secret="en anden" * 8)
    assert limit(other, clock).allows(ADDRESS)
    assert "UDVEJ_SECRET_KEY is another than on other hosts" in other.trouble()


def test_the_user_of_the_guide_may_do_what_is_needed_and_no_more(
    doomed: RedisServer, clock: Clock
) -> None:
    """The line that the guide gives, with another password."""
    guide = (CHECKOUT / "site" / "deploy" / "second-host.md").read_text("utf-8")
    (line,) = re.findall(r"^ +user (udvej .*)$", guide, re.MULTILINE)
    password = secrets.token_hex(16)
    told(doomed, f"ACL SETUSER {line.replace('PASSWORD', password)}")
    url = doomed.url.replace("unix://", f"unix://udvej:{password}@")
    shared = SharedCounts(url, SECRET, "nordby", clock)
    one = limit(shared, clock)
    assert [one.allows(ADDRESS) for _ in range(3)] == [True, True, False]
    assert not shared.trouble()
    for command in ("KEYS *", "FLUSHALL", "CONFIG GET maxmemory", "SET another 1"):
        with doomed.client() as client:
            client.execute_command("AUTH", "udvej", password)
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


@pytest.fixture(scope="module")
def signer() -> trustme.CA:
    """The municipality's own authority."""
    return trustme.CA()


class TestTls:
    """`rediss://`."""

    @pytest.fixture
    def trusted(self, signer: trustme.CA, tmp_path: Path) -> Path:
        file = tmp_path / "authority.pem"
        signer.cert_pem.write_to_path(file)
        return file

    @pytest.fixture
    def served(self, signer: trustme.CA, tmp_path: Path) -> Iterator[int]:
        """A server with a certificate for localhost; its port."""
        made, port = signer.issue_cert("localhost"), held_port()
        certificate, key, ca = (tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem"))
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(key)
        signer.cert_pem.write_to_path(ca)
        options = {
            "--tls-port": port,
            "--tls-cert-file": certificate,
            "--tls-key-file": key,
            "--tls-ca-cert-file": ca,
            "--tls-auth-clients": "no",
        }
        with redis_server(*(str(part) for option in options.items() for part in option)):
            yield port

    def test_a_trusted_server_counts(self, served: int, trusted: Path, clock: Clock) -> None:
        """By an authority of the municipality's own."""
        url = f"rediss://localhost:{served}/0?ssl_ca_certs={trusted}"
        shared = SharedCounts(url, SECRET, "", clock)
        assert limit(shared, clock).allows(ADDRESS)
        assert not shared.trouble()

    @pytest.mark.parametrize("wrong", ["authority", "name"])
    def test_any_other_gets_nothing(
        self, wrong: str, served: int, trusted: Path, clock: Clock
    ) -> None:
        """Signed by nobody we know, or for another name."""
        known = f"?ssl_ca_certs={trusted}" if wrong == "name" else ""
        name = "127.0.0.1" if wrong == "name" else "localhost"
        shared = SharedCounts(f"rediss://{name}:{served}/0{known}", SECRET, "", clock)
        assert limit(shared, clock).allows(ADDRESS)
        assert "certificate is not trusted, or for another name" in shared.trouble()


def live(settings: dict[str, str], server: RedisServer, state: Path) -> Services:
    """The parts of a live site on a host of its own."""
    environ = settings | {"UDVEJ_LIMITS": server.url, "UDVEJ_STATE": str(state)}
    return Services.open(Config.from_environ(environ))


def visitor(app: Flask) -> Visitor:
    """Somebody at `ADDRESS`."""
    client = app.test_client()
    client.environ_base |= {"wsgi.url_scheme": "https", "REMOTE_ADDR": ADDRESS}
    return Visitor(client)


@pytest.fixture
def apps(
    doomed: RedisServer,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Flask]:
    """The site on two hosts, where one client may send twice an hour."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", replace_amount(2))
    return [create_app(live(settings, doomed, tmp_path / name)) for name in ("one", "two")]


def replace_amount(amount: int) -> RateLimitItemPerHour:
    return RateLimitItemPerHour(amount, namespace="sendings")


def test_what_was_sent_on_one_host_counts_on_the_other(apps: list[Flask]) -> None:
    """Two are taken, wherever; the third is kept as a draft."""
    taken = []
    for app in (*apps, *apps):
        somebody = visitor(app)
        taken.append(somebody.is_taken(somebody.send()))
    assert taken == [True, True, False, False]


def test_sending_goes_on_while_the_server_is_gone(apps: list[Flask], doomed: RedisServer) -> None:
    """And monitoring is told, without a word of where it is."""
    before, after = visitor(apps[0]), visitor(apps[0])
    assert before.is_taken(before.send())
    doomed.kill()
    assert after.is_taken(after.send())
    told = after.client.get("/sundhed")
    assert told.status_code == 503
    assert (
        "clients are counted by each process apart, so limits are wider; UDVEJ_LIMITS: the server"
        " cannot be reached" in told.text
    )
    assert str(doomed.socket) not in told.text
