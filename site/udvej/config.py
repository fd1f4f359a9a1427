"""Settings: read once from the environment, checked, frozen."""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, cast

from udvej.errors import ConfigError

_CHECKOUT = Path(__file__).parents[2]
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SHORTEST_SECRET = 32
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_ORIGIN = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")

# What may be given without leaving the demonstration.
_DEMONSTRATION = ("UDVEJ_STATE", "UDVEJ_HOST", "UDVEJ_PORT")

SETTINGS: Mapping[str, str] = {
    "UDVEJ_STATE": "folder for the database and what the site makes itself (./state)",
    "UDVEJ_HOST": "address to listen on (127.0.0.1)",
    "UDVEJ_PORT": "port to listen on (8000)",
    "UDVEJ_CONTENT": "folder with the Danish pages and kommune.toml (the checkout's content/)",
    "UDVEJ_TRANSLATIONS": "folder with the other languages (the checkout's translations/)",
    "UDVEJ_PUBLIC_ADDRESS": "the address people use, such as https://example.dk",
    "UDVEJ_SECRET_KEY": "signs the form's cookie: 32 random characters or more",
    "UDVEJ_TEAM_CERTIFICATE": "PEM file with the certificates that may open referrals",
    "UDVEJ_SEALING": "smime or transport (smime); transport only where the team cannot open S/MIME",
    "UDVEJ_SERVER_KEY": "PEM file with the server's own key, for transport",
    "UDVEJ_MAIL_SERVER": "host name of the mail server that takes the referrals",
    "UDVEJ_MAIL_PORT": "its port (587, or 465 when UDVEJ_MAIL_TLS is tls)",
    "UDVEJ_MAIL_TLS": "starttls or tls (starttls); there is no setting without",
    "UDVEJ_MAIL_CA": "PEM file with the authority that signed its certificate (the system's)",
    "UDVEJ_MAIL_USER": "user name there, if it wants one",
    "UDVEJ_MAIL_PASSWORD": "password there, if it wants one",
    "UDVEJ_MAIL_TO": "who receives the referrals (team.mail of kommune.toml)",
    "UDVEJ_MAIL_FROM": "sender of the mails (the same as UDVEJ_MAIL_TO)",
    "UDVEJ_PROXIES": "how many web servers stand in front and name the client (0)",
}

_REQUIRED: Mapping[str, str] = {
    "UDVEJ_PUBLIC_ADDRESS": "the address people use, such as https://example.dk",
    "UDVEJ_SECRET_KEY": "make one: python3 -c 'import secrets; print(secrets.token_hex(32))'",
    "UDVEJ_TEAM_CERTIFICATE": "make one: udvej keys FOLDER",
    "UDVEJ_SERVER_KEY": "make one: udvej keys FOLDER --server",
    "UDVEJ_MAIL_SERVER": "host name of the mail server, ask your mail administrator",
}


class Scheme(StrEnum):
    """For whom referrals are sealed."""

    SMIME = "smime"  # for the team: nobody else can open them
    TRANSPORT = "transport"  # for the server: at rest only; opened to be mailed inside TLS


@dataclass(frozen=True)
class MailServer:
    """The mail server that takes sealed referrals, always over verified TLS."""

    host: str
    port: int
    tls: Literal["starttls", "tls"]
    ca: Path | None
    user: str | None
    password: str | None = field(repr=False)
    recipient: str | None
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
    """

    public_address: str
    secret_key: str = field(repr=False)
    sealing: Scheme
    seal_for: Path
    proxies: int
    mail: MailServer


@dataclass(frozen=True)
class Config:
    """Every setting of one process. `live` is None in a demonstration on this machine."""

    state: Path
    content: Path
    host: str
    port: int
    live: Live | None
    translations: Path = _CHECKOUT / "translations"

    @property
    def address(self) -> str:
        """The address people use, without a slash at the end."""
        return self.live.public_address if self.live else f"http://{self.host}:{self.port}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read the `UDVEJ_…` settings.

        Args:
            environ: names and values, as `os.environ`; an empty value counts as not given.

        Returns:
            A demonstration when nothing but state folder, host and port is given, else live.

        Raises:
            ConfigError: every missing, unknown or wrong setting, each by its key.
        """
        ours = {key: value for key, value in environ.items() if key.startswith("UDVEJ_")}
        given = {key: value for key, value in ours.items() if value}
        problems = [
            f"{key}: no such setting; see `udvej --help`" for key in ours if key not in SETTINGS
        ]
        problems += [
            f"{key}: holds a line break or another character that does not print"
            for key, value in given.items()
            if not value.isprintable()
        ]
        reader = _Reader(given, problems)
        demonstration = all(key in _DEMONSTRATION for key in ours)
        host = given.get("UDVEJ_HOST", "127.0.0.1")
        port = reader.port("UDVEJ_PORT", 8000)
        content = translations = Path()
        try:
            content = content_folder(given)
            translations = translations_folder(given)
        except ConfigError as error:
            problems.append(str(error))
        live = None
        if demonstration:
            if host not in _LOOPBACK:
                problems.append(
                    "UDVEJ_HOST: a demonstration listens on this machine only (127.0.0.1); "
                    "for the real site give the settings that `udvej --help` names"
                )
        else:
            live = _live(reader)
        if problems:
            raise ConfigError("\n".join(problems))
        state = Path(given.get("UDVEJ_STATE", "state")).absolute()
        return cls(state, content, host, port, live, translations)


