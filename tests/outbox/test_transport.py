"""The other sealing: under the server's own key at rest, in clear inside verified TLS alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.clock import HOUR, Clock
from support.mailserver import SENDER, TEAM, Authority, Server, Taken, serving
from support.municipality import FACTS
from support.searching import files, found, planted
from support.visiting import FILLED_IN, TYPED, Visitor, reference
from udvej.config import Config
from udvej.errors import SealingError, UnknownNumber
from udvej.outbox.delivery import Delivery
from udvej.outbox.keys import TeamKey
from udvej.outbox.scheme import Scheme
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app

pytestmark = pytest.mark.heavy

WORDS = {
    **FILLED_IN,
    "name": "Sofie Ærlig 4711",
    "mail": "sofie4711@eksempel.dk",
    "times": "hverdage efter kl. 16, aldrig når døren går",
}
MARKERS = [line for name in TYPED for line in WORDS[name].split("\r\n")] + ["+45 20 12 34 56"]


@pytest.fixture(scope="session")
def server_key() -> TeamKey:
    """The server's own."""
    return TeamKey.make("server@kommune.example")


@pytest.fixture
def transport(settings: dict[str, str], server_key: TeamKey, tmp_path: Path) -> dict[str, str]:
    """The settings of a site whose team cannot open S/MIME."""
    key = tmp_path / "server-key.pem"
    key.write_bytes(server_key.private_pem())
    del settings["UDVEJ_TEAM_CERTIFICATE"]
    return settings | {"UDVEJ_SEALING": "transport", "UDVEJ_SERVER_KEY": str(key)}


@pytest.fixture
def outbox(settings: dict[str, str], clock: Clock) -> Iterator[Outbox]:
    """The live site's, on a clock a moment ahead of it."""
    database = SQLite(Path(settings["UDVEJ_STATE"]))
    clock.now = time.time() + 60
    yield Outbox(database, clock)
    database.close()


@pytest.fixture
def state(settings: dict[str, str]) -> Path:
    """The live site's folder."""
    return Path(settings["UDVEJ_STATE"])


def browser(settings: dict[str, str]) -> FlaskClient:
    """At the live site."""
    return create_app(Services.open(Config.from_environ(settings))).test_client()


@contextmanager
def relay(
    settings: dict[str, str], authority: Authority, *, tls: bool = True
) -> Iterator[tuple[Server, Callable[[Outbox], bool]]]:
    """A mail server that runs, and what hands it the next mail as these settings want it."""
    with serving(authority.context() if tls else None) as server:
        given = {"UDVEJ_MAIL_PORT": str(server.port), "UDVEJ_MAIL_CA": str(authority.file)}
        carrier = Services.open(Config.from_environ(settings | given)).carrier
        yield server, lambda outbox: Delivery(outbox, carrier).next()


def read(taken: Taken) -> EmailMessage:
    """A mail, as any mail program reads it."""
    return message_from_bytes(taken.content, policy=policy.default)


