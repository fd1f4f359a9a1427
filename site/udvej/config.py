"""Settings: read once from the environment, checked, frozen."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, cast

from udvej.errors import ConfigError
from udvej.settings import SETTINGS, Owner
from udvej.settings_reader import Reader

# Names the folder of several municipalities; without it there is one.
SEVERAL: Final = "UDVEJ_MUNICIPALITIES"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SHORTEST_SECRET = 32
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_ORIGIN = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class MailServer:
    """The mail server that takes sealed referrals, always over verified TLS.

    Attributes:
        recipients: who receives them; none where `kommune.toml` says it.
        sender: whose mails they are; None for the first recipient's.
    """

    host: str
    port: int
    tls: Literal["starttls", "tls"]
    ca: Path | None
    user: str | None
    password: str | None = field(repr=False)
    recipients: Sequence[str]
    sender: str | None


@dataclass(frozen=True)
class Live:
    """What the real site needs and a demonstration must not have.

    Attributes:
        public_address: "https://…", without a slash at the end.
        secret_key: signs the form's cookie.
        sealing: whether only the team can open a referral, or the server can too.
        seal_for: PEM with the team's certificates, or with the server's own key.
        proxies: how many trusted web servers stand in front.
        mail: who takes the referrals.
        confirm_days: for how many days an entered drill code proves that mails can be opened.
        security_contact: a `mailto:` or `https:` address (RFC 9116, 2.5.3), or "".
    """

    public_address: str
    secret_key: str = field(repr=False)
    sealing: Literal["smime", "transport"]
    seal_for: Path
    proxies: int
    mail: MailServer
    confirm_days: int
    security_contact: str


@dataclass(frozen=True)
class Config:
    """Every setting of one municipality's site.

    Attributes:
        state: where its database is, and what it makes itself; no other municipality's.
        content: its pages and `kommune.toml`.
        host: address to listen on.
        port: likewise.
        live: None in a demonstration on this machine.
        name: the municipality's among several in one installation, "" where it is alone.
        limits: the address of the server where hosts count clients together, or None.
        database: the URL of a PostgreSQL database; None where files in the state folder serve.
    """

    state: Path
    content: Path
    host: str
    port: int
    live: Live | None
    database: str | None = field(default=None, repr=False)
    limits: str | None = field(default=None, repr=False)
    name: str = ""

    @property
    def shared_state(self) -> Path:
        """The installation's state folder, which holds those of several municipalities."""
        return self.state.parent if self.name else self.state

    @property
    def schema(self) -> str:
        """What it keeps in a PostgreSQL database is in a schema of its own."""
        return self.name or "udvej"

    @property
    def address(self) -> str:
        """The address people use, without a slash at the end."""
        return self.live.public_address if self.live else f"http://{self.host}:{self.port}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read the `UDVEJ_…` settings of a single municipality.

        Args:
            environ: names and values, as `os.environ`; an empty value counts as not given.

        Returns:
            A demonstration when nothing but folders, host and port is given, else live.

        Raises:
            ConfigError: every missing, unknown or wrong setting, each by its key.
        """
        given, problems = _given(environ)
        if SEVERAL in given:
            problems.append(f"{SEVERAL}: holds several municipalities, of which one is to be named")
        reader = Reader(given, problems)
        host, port = _listening(reader)
        if all(key in SETTINGS and not SETTINGS[key].live for key in _ours(environ)):
            live = None
            if host not in _LOOPBACK:
                problems.append(
                    "UDVEJ_HOST: a demonstration listens on this machine only (127.0.0.1); "
                    "for the real site give the settings that `udvej --help` names"
                )
            content = reader.content()
        else:
            content, live = reader.content(), _live(reader)
        database, limits = reader.database("UDVEJ_DATABASE"), reader.limits("UDVEJ_LIMITS")
        _raise(problems)
        return cls(state_folder(given), content, host, port, live, database, limits)

    @classmethod
    def of_one(
        cls, name: str, folder: Path, own: Mapping[str, str], environ: Mapping[str, str]
    ) -> "Config":
        """Read the settings of one municipality among several, which is live.

        Args:
            name: the municipality's, also of its folder in the state folder.
            folder: the municipality's; its settings' relative paths are resolved against it.
            own: what its `settings` file gives.
            environ: the installation's settings, found good by `check_shared`.

        Raises:
            ConfigError: every missing or wrong setting, a line each that begins with its key.
        """
        shared, problems = _given(environ)
        given = {key: value for key, value in own.items() if value}
        problems += _unprintable(given)
        reader = Reader({**shared, **given}, problems, folder)
        host, port = _listening(reader)
        content, live = reader.content(), _live(reader)
        database, limits = reader.database("UDVEJ_DATABASE"), reader.limits("UDVEJ_LIMITS")
        _raise(problems)
        state = state_folder(shared) / name
        return cls(state, content, host, port, live, database, limits, name)


def check_shared(environ: Mapping[str, str]) -> None:
    """Check the settings that belong to an installation of several municipalities.

    Raises:
        ConfigError: every missing, unknown or wrong setting, and those that are a municipality's.
    """
    given, problems = _given(environ)
    for key in given:
        if key in SETTINGS and SETTINGS[key].owner is Owner.MUNICIPALITY:
            problems.append(f"{key}: is each municipality's own; write it in its settings file")
    reader = Reader(given, problems)
    _listening(reader)
    _proxies(reader)
    _mail(reader)
    reader.database("UDVEJ_DATABASE")
    reader.limits("UDVEJ_LIMITS")
    _raise(problems)


def _ours(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in environ.items() if key.startswith("UDVEJ_")}


def _given(environ: Mapping[str, str]) -> tuple[Mapping[str, str], list[str]]:
    """The settings that have a value, and what is wrong with any at first sight."""
    ours = _ours(environ)
    given = {key: value for key, value in ours.items() if value}
    problems = [
        f"{key}: no such setting; see `udvej --help`" for key in ours if key not in SETTINGS
    ]
    return given, [*problems, *_unprintable(given)]


def _unprintable(given: Mapping[str, str]) -> list[str]:
    return [
        f"{key}: holds a line break or another character that does not print"
        for key, value in given.items()
        if not value.isprintable()
    ]


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError("\n".join(problems))


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where the database and what the site makes itself are, whatever else is wrong."""
    return Path(environ.get("UDVEJ_STATE") or SETTINGS["UDVEJ_STATE"].default).absolute()


