"""What `UDVEJ_DATABASE` may say: where PostgreSQL is, so that nobody else reads what is sent."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from udvej.errors import ConfigError

_DRIVER: Final = "postgresql+psycopg"
_HOST: Final = re.compile(r"/[A-Za-z0-9_./-]+|[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")
# libpq's names of parameters
# (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
_MAY_BE: Final = (
    "host",
    "port",
    "target_session_attrs",
    "connect_timeout",
    "passfile",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "channel_binding",
)


def checked(text: str) -> URL:
    """The URL of a PostgreSQL database.

    A message never repeats a part of it: what is not escaped as it should be may be any part of
    the password.

    Args:
        text: such as `postgresql+psycopg://udvej:PASSWORD@db.example/udvej?sslmode=verify-full`,
            or with `host=` after the question mark: a folder with a socket, or several hosts.

    Raises:
        ConfigError: it is no such URL, or others could read or change what is sent there.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError(_ADVICE) from None
    if url.drivername != _DRIVER or not url.database:
        raise ConfigError(_ADVICE)
    if not set(url.query) <= {*_MAY_BE}:
        raise ConfigError(
            f"UDVEJ_DATABASE: after the ? may be: {', '.join(_MAY_BE)}; and in a password ? and"
            " other such characters are written %3F"
        )
    hosts = [*_hosts(url)]
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ConfigError(
            "UDVEJ_DATABASE: that is no host name; in a password @ is written %40, / %2F and : %3A"
        )
    if not hosts:
        raise ConfigError(
            "UDVEJ_DATABASE: name the host, or the folder of the socket:"
            " ?host=/run/postgresql at the end"
        )
    if not all(map(_is_here, hosts)) and url.query.get("sslmode") != "verify-full":
        raise ConfigError(
            "UDVEJ_DATABASE: another machine is asked over verified TLS only; add"
            " ?sslmode=verify-full, and sslrootcert=FILE with the authority of its certificate"
        )
    return url


_ADVICE: Final = f"UDVEJ_DATABASE: give {_DRIVER}://USER:PASSWORD@HOST/DATABASE"


def _hosts(url: URL) -> Iterator[str]:
    if url.host:
        yield url.host
    given = url.query.get("host", ())
    for part in [given] if isinstance(given, str) else given:
        for host in part.split(","):
            name, colon, port = host.rpartition(":")
            yield name if colon and port.isdecimal() and ":" not in name else host


def _is_here(host: str) -> bool:
    """Whether it is this machine: a socket's folder, or a loopback address."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
