from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from udvej.outbox.keys import TeamKey

MAIL = "team@example.dk"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def team() -> TeamKey:
    """A key pair; making one takes a moment."""
    return TeamKey.make(MAIL, NOW)


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
