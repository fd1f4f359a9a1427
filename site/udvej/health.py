"""What keeps the site from doing its work, or soon will."""

import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection
from typing import Final
from urllib.parse import urlsplit

from udvej.durations import HOUR, MINUTE
from udvej.errors import StorageError
from udvej.intake.sealing import Sealer
from udvej.notes import Note, Notes
from udvej.outbox.table import Outbox

_WAITED_TOO_LONG: Final = 2 * HOUR
# Mailed a minute apart: what is sent now waits for an hour.
_FLOOD: Final = 60
# Before the first are refused: a flood at three quarters.
_HALF_FULL: Final = 0.5
# It says that it is at work each minute, but while a slow mail server holds it.
_STOPPED: Final = 10 * MINUTE
_EXPIRES_SOON: Final = timedelta(days=30)
_LEAST_FREE_BYTES: Final = 512 * 2**20
# certbot renews thirty days before.
_NOT_RENEWED: Final = timedelta(days=14)
_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Health:
    """Looks at the parts that a referral needs."""

    outbox: Outbox
    sealer: Sealer
    state: Path

    def problems(self, now: datetime | None = None) -> Iterator[str]:
        """What is wrong, a line each, without numbers or words of referrals.

        Args:
            now: the moment that certificates are looked at; the present one if left out.
        """
        try:
            self.outbox.probe()
            status = self.outbox.status()
            if status.oldest > _WAITED_TOO_LONG:
                yield "a referral has waited for more than two hours; see: udvej status"
            if status.silent > _STOPPED:
                yield "nothing delivers: the delivery has stopped, or hangs"
            if status.paced > _FLOOD:
                yield "more is sent than people write: a flood waits behind the rest"
            if status.full > _HALF_FULL:
                yield "the room for referrals is half taken by what is not mailed; see: udvej flood"
            if status.failed:
                yield "a delivery has failed for good; see: udvej status"
        except StorageError:
            yield "the database does not answer"
        if self.sealer.expires - (now or datetime.now(UTC)) < _EXPIRES_SOON:
            yield "the certificate expires within 30 days; make a new one, see: udvej keys --help"
        try:
            nearly_full = shutil.disk_usage(self.state).free < _LEAST_FREE_BYTES
        except OSError:
            nearly_full = True
        if nearly_full:
            yield "the disk of the state folder is nearly full"
        yield from self._noticed()

    def _noticed(self) -> Iterator[str]:
        notes = Notes(self.state)
        if notes.there(Note.PROXIES):
            yield "requests do not fit UDVEJ_PROXIES, so limits take visitors for each other"
        for line in notes.text(Note.REFUSED).splitlines():
            # A file of content with its line, or the key of a setting; no folder of this machine.
            place, named, _ = line.partition(": ")
            yield (
                f"a change was refused{f' ({Path(place).name})' if named else ''}; the site goes on"
                " as it was, see: udvej status"
            )


def certificate_problem(address: str, now: datetime | None = None) -> str:
    """What is wrong, or soon will be, with the certificate that visitors are shown, or "".

    Args:
        address: "https://…", which is asked.
        now: the present moment if left out.

    Raises:
        OSError: it does not answer, or cannot be reached from here.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    context = ssl.create_default_context()
    try:
        with (
            create_connection((host, parts.port or 443), _TIMEOUT_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return f"browsers do not accept the certificate of {address}: {error.verify_message}"
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    if ends - (now or datetime.now(UTC)) < _NOT_RENEWED:
        return f"the certificate of {address} expires on {ends:%Y-%m-%d} and was not renewed"
    return ""
