"""What only the holder of a key can open, and how that holder opens it."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7

from udvej.errors import SealingError
from udvej.outbox.scheme import Scheme
from udvej.settings import SETTINGS

_SERVER = "UDVEJ_SERVER_KEY"
_MAKE = SETTINGS[_SERVER].advice


@dataclass(frozen=True)
class Sealed:
    """A referral that only the holder of a key can open.

    Attributes:
        cms: CMS EnvelopedData (RFC 5652), DER; inside is a MIME part (RFC 8551) in UTF-8.
        token: random and stable, so that every try to mail it carries the same Message-ID.
        scheme: whose key that is.
    """

    cms: bytes = field(repr=False)
    token: str
    scheme: Scheme = Scheme.SMIME


@dataclass(frozen=True)
class Opener:
    """Opens what was sealed for one key."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def from_file(cls, path: Path) -> "Opener":
        """Read a private key and its certificate from one PEM file.

        Raises:
            SealingError: the file does not hold both, or they do not belong together.
        """
        try:
            pem = path.read_bytes()
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(pem, None)
        except (OSError, ValueError, TypeError) as error:
            raise SealingError(
                f"{_SERVER}: must be PEM with a private key and its certificate; {_MAKE}"
            ) from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise SealingError(f"{_SERVER}: key and certificate differ; {_MAKE}")
        return cls(certificate, key)

    def open(self, sealed: Sealed) -> bytes:
        """The MIME part inside.

        Raises:
            SealingError: it was sealed for another key.
        """
        try:
            return pkcs7.pkcs7_decrypt_der(sealed.cms, self.certificate, self.private_key, [])
        except ValueError as error:
            raise SealingError("sealed for another key than the one at hand") from error


def new_token() -> str:
    """What makes a Message-ID: 128 random bits, hexadecimal."""
    return secrets.token_hex(16)
