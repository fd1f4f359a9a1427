"""The address of a Redis or Valkey server, looked at before anything is sent there."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

_FORMS: Final = (
    "give rediss://USER:PASSWORD@HOST:PORT, redis:// with a server on this machine, or"
    " unix:///PATH of its socket"
)
_HERE: Final = ("127.0.0.1", "::1", "localhost")
_DATABASE: Final = re.compile(r"/?[0-9]{0,3}")
# All others of the library's options could take away what makes the connection safe.
_OPTIONS: Final[Mapping[str, AbstractSet[str]]] = {
    "redis": frozenset(),
    "rediss": frozenset(("ssl_ca_certs",)),
    "unix": frozenset(("db",)),
}


def mistake_in(address: str) -> str:
    """What is wrong with an address and what to do about it, or "".

    Args:
        address: as `redis.from_url` reads it; never quoted, since it holds a password.
    """
    try:
        parts = urlsplit(address)
        _ = parts.port
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        return _FORMS
    if not _is_of_a_form(parts):
        return _FORMS
    if options.keys() - _OPTIONS[parts.scheme]:
        allowed = " and ".join(_OPTIONS[parts.scheme]) or "nothing"
        return f"after the ? {parts.scheme}:// may have {allowed}"
    if parts.scheme == "redis" and parts.hostname not in _HERE:
        return "redis:// is not encrypted, so it may lead to this machine only; give rediss://"
    if not all(map(_is_file, options.get("ssl_ca_certs", []))):
        return "ssl_ca_certs names no file that is there and that this user may read"
    return ""


def _is_of_a_form(parts: SplitResult) -> bool:
    if parts.scheme == "unix":
        good = parts.path.startswith("/") and not parts.hostname
    else:
        good = bool(parts.hostname and _DATABASE.fullmatch(parts.path))
    return good and parts.scheme in _OPTIONS and not parts.fragment


def _is_file(name: str) -> bool:
    try:
        Path(name).open("rb").close()
    except OSError:  # not there, shut, a folder, or too long a name
        return False
    return True
