"""The demonstration: a throwaway team on this machine, so that the whole road can be tried."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from mailbox import Maildir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from udvej.outbox.keys import TeamKey
from udvej.outbox.mail import SealedMail
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Leased

_MAIL: Final = "team@demonstration.invalid"


@dataclass(frozen=True)
class Demonstration:
    """What a live site gets from its settings, made up for this machine.

    Attributes:
        secret_key: signs the form's cookie.
        team_certificate: PEM file, seals.
        private_key: PEM file, opens; a live site has no such file.
        folder: the Maildir that takes the mails.
    """

    secret_key: str = field(repr=False)
    team_certificate: Path
    private_key: Path
    folder: Path

    @classmethod
    def prepare(cls, state: Path) -> "Demonstration":
        """Make what is missing in `demonstration/` of the state folder.

        Raises:
            OSError: the folder cannot be written.
        """
        home = state / "demonstration"
        if not home.is_dir():
            _furnish(home)
        return cls(
            (home / "secret-key").read_text("ascii"),
            home / "team-certificate.pem",
            home / "team-private-key.pem",
            home / "mail",
        )

    def carry(self, leased: Leased) -> None:
        """Take a mail into the Maildir."""
        mail = SealedMail(leased, sender=_MAIL, recipients=[_MAIL], team=_MAIL)
        Maildir(self.folder).add(mail.as_bytes())

    def letters(self) -> Iterator[str]:
        """The referrals that have arrived, opened, oldest first."""
        opener = Opener.from_file(self.private_key)
        mails = [message_from_bytes(mail.as_bytes()) for mail in Maildir(self.folder)]
        for mail in sorted(mails, key=_age):
            sealed = Sealed(cast("bytes", mail.get_payload(decode=True)), token="")
            inside = opener.open(sealed).replace(b"\r\n", b"\n")
            yield message_from_bytes(inside, policy=policy.default).get_content()


def _age(mail: Message) -> tuple[float, int]:
    """What sorts mails: when each was accepted, and within a second its number."""
    number = int(str(make_header(decode_header(mail["Subject"]))).rpartition(" ")[2])
    return parsedate_to_datetime(mail["Date"]).timestamp(), number


def _furnish(home: Path) -> None:
    """Fill a temporary folder and rename it, so that it is there whole or not at all."""
    team = TeamKey.make(_MAIL)
    with TemporaryDirectory(dir=home.parent) as temporary:
        making = Path(temporary, home.name)
        making.mkdir(mode=0o700)
        for name, content in (
            ("secret-key", secrets.token_hex(32).encode()),
            ("team-certificate.pem", team.certificate_pem()),
            ("team-private-key.pem", team.private_pem()),
        ):
            (making / name).write_bytes(content)
        Maildir(making / "mail")
        try:
            making.rename(home)
        except OSError:
            if not home.is_dir():  # another process may have made it meanwhile
                raise
