"""Only the team can open what is sealed, and a certificate that is no good is refused."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from subprocess import CalledProcessError
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from support.letters import referral
from support.opening import opened
from udvej.errors import SealingError
from udvej.intake.sealing import Sealer, _padded
from udvej.outbox.keys import TeamKey
from udvej.outbox.recipients import Recipients
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Opener

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, usage: x509.KeyUsage | None = None
) -> bytes:
    """A certificate in PEM, valid for a day on both sides of `NOW`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "team@exit.example")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    if usage:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """A key of a length."""
    return rsa.generate_private_key(65537, bits)


def usage(*, signing: bool) -> x509.KeyUsage:
    """What a certificate says it is for."""
    return x509.KeyUsage(
        digital_signature=signing,
        content_commitment=False,
        key_encipherment=not signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture(scope="module")
def deputy() -> TeamKey:
    """A second key that may open referrals."""
    return TeamKey.make("vikar@exit.example")


@pytest.fixture(scope="module")
def stranger() -> TeamKey:
    """A key that may not."""
    return TeamKey.make("fremmed@andet.example")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the certificates stand."""
    return tmp_path / "team-certificate.pem"


@pytest.fixture
def sealer(file: Path, team: TeamKey, deputy: TeamKey) -> Sealer:
    """Seals for two."""
    file.write_bytes(team.certificate_pem() + deputy.certificate_pem())
    return Sealer.for_team(file)


WORDS = ("", "Hjælp.", "æ" * 300, "y" * 1000)


def test_what_is_sealed_does_not_tell_how_much_was_written(
    sealer: Sealer, team: TeamKey, tmp_path: Path
) -> None:
    """From nothing to the longest message it has one size; letters that take more bytes, the next.

    OpenSSL and a mail program find the letter alone.
    """
    sealed = [sealer.seal(referral(message=words), 1) for words in WORDS]
    assert len({len(each.cms) for each in sealed}) == 1
    longer = [len(sealer.seal(referral(message="م" * size), 1).cms) for size in (900, 1000)]
    assert len({*longer}) == 1
    assert longer[0] - len(sealed[0].cms) == 4096
    for words, each in zip(WORDS, sealed, strict=True):
        mail = opened(each.cms, team, tmp_path, form="DER")
        assert mail.get_content() == referral(message=words).letter(1)
        assert mail["Subject"] == "Henvendelse nr. 1"
        assert not mail.defects
        assert max(map(len, mail.as_bytes().splitlines())) < 998


@pytest.mark.parametrize("size", range(3600, 4100, 7))
def test_every_length_is_padded_to_the_step(size: int) -> None:
    """To the byte, and to a mail like any other."""
    mail = b"Subject: x\r\n\r\n" + b"y" * size
    padded = _padded(mail)
    assert len(padded) % 4096 == 0
    assert len(padded) - len(mail) < 4096 + 13
    read = message_from_bytes(padded)
    assert not read.defects
    assert (read["Subject"], read.get_payload()) == ("x", "y" * size)
    assert max(map(len, padded.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize("command", ["cms", "smime"])
@pytest.mark.parametrize("recipient", ["team", "deputy"])
def test_each_recipient_opens_it_with_openssl(
    recipient: str,
    command: Literal["cms", "smime"],
    sealer: Sealer,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """And finds the letter, its heading inside."""
    key: TeamKey = request.getfixturevalue(recipient)
    letter = opened(sealer.seal(referral(), 42).cms, key, tmp_path, command=command)
    assert letter["Subject"] == "Henvendelse nr. 42"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content() == referral().letter(42)


def test_the_seal_is_aes_256_and_its_key_goes_by_rsa(
    sealer: Sealer, file: Path, team: TeamKey, deputy: TeamKey
) -> None:
    """As the CMS says of itself (RFC 5652): what opens it would open a weaker one as well."""
    one = Sealer(Recipients([team.certificate]))
    file.write_bytes(deputy.private_pem())
    at_rest = Sealer.for_transport(file)
    for sealing, recipients in ((sealer, 2), (one, 1), (at_rest, 1)):
        told = structure(sealing.seal(referral(), 42).cms)
        names = re.findall(r"OBJECT +:(\S+)", told)
        kinds = Counter(name for name in names if not name.isalpha() or name == "rsaEncryption")
        assert kinds.pop("pkcs7-envelopedData") == 1
        assert kinds.pop("pkcs7-data") == 1
        assert kinds.pop("aes-256-cbc") == 1
        assert kinds.pop("rsaEncryption") == recipients
        assert not kinds, kinds


def structure(cms: bytes) -> str:
    """The parts of a CMS by name, as OpenSSL reads them."""
    command = ["openssl", "asn1parse", "-inform", "DER"]
    parsed = subprocess.run(command, input=cms, capture_output=True, check=True, timeout=60)
    return parsed.stdout.decode()


def test_each_referral_is_sealed_under_a_key_and_a_start_of_its_own(
    sealer: Sealer, team: TeamKey
) -> None:
    """The initialisation vector and the wrapped key are never the same again."""
    starts, wrapped = set(), set()
    for _ in range(3):
        told = structure(sealer.seal(referral(), 42).cms)
        strings = re.findall(r"OCTET STRING +\[HEX DUMP\]:([0-9A-F]+)", told)
        starts |= {string for string in strings if len(string) == 32}
        wrapped |= {string for string in strings if len(string) == team.private_key.key_size // 4}
    assert len(starts) == 3
    assert len(wrapped) == 6


def test_the_first_of_several_certificates_to_expire_is_the_one_that_counts(
    file: Path, team: TeamKey
) -> None:
    """In whichever order they stand: one of the team could no longer be told of in time."""
    soon = TeamKey.make("vikar@exit.example", datetime.now(UTC) - timedelta(days=700))
    later = team.certificate.not_valid_after_utc
    assert soon.certificate.not_valid_after_utc < later
    for keys in ((team, soon), (soon, team), (team, soon, team)):
        file.write_bytes(b"".join(key.certificate_pem() for key in keys))
        assert Sealer.for_team(file).expires == soon.certificate.not_valid_after_utc


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_certificate_of_several_that_is_no_good_is_refused_wherever_it_stands(
    place: int, file: Path
) -> None:
    """Never left out in silence."""
    pems = [certificate(rsa_key(2048)), certificate(rsa_key(2048))]
    pems.insert(place, certificate(rsa_key(1024)))
    file.write_bytes(b"".join(pems))
    with pytest.raises(
        SealingError, match=f"block {place + 1} of 3 has a key that is shorter than 2048 bits"
    ):
        Sealer.for_team(file, NOW)


def test_nobody_else_opens_it(sealer: Sealer, stranger: TeamKey, tmp_path: Path) -> None:
    """Not with another key."""
    with pytest.raises(CalledProcessError):
        opened(sealer.seal(referral(), 42).cms, stranger, tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        "æøå ÆØÅ é ß",
        "مرحبا، أريد أن أخرج",
        "👩‍👧 🇩🇰 👋🏽",
        "x" * 1000,
        "=C3=A6 =\n. \n.\n.\nFrom here\n--skel",
        "linje\n\n\nlinje   ",
    ],
)
def test_every_sign_arrives_as_it_was_written(
    words: str, sealer: Sealer, team: TeamKey, tmp_path: Path
) -> None:
    """Whatever mail makes of it on the way."""
    written = referral(message=words)
    assert opened(sealer.seal(written, 1).cms, team, tmp_path).get_content() == written.letter(1)


def test_the_same_referral_looks_different_every_time(sealer: Sealer) -> None:
    """No two can be told to be alike."""
    first, second = sealer.seal(referral(), 42), sealer.seal(referral(), 42)
    assert first.token != second.token
    for start in range(0, len(second.cms) - 16, 16):
        if second.cms[start : start + 16] in first.cms:
            assert start < 0.8 * len(second.cms)  # names of the recipients, no more
    assert second.cms[-400:] not in first.cms


def test_neither_words_nor_keys_are_in_what_is_sealed_or_shown(sealer: Sealer) -> None:
    """Its repr, which logs may hold, shows no byte of it either."""
    sealed = sealer.seal(referral(), 42)
    for words in (b"Sofie", b"46 46", b"sofie@eksempel.dk", b"hverdage", b"7KD-4RM"):
        assert words not in sealed.cms
    assert "cms" not in repr(sealed)


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        (lambda: b"", "no certificate could be read; it must be PEM"),
        (lambda: b"Hej team", "no certificate could be read; it must be PEM"),
        (lambda: b"\xff\x00" * 100, "no certificate could be read; it must be PEM"),
        (
            lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "the certificate is damaged; copy it again",
        ),
        (lambda: certificate(ec.generate_private_key(ec.SECP256R1())), "a key that is not RSA"),
        (lambda: certificate(rsa_key(1024)), "a key that is shorter than 2048 bits"),
        (
            lambda: certificate(rsa_key(2048), usage(signing=True)),
            "for signing, not for encryption",
        ),
        # One of two is no good: it must not be left out in silence.
        (
            lambda: certificate(rsa_key(2048)) + certificate(rsa_key(1024)),
            "a key that is shorter than 2048 bits",
        ),
    ],
    ids=["empty", "words", "bytes", "damaged", "EC", "1024 bits", "sign-only", "one of two"],
)
def test_a_certificate_that_is_no_good_is_refused(
    pem: Callable[[], bytes], problem: str, file: Path
) -> None:
    """The setting is named, never its value, and what to do."""
    file.write_bytes(pem())
    with pytest.raises(SealingError) as raised:
        Sealer.for_team(file, NOW)
    assert str(raised.value).startswith("UDVEJ_TEAM_CERTIFICATE: ")
    assert str(file) not in str(raised.value)
    assert problem in str(raised.value)
    assert re.search(
        r"(it must be PEM|copy it again|make a new one: udvej keys FOLDER)$", str(raised.value)
    )


@pytest.mark.parametrize(
    ("days", "problem"), [(-2, "is not valid yet"), (2, "has expired")], ids=["early", "late"]
)
def test_a_certificate_outside_its_time_is_refused(days: int, problem: str, file: Path) -> None:
    """Mail programs would refuse it too."""
    file.write_bytes(certificate(rsa_key(2048)))
    Sealer.for_team(file, NOW)
    with pytest.raises(SealingError, match=problem):
        Sealer.for_team(file, NOW + timedelta(days=days))


def test_a_missing_file_is_no_certificate(file: Path) -> None:
    """It may have gone since the settings were read."""
    with pytest.raises(SealingError, match="UDVEJ_TEAM_CERTIFICATE: the file cannot be read"):
        Sealer.for_team(file)


@pytest.mark.parametrize("purpose", [None, usage(signing=False)], ids=["unsaid", "encryption"])
def test_a_certificate_made_for_encryption_or_for_anything_is_taken(
    purpose: x509.KeyUsage | None, file: Path
) -> None:
    """2048 bits are enough."""
    file.write_bytes(certificate(rsa_key(2048), purpose))
    assert len(Sealer.for_team(file, NOW).recipients.certificates) == 1


def test_a_referral_for_nobody_is_not_sealed() -> None:
    """It raises; there is no plaintext to fall back on."""
    with pytest.raises(SealingError):
        Sealer(Recipients([])).seal(referral(), 1)


def private_pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b""
) -> bytes:
    """A private key in PEM, under a passphrase if there is one."""
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def test_the_server_opens_what_it_sealed_for_itself(file: Path, deputy: TeamKey) -> None:
    """For transport alone, and it says so."""
    file.write_bytes(deputy.private_pem())
    sealed = Sealer.for_transport(file).seal(referral(), 42)
    assert sealed.scheme is Scheme.TRANSPORT
    letter = message_from_bytes(Opener.from_file(file).open(sealed), policy=policy.default)
    assert letter["Subject"] == "Henvendelse nr. 42"
    assert letter.get_content().replace("\r\n", "\n") == referral().letter(42)
    assert b"hverdage" not in sealed.cms


def test_the_servers_key_opens_nothing_that_was_sealed_for_the_team(
    sealer: Sealer, stranger: TeamKey, file: Path
) -> None:
    """Nor what was sealed under the key that it had before."""
    sealed = sealer.seal(referral(), 42)
    assert sealed.scheme is Scheme.SMIME
    file.write_bytes(stranger.private_pem())
    with pytest.raises(SealingError, match="sealed for another key than the one at hand"):
        Opener.from_file(file).open(sealed)


def test_what_opens_shows_no_key(file: Path, deputy: TeamKey) -> None:
    """Neither in a log nor in a traceback."""
    file.write_bytes(deputy.private_pem())
    shown = repr(Opener.from_file(file))
    assert "private" not in shown.lower()
    assert str(deputy.private_key.private_numbers().d) not in shown


NOT_BOTH = (
    "must be PEM with a private key and its certificate; make one: udvej keys FOLDER --server"
)


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        (lambda _: b"", NOT_BOTH),
        (lambda _: b"Hej server \xff", NOT_BOTH),
        (lambda key: key.certificate_pem(), NOT_BOTH),
        (lambda key: private_pem(key.private_key), NOT_BOTH),
        (lambda key: private_pem(key.private_key, b"kode") + key.certificate_pem(), NOT_BOTH),
        (lambda key: private_pem(rsa_key(2048)) + key.certificate_pem(), "differ; make one"),
        (
            lambda key: (
                private_pem(ec.generate_private_key(ec.SECP256R1())) + key.certificate_pem()
            ),
            "differ; make one",
        ),
    ],
    ids=["empty", "words", "certificate", "key", "locked key", "key of another", "EC key"],
)
def test_a_server_key_that_is_no_good_is_refused(
    pem: Callable[[TeamKey], bytes], problem: str, file: Path, deputy: TeamKey
) -> None:
    """The setting is named, never its value, and what to do."""
    file.write_bytes(pem(deputy))
    with pytest.raises(SealingError) as raised:
        Opener.from_file(file)
    assert str(raised.value).startswith("UDVEJ_SERVER_KEY: ")
    assert problem in str(raised.value)
    assert str(file) not in str(raised.value)


def test_a_missing_server_key_is_refused(file: Path) -> None:
    """By whoever seals, and by whoever opens."""
    for needs_it in (Sealer.for_transport, Opener.from_file):
        with pytest.raises(SealingError, match="UDVEJ_SERVER_KEY: "):
            needs_it(file)


@pytest.mark.parametrize(("days", "problem"), [(-2, "is not valid yet"), (2, "has expired")])
def test_a_server_key_outside_its_time_seals_nothing(days: int, problem: str, file: Path) -> None:
    """It is told by its own setting, and how to make that one anew."""
    key = rsa_key(2048)
    file.write_bytes(private_pem(key) + certificate(key))
    Sealer.for_transport(file, NOW)
    with pytest.raises(SealingError) as raised:
        Sealer.for_transport(file, NOW + timedelta(days=days))
    assert str(raised.value).startswith(f"UDVEJ_SERVER_KEY: the certificate {problem}")
    assert str(raised.value).endswith("udvej keys FOLDER --server")
