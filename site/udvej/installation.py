"""One installation and the municipalities it serves: one, or a folder of several."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from udvej.config import SEVERAL, Config, check_shared, state_folder
from udvej.errors import ConfigError
from udvej.own_settings import OwnSettings
from udvej.settings_reader import content_folder

_ADDRESS: Final = "UDVEJ_PUBLIC_ADDRESS"
# A folder of the state folder too, and a schema of a database: 63 characters at most.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class KeptOut:
    """A municipality that cannot be served as its settings are.

    Attributes:
        error: what is wrong, a line each, with the file and its line.
        host: the host name it is asked by, or "" where that is not known.
    """

    error: ConfigError
    host: str = ""


@dataclass(frozen=True)
class Installation:
    """What one set of processes serves.

    Attributes:
        state: its state folder, in which each of several has one of its own.
        host: address to listen on.
        port: likewise.
        configs: each municipality's settings, by its name; by "" where it is alone.
        kept_out: the others, by name.
        is_many: whether it is made to hold several.
    """

    state: Path
    host: str
    port: int
    configs: Mapping[str, Config]
    kept_out: Mapping[str, KeptOut] = field(default_factory=dict)
    is_many: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Installation":
        """Read the `UDVEJ_…` settings, and the `settings` file of each of several.

        Args:
            environ: names and values, as `os.environ`.

        Raises:
            ConfigError: what belongs to the installation is wrong, or there is no municipality; or
                a setting of the one that is alone is.
        """
        if not environ.get(SEVERAL):
            return cls.of(Config.from_environ(environ))
        check_shared(environ)
        configs: dict[str, Config] = {}
        kept_out: dict[str, KeptOut] = {}
        owns: dict[str, OwnSettings] = {}
        for name, folder in _folders(environ):
            own = owns[name] = OwnSettings.read(folder)
            try:
                configs[name] = _config(name, folder, own, environ)
            except ConfigError as error:
                kept_out[name] = KeptOut(error, host_of(own.values.get(_ADDRESS, "")))
        for name, problems in _collisions(configs).items():
            problem = "\n".join(owns[name].located(problems))
            kept_out[name] = KeptOut(ConfigError(problem), host_of(configs.pop(name).address))
        if not configs and not kept_out:
            raise ConfigError(f"{SEVERAL}: holds no municipality; make one: udvej new FOLDER")
        one = next(iter(configs.values()), None)
        state = state_folder(environ)
        host, port = (one.host, one.port) if one else ("", 0)
        return cls(state, host, port, configs, kept_out, is_many=True)

    @classmethod
    def of(cls, config: Config) -> "Installation":
        """The installation of a single municipality."""
        return cls(config.state, config.host, config.port, {config.name: config})

    @property
    def names(self) -> Sequence[str]:
        """All of them, in order."""
        return sorted([*self.configs, *self.kept_out])

    def only(self, name: str) -> "Installation":
        """The installation with one municipality alone."""
        configs = {one: config for one, config in self.configs.items() if one == name}
        kept_out = {one: error for one, error in self.kept_out.items() if one == name}
        return replace(self, configs=configs, kept_out=kept_out)

    def state_of(self, name: str) -> Path:
        """The state folder of one, whatever else is wrong with its settings."""
        return self.state / name if self.is_many else self.state

    def host_of(self, name: str) -> str:
        """The host name that one is asked by, or "" where that is not known."""
        if name in self.kept_out:
            return self.kept_out[name].host
        return host_of(self.configs[name].address)

    def one(self, name: str) -> Config:
        """The settings of one.

        Args:
            name: one of `names`.

        Raises:
            ConfigError: they are wrong, or nobody has that name.
        """
        if name in self.kept_out:
            raise self.kept_out[name].error
        if name not in self.configs:
            raise ConfigError(f"no municipality has that name; there are {', '.join(self.names)}")
        return self.configs[name]


def names_in(environ: Mapping[str, str]) -> Sequence[str]:
    """The names of several municipalities, whatever their settings; none where one is alone.

    Raises:
        ConfigError: the folder is not there.
    """
    return [name for name, _ in _folders(environ)] if environ.get(SEVERAL) else []


def content_of(environ: Mapping[str, str], name: str) -> Path:
    """The content folder of one municipality, whatever else is wrong with its settings.

    Args:
        environ: names and values, as `os.environ`.
        name: one of `names_in`, or "" where it is alone.

    Raises:
        ConfigError: it is not there.
    """
    if not name:
        return content_folder(environ)
    folder = Path(environ[SEVERAL]).absolute() / name
    return content_folder(OwnSettings.read(folder).values, folder)


def host_of(address: str) -> str:
    """The host name in a public address as requests are compared by it, or ""."""
    try:
        return plain_host(urlsplit(address).netloc)
    except ValueError:
        return ""


def plain_host(host: str) -> str:
    """A host name without its port, in small letters, without the root's dot (RFC 9110, 4.2.3)."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host.removesuffix(":")).lower().removesuffix(".")


