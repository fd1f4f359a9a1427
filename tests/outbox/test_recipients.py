"""Who can open a referral, and what is refused in a file of certificates."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from udvej.errors import SealingError
from udvej.intake.sealing import Sealer
from udvej.outbox.keys import TeamKey
from udvej.outbox.recipients import Recipients

NOW = datetime.now(UTC).replace(microsecond=0)
ADDRESS = "team@exit.example"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """One key for all certificates here."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the certificates are."""
    return tmp_path / "team-certificate.pem"


def certificate(
    key: rsa.RSAPrivateKey,
    *extensions: x509.ExtensionType,
    mail: str = ADDRESS,
    days: tuple[int, int] = (-1, 1),
    subject: Sequence[tuple[x509.ObjectIdentifier, str]] = ((NameOID.COMMON_NAME, "Team"),),
) -> bytes:
    """A certificate in PEM, valid from and to so many days from now."""
    name = x509.Name([x509.NameAttribute(*named) for named in subject])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def read(file: Path, now: datetime = NOW) -> Recipients:
    """As for the team."""
    return Recipients.read(file, "UDVEJ_TEAM_CERTIFICATE", "udvej keys FOLDER", now)


def refusal(file: Path, now: datetime = NOW) -> str:
    """Why the file is refused."""
    with pytest.raises(SealingError) as refused:
        Sealer.for_team(file, now)
    return str(refused.value).removeprefix("UDVEJ_TEAM_CERTIFICATE: ")


SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
MAIL = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
ANYTHING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda key: certificate(key, SERVER), "the certificate is not for mail"),
        (lambda key: certificate(key, AUTHORITY), "the certificate is an authority's (CN=Team)"),
        (
            lambda key: certificate(key) + certificate(key, AUTHORITY),
            "block 2 of 2 is an authority's (CN=Team), which is no recipient: leave it out",
        ),
        (lambda key: certificate(key) + certificate(key, SERVER), "block 2 of 2 is not for mail"),
        (
            lambda key: certificate(key) + certificate(key).replace(b"MII", b"AAA"),
            "block 2 of 2 is damaged; copy it again",
        ),
        (
            lambda key: certificate(key) + certificate(key).partition(b"-----END")[0],
            "a block begins and does not end; copy the file again",
        ),
        (
            lambda key: certificate(key).partition(b"-----END")[0] + certificate(key),
            "a block begins and does not end; copy the file again",
        ),
    ],
    ids=["server", "authority", "chain", "one of two", "damaged", "cut", "cut in the middle"],
)
def test_what_is_no_recipient_is_refused_by_its_place(
    content: Callable[[rsa.RSAPrivateKey], bytes], problem: str, key: rsa.RSAPrivateKey, file: Path
) -> None:
    """A colleague who is left out in silence opens nothing, and an authority opens everything."""
    file.write_bytes(content(key))
    assert refusal(file).startswith(problem)


@pytest.mark.parametrize("private", [TeamKey.private_pem, lambda _: b"-----BEGIN PRIVATE KEY-----"])
def test_the_teams_private_key_is_refused_on_the_server(
    private: Callable[[TeamKey], bytes], team: TeamKey, file: Path
) -> None:
    """Before anything else is said of the file, also when the key is cut."""
    file.write_bytes(team.certificate_pem() + private(team))
    assert refusal(file).startswith("the file holds a private key, which must never be on this")


@pytest.mark.parametrize("purpose", [MAIL, ANYTHING], ids=["mail", "anything"])
def test_a_certificate_for_mail_is_taken(
    purpose: x509.ExtendedKeyUsage, key: rsa.RSAPrivateKey, file: Path
) -> None:
    """With Windows line ends and words around it, as mail programs export it."""
    pem = certificate(key, purpose).replace(b"\n", b"\r\n")
    file.write_bytes(b"Bag Attributes: team\r\n" + pem)
    assert [*read(file).lines()] == [f"CN=Team ({ADDRESS}), until {NOW + timedelta(1):%Y-%m-%d}"]


def test_a_file_that_cannot_be_read_is_not_said_to_be_wrong(tmp_path: Path) -> None:
    """It is a folder, or another user's."""
    assert refusal(tmp_path).startswith("the file cannot be read (Is a directory)")


def test_it_is_sealed_for_those_that_are_valid_and_said_of_the_others(
    key: rsa.RSAPrivateKey, file: Path
) -> None:
    """Old and new lie side by side while a key is renewed."""
    file.write_bytes(
        certificate(key, days=(-9, -2)) + certificate(key) + certificate(key, days=(2, 9))
    )
    recipients = read(file)
    assert len(recipients.certificates) == 1
    assert [*recipients.warnings([ADDRESS])] == [
        "not sealed for CN=Team, whose certificate is not valid today"
    ] * 2


def test_a_clock_that_is_wrong_is_asked_for_before_a_new_certificate(
    key: rsa.RSAPrivateKey, file: Path
) -> None:
    """A machine that has lost its time must not cost a key."""
    file.write_bytes(certificate(key))
    problem = refusal(file, datetime(2001, 1, 2, tzinfo=UTC))
    first = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    assert f"is not valid yet: from {first}, and the clock" in problem
    assert "of this machine says 2001-01-02" in problem
    assert "set the clock" in problem


@pytest.mark.parametrize(
    ("mails_go_to", "warnings"), [(ADDRESS.upper(), 0), ("anden@exit.example", 1)]
)
def test_a_certificate_for_another_address_is_a_warning(
    mails_go_to: str, warnings: int, key: rsa.RSAPrivateKey, file: Path
) -> None:
    """Mail programs choose the key by the address; a shared mailbox may still have it."""
    file.write_bytes(certificate(key))
    told = [*read(file).warnings([mails_go_to])]
    assert [line.endswith(f"and the mails go to {mails_go_to}") for line in told] == [
        True
    ] * warnings


def test_of_several_addresses_each_that_no_certificate_is_for_is_a_warning(
    key: rsa.RSAPrivateKey, file: Path
) -> None:
    """Who reads mail there may have no key that opens it."""
    file.write_bytes(certificate(key))
    assert [*read(file).warnings([ADDRESS, "vagt@exit.example"])] == [
        "the mails go to vagt@exit.example too, and no certificate is for that address"
    ]
    assert [line[-37:] for line in read(file).warnings(["a@exit.example", "b@exit.example"])] == [
        "mails go to a@exit.example, b@exit.example"[-37:]
    ]


def test_a_certificate_is_good_to_its_first_and_last_second(
    key: rsa.RSAPrivateKey, file: Path
) -> None:
    """Both belong to its time (RFC 5280, 4.1.2.5)."""
    file.write_bytes(certificate(key))
    day, second = timedelta(days=1), timedelta(seconds=1)
    for within in (NOW - day, NOW + day):
        assert read(file, within).certificates
    assert "is not valid yet" in refusal(file, NOW - day - second)
    assert "has expired" in refusal(file, NOW + day + second)


def test_an_address_that_a_certificate_names_twice_is_told_once(
    key: rsa.RSAPrivateKey, file: Path
) -> None:
    """Older programs look in its subject, newer ones among its other names."""
    file.write_bytes(certificate(key, subject=[(NameOID.EMAIL_ADDRESS, ADDRESS)]))
    (line,) = read(file).lines()
    assert f"({ADDRESS}), until" in line
