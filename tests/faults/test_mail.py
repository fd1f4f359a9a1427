"""Mail servers at their worst: no referral is lost, none is read, none arrives as two."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from support.clock import DAY, HOUR, Clock
from support.letters import referral
from support.mailserver import SENDER, TEAM, Authority, Faults, Server, Taken, Tls, serving
from support.patience import PATIENCE
from support.running import held_port
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Delivery
from udvej.outbox.keys import TeamKey
from udvej.outbox.mail import Relay
from udvej.outbox.recipients import Recipients
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox

BEFORE_TLS = (b"", b"ehlo kommune.example\r\n", b"ehlo kommune.example\r\nSTARTTLS\r\n")

Running = AbstractContextManager[Server]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that soon gives up on a server that is silent."""
    monkeypatch.setattr("udvej.outbox.mail._TIMEOUT_SECONDS", 5.0)


@pytest.fixture
def waiting(outbox: Outbox) -> Outbox:
    """An outbox with three referrals, too large to be sent in one breath."""
    for number in (b"a", b"b", b"c"):
        outbox.accept(number, "AAA-AAA", lambda _, key=number: Sealed(key * 2**17, key.hex() * 16))  # type: ignore[misc]
    return outbox


def deliver(outbox: Outbox, server: Server, authority: Authority) -> None:
    """Try all that is due, as a delivery process that has just started."""
    delivery = Delivery(outbox, Relay(server.settings(authority.file), [TEAM]))
    while delivery.next():
        pass


def mails(server: Server) -> list[Taken]:
    """What a server took, in order; from now on it has taken nothing."""
    return [server.mails.get_nowait() for _ in range(server.mails.qsize())]


def message_ids(taken: list[Taken]) -> list[str]:
    """By which a mail program knows a mail that comes twice."""
    return [message_from_bytes(mail.content)["Message-ID"] for mail in taken]


def of(*keys: bytes) -> list[str]:
    """The Message-IDs of referrals."""
    return [f"<{key.hex() * 16}@kommune.example>" for key in keys]


@contextmanager
def refusing() -> Iterator[Server]:
    """Nobody listens."""
    yield Server(held_port(), "starttls")


