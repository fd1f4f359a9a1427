"""What keeps the site from doing its work, or soon will."""

import shutil
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from pathlib import Path
from socket import create_connection
from typing import Final
from urllib.parse import urlsplit

from udvej.durations import HOUR, MINUTE
from udvej.errors import StorageError
from udvej.installation import command_line
from udvej.intake.sealing import Sealer
from udvej.notes import Note, Notes
from udvej.outbox.drills import DrillResults, Drills
from udvej.outbox.table import Outbox
from udvej.shared_counts import SharedCounts

_WAITED_TOO_LONG: Final = 2 * HOUR
# Paced referrals go out one a minute: with 60 waiting, a new one is an hour behind.
_FLOOD: Final = 60
# Well before a flood is refused, at three quarters (`outbox.table`).
_HALF_FULL: Final = 0.5
# Delivery reports each minute, unless a slow mail server holds it up.
_STOPPED: Final = 10 * MINUTE
_EXPIRES_SOON: Final = timedelta(days=30)
_LEAST_FREE_BYTES: Final = 512 * 2**20
# certbot renews 30 days before expiry, so with 14 left its renewals fail.
_NOT_RENEWED: Final = timedelta(days=14)
_TIMEOUT_SECONDS: Final = 5.0


class Level(StrEnum):
    """How bad something is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Answer:
    """What was found where somebody looked.

    Attributes:
        level: how bad it is.
        text: what was found; never a word or number of a referral.
        advice: what to do about it, or "".
    """

    level: Level
    text: str
    advice: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.text}; {self.advice}" if self.advice else self.text


def together(found: Iterable[Answer], well: str) -> Answer:
    """One answer to a question.

    Args:
        found: what is not well; as bad as the worst of it.
        well: what to say where nothing is.
    """
    answers = [*found]
    if not answers:
        return Answer(Level.OK, well)
    failed = any(answer.level is Level.FAILURE for answer in answers)
    return Answer(
        Level.FAILURE if failed else Level.WARNING,
        "; ".join(dict.fromkeys(answer.text for answer in answers)),
        "; ".join(dict.fromkeys(answer.advice for answer in answers if answer.advice)),
    )


@dataclass(frozen=True)
class Health:
    """Looks at the parts that a referral needs."""

    outbox: Outbox
    sealer: Sealer
    state: Path
    drills: Drills
    shared_counts: SharedCounts | None = None
    name: str = ""

    def problems(self, now: datetime | None = None) -> Iterator[str]:
        """What is wrong, a line each, without numbers or words of referrals.

        Args:
            now: the moment that certificates are looked at; the present one if left out.
        """
        looked_at = chain(
            self.delivery(),
            self.certificate(now),
            self.opened(),
            self.disk(),
            self.proxies(),
            self.limits(),
            self.changes(),
        )
        yield from map(str, looked_at)

    def delivery(self) -> Iterator[Answer]:
        """Whether what is accepted is mailed."""
        try:
            self.outbox.probe()
            status = self.outbox.status()
        except StorageError:
            yield _failure("the database does not answer")
            return
        if status.oldest > _WAITED_TOO_LONG:
            yield _failure("a referral has waited for more than two hours", "see: udvej status")
        if status.silent > _STOPPED:
            yield _failure("nothing delivers: the delivery has stopped, or hangs")
        if status.paced > _FLOOD:
            yield _failure("more is sent than people write: a flood waits behind the rest")
        if status.full > _HALF_FULL:
            yield _failure(
                "the room for referrals is half taken by what is not mailed", "see: udvej flood"
            )
        if status.failed:
            yield _failure("a delivery has failed for good", "see: udvej status")

    def certificate(self, now: datetime | None = None) -> Iterator[Answer]:
        """Whether what opens referrals is good for a while."""
        if self.sealer.expires - (now or datetime.now(UTC)) < _EXPIRES_SOON:
            yield _failure(
                "the certificate expires within 30 days", "make a new one, see: udvej keys --help"
            )

    def opened(self) -> Iterator[Answer]:
        """Whether the team has shown recently that it can open what is sealed today."""
        try:
            opened = self.shown().opened
        except StorageError:
            return  # as `delivery` says
        if opened > self.drills.lasts:
            enter = command_line("drill", self.name, "--code CODE")
            yield _failure(
                "nobody has shown of late that the team can open what is sent",
                f"ask it for the code in its last drill: {enter}",
            )

    def shown(self) -> DrillResults:
        """What drills have shown, of the certificates of today.

        Raises:
            StorageError: the database does not answer.
        """
        return self.drills.shown(self.sealer.recipients.fingerprint)

    def disk(self) -> Iterator[Answer]:
        """Whether there is room for what is accepted."""
        try:
            nearly_full = shutil.disk_usage(self.state).free < _LEAST_FREE_BYTES
        except OSError:
            nearly_full = True
        if nearly_full:
            yield _failure("the disk of the state folder is nearly full")

    def proxies(self) -> Iterator[Answer]:
        """Whether requests come as the settings say."""
        if Notes(self.state).there(Note.PROXIES):
            yield _failure(
                "requests do not fit UDVEJ_PROXIES, so limits take visitors for each other"
            )

    def limits(self) -> Iterator[Answer]:
        """Whether hosts that are to count clients together do so."""
        trouble = self.shared_counts.trouble() if self.shared_counts else ""
        if trouble:
            yield _failure(
                "clients are counted by each process apart, so limits are wider", trouble
            )

    def changes(self) -> Iterator[Answer]:
        """Whether the site is as its settings, content and certificate are now."""
        for line in Notes(self.state).text(Note.REFUSED).splitlines():
            # A file of content with its line, or the key of a setting; no folder of this machine.
            place, named, _ = line.partition(": ")
            yield _failure(
                f"a change was refused{f' ({Path(place).name})' if named else ''}",
                "the site goes on as it was, see: udvej status",
            )


def _failure(text: str, advice: str = "") -> Answer:
    return Answer(Level.FAILURE, text, advice)


def certificate_shown(address: str, now: datetime | None = None) -> Answer:
    """Whether the certificate that visitors are shown is good, and for how long.

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
        return _failure(
            f"browsers do not accept the certificate of {address}: {error.verify_message}"
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    text = f"the certificate of {address} expires on {ends:%Y-%m-%d}"
    if ends - (now or datetime.now(UTC)) < _NOT_RENEWED:
        return _failure(f"{text} and was not renewed")
    return Answer(Level.OK, text)
