"""`Referral` becomes `Sealed`: from here on only the team can read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.message import Message
from email.policy import compat32
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from udvej.errors import SealingError
from udvej.intake.referral import Referral
from udvej.outbox.sealed import Opener, Scheme, Sealed, new_token

_FEWEST_KEY_BITS = 2048
# The older of the library's two ways to write a mail, at a third of the time.
_CRLF = compat32.clone(linesep="\r\n")
_UTF_8 = Charset("utf-8")
_UTF_8.body_encoding = QP
_TEAM = "UDVEJ_TEAM_CERTIFICATE"
_SERVER = "UDVEJ_SERVER_KEY"
_MAKE = {_TEAM: "udvej keys FOLDER", _SERVER: "udvej keys FOLDER --server"}


@dataclass(frozen=True)
class Sealer:
    """Seals for the holders of one or more certificates, any of whom can open."""

    certificates: Sequence[x509.Certificate]
    scheme: Scheme = Scheme.SMIME

    @classmethod
    def for_team(cls, path: Path, now: datetime | None = None) -> "Sealer":
        """Seal so that only the team can open.

        Args:
            path: PEM with the certificates of the team.
            now: the moment they must be valid at; the present one if left out.

        Raises:
            SealingError: the file holds none, or one that is not RSA of 2048 bits or more, not
                valid now, or not made for encryption.
        """
        return cls(_certificates(path, _TEAM, now))

    @classmethod
    def for_transport(cls, path: Path, now: datetime | None = None) -> "Sealer":
        """Seal at rest, for a team whose mail gateway cannot open S/MIME.

        Args:
            path: PEM with the server's own private key and certificate.
            now: the moment it must be valid at; the present one if left out.

        Raises:
            SealingError: as for a team's certificate, or the key is not there to open it again.
        """
        Opener.from_file(path)
        return cls(_certificates(path, _SERVER, now), Scheme.TRANSPORT)

    @property
    def expires(self) -> datetime:
        """When the first of the certificates does, in UTC."""
        return min(certificate.not_valid_after_utc for certificate in self.certificates)

    def seal(self, referral: Referral, number: int) -> Sealed:
        """Seal the letter that the team is to read.

        AES-256 in CBC under a key of its own, RSA PKCS #1 v1.5 key transport: what Outlook,
        Thunderbird and Apple Mail all open (RFC 8551 names AES-GCM, which they do not). A
        certificate that expires while the site runs still seals: the team still has its key, and
        a person is not turned away for it; `/sundhed` has said so for thirty days by then.

        Raises:
            SealingError: it could not be sealed; nothing may be kept or sent in its place.
        """
        letter = Message(policy=_CRLF)
        letter["Subject"] = referral.subject(number)
        letter.set_payload(referral.letter(number), _UTF_8)
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(letter.as_bytes())
        try:
            builder = builder.set_content_encryption_algorithm(algorithms.AES256)
            for certificate in self.certificates:
                builder = builder.add_recipient(certificate)
            cms = builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        except (TypeError, ValueError) as error:
            raise SealingError("the referral could not be sealed") from error
        return Sealed(cms, new_token(), self.scheme)


def _certificates(path: Path, setting: str, now: datetime | None) -> list[x509.Certificate]:
    """Certificates that can be sealed for; the builder itself takes any without a word."""
    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SealingError(f"{setting}: no certificate could be read; it must be PEM") from error
    for certificate in certificates:
        if problem := _problem(certificate, now or datetime.now(UTC)):
            raise SealingError(f"{setting}: {problem}; make a new one: {_MAKE[setting]}")
    return certificates


def _problem(certificate: x509.Certificate, now: datetime) -> str:
    """What keeps a certificate from being used, or ""."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return "the certificate's key is not RSA, and mail programs open only that"
    if key.key_size < _FEWEST_KEY_BITS:
        return f"the certificate's key is shorter than {_FEWEST_KEY_BITS} bits"
    if now < certificate.not_valid_before_utc:
        return "the certificate is not valid yet"
    if now > certificate.not_valid_after_utc:
        return "the certificate has expired"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    return "" if usage.key_encipherment else "the certificate is for signing, not for encryption"
