"""Sealed mails over verified TLS, and what counts as sent, for now, or for good."""

import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path

import pytest
from support.mailserver import PASSWORD, SENDER, TEAM, USER, Authority, Faults, Server, Tls, serving
from support.running import held_port
from udvej.errors import PermanentFailure, TemporaryFailure
from udvej.outbox.mail import Relay, SealedMail
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased

LEASED = Leased(42, Sealed(bytes(range(256)) * 3, token="f" * 32), accepted=1e9, tries=0)
HEADERS = {
    "From": SENDER,
    "To": TEAM,
    "Reply-To": TEAM,
    "Subject": "Henvendelse nr. 42",
    "Date": "Sun, 09 Sep 2001 01:46:40 -0000",
    "Message-ID": f"<{'f' * 32}@kommune.example>",
    "Auto-Submitted": "auto-generated",
    "MIME-Version": "1.0",
    "Content-Type": 'application/pkcs7-mime; smime-type="enveloped-data"; name="smime.p7m"',
    "Content-Transfer-Encoding": "base64",
    "Content-Disposition": 'attachment; filename="smime.p7m"',
}


def carry(server: Server, ca: Path, user: str | None = None, password: str | None = None) -> None:
    """Hand the one referral over."""
    Relay(server.settings(ca, user=user, password=password), [TEAM]).carry(LEASED)


def sealed_mail(leased: Leased, sender_name: str = "") -> SealedMail:
    """To the team."""
    return SealedMail(leased, sender=SENDER, recipients=[TEAM], team=TEAM, sender_name=sender_name)


def test_headers_are_these_and_no_others() -> None:
    """Fixed and neutral: no name, no host name, no program; a reply comes back to the team."""
    mail = message_from_bytes(sealed_mail(LEASED).as_bytes())
    assert {name: " ".join(value.split()) for name, value in mail.items()} == HEADERS


@pytest.mark.parametrize("name", ["Ny Start på nettet", "Team, nord", 'Den "nye" start', "Ø" * 70])
def test_a_list_of_mails_names_the_sender_as_the_municipality_says(name: str) -> None:
    """Whatever is in the name (RFC 5322, RFC 2047); the address stays what answers go to."""
    content = sealed_mail(LEASED, name).as_bytes()
    head = content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.splitlines())) <= 78
    shown, address = parseaddr(message_from_bytes(content)["From"])
    assert (str(make_header(decode_header(shown))), address) == (name, SENDER)


def test_body_is_the_sealed_referral_byte_for_byte() -> None:
    """Base64 in lines of at most 76, and nothing around it."""
    content = sealed_mail(LEASED).as_bytes()
    head, _, body = content.partition(b"\r\n\r\n")
    assert b64decode(body, validate=False) == LEASED.sealed.cms
    assert max(map(len, body.splitlines())) <= 76
    assert content.count(b"\n") == content.count(b"\r\n")
    assert head.isascii()


def test_every_try_has_the_same_bytes() -> None:
    """So that duplicates collapse in the team's mailbox."""
    again = Leased(LEASED.number, LEASED.sealed, LEASED.accepted, tries=7)
    first, second = (sealed_mail(leased).as_bytes() for leased in (LEASED, again))
    assert first == second


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_verified_server_gets_the_mail(tls: Tls, authority: Authority) -> None:
    """To the team, from the site, and the mail itself only over TLS."""
    with serving(authority.context(), tls) as server:
        carry(server, authority.file)
    taken = server.mails.get_nowait()
    assert (taken.sender, taken.recipients) == (SENDER, [TEAM])
    assert message_from_bytes(taken.content)["Message-ID"] == HEADERS["Message-ID"]
    assert server.mails.empty()
    expected = b"ehlo kommune.example\r\nSTARTTLS\r\n" if tls == "starttls" else b""
    assert bytes(server.clear) == expected