def _folders(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Each municipality's folder and its name; what is hidden, and plain files, are none.

    Raises:
        ConfigError: there is no such folder.
    """
    folder = Path(environ[SEVERAL]).absolute()
    try:
        found = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise ConfigError(f"{SEVERAL}: cannot be read ({error.strerror})") from error
    yield from ((path.name, path) for path in found if not path.name.startswith("."))


def _config(name: str, folder: Path, own: OwnSettings, environ: Mapping[str, str]) -> Config:
    """Raises ConfigError, with all that is wrong, where anything is."""
    problems = [*own.problems]
    if not _NAME.fullmatch(name):
        problems.append(
            f"{folder}: call the folder by small letters, digits and dashes, 63 at most"
        )
    try:
        config = Config.of_one(name, folder, own.values, environ)
    except ConfigError as error:
        if own.lines or not problems:  # else each setting is missing, since the file is
            problems += own.located(str(error).splitlines())
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def _collisions(configs: Mapping[str, Config]) -> Mapping[str, Sequence[str]]:
    """What is wrong with municipalities that share a value which must be unique, by name.

    Otherwise nobody could tell whose a request or referral is. The one that already has a state
    folder stays; if none or several have, all are kept out, whatever their alphabetical order.
    """
    problems: dict[str, list[str]] = defaultdict(list)
    holders: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name, config in configs.items():
        for key, text, value in _unique_values(config):
            holders[text, value][name] = key
    for (text, _), keys in holders.items():
        before = [name for name in keys if configs[name].state.is_dir()]
        for name, key in keys.items() if len(keys) > 1 else ():
            others = ", ".join(other for other in keys if other != name)
            problem = f"{key}: {text.format(others)}"
            if before != [name] and problem not in problems[name]:
                problems[name].append(problem)
    return {name: found for name, found in problems.items() if found}


def _unique_values(config: Config) -> Iterator[tuple[str, str, str]]:
    """Setting, what is wrong where another has the same value, and the value to compare."""
    yield _ADDRESS, "has the host name of {}", host_of(config.address)
    yield "UDVEJ_CONTENT", "is the folder of {}", str(config.content.resolve())
    if config.live:
        yield "UDVEJ_SECRET_KEY", "is that of {}; each makes its own", config.live.secret_key
        sealed_for = "SERVER_KEY" if config.live.sealing == "transport" else "TEAM_CERTIFICATE"
        for key in _public_keys(config.live.seal_for):
            yield f"UDVEJ_{sealed_for}", "has the key of {}; each makes its own", key


def _public_keys(path: Path) -> Iterator[str]:
    """The keys that referrals are sealed for; what is wrong with the file is said at a start."""
    # Most commands of a single municipality need none of it.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return
    for one in certificates:
        key = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield sha256(key).hexdigest()


def command_line(command: str, name: str, rest: str = "") -> str:
    """A command as it is typed for one municipality.

    Args:
        command: such as "drill".
        name: the municipality's, "" where it is alone.
        rest: what follows.
    """
    return " ".join(filter(None, ("udvej", command, name, rest)))