def test_the_team_reads_a_plain_mail_with_every_field_and_neutral_headers(
    transport: dict[str, str], authority: Authority, outbox: Outbox
) -> None:
    """Taken at 250 by a verified server; before TLS it is told nothing."""
    visitor = Visitor(browser(transport))
    assert visitor.is_taken(visitor.send(**WORDS))
    shown = reference(visitor.look())
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
    taken = server.mails.get_nowait()
    mail = read(taken)
    headers = dict(mail.items())
    token = headers.pop("Message-ID")
    assert headers.pop("Date")
    assert headers == {
        "From": f"{FACTS.text('team.afsender')} <{SENDER}>",
        "To": TEAM,
        "Reply-To": FACTS.text("team.mail"),
        "Subject": "Henvendelse nr. 1",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    assert token.endswith("@kommune.example>")
    head = taken.content.partition(b"\r\n\r\n")[0]
    assert not found(MARKERS, {"headers": head, "before TLS": bytes(server.clear)})
    letter = mail.get_content().splitlines()
    assert f"Reference: {shown}" in letter
    assert {f"> {marker}" for marker in MARKERS if marker != WORDS["phone"]} <= {*letter}
    assert "Læg en besked: ja, det må I gerne" in letter
    assert "Sig, hvor I ringer fra: NEJ" in letter
    assert taken.recipients == [TEAM]
    assert taken.content.isascii()  # no server on the way has to change a byte


def test_at_rest_it_is_sealed_in_every_file(transport: dict[str, str], state: Path) -> None:
    """As with S/MIME; the same search finds a word that is put there."""
    Visitor(browser(transport)).send(**WORDS)
    assert (state / "udvej.sqlite3-wal").stat().st_size > 0
    assert found(MARKERS, dict(files(state))) == set()
    (state / "kontrol").write_bytes(planted(MARKERS[0]))
    assert {word for _, word, _ in found(MARKERS, dict(files(state)))} == {MARKERS[0]}


def test_at_250_the_sealed_bytes_are_gone_from_every_file(
    *,
    transport: dict[str, str],
    authority: Authority,
    outbox: Outbox,
    state: Path,
    clock: Clock,
) -> None:
    """From the database and its log, at once: the server could open them. The number goes on."""
    visitor = Visitor(browser(transport))
    visitor.send(**WORDS)
    leased = outbox.lease()
    assert leased is not None
    parts = [leased.sealed.cms[start : start + 64] for start in range(0, 1024, 64)]

    def left() -> int:
        everything = b"".join(dict(files(state)).values())
        return sum(part in everything for part in parts)

    assert left() >= len(parts) - 1  # one may lie across two pages of the database
    clock.move(HOUR)
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
        assert server.mails.qsize() == 1
    assert left() == 0
    assert (outbox.status().waiting, outbox.status().sent) == (0, 0)
    assert outbox.outcome(1) == "sent"
    with pytest.raises(UnknownNumber):
        outbox.requeue(1)
    Visitor(browser(transport)).send(**WORDS)
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
    assert read(server.mails.get_nowait())["Subject"] == "Henvendelse nr. 2"


def test_without_starttls_nothing_goes_out_and_it_stays_sealed(
    transport: dict[str, str], authority: Authority, outbox: Outbox, state: Path
) -> None:
    """Stripped on the way, say; it waits and is mailed when TLS is back."""
    Visitor(browser(transport)).send(**WORDS)
    with relay(transport, authority, tls=False) as (server, hand_over):
        assert hand_over(outbox)
    assert server.mails.empty()
    assert not found(MARKERS, {"wire": bytes(server.clear)})
    assert outbox.outcome(1) == "waiting: localhost: SMTPNotSupportedError"
    assert found(MARKERS, dict(files(state))) == set()


def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(
    transport: dict[str, str], authority: Authority, outbox: Outbox, tmp_path: Path
) -> None:
    """Signed by somebody else."""
    Visitor(browser(transport)).send(**WORDS)
    with serving(Authority(tmp_path).context()) as server:
        given = {"UDVEJ_MAIL_PORT": str(server.port), "UDVEJ_MAIL_CA": str(authority.file)}
        carrier = Services.open(Config.from_environ(transport | given)).carrier
        assert Delivery(outbox, carrier).next()
    assert server.mails.empty()
    assert outbox.outcome(1).startswith("waiting: localhost: certificate not accepted: ")
    assert not found(MARKERS, {"wire": bytes(server.clear)})


def test_what_was_sealed_for_the_server_waits_when_the_settings_turn_to_smime(
    *,
    transport: dict[str, str],
    authority: Authority,
    outbox: Outbox,
    team: TeamKey,
    tmp_path: Path,
    clock: Clock,
) -> None:
    """It says why, keeps no other from being mailed, and goes when its key is named again."""
    Visitor(browser(transport)).send(**WORDS)
    certificate = tmp_path / "team-certificate.pem"
    certificate.write_bytes(team.certificate_pem())
    smime = {k: v for k, v in transport.items() if k not in ("UDVEJ_SEALING", "UDVEJ_SERVER_KEY")}
    smime["UDVEJ_TEAM_CERTIFICATE"] = str(certificate)
    Visitor(browser(smime)).send()
    with relay(smime, authority) as (server, hand_over):
        assert [hand_over(outbox) for _ in range(3)] == [True, True, False]
    sealed = read(server.mails.get_nowait())
    assert sealed["Subject"] == "Henvendelse nr. 2"
    assert sealed.get_content_type() == "application/pkcs7-mime"
    assert server.mails.empty()
    reason = "sealed for a server's key, which the settings no longer name"
    assert outbox.outcome(1) == f"waiting: {reason}"
    assert (outbox.status().waiting, outbox.status().sent) == (1, 1)
    clock.move(HOUR)
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
    assert read(server.mails.get_nowait())["Subject"] == "Henvendelse nr. 1"


def test_what_was_sealed_for_the_team_stays_sealed_when_the_settings_turn_to_transport(
    *,
    transport: dict[str, str],
    authority: Authority,
    outbox: Outbox,
    team: TeamKey,
    tmp_path: Path,
) -> None:
    """The server cannot open it; it is mailed as S/MIME and kept as such."""
    certificate = tmp_path / "team-certificate.pem"
    certificate.write_bytes(team.certificate_pem())
    smime = {k: v for k, v in transport.items() if k not in ("UDVEJ_SEALING", "UDVEJ_SERVER_KEY")}
    Visitor(browser(smime | {"UDVEJ_TEAM_CERTIFICATE": str(certificate)})).send(**WORDS)
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
    taken = server.mails.get_nowait()
    assert read(taken).get_content_type() == "application/pkcs7-mime"
    assert not found(MARKERS, {"mail": taken.content})
    assert outbox.status().sent == 1


def test_under_another_server_key_it_waits_and_says_why(
    transport: dict[str, str], authority: Authority, outbox: Outbox, team: TeamKey
) -> None:
    """The key file was replaced; with the old one back it goes."""
    Visitor(browser(transport)).send(**WORDS)
    Path(transport["UDVEJ_SERVER_KEY"]).write_bytes(team.private_pem())
    with relay(transport, authority) as (server, hand_over):
        assert hand_over(outbox)
    assert server.mails.empty()
    assert outbox.outcome(1) == "waiting: sealed for another key than the one at hand"


@pytest.mark.parametrize("name", ["certificate", "words"])
def test_a_server_key_that_cannot_open_stops_site_and_delivery_at_their_start(
    name: str, transport: dict[str, str], server_key: TeamKey
) -> None:
    """Else referrals would be taken that nobody could mail. The setting is told, not its value."""
    contents = {"certificate": server_key.certificate_pem(), "words": b"ikke en kvittering4711"}
    key = Path(transport["UDVEJ_SERVER_KEY"])
    key.write_bytes(contents[name])
    config = Config.from_environ(transport)
    for start in (create_app, lambda services: services.carrier):
        with pytest.raises(SealingError) as raised:
            start(Services.open(config))
        assert str(raised.value).startswith("UDVEJ_SERVER_KEY: must be PEM with a private key and")
        assert str(key) not in str(raised.value)


SMIME_ONLY = (f"Kun {FACTS.text('team.navn')} kan", f"i {FACTS.text('frister.gemmes_dage')} dage")
TRANSPORT_ONLY = ("Beskeden bliver kodet", "Serveren har nøglen")


@pytest.mark.parametrize(
    ("scheme", "true", "false"),
    [(Scheme.SMIME, SMIME_ONLY, TRANSPORT_ONLY), (Scheme.TRANSPORT, TRANSPORT_ONLY, SMIME_ONLY)],
)
def test_the_privacy_page_tells_what_is_true_of_this_site(
    scheme: Scheme,
    true: tuple[str, ...],
    false: tuple[str, ...],
    request: pytest.FixtureRequest,
) -> None:
    """And no more than that."""
    name = "transport" if scheme is Scheme.TRANSPORT else "settings"
    page = browser(request.getfixturevalue(name)).get("/privatliv/").text
    assert [words in page for words in true] == [True, True]
    assert [words in page for words in false] == [False, False]
    assert ":::" not in page
