"""The team's key pair: a certificate for the server, a PKCS#12 file for the mail program."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_KEY_BITS = 3072
_LONGEST_NAME = 64  # of each part (RFC 5280, A.1); the SAN holds the whole address
_VALID = timedelta(days=2 * 365)
# Clocks differ a little from one machine to the next.
_LEEWAY = timedelta(hours=1)


@dataclass(frozen=True)
class TeamKey:
    """A private key and its certificate."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey

    @classmethod
    def make(
        cls, mail: str, now: datetime | None = None, *, site: str = "", team: str = ""
    ) -> "TeamKey":
        """A new self-signed S/MIME key pair (RFC 8550), valid for two years.

        Args:
            mail: the team's address, which mail programs match the certificate by.
            now: when it begins to be valid; the present moment if left out.
            site: the name of the site, to find the certificate by in a list.
            team: the name of the team.
        """
        now = now or datetime.now(UTC)
        key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        name = x509.Name(
            x509.NameAttribute(part, words[:_LONGEST_NAME])
            for part, words in (
                (NameOID.ORGANIZATION_NAME, site),
                (NameOID.ORGANIZATIONAL_UNIT_NAME, team),
                (NameOID.COMMON_NAME, mail),
            )
            if words
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LEEWAY)
            .not_valid_after(now + _VALID)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_ENCRYPTION_ONLY, critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @property
    def _names(self) -> str:
        """Team, site and address, in one line for a list of keys."""
        parts = [str(part.value) for part in self.certificate.subject]
        return ", ".join(parts)

    def certificate_pem(self) -> bytes:
        """The certificate, for UDVEJ_TEAM_CERTIFICATE."""
        return self.certificate.public_bytes(Encoding.PEM)

    def private_pem(self) -> bytes:
        """The private key in clear and its certificate, for UDVEJ_SERVER_KEY."""
        key = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate_pem()

    def pkcs12(self, passphrase: str, *, older: bool = False) -> bytes:
        """Both, under a passphrase, for the team's mail program (RFC 7292).

        Args:
            passphrase: locks it.
            older: lock it by 3DES and HMAC-SHA-1, and name the certificate as its own authority,
                for programs that refuse AES or a file without an authority.
        """
        lock = _OLDER.build(passphrase.encode()) if older else None
        return pkcs12.serialize_key_and_certificates(
            self._names.encode(),
            self.private_key,
            self.certificate,
            [self.certificate] if older else None,
            lock or BestAvailableEncryption(passphrase.encode()),
        )


_OLDER = (
    PrivateFormat.PKCS12.encryption_builder()
    .kdf_rounds(50_000)
    .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .hmac_hash(hashes.SHA1())  # noqa: S303 (a MAC, and what they take)
)

_ENCRYPTION_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=True,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