def _live(reader: Reader) -> Live:
    public_address = reader.required("UDVEJ_PUBLIC_ADDRESS").rstrip("/")
    if public_address and not _ORIGIN.fullmatch(public_address):
        reader.problems.append(
            "UDVEJ_PUBLIC_ADDRESS: give https:// and the host name, without a path"
        )
    secret_key = reader.required("UDVEJ_SECRET_KEY")
    if secret_key and len(secret_key) < _SHORTEST_SECRET:
        advice = SETTINGS["UDVEJ_SECRET_KEY"].advice
        reader.problems.append(f"UDVEJ_SECRET_KEY: too short; {advice}")
    sealing = reader.choice("UDVEJ_SEALING", "smime", "transport")
    seal_for, server = _seal_for(reader, sealing), _mail(reader)
    return Live(
        public_address=public_address,
        secret_key=secret_key,
        sealing=cast("Literal['smime', 'transport']", sealing),
        seal_for=seal_for,
        proxies=_proxies(reader),
        mail=replace(
            server,
            recipients=reader.mail_addresses("UDVEJ_MAIL_TO"),
            sender=reader.mail_address("UDVEJ_MAIL_FROM"),
        ),
        confirm_days=reader.number("UDVEJ_CONFIRM_DAYS", 1, 90),
        security_contact=reader.contact("UDVEJ_SECURITY_CONTACT"),
    )


def _seal_for(reader: Reader, sealing: str) -> Path:
    key, other = "UDVEJ_TEAM_CERTIFICATE", "UDVEJ_SERVER_KEY"
    if sealing == "transport":
        key, other = other, key
    reader.required(key)
    if other in reader.given:
        reader.problems.append(f"{other}: has no use with this UDVEJ_SEALING; leave it out")
    return reader.file(key) or Path()


def _listening(reader: Reader) -> tuple[str, int]:
    host = reader.given.get("UDVEJ_HOST", SETTINGS["UDVEJ_HOST"].default)
    return host, reader.port("UDVEJ_PORT", int(SETTINGS["UDVEJ_PORT"].default))


def _proxies(reader: Reader) -> int:
    return reader.number("UDVEJ_PROXIES", 0, 9)


def _mail(reader: Reader) -> MailServer:
    """The mail server, shared by all; sender and recipients are each municipality's."""
    tls = reader.choice("UDVEJ_MAIL_TLS", "starttls", "tls")
    user, password = (reader.given.get(f"UDVEJ_MAIL_{part}") for part in ("USER", "PASSWORD"))
    if (user is None) != (password is None):
        reader.problems.append("UDVEJ_MAIL_USER and UDVEJ_MAIL_PASSWORD: give both or neither")
    host = reader.required("UDVEJ_MAIL_SERVER")
    if host and not _HOST.fullmatch(host):
        reader.problems.append("UDVEJ_MAIL_SERVER: give the host name alone")
    ca = reader.authorities("UDVEJ_MAIL_CA")
    return MailServer(
        host=host,
        port=reader.port("UDVEJ_MAIL_PORT", 465 if tls == "tls" else 587),
        tls=cast("Literal['starttls', 'tls']", tls),
        ca=ca,
        user=user,
        password=password,
        recipients=(),
        sender=None,
    )