@contextmanager
def silent() -> Iterator[Server]:
    """It takes connections, and never says a word."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("udvej.outbox.mail._TIMEOUT_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield Server(listening.getsockname()[1], "starttls")


def wrong(authority: Authority, faults: Faults) -> Running:
    """A server that is verified, and misbehaves."""
    return serving(authority.context(), faults=faults)


def answering(command: str, answer: str) -> Callable[[Authority], Running]:
    """A server with one wrong answer."""
    return partial(wrong, faults=Faults({command: answer}))


def cutting(command: str) -> Callable[[Authority], Running]:
    """A server that hangs up."""
    return partial(wrong, faults=Faults(cut=command))


FAULTS = [
    pytest.param(lambda _: refusing(), "ConnectionRefusedError", id="refusing"),
    pytest.param(lambda _: silent(), "SMTPServerDisconnected", id="silent"),
    pytest.param(answering("greeting", "421 no"), "SMTPConnectError 421", id="421-greeting"),
    pytest.param(answering("greeting", "554 no"), "SMTPConnectError 554", id="554-greeting"),
    pytest.param(answering("EHLO", "421 4.3.2 no"), "SMTPServerDisconnected", id="421-EHLO"),
    pytest.param(answering("MAIL", "421 4.3.2 no"), "SMTPSenderRefused 421 4.3.2", id="421-MAIL"),
    pytest.param(answering("MAIL", "451 4.3.0 no"), "SMTPSenderRefused 451 4.3.0", id="451-MAIL"),
    pytest.param(answering("RCPT", "421 4.3.2 no"), "RCPT 421 4.3.2", id="421-RCPT"),
    pytest.param(answering("RCPT", "450 4.2.1 no"), "RCPT 450 4.2.1", id="450-RCPT"),
    pytest.param(answering("354", "421 4.3.2 no"), "DATA 421 4.3.2", id="421-DATA"),
    pytest.param(answering("354", "451 4.3.0 no"), "DATA 451 4.3.0", id="451-DATA"),
    pytest.param(answering("DATA", "421 4.3.2 no"), "DATA 421 4.3.2", id="421-dot"),
    pytest.param(answering("DATA", "452 4.3.1 no"), "DATA 452 4.3.1", id="452-dot"),
    pytest.param(cutting("DATA"), "SMTPServerDisconnected", id="cut-DATA"),
    pytest.param(cutting("message"), None, id="cut-message"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_referral_waits_for_a_faulty_mail_server_and_arrives_once_when_it_is_mended(
    fault: Callable[[Authority], Running],
    reason: str | None,
    waiting: Outbox,
    clock: Clock,
    authority: Authority,
) -> None:
    """Refusing, silent, 421 and 4xx at each stage, cut before and amid the mail."""
    with fault(authority) as server:
        deliver(waiting, server, authority)
        assert mails(server) == []
    assert waiting.status().waiting == 3
    outcome = waiting.outcome(1)
    assert outcome == f"waiting: localhost: {reason}" if reason else outcome.startswith("waiting: ")
    clock.move(HOUR)
    with serving(authority.context()) as server:
        deliver(waiting, server, authority)
        clock.move(DAY)
        deliver(waiting, server, authority)
        assert sorted(message_ids(mails(server))) == of(b"a", b"b", b"c")
    assert waiting.status().sent == 3


def test_a_mail_server_down_for_days_gets_every_referral_once_when_it_is_back(
    waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """Nobody has to do anything; others come in meanwhile."""
    with refusing() as server:
        for _ in range(4):
            deliver(waiting, server, authority)
            clock.move(DAY)
        waiting.accept(b"d", "BBB-BBB", lambda _: Sealed(b"d", b"d".hex() * 16))
        deliver(waiting, server, authority)
        clock.move(HOUR)
    assert waiting.status().waiting == 4
    assert waiting.status().failed == []
    with serving(authority.context()) as server:
        deliver(waiting, server, authority)
        assert sorted(message_ids(mails(server))) == of(b"a", b"b", b"c", b"d")


def test_a_mail_server_down_for_weeks_loses_nothing(
    waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """After five days they count as failed, are kept, and can be mailed again."""
    with refusing() as server:
        for _ in range(20):
            deliver(waiting, server, authority)
            waiting.forget(keep_days=1)
            clock.move(DAY)
    assert waiting.status().failed == [(n, "localhost: ConnectionRefusedError") for n in (1, 2, 3)]
    with serving(authority.context()) as server:
        deliver(waiting, server, authority)
        assert mails(server) == []
        for number in (1, 2, 3):
            waiting.requeue(number)
        deliver(waiting, server, authority)
        taken = mails(server)
    subjects = [message_from_bytes(mail.content)["Subject"] for mail in taken]
    assert subjects == [f"Henvendelse nr. {number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("command", ["354", "DATA"])
def test_a_mail_refused_for_good_is_kept_until_a_person_mails_it_again(
    command: str, waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """5xx at DATA, or after it: never tried again by itself, never deleted by itself."""
    with wrong(authority, Faults({command: "554 5.7.1 no"})) as server:
        deliver(waiting, server, authority)
    with serving(authority.context()) as server:
        for _ in range(30):
            clock.move(DAY)
            deliver(waiting, server, authority)
            waiting.forget(keep_days=1)
        assert mails(server) == []
        assert waiting.status().failed == [
            (number, "localhost: DATA 554 5.7.1") for number in (1, 2, 3)
        ]
        waiting.requeue(2)
        deliver(waiting, server, authority)
        (mail,) = mails(server)
        assert message_from_bytes(mail.content)["Subject"] == "Henvendelse nr. 2"


def test_a_cut_after_the_final_dot_makes_one_more_mail_with_the_same_message_id(
    waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """The only way to two mails; they are the same byte for byte, so mail programs show one."""
    with wrong(authority, Faults(cut=".")) as server:
        deliver(waiting, server, authority)
        first = mails(server)
    assert sorted(message_ids(first)) == of(b"a", b"b", b"c")
    assert waiting.status().waiting == 3
    with serving(authority.context()) as server:
        for _ in range(3):
            clock.move(DAY)
            deliver(waiting, server, authority)
        second = mails(server)
    assert {mail.content for mail in first} == {mail.content for mail in second}
    assert len(second) == 3


def test_a_cut_after_250_makes_no_second_mail(
    waiting: Outbox, clock: Clock, authority: Authority
) -> None:
    """What was taken was taken."""
    with wrong(authority, Faults(cut="QUIT")) as server:
        deliver(waiting, server, authority)
        assert message_ids(mails(server)) == of(b"a", b"b", b"c")
    with serving(authority.context()) as server:
        for _ in range(6):
            clock.move(DAY)
            deliver(waiting, server, authority)
        assert mails(server) == []
    assert waiting.status().sent == 3


# In the way of TLS. Every referral here is sealed for the transport alone, so that it would be
# readable if it ever left this machine outside of TLS.


@pytest.fixture
def readable(outbox: Outbox, team: TeamKey) -> Outbox:
    """An outbox with a referral that the relay opens before it mails it."""
    sealer = Sealer(Recipients((team.certificate,)), Scheme.TRANSPORT)
    outbox.accept(b"a", "AAA-AAA", partial(sealer.seal, referral(name="Sofie")))
    return outbox


def relay(server: Server, authority: Authority, team: TeamKey) -> Relay:
    """The relay, with its key and a password to lose."""
    settings = server.settings(authority.file, user="udvej", password="hemmelig kode")
    return Relay(settings, [TEAM], opener=Opener(team.certificate, team.private_key))


def self_signed(_authority: Authority, folder: Path) -> ssl.SSLContext:
    """In order but for who signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def expired(authority: Authority, _folder: Path) -> ssl.SSLContext:
    """Since yesterday."""
    return authority.context(until=datetime.now(UTC) - timedelta(days=1))