def content_folder(environ: Mapping[str, str]) -> Path:
    """The folder with the Danish pages and kommune.toml.

    Raises:
        ConfigError: it is not there.
    """
    content = Path(environ.get("UDVEJ_CONTENT") or _CHECKOUT / "content")
    if not _is_file(content / "kommune.toml"):
        raise ConfigError("UDVEJ_CONTENT: no kommune.toml is there; name the content/ folder")
    return content


def translations_folder(environ: Mapping[str, str]) -> Path:
    """The folder with the catalogues of the other languages.

    Raises:
        ConfigError: it is not there.
    """
    translations = Path(environ.get("UDVEJ_TRANSLATIONS") or _CHECKOUT / "translations")
    if not _is(Path.is_dir, translations):
        raise ConfigError("UDVEJ_TRANSLATIONS: there is no such folder; name translations/")
    return translations


def _is_file(path: Path) -> bool:
    return _is(Path.is_file, path)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    try:
        return kind(path)
    except OSError:  # too long a name: it is something else that was pasted there
        return False


def _holds_certificates(path: Path) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class _Reader:
    """Takes settings by key and gathers what is wrong with them."""

    given: Mapping[str, str]
    problems: list[str]

    def required(self, key: str) -> str:
        if key not in self.given:
            self.problems.append(f"{key}: missing; {_REQUIRED[key]}")
        return self.given.get(key, "")

    def port(self, key: str, default: int) -> int:
        value = self.given.get(key, str(default))
        if not (re.fullmatch(r"[0-9]{1,5}", value) and 0 < int(value) < 2**16):
            self.problems.append(f"{key}: not a port; give a number from 1 to 65535")
            return default
        return int(value)

    def file(self, key: str) -> Path | None:
        if key not in self.given:
            return None
        path = Path(self.given[key])
        if not _is_file(path):
            self.problems.append(f"{key}: there is no such file")
        return path

    def address(self, key: str) -> str | None:
        value = self.given.get(key)
        if value is not None and not _is_mail_address(value):
            self.problems.append(f"{key}: not a mail address")
        return value


def _is_mail_address(value: str) -> bool:
    local, at, domain = value.partition("@")
    plain = value.isascii() and value.isprintable() and not set(value) & set(' <>,;:"\\')
    return plain and bool(local and at and domain) and "@" not in domain


def _live(reader: _Reader) -> Live:
    public_address = reader.required("UDVEJ_PUBLIC_ADDRESS").rstrip("/")
    if public_address and not _ORIGIN.fullmatch(public_address):
        reader.problems.append(
            "UDVEJ_PUBLIC_ADDRESS: give https:// and the host name, without a path"
        )
    secret_key = reader.required("UDVEJ_SECRET_KEY")
    if secret_key and len(secret_key) < _SHORTEST_SECRET:
        reader.problems.append(f"UDVEJ_SECRET_KEY: too short; {_REQUIRED['UDVEJ_SECRET_KEY']}")
    sealing, seal_for = _sealing(reader)
    proxies = reader.given.get("UDVEJ_PROXIES", "0")
    if not re.fullmatch(r"[0-9]", proxies):
        reader.problems.append("UDVEJ_PROXIES: give a number from 0 to 9")
        proxies = "0"
    return Live(
        public_address=public_address,
        secret_key=secret_key,
        sealing=sealing,
        seal_for=seal_for,
        proxies=int(proxies),
        mail=_mail(reader),
    )


def _sealing(reader: _Reader) -> tuple[Scheme, Path]:
    sealing = Scheme.SMIME
    try:
        sealing = Scheme(reader.given.get("UDVEJ_SEALING", sealing))
    except ValueError:
        reader.problems.append("UDVEJ_SEALING: give smime or transport")
    key, other = "UDVEJ_TEAM_CERTIFICATE", "UDVEJ_SERVER_KEY"
    if sealing is Scheme.TRANSPORT:
        key, other = other, key
    reader.required(key)
    seal_for = reader.file(key) or Path()
    if other in reader.given:
        reader.problems.append(f"{other}: has no use with this UDVEJ_SEALING; leave it out")
    return sealing, seal_for


def _mail(reader: _Reader) -> MailServer:
    tls = reader.given.get("UDVEJ_MAIL_TLS", "starttls")
    if tls not in ("starttls", "tls"):
        reader.problems.append("UDVEJ_MAIL_TLS: give starttls or tls")
    user, password = (reader.given.get(f"UDVEJ_MAIL_{part}") for part in ("USER", "PASSWORD"))
    if (user is None) != (password is None):
        reader.problems.append("UDVEJ_MAIL_USER and UDVEJ_MAIL_PASSWORD: give both or neither")
    host = reader.required("UDVEJ_MAIL_SERVER")
    if host and not _HOST.fullmatch(host):
        reader.problems.append("UDVEJ_MAIL_SERVER: give the host name alone")
    ca = reader.file("UDVEJ_MAIL_CA")
    if ca and _is_file(ca) and not _holds_certificates(ca):
        reader.problems.append("UDVEJ_MAIL_CA: no certificate could be read; it must be PEM")
    return MailServer(
        host=host,
        port=reader.port("UDVEJ_MAIL_PORT", 465 if tls == "tls" else 587),
        tls=cast("Literal['starttls', 'tls']", tls),
        ca=ca,
        user=user,
        password=password,
        recipient=reader.address("UDVEJ_MAIL_TO"),
        sender=reader.address("UDVEJ_MAIL_FROM"),
    )
