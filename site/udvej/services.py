"""The one place where settings become parts: for the web, the delivery and each command alike."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Final

from udvej.config import Config
from udvej.content.editions import Content
from udvej.content.face import Face
from udvej.content.facts import Facts
from udvej.content.kommune_toml import FACTS_FILE, examples, load_facts
from udvej.database import Database
from udvej.durations import DAY
from udvej.errors import ConfigError, Mistakes
from udvej.health import Health
from udvej.installation import command_line
from udvej.intake import drafts
from udvej.intake.drafts import Drafts
from udvej.intake.form import ReferralForm
from udvej.intake.receiving import Receiver
from udvej.intake.sealing import Sealer
from udvej.municipal_form import form_of
from udvej.outbox import table
from udvej.outbox.delivery import Carrier
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.drills import Drills
from udvej.outbox.floods import Floods
from udvej.outbox.mail import Relay
from udvej.outbox.moving import is_left_behind
from udvej.outbox.scheme import Scheme, boxes_for
from udvej.outbox.sealed import Opener
from udvej.outbox.table import Outbox
from udvej.postgresql.kept import PostgreSQL
from udvej.shared_counts import SharedCounts
from udvej.sqlite import SQLite

_OWNER_ONLY: Final = 0o700
_OTHERS: Final = 0o077


class Services:
    """The parts of a running site, each made when it is first asked for.

    What delivers must not fail for want of a certificate, nor what seals for want of a mail
    server, so nothing is made before it is needed.
    """

    def __init__(self, config: Config, *, proofread: bool = True) -> None:
        """Make nothing yet; see `open`.

        Args:
            config: of the site.
            proofread: whether to proofread its content; not where that has been done.
        """
        self.config = config
        self._proofread = proofread

    @classmethod
    def open(cls, config: Config) -> "Services":
        """Make the state folder, in which the parts keep what they write.

        Raises:
            ConfigError: it cannot be made or written.
        """
        if config.name:  # among others, in the installation's
            _make_folder(config.state.parent)
        _make_folder(config.state)
        return cls(config)

    def fresh(self) -> "Services":
        """A fresh set of parts that keeps the checked certificate and the rate-limit counts."""
        services = Services(self.config, proofread=False)
        services.sealer, services.shared_counts = self.sealer, self.shared_counts
        return services

    def close_files(self) -> None:
        """Close the SQLite files, which reopen on use: many municipalities would hold too many.

        PostgreSQL connections are few and shared by all municipalities, so they stay open.
        """
        if self.config.database is None:
            self.outbox.close()
            self.drafts.close()

    @cached_property
    def content(self) -> Content:
        """What the site says.

        Raises:
            ContentError: a content file is wrong.
        """
        return load_content(self.config, proofread=self._proofread)

    @cached_property
    def facts(self) -> Facts:
        """What `kommune.toml` says, without reading the pages.

        Raises:
            ContentError: it is wrong.
        """
        return load_facts(self.config.content / FACTS_FILE)

    @cached_property
    def face(self) -> Face:
        """What the site looks like, without reading the pages.

        Raises:
            ContentError: `kommune.toml` or the mark is wrong.
        """
        return Face.load(self.config.content, self.facts)

    @cached_property
    def form(self) -> type[ReferralForm]:
        """The form as this municipality asks it.

        Raises:
            ContentError: `kommune.toml` is wrong.
        """
        return form_of(self.facts, self.config.content)

    @cached_property
    def demonstration(self) -> Demonstration:
        """What takes the place of a live site's settings.

        Raises:
            ConfigError: the site is live, and its team opens its own mail.
        """
        if self.config.live:
            raise ConfigError("only a demonstration has an inbox here; the team opens its own mail")
        return Demonstration.prepare(self.config.state)

    @property
    def secret_key(self) -> str:
        """What signs the form's cookie."""
        live = self.config.live
        return live.secret_key if live else self.demonstration.secret_key

    @cached_property
    def sealer(self) -> Sealer:
        """What seals referrals.

        Raises:
            SealingError: the certificate cannot be used.
        """
        live = self.config.live
        if live is None:
            return Sealer.for_team(self.demonstration.team_certificate)
        if Scheme(live.sealing) is Scheme.TRANSPORT:
            return Sealer.for_transport(live.seal_for)
        return Sealer.for_team(live.seal_for)

    @cached_property
    def carrier(self) -> Carrier:
        """What takes the mails.

        Raises:
            ContentError: `kommune.toml`, which names the team's address, is wrong.
            SealingError: the server's own key cannot be used.
        """
        live = self.config.live
        if live is None:
            return self.demonstration
        transport = Scheme(live.sealing) is Scheme.TRANSPORT
        opener = Opener.from_file(live.seal_for) if transport else None
        team = self.facts["team"]
        return Relay(
            live.mail,
            self.team_addresses,
            team=team["mail"],
            sender_name=team["afsender"],
            opener=opener,
        )

    @property
    def team_addresses(self) -> Sequence[str]:
        """Where the mails of a live site go, at least one.

        Raises:
            ContentError: `kommune.toml` is wrong.
        """
        live = self.config.live
        return (live and live.mail.recipients) or self.facts.recipients

    def who_can_open(self) -> Iterator[str]:
        """A line for each certificate that referrals are sealed for, and each warning of one.

        Raises:
            ContentError: `kommune.toml` is wrong.
            SealingError: the certificate cannot be used.
        """
        recipients = self.sealer.recipients
        if self.config.live and self.sealer.scheme is Scheme.SMIME:
            yield from (f"can be opened by: {line}" for line in recipients.lines())
            yield from (f"WARNING: {line}" for line in recipients.warnings(self.team_addresses))

    @cached_property
    def outbox(self) -> Outbox:
        """Where referrals wait.

        Raises:
            ConfigError: others wait in a file that was not moved to the database of the settings.
            StorageError: the database cannot be opened or written.
        """
        outbox = Outbox(referrals(self.config))
        _leave_none_behind(self.config)
        return outbox

    @property
    def receiver(self) -> Receiver:
        """What takes referrals in: this municipality's sealer and outbox as one.

        Raises:
            SealingError: the certificate cannot be used.
            StorageError: the database cannot be opened or written.
        """
        return Receiver(self.sealer, self.outbox)

    @property
    def floods(self) -> Floods:
        """What looks at what waits there, and sets some of it aside.

        Raises:
            StorageError: the database cannot be opened or written.
        """
        return Floods(self.outbox.database)

    @property
    def drills(self) -> Drills:
        """What makes drills, and knows what they have shown.

        Raises:
            StorageError: the database cannot be opened or written.
        """
        live = self.config.live
        return Drills(self.outbox.database, live.confirm_days * DAY if live else inf)

    @cached_property
    def drafts(self) -> Drafts:
        """Where refused forms wait to be mended.

        Raises:
            StorageError: the database cannot be opened or written.
        """
        # What a crash takes is typed again; a referral is not kept here.
        return Drafts(_database(self.config, "drafts", drafts.MOST_BYTES, durable=False))

    @cached_property
    def shared_counts(self) -> SharedCounts | None:
        """Where hosts count together what clients send; None where each process counts alone."""
        config = self.config
        if config.limits is None:
            return None
        return SharedCounts(config.limits, self.secret_key, name=config.name)

    @property
    def health(self) -> Health:
        """What looks at the parts that a referral needs."""
        config = self.config
        return Health(
            self.outbox, self.sealer, config.state, self.drills, self.shared_counts, config.name
        )