def test_the_first_recipient_is_the_sender_where_no_other_is_set(authority: Authority) -> None:
    """What kommune.toml says is enough; several receive one mail, which names all of them."""
    team = ["team@andet.example", "vagt@andet.example"]
    with serving(authority.context()) as server:
        settings = replace(server.settings(authority.file), recipients=[], sender=None)
        Relay(settings, team).carry(LEASED)
    taken = server.mails.get_nowait()
    assert (taken.sender, sorted(taken.recipients)) == (team[0], team)
    assert message_from_bytes(taken.content)["To"] == ", ".join(team)
    assert server.mails.empty()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_one_recipient_that_is_refused_holds_up_no_referral(
    tls: Tls, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The others have it; the log says so, without an address or the server's words."""
    faults = Faults(answers={"RCPT borte@andet.example": "550 5.1.1 Borte kendes ikke"})
    with serving(authority.context(), tls, faults) as server:
        settings = server.settings(authority.file)
        Relay(settings, [TEAM, "borte@andet.example"]).carry(LEASED)
    assert server.mails.get_nowait().recipients == [TEAM]
    assert caplog.messages == ["event=recipient-refused answer='550 5.1.1'"]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown authority", "wrong host name"])
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(
    fault: str, tls: Tls, authority: Authority, tmp_path: Path
) -> None:
    """The connection ends before anything is said, and a later try may succeed."""
    host = "elsewhere.example" if fault == "wrong host name" else "localhost"
    signer = authority if fault == "wrong host name" else Authority(tmp_path)
    with (
        serving(signer.context(host), tls) as server,
        pytest.raises(TemporaryFailure, match="certificate not accepted"),
    ):
        carry(server, authority.file)
    assert server.mails.empty()
    assert bytes(server.clear) in (b"", b"ehlo kommune.example\r\nSTARTTLS\r\n")


def test_a_server_without_tls_gets_nothing(authority: Authority) -> None:
    """STARTTLS stripped on the way looks the same."""
    with (
        serving(None) as server,
        pytest.raises(TemporaryFailure, match="SMTPNotSupportedError"),
    ):
        carry(server, authority.file, USER, PASSWORD)
    assert server.mails.empty()
    assert bytes(server.clear).upper() in (
        b"EHLO KOMMUNE.EXAMPLE\r\n",
        b"EHLO KOMMUNE.EXAMPLE\r\nQUIT\r\n",
    )


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_a_server_with_an_old_tls_gets_nothing(authority: Authority) -> None:
    """TLS 1.2 is the oldest that is spoken."""
    context = authority.context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(context, "tls") as server, pytest.raises(TemporaryFailure):
        carry(server, authority.file)
    assert server.mails.empty()


@pytest.mark.parametrize(
    ("command", "answer", "failure", "reason"),
    [
        ("MAIL", "451 4.3.0 Sofie", TemporaryFailure, "SMTPSenderRefused 451 4.3.0"),
        # The sender is a setting, the same for every mail: a person mends it, and nothing is lost.
        ("MAIL", "550 5.7.1 Sofie", TemporaryFailure, "SMTPSenderRefused 550 5.7.1"),
        ("RCPT", "450 4.2.1 Sofie", TemporaryFailure, "RCPT 450 4.2.1"),
        ("RCPT", "421 4.3.2 Sofie", TemporaryFailure, "RCPT 421 4.3.2"),
        ("RCPT", "550 5.1.1 Sofie", PermanentFailure, "RCPT 550 5.1.1"),
        ("DATA", "452 4.3.1 Sofie", TemporaryFailure, "DATA 452 4.3.1"),
        ("DATA", "421 4.3.2 Sofie", TemporaryFailure, "DATA 421 4.3.2"),
        ("DATA", "554 5.7.1 Sofie", PermanentFailure, "DATA 554 5.7.1"),
    ],
)
def test_a_refusal_is_known_by_its_code_and_never_by_the_servers_words(
    command: str, answer: str, failure: type[Exception], reason: str, authority: Authority
) -> None:
    """4xx may succeed later, 5xx never; a server may quote what it likes."""
    with (
        serving(authority.context(), faults=Faults({command: answer})) as server,
        pytest.raises(failure) as raised,
    ):
        carry(server, authority.file)
    assert str(raised.value) == f"localhost: {reason}"
    assert server.mails.empty()


@pytest.mark.parametrize("cut", ["DATA", "."])
def test_a_connection_cut_before_250_is_tried_again(cut: str, authority: Authority) -> None:
    """Whether the mail arrived nobody knows then."""
    with (
        serving(authority.context(), faults=Faults(cut=cut)) as server,
        pytest.raises(TemporaryFailure, match="SMTPServerDisconnected"),
    ):
        carry(server, authority.file)


def test_a_connection_cut_after_250_counts_as_sent(authority: Authority) -> None:
    """The server has taken the mail; its manners at parting change nothing."""
    with serving(authority.context(), faults=Faults(cut="QUIT")) as server:
        carry(server, authority.file)
    assert server.mails.qsize() == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_login_is_made_over_tls(tls: Tls, authority: Authority) -> None:
    """With the user and password of the settings."""
    with serving(authority.context(), tls, Faults(login=True)) as server:
        carry(server, authority.file, USER, PASSWORD)
    assert server.mails.qsize() == 1


@pytest.mark.parametrize("password", ["forkert kode", None])
def test_a_refused_login_is_tried_again_and_does_not_name_the_password(
    password: str | None, authority: Authority
) -> None:
    """Settings are mended by a person, and the referral waits for that."""
    user = USER if password else None
    with (
        serving(authority.context(), faults=Faults(login=True)) as server,
        pytest.raises(TemporaryFailure) as raised,
    ):
        carry(server, authority.file, user, password)
    reason = "SMTPAuthenticationError 535 5.7.8" if password else "SMTPSenderRefused 530 5.7.0"
    assert str(raised.value) == f"localhost: {reason}"


@pytest.mark.parametrize("challenge", ["334 abc", "334 %", "334"])
def test_a_login_that_the_server_asks_for_in_its_own_way_is_tried_again(
    challenge: str, authority: Authority
) -> None:
    """What is no base64 (RFC 4954, 4) must not end the delivery, nor a drill."""
    with (
        serving(authority.context(), faults=Faults({"AUTH": challenge}, login=True)) as server,
        pytest.raises(TemporaryFailure, match=r"^localhost: "),
    ):
        carry(server, authority.file, USER, PASSWORD)
    assert server.mails.empty()


@pytest.fixture
def silent() -> Iterator[Server]:
    """A server that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Server(listening.getsockname()[1], "starttls")


def test_a_silent_server_is_given_up(
    silent: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends."""
    monkeypatch.setattr("udvej.outbox.mail._TIMEOUT_SECONDS", 0.1)
    with pytest.raises(TemporaryFailure, match="SMTPServerDisconnected"):
        carry(silent, authority.file)


def test_no_server_at_all_is_tried_again(authority: Authority) -> None:
    """It is restarting, or the network is down."""
    server = Server(held_port(), "starttls")
    with pytest.raises(TemporaryFailure, match="ConnectionRefusedError"):
        carry(server, authority.file)


def test_a_lost_authority_file_is_tried_again(authority: Authority, tmp_path: Path) -> None:
    """Never without verifying instead."""
    with (
        serving(authority.context()) as server,
        pytest.raises(TemporaryFailure, match="FileNotFoundError"),
    ):
        carry(server, tmp_path / "gone.pem")
    assert server.mails.empty()
