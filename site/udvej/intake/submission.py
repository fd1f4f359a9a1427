"""What was sent with the form, read strictly and freed of CPR numbers before anything sees it."""

import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from udvej.intake import cpr
from udvej.intake.characters import normalized

# More than this is no browser sending this form.
_MOST_FIELDS: Final = 40
# When the form was shown, in seconds since the epoch, and 96 random bits.
_TOKEN: Final = re.compile(r"[0-9a-f]{8}[0-9a-f]{24}")
# Nobody reads the page and fills it in faster.
_FASTEST: Final = 3
# Nobody sees this field; robots fill it in.
_TRAP: Final = "website"
_ROBOT: Final = "Det kan være en robot. Kontakt alligevel den, der skriver."
# A text so many times too long is not given back to be shortened, but cut to what fits.
_FAR: Final = 10


class Malformed(ValueError):
    """The request is not one that a browser makes of this form."""


@dataclass(frozen=True)
class Bounds:
    """What a form says of its answers before any is read.

    Attributes:
        longest: how many characters an answer may have, by question, in the order of the page.
        phones: the questions for phone numbers: one that can be rung is no CPR number there.
        names: the questions in whose answers no number belongs; see `cpr.find_in`.
    """

    longest: Mapping[str, int]
    phones: Collection[str]
    names: Collection[str]


@dataclass(frozen=True)
class Posted:
    """What was sent, as it came: for its sender's eyes alone until it is searched.

    Attributes:
        token: the form's own; see `new_form_token`.
        csrf_token: the session's.
        fields: what was typed and chosen, by question; nothing else that was sent.
        sure: whether the form had asked back already whether all is meant so.
        trapped: whether the field that nobody sees was filled in, as robots do.
    """

    token: str
    csrf_token: str
    fields: Mapping[str, str]
    sure: bool
    trapped: bool

    @classmethod
    def read(cls, body: bytes, bounds: Bounds) -> "Posted":
        """Take the fields out of the body of a request.

        All that a browser can send from the form is read: bytes that are no UTF-8 become U+FFFD,
        and so are seen and mended, rather than lost with the rest.

        Args:
            body: as a browser sends a form (application/x-www-form-urlencoded).
            bounds: those of the form.

        Raises:
            Malformed: what no browser sends: dozens of fields, a field twice, or no token.
        """
        try:
            pairs = parse_qsl(
                body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise Malformed("not a form") from None  # the cause would hold what was typed
        sent = MultiDict(pairs)
        fields = {}
        for name in bounds.longest:
            values = sent.getlist(name)
            if len(values) > 1:
                raise Malformed(f"{name} is there twice")
            fields[name] = normalized("".join(values)).strip()
        token = sent.get("token", "")
        if not is_form_token(token):
            raise Malformed("no token")
        return cls(
            token,
            sent.get("csrf_token", ""),
            fields,
            sure=bool(sent.get("sure")),
            trapped=bool(sent.get(_TRAP)),
        )


@dataclass(frozen=True)
class Submission:
    """What was sent, without CPR numbers.

    Attributes:
        token: the form's own; see `new_form_token`.
        csrf_token: the session's.
        fields: what was typed and chosen, by question; nothing else that was sent.
        cpr_in: what was taken out, by the fields in which CPR numbers were found.
        cut: the fields of which only the beginning is there, since they were far too long.
        sure: whether the form had asked back already whether all is meant so.
        trapped: whether the field that nobody sees was filled in, as robots do.
        hurried: whether it was filled in faster than people do. Neither refuses anything.
    """

    token: str
    csrf_token: str
    fields: Mapping[str, str]
    cpr_in: Mapping[str, Sequence[cpr.Trace]]
    cut: Sequence[str]
    sure: bool
    trapped: bool
    hurried: bool

    @classmethod
    def searched(cls, posted: Posted, bounds: Bounds, now: datetime) -> "Submission":
        """Take the CPR numbers out, and cut what is far too long.

        Args:
            posted: as it came.
            bounds: those of the form.
            now: the present moment.
        """
        fields, cut = dict(posted.fields), []
        for name, most in bounds.longest.items():
            if len(fields[name]) > _FAR * most:
                cut.append(name)
                fields[name] = fields[name][: _FAR * most]
        kinds = {"phones": bounds.phones, "names": bounds.names}
        fields, cpr_in = cpr.cleaned(fields, **kinds)
        if cut:  # after the search, so that no part of a number stays at the end
            fields |= {name: fields[name][: bounds.longest[name]] for name in cut}
            fields, more = cpr.cleaned(fields, **kinds)
            cpr_in |= {name: cpr_in.get(name, traces) for name, traces in more.items()}
        return cls(
            posted.token,
            posted.csrf_token,
            fields,
            cpr_in=cpr_in,
            cut=tuple(cut),
            sure=posted.sure,
            trapped=posted.trapped,
            hurried=now.timestamp() - int(posted.token[:8], 16) < _FASTEST,
        )

    @property
    def notes(self) -> Sequence[str]:
        """What the team should know of how it was sent, in Danish."""
        signs = {
            "Et felt, som mennesker ikke ser, er fyldt ud.": self.trapped,
            "Formularen er fyldt ud meget hurtigt.": self.hurried,
        }
        return [f"{sign} {_ROBOT}" for sign, seen in signs.items() if seen]

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
