"""`Referral` becomes `Sealed`: from here on only the team can read it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.message import Message
from email.policy import compat32
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from udvej.errors import SealingError
from udvej.intake.referral import Referral
from udvej.outbox.recipients import Recipients, holds_private_key
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Opener, Sealed, new_token

# The older of the library's two ways to write a mail, at a third of the time.
_CRLF = compat32.clone(linesep="\r\n")
_UTF_8 = Charset("utf-8")
_UTF_8.body_encoding = QP
# Letters are padded to a multiple of this; most fit one step, so that sizes hardly differ.
_STEP = 4096
_PADDING = b"X-Padding: "
_TEAM = "UDVEJ_TEAM_CERTIFICATE"
_SERVER = "UDVEJ_SERVER_KEY"
_MAKE = {_TEAM: "udvej keys FOLDER", _SERVER: "udvej keys FOLDER --server"}


@dataclass(frozen=True)
class Sealer:
    """Seals for the holders of one or more certificates, any of whom can open."""

    recipients: Recipients
    scheme: Scheme = Scheme.SMIME

    @classmethod
    def for_team(cls, path: Path, now: datetime | None = None) -> "Sealer":
        """Seal so that only the team can open.

        Args:
            path: PEM with the certificates of the team.
            now: the moment they must be valid at; the present one if left out.

        Raises:
            SealingError: the file holds the team's private key, no certificate that is valid now,
                or one that is no recipient's; see `Recipients.read`.
        """
        if holds_private_key(path):
            raise SealingError(
                f"{_TEAM}: the file holds a private key, which must never be on this server; take"
                " the file away, and leave only the certificate"
            )
        return cls(_recipients(path, _TEAM, now))

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
        return cls(_recipients(path, _SERVER, now), Scheme.TRANSPORT)

    @property
    def expires(self) -> datetime:
        """When the first of the certificates does, in UTC."""
        return min(one.not_valid_after_utc for one in self.recipients.certificates)

    def seal(self, referral: Referral, number: int) -> Sealed:
        """Seal the letter that the team is to read.

        AES-256 in CBC under a key of its own, RSA PKCS #1 v1.5 key transport: what Outlook,
        Thunderbird and Apple Mail all open (RFC 8551 names AES-GCM, which they do not). A
        certificate that expires while the site runs still seals: the team still has its key, and
        a person is not turned away for it; `/sundhed` has said so for thirty days by then.

        Padded first, so that neither a row, a mail nor a list of mails tells how much was written.

        Raises:
            SealingError: it could not be sealed; nothing may be kept or sent in its place.
        """
        letter = Message(policy=_CRLF)
        letter["Subject"] = referral.subject(number)
        letter.set_payload(referral.letter(number), _UTF_8)
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(_padded(letter.as_bytes()))
        try:
            builder = builder.set_content_encryption_algorithm(algorithms.AES256)
            for certificate in self.recipients.certificates:
                builder = builder.add_recipient(certificate)
            cms = builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        except (TypeError, ValueError) as error:
            raise SealingError("the referral could not be sealed") from error
        return Sealed(cms, new_token(), self.scheme)


def _padded(mail: bytes) -> bytes:
    """A mail as long as the next step, by a header that mail programs do not show."""
    missing = -(len(_PADDING) + len(mail) + len(b"\r\n")) % _STEP
    padding = bytearray(b"x" * missing)
    for place in range(60, missing - len(b"\r\n x"), 78):  # lines of 78 characters (RFC 5322)
        padding[place : place + 3] = b"\r\n "
    return _PADDING + padding + b"\r\n" + mail


def _recipients(path: Path, setting: str, now: datetime | None) -> Recipients:
    return Recipients.read(path, setting, _MAKE[setting], now or datetime.now(UTC))