def referrals(config: Config) -> Database:
    """Where a site keeps its referrals, and all else but drafts."""
    return _database(config, "udvej", table.MOST_BYTES, durable=True)


def _leave_none_behind(config: Config) -> None:
    """Refuse to begin in a database while there are referrals in the file that served before."""
    if not config.database or not SQLite.file(config.state).exists():
        return
    with closing(SQLite(config.state)) as before:
        if is_left_behind(before):
            moving = command_line("move", config.name, "postgresql")
            raise ConfigError(f"UDVEJ_DATABASE: referrals are still in UDVEJ_STATE; run: {moving}")


def _database(config: Config, name: str, most_bytes: int, *, durable: bool) -> Database:
    if config.database:
        return PostgreSQL(
            config.database, config.schema, name, most_bytes=most_bytes, durable=durable
        )
    return SQLite(config.state, name, most_bytes=most_bytes, durable=durable)


def load_content(config: Config, *, proofread: bool = True) -> Content:
    """What the site says; needs no state folder, certificate or database.

    Args:
        config: of the site.
        proofread: as for `Content.load`.

    Raises:
        ContentError: a content file is wrong, or the site is live and a fact is an example.
    """
    sealing = Scheme(config.live.sealing) if config.live else Scheme.SMIME
    content = Content.load(config.content, boxes_for(sealing), proofread=proofread)
    if config.live:
        Mistakes.raise_all(examples(config.content / FACTS_FILE))
    return content


def _make_folder(state: Path) -> None:
    try:
        state.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"UDVEJ_STATE: the folder cannot be made ({error.strerror})") from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise ConfigError("UDVEJ_STATE: the folder cannot be written; give it to this user")
    if state.stat().st_mode & _OTHERS:
        try:
            state.chmod(_OWNER_ONLY)
        except OSError as error:
            raise ConfigError("UDVEJ_STATE: others may look into it; chmod 700 it") from error
