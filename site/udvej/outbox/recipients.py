"""The certificates that referrals are sealed for, and what must not be among them.

The library that seals takes any certificate without a word, and skips one that it cannot read, so
everything is checked here (RFC 8550, 4.4; RFC 5280, 4.2.1).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from udvej.errors import SealingError

_FEWEST_KEY_BITS: Final = 2048
_BEGIN: Final = re.compile(rb"-----BEGIN ([^-\r\n]*)-----")
_BLOCK: Final = re.compile(
    rb"-----BEGIN ([^-\r\n]*)-----(?:(?!-----BEGIN).)*?-----END \1-----", re.DOTALL
)
_FOR_MAIL: Final = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}


@dataclass(frozen=True)
class Recipients:
    """Who can open what is sealed.

    Attributes:
        certificates: of those it is sealed for, at least one.
        left_out: good certificates outside their time, which nothing is sealed for.
    """

    certificates: Sequence[x509.Certificate]
    left_out: Sequence[x509.Certificate] = ()

    @classmethod
    def read(cls, path: Path, setting: str, make: str, now: datetime) -> "Recipients":
        """Read a PEM file of certificates (RFC 7468).

        Args:
            path: the file; a private key in it is passed over.
            setting: names it in errors.
            make: the command that makes a new one.
            now: a moment with time zone; at least one certificate must be valid then.

        Raises:
            SealingError: the file cannot be read, or one of the blocks in it is damaged or no
                certificate that a person reads mail with.
        """
        blocks = _blocks(path, setting)
        found = []
        for number, block in enumerate(blocks, start=1):
            where = f"block {number} of {len(blocks)}" if len(blocks) > 1 else "the certificate"
            try:
                found.append(x509.load_pem_x509_certificate(block))
            except ValueError as error:
                raise SealingError(f"{setting}: {where} is damaged; copy it again") from error
            if problem := _problem(found[-1]):
                raise SealingError(f"{setting}: {where} {problem}; make a new one: {make}")
        if not found:
            raise SealingError(f"{setting}: no certificate could be read; it must be PEM")
        valid = [one for one in found if not _outside(one, now)]
        if not valid:
            raise SealingError(f"{setting}: the certificate {_outside(found[0], now)}{make}")
        return cls(valid, [one for one in found if one not in valid])

    @property
    def fingerprint(self) -> str:
        """Identifies this set of certificates: SHA-256 over their sorted fingerprints, hex."""
        prints = sorted(one.fingerprint(SHA256()) for one in self.certificates)
        return sha256(b"".join(prints)).hexdigest()

    def lines(self) -> Iterator[str]:
        """Who can open, a line each: subject, mail addresses and last day."""
        for certificate in self.certificates:
            addresses = ", ".join(_addresses(certificate)) or "no mail address in it"
            last = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
            yield f"{certificate.subject.rfc4514_string()} ({addresses}), until {last}"

    def warnings(self, addresses: Sequence[str]) -> Iterator[str]:
        """What may be wrong, a line each, though it can be sealed.

        Args:
            addresses: where the referrals are mailed.
        """
        mailed = {address.casefold() for address in addresses}
        for certificate in self.left_out:
            yield (
                f"not sealed for {certificate.subject.rfc4514_string()}, whose certificate is not"
                " valid today"
            )
        for certificate in self.certificates:
            known = [known.casefold() for known in _addresses(certificate)]
            if known and not mailed.intersection(known):
                yield (
                    f"the certificate of {certificate.subject.rfc4514_string()} is for"
                    f" {', '.join(known)}, and the mails go to {', '.join(addresses)}"
                )
        named = {known.casefold() for one in self.certificates for known in _addresses(one)}
        for address in addresses if mailed & named else ():
            if address.casefold() not in named:
                yield f"the mails go to {address} too, and no certificate is for that address"


def _blocks(path: Path, setting: str) -> Sequence[bytes]:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SealingError(f"{setting}: the file cannot be read ({error.strerror})") from error
    whole = [(match[1], match[0]) for match in _BLOCK.finditer(pem)]
    if len(whole) < len(_BEGIN.findall(pem)):
        raise SealingError(f"{setting}: a block begins and does not end; copy the file again")
    return [block for label, block in whole if b"CERTIFICATE" in label]


def holds_private_key(path: Path) -> bool:
    """Whether a PEM file holds a private key, locked or not; False where it cannot be read."""
    try:
        pem = path.read_bytes()
    except OSError:
        return False
    return any(b"PRIVATE KEY" in label for label in _BEGIN.findall(pem))


def _outside(certificate: x509.Certificate, now: datetime) -> str:
    """Why a certificate is not valid at a moment, and what to do, or ""."""
    if now < certificate.not_valid_before_utc:
        first = f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        today = f"{now.astimezone(UTC):%Y-%m-%d}"
        return (
            f"is not valid yet: from {first}, and the clock of this machine says {today}; "
            "set the clock, or make a new one: "
        )
    return "has expired; make a new one: " if now > certificate.not_valid_after_utc else ""


def _problem(certificate: x509.Certificate) -> str:
    """What keeps a certificate from being a recipient's, or ""."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return "has a key that is not RSA, and mail programs open only that"
    if key.key_size < _FEWEST_KEY_BITS:
        return f"has a key that is shorter than {_FEWEST_KEY_BITS} bits"
    extensions = certificate.extensions
    for extension in extensions:
        match extension.value:
            case x509.BasicConstraints(ca=True):
                name = certificate.subject.rfc4514_string()
                return f"is an authority's ({name}), which is no recipient: leave it out"
            case x509.ExtendedKeyUsage() as purposes if not _FOR_MAIL & {*purposes}:
                return "is not for mail, but for a web server or the like"
            case x509.KeyUsage(key_encipherment=False):
                return "is for signing, not for encryption"
    return ""


def _addresses(certificate: x509.Certificate) -> Sequence[str]:
    """The mail addresses in a certificate (RFC 8550, 3)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        found = []
    subject = certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
    return [*dict.fromkeys([*found, *(str(one.value) for one in subject)])]
