import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from support.patience import PATIENCE
from udvej.commands.keys import new_passphrase
from udvej.outbox.keys import TeamKey

MAIL = "team@example.dk"
SITE, TEAM = "Ny Start på Øen", "Team Æble"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def team() -> TeamKey:
    """A key pair; making one takes a moment."""
    return TeamKey.make(MAIL, NOW, site=SITE, team=TEAM)


def test_certificate_is_valid_for_two_years(team: TeamKey) -> None:
    """From a little before now, since clocks differ."""
    certificate = team.certificate
    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=730)
    assert certificate.serial_number > 0


def test_certificate_is_made_for_encrypting_mail_to_the_team(team: TeamKey) -> None:
    """What mail programs look for (RFC 8550)."""
    extensions = team.certificate.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_encipherment
    assert not usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert [*extensions.get_extension_for_class(x509.ExtendedKeyUsage).value] == [
        ExtendedKeyUsageOID.EMAIL_PROTECTION
    ]
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == [MAIL]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_list_of_keys_tells_whose_it_is(team: TeamKey) -> None:
    """By site, team and address, in the certificate and in the bundle; long names are cut."""
    assert [part.value for part in team.certificate.subject] == [SITE, TEAM, MAIL]
    bundle = pkcs12.load_pkcs12(team.pkcs12(PASSPHRASE), PASSPHRASE.encode())
    assert bundle.cert
    assert (bundle.cert.friendly_name or b"").decode() == f"{SITE}, {TEAM}, {MAIL}"
    long = TeamKey.make(MAIL, site="Ø" * 65).certificate.subject
    assert [part.value for part in long] == ["Ø" * 64, MAIL]


def test_key_is_rsa_of_3072_bits_and_signed_by_itself(team: TeamKey) -> None:
    """What every mail program opens."""
    key = team.certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 3072
    assert key == team.private_key.public_key()
    team.certificate.verify_directly_issued_by(team.certificate)


def test_certificate_pem_holds_the_certificate_alone(team: TeamKey) -> None:
    """The server must never see the private key."""
    pem = team.certificate_pem()
    assert x509.load_pem_x509_certificates(pem) == [team.certificate]
    assert b"PRIVATE" not in pem


def test_private_pem_holds_the_key(team: TeamKey) -> None:
    """For the demonstration."""
    key = load_pem_private_key(team.private_pem(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.private_numbers() == team.private_key.private_numbers()


def test_pkcs12_opens_with_its_passphrase_only(team: TeamKey) -> None:
    """Key and certificate travel together, locked."""
    bundle = team.pkcs12("blåbær-grød")
    key, certificate, more = pkcs12.load_key_and_certificates(bundle, "blåbær-grød".encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.private_numbers() == team.private_key.private_numbers()
    assert (certificate, more) == (team.certificate, [])
    with pytest.raises(ValueError, match=r"(?i)password"):
        pkcs12.load_key_and_certificates(bundle, b"en anden")


def test_a_long_address_is_whole_where_mail_programs_look() -> None:
    """A subject's name has room for 64 letters; the address stands elsewhere too."""
    mail = f"{'team' * 12}@kommunens-forvaltning.dk"
    certificate = TeamKey.make(mail).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == [mail]


PASSPHRASE: Final = new_passphrase()


def gpgsm(bundle: Path) -> str:
    """The secret keys that gpgsm has after it was given a bundle."""
    with TemporaryDirectory(dir="/tmp") as short:
        home = Path(short)
        (home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        environ = {**os.environ, "GNUPGHOME": str(home)}
        run = partial(subprocess.run, env=environ, capture_output=True, text=True, timeout=PATIENCE)
        # gpgsm would start it and give it five seconds, which a busy machine may not have.
        nowhere = subprocess.DEVNULL
        agent = ["gpg-agent", "--daemon"]
        subprocess.run(
            agent, env=environ, stdout=nowhere, stderr=nowhere, check=True, timeout=PATIENCE
        )
        command = ["gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        run([*command, "--import", str(bundle)], check=False, input=PASSPHRASE)
        listed = run(["gpgsm", "--list-secret-keys"], check=True)
        run(["gpgconf", "--kill", "all"], check=True)
    return str(listed.stdout)


@pytest.mark.heavy
@pytest.mark.skipif(not shutil.which("gpgsm"), reason="gpgsm is not installed")
def test_gpgsm_takes_the_bundle_for_older_programs(team: TeamKey, tmp_path: Path) -> None:
    """2.2 refuses the other one, which is why there are two."""
    bundle = tmp_path / "team.p12"
    bundle.write_bytes(team.pkcs12(PASSPHRASE, older=True))
    assert f"aka: {MAIL}" in gpgsm(bundle)


@pytest.mark.heavy
@pytest.mark.skipif(not shutil.which("smime_keys"), reason="mutt is not installed")
@pytest.mark.parametrize(("older", "keys"), [(True, 1), (False, 0)])
def test_smime_keys_of_mutt_takes_the_bundle_for_older_programs(
    team: TeamKey, tmp_path: Path, *, older: bool, keys: int
) -> None:
    """It wants an authority in the file; with the key a referral opens then."""
    (tmp_path / "team.p12").write_bytes(team.pkcs12(PASSPHRASE, older=older))
    folders = {"smime_keys": "keys", "smime_certificates": "certificates"}
    lines = [f'set {name}="{tmp_path / place}"' for name, place in folders.items()]
    lines.append(f'set smime_ca_location="{tmp_path / "authorities"}"')
    (tmp_path / ".muttrc").write_text("\n".join(lines) + "\n")
    environ = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(["smime_keys", "init"], env=environ, check=True, timeout=PATIENCE)
    answering = _ANSWERING.format(passphrase=PASSPHRASE)
    subprocess.run(
        [sys.executable, "-c", answering, "smime_keys", "add_p12", str(tmp_path / "team.p12")],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert len([*(tmp_path / "keys").glob("[!.]*")]) == keys


# OpenSSL asks a terminal and no pipe: answer its questions there, one after the other.
_ANSWERING: Final = """
import os, pty, sys
asked = b""
answers = [(b"Import Password", "{passphrase}"), (b"PEM pass phrase", "nøgle"),
           (b"Verifying", "nøgle"), (b"label", "team")]
def read(terminal):
    global asked
    said = os.read(terminal, 1024)
    asked += said
    while answers and answers[0][0] in asked:
        asked = asked.partition(answers[0][0])[2]
        os.write(terminal, answers.pop(0)[1].encode() + b"\\n")
    return said
pty.spawn(sys.argv[1:], read, lambda _: b"")
"""


def test_the_bundle_for_older_programs_opens_with_its_passphrase_only(team: TeamKey) -> None:
    """As the other one."""
    bundle = team.pkcs12(PASSPHRASE, older=True)
    key, certificate, more = pkcs12.load_key_and_certificates(bundle, PASSPHRASE.encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (certificate, more) == (team.certificate, [team.certificate])
    with pytest.raises(ValueError, match=r"(?i)password"):
        pkcs12.load_key_and_certificates(bundle, b"en anden")
