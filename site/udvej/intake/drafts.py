"""What was typed into a form that was refused, kept while the person mends it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Float, LargeBinary, MetaData, Table, delete, insert, select

from udvej.database import Database
from udvej.durations import MINUTE, Clock
from udvej.intake.cpr import Part, Trace
from udvej.intake.submission import is_form_token

# In a place of their own, so that they never crowd out a referral.
MOST_BYTES: Final = 64 * 2**20
KEPT: Final = 15 * MINUTE
# What Fernet adds to its padded blocks, before Base64 (https://github.com/fernet/spec).
_FERNET_BYTES: Final = 57
_CIPHER_BLOCK: Final = 16

_TABLES = MetaData()

_drafts = Table(
    "drafts",
    _TABLES,
    Column("id", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", Float, nullable=False, index=True),
)


@dataclass(frozen=True)
class Draft:
    """A form that was refused.

    Attributes:
        token: the form's own, so that its correction is not a second form.
        fields: what was typed and chosen, by question, free of CPR numbers.
        cpr_in: what was taken out, by the questions that CPR numbers were removed from.
        cut: the questions whose answers were far too long, and of which the beginning is left.
        expired: whether the session that the form was opened in is over.
        busy: whether too much had come from the same client.
    """

    token: str
    fields: Mapping[str, str]
    cpr_in: Mapping[str, Sequence[Trace]] = field(default_factory=dict)
    cut: Sequence[str] = ()
    expired: bool = False
    busy: bool = False

    @property
    def size(self) -> int:
        """How many bytes it takes where it is kept."""
        cipher_blocks = len(_written(self)) // _CIPHER_BLOCK + 1
        return 4 * -(-(_FERNET_BYTES + _CIPHER_BLOCK * cipher_blocks) // 3)


class Drafts:
    """Drafts under keys that only the visitors' cookies hold.

    Attributes:
        database: where they are.
    """

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        """Use a database.

        Args:
            database: where the rows are.
            clock: gives seconds since the epoch.

        Raises:
            StorageError: the database cannot be opened or written.
        """
        database.create(_TABLES)
        self.database = database
        self._clock = clock

    def keep(self, draft: Draft) -> str:
        """Keep a draft for 15 minutes.

        Returns:
            The key, for the visitor's cookie and nowhere else.

        Raises:
            StorageError: it was not kept.
        """
        key = Fernet.generate_key()
        sealed = Fernet(key).encrypt(_written(draft))
        with self.database.transaction(growing=True) as connection:
            connection.execute(
                insert(_drafts).values(id=_id(key), sealed=sealed, until=self._clock() + KEPT)
            )
        return key.decode()

    def open(self, key: str) -> Draft | None:
        """The draft under a key; None when it is gone, or another version of Udvej kept it.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.reading() as connection:
            sealed = connection.scalar(
                select(_drafts.c.sealed).where(
                    _drafts.c.id == _id(key.encode()), _drafts.c.until >= self._clock()
                )
            )
        try:
            return _parsed(Fernet(key).decrypt(sealed)) if sealed else None
        except InvalidToken:
            return None

    def drop(self, key: str) -> None:
        """Delete a draft.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.transaction() as connection:
            connection.execute(delete(_drafts).where(_drafts.c.id == _id(key.encode())))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def forget(self) -> None:
        """Delete the drafts that have had their time.

        Raises:
            StorageError: the database does not answer.
        """
        with self.database.transaction() as connection:
            connection.execute(delete(_drafts).where(_drafts.c.until < self._clock()))
        self.database.checkpoint()


def _id(key: bytes) -> bytes:
    return sha256(b"draft" + key).digest()


def _written(draft: Draft) -> bytes:
    # No \\u escapes: they make six bytes of a letter that takes two.
    return json.dumps(asdict(draft), ensure_ascii=False).encode()


def _parsed(text: bytes) -> Draft | None:
    """The draft that was written down, None when it is written otherwise than we do."""
    try:
        kept = json.loads(text)
    except ValueError:
        return None
    match kept:
        case {
            "token": str(token),
            "fields": dict(fields),
            "cpr_in": dict(cpr_in),
            "cut": list(cut),
            "expired": bool(expired),
            "busy": bool(busy),
        } if is_form_token(token) and all(isinstance(one, str) for one in (*fields.values(), *cut)):
            try:
                traces = {name: [*map(_trace, places)] for name, places in cpr_in.items()}
            except (TypeError, ValueError):
                return None
            return Draft(token, fields, traces, tuple(cut), expired=expired, busy=busy)
    return None


def _trace(place: object) -> Trace:
    match place:
        case [str(part), str(after)]:
            return Trace(Part(part), after)
    raise ValueError("not written by us")
