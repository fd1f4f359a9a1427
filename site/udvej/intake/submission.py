"""What was sent with the form, read strictly and freed of CPR numbers before anything sees it."""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from udvej.intake import cpr

# More than this is no browser sending this form.
_MOST_FIELDS: Final = 40
# When the form was shown, in seconds since the epoch, and 96 random bits.
_TOKEN: Final = re.compile(r"[0-9a-f]{8}[0-9a-f]{24}")
# Nobody reads the page and fills it in faster.
_FASTEST: Final = 3
# Nobody sees this field; robots fill it in.
_TRAP: Final = "website"


class Malformed(ValueError):
    """The request is not one that a browser makes of this form."""


@dataclass(frozen=True)
class Submission:
    """What was sent, without CPR numbers.

    Attributes:
        token: the form's own; see `new_form_token`.
        csrf_token: the session's.
        fields: what was typed and chosen, by question; nothing else that was sent.
        cpr_in: the fields in which CPR numbers were found; they are no longer there.
        trapped: whether the field that nobody sees was filled in, as robots do.
        hurried: whether it was filled in faster than people do. Neither refuses anything.
    """

    token: str
    csrf_token: str
    fields: Mapping[str, str]
    cpr_in: Sequence[str]
    trapped: bool
    hurried: bool

    @classmethod
    def read(cls, body: bytes, names: Iterable[str], now: datetime) -> "Submission":
        """Take the fields out of the body of a request.

        Read here and strictly, since Flask would take broken UTF-8 for what was typed.

        Args:
            body: as a browser sends a form (application/x-www-form-urlencoded).
            names: of all questions.
            now: the present moment.

        Raises:
            Malformed: another kind of body, dozens of fields, a field twice, control characters,
                text that was not UTF-8, or no token.
        """
        try:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        except ValueError:
            raise Malformed("not a form") from None  # the cause would hold what was typed
        sent = MultiDict(pairs)
        fields, cpr_in = {}, []
        for name in names:
            values = sent.getlist(name)
            if len(values) > 1 or not all(map(_is_text, values)):
                raise Malformed(f"{name} is not one text")
            text = "".join(values).replace("\r\n", "\n").replace("\r", "\n")
            fields[name] = cpr.remove(text)
            if cpr.find(text):
                cpr_in.append(name)
        token = sent.get("token", "")
        if not is_form_token(token):
            raise Malformed("no token")
        hurried = now.timestamp() - int(token[:8], 16) < _FASTEST
        csrf_token = sent.get("csrf_token", "")
        return cls(token, csrf_token, fields, tuple(cpr_in), bool(sent.get(_TRAP)), hurried)

    @property
    def notes(self) -> Sequence[str]:
        """What the team should know of how it was sent, in Danish."""
        signs = {
            "Et felt, som mennesker ikke ser, er fyldt ud. Det kan være en robot.": self.trapped,
            "Formularen er fyldt ud meget hurtigt. Det kan være en robot.": self.hurried,
        }
        return [note for note, seen in signs.items() if seen]

    @property
    def key(self) -> bytes:
        """The same when the same words are sent again from the same form; tells nothing of them.

        SHA-256 over the form's random token and the fields: a correction has another key than
        what it corrects, and so reaches the team.
        """
        return sha256(json.dumps([self.token, dict(self.fields)]).encode()).digest()


def new_form_token(now: datetime) -> str:
    """What tells one shown form from another, and when it was shown."""
    return f"{int(now.timestamp()):08x}{secrets.token_hex(12)}"


def is_form_token(token: str) -> bool:
    """Whether it could be one of ours."""
    return bool(_TOKEN.fullmatch(token))


def _is_text(value: str) -> bool:
    return not any(
        (unicodedata.category(character) == "Cc" and character not in "\t\r\n")
        or character in "\N{REPLACEMENT CHARACTER}\ufffe\uffff"
        or unicodedata.category(character) == "Cs"
        for character in value
    )