def wrong_name(authority: Authority, _folder: Path) -> ssl.SSLContext:
    """Another host's."""
    return authority.context("elsewhere.example")


def unknown_authority(_authority: Authority, folder: Path) -> ssl.SSLContext:
    """Signed by somebody."""
    return Authority(folder).context()


def tls_1_1(authority: Authority, _folder: Path) -> ssl.SSLContext:
    """Its newest; a client that takes it gets through, see below."""
    context = authority.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (self_signed, "certificate not accepted: self-signed certificate"),
        (expired, "certificate not accepted: certificate has expired"),
        (wrong_name, "certificate not accepted: Hostname mismatch"),
        (unknown_authority, "certificate not accepted: unable to get local issuer certificate"),
        (tls_1_1, "SSL"),
    ],
)
def test_a_referral_waits_while_the_mail_servers_tls_is_not_in_order_and_nothing_is_said_in_clear(
    context: Callable[[Authority, Path], ssl.SSLContext],
    reason: str,
    tls: Tls,
    *,
    readable: Outbox,
    clock: Clock,
    authority: Authority,
    team: TeamKey,
    tmp_path: Path,
) -> None:
    """Neither words nor password; when it is mended the mail goes, once."""
    with serving(context(authority, tmp_path), tls, Faults(login=True)) as server:
        assert Delivery(readable, relay(server, authority, team)).next()
        assert mails(server) == []
        assert bytes(server.clear) in BEFORE_TLS
    assert readable.outcome(1).startswith(f"waiting: localhost: {reason}")
    clock.move(HOUR)
    with serving(authority.context(), tls, Faults(login=True)) as server:
        assert Delivery(readable, relay(server, authority, team)).next()
        (mail,) = mails(server)
    assert b"> Sofie" in mail.content


@pytest.mark.skipif(not ssl.HAS_TLSv1_1, reason="this OpenSSL cannot speak TLS 1.1 at all")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_tls_1_1_is_refused_by_us_and_not_by_chance(authority: Authority, tmp_path: Path) -> None:
    """The same server takes a client that allows it, whose authority and name are the same."""
    lax = ssl.create_default_context(cafile=authority.file)
    lax.set_ciphers("DEFAULT:@SECLEVEL=0")
    lax.minimum_version = ssl.TLSVersion.TLSv1
    with (
        serving(tls_1_1(authority, tmp_path), "tls") as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as plain,
        lax.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version() == "TLSv1.1"
        assert secure.recv(3) == b"220"


class Middleman:
    """Somebody on the way, who changes what the server says and reads all that the client does."""

    def __init__(self, server: Server, old: bytes, new: bytes) -> None:
        """Listen in front of a server."""
        self._server, self._old, self._new = server, old, new
        self.heard = bytearray()
        self._threads = ExitStack()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE)
        self._run(self._take)

    def __enter__(self) -> Server:
        """What the site takes for the server."""
        return Server(self._listening.getsockname()[1], "starttls")

    def __exit__(self, *_exception: object) -> None:
        """Wait for the conversation to end."""
        self._threads.close()
        self._listening.close()

    def _run(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self._threads.callback(thread.join, PATIENCE)

    def _take(self) -> None:
        client, _ = self._listening.accept()
        client.settimeout(PATIENCE)
        server = socket.create_connection(("127.0.0.1", self._server.port), PATIENCE)
        with client, server:
            back = Thread(target=self._answers, args=(server, client), daemon=True)
            back.start()
            with suppress(ConnectionError):  # either side may hang up as it likes
                while data := client.recv(2**16):
                    self.heard += data
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join(PATIENCE)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(2**16):
                client.sendall(data.replace(self._old, self._new) if self._old else data)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(b"250-STARTTLS", b"250-XXXXXXXX", "SMTPNotSupportedError", id="stripped"),
        pytest.param(b"220 Ready", b"454 Later", "SMTPResponseException 454", id="refused"),
    ],
)
def test_a_middleman_who_takes_starttls_away_hears_nothing(
    old: bytes,
    new: bytes,
    reason: str,
    *,
    readable: Outbox,
    clock: Clock,
    authority: Authority,
    team: TeamKey,
) -> None:
    """Neither words nor password nor address."""
    with serving(authority.context()) as server:
        middleman = Middleman(server, old, new)
        with middleman as seeming:
            assert Delivery(readable, relay(seeming, authority, team)).next()
        assert mails(server) == []
    assert readable.outcome(1) == f"waiting: localhost: {reason}"
    assert bytes(middleman.heard).replace(b"QUIT\r\n", b"").replace(b"quit\r\n", b"") in BEFORE_TLS
    assert SENDER.encode() not in middleman.heard
    clock.move(HOUR)
    with serving(authority.context(), faults=Faults(login=True)) as server:
        middleman = Middleman(server, b"", b"")
        with middleman as seeming:
            assert Delivery(readable, relay(seeming, authority, team)).next()
        assert server.mails.qsize() == 1
    assert middleman.heard.startswith(BEFORE_TLS[-1])
    assert SENDER.encode() not in middleman.heard
