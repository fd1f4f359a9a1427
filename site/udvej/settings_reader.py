"""Settings taken by key, and the files and folders that they name.

What is wrong is gathered, so that all of it can be said at once.
"""

import errno
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from udvej import redis_address, shipped
from udvej.contacts import is_mail_address
from udvej.errors import ConfigError
from udvej.settings import SETTINGS
from udvej.wording import tell

# The characters of an address (RFC 3986).
_WEB = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


def content_folder(environ: Mapping[str, str], folder: Path | None = None) -> Path:
    """The folder with the Danish pages and kommune.toml.

    Args:
        environ: settings.
        folder: of one municipality among several, else None.

    Raises:
        ConfigError: it is not there.
    """
    named, here = environ.get("UDVEJ_CONTENT", ""), Path("content")
    if folder is not None:
        named = str(folder / (named or here))
    if not named and _is_file(here / "kommune.toml"):
        return here.absolute()
    if not (named or shipped.IS_CHECKOUT):
        raise ConfigError(
            tell("UDVEJ_CONTENT mangler: skriv, hvor jeres mappe content/ er; lav en med udvej new")
        )
    content = Path(named).absolute() if named else shipped.CONTENT
    if _is_shut(content) or _is_shut(content / "kommune.toml"):
        raise ConfigError(
            tell(
                "UDVEJ_CONTENT: mappen må ikke læses af den bruger, der kører dette; ret"
                " rettighederne på mappen, kommune.toml og mapperne over dem"
            )
        )
    if not _is_file(content / "kommune.toml"):
        raise ConfigError(
            tell("UDVEJ_CONTENT: der er ingen kommune.toml; skriv, hvor jeres mappe content/ er")
        )
    return content


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long a name: it is something else that was pasted there
        return False


def _is_shut(path: Path) -> bool:
    """Whether it is there, as far as can be told, and this user may not read it."""
    try:
        (os.scandir(path) if path.is_dir() else path.open("rb")).close()
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM)
    except ValueError:  # no path at all: it holds a null character, which is said otherwise
        return False
    return False


def _holds_certificates(path: Path) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Reader:
    """Takes settings by key and gathers what is wrong with them.

    Attributes:
        given: what there is to take.
        problems: what is wrong.
        folder: what relative paths are resolved against; None for the working directory.
    """

    given: Mapping[str, str]
    problems: list[str]
    folder: Path | None = None

    def required(self, key: str) -> str:
        """A value that must be given."""
        if key not in self.given:
            self.problems.append(f"{key}: missing; {SETTINGS[key].advice}")
        return self.given.get(key, "")

    def choice(self, key: str, *choices: str) -> str:
        """One of several words, or the default."""
        value = self.given.get(key, SETTINGS[key].default)
        if value not in choices:
            self.problems.append(f"{key}: give {' or '.join(choices)}")
        return value

    def port(self, key: str, default: int) -> int:
        """A port, 1 to 65535."""
        value = self.given.get(key, str(default))
        if not (re.fullmatch(r"[0-9]{1,5}", value) and 0 < int(value) < 2**16):
            self.problems.append(f"{key}: not a port; give a number from 1 to 65535")
            return default
        return int(value)

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number within bounds, or the default."""
        value = self.given.get(key, SETTINGS[key].default)
        if not (re.fullmatch(r"[0-9]{1,2}", value) and least <= int(value) <= most):
            self.problems.append(f"{key}: give a number from {least} to {most}")
            return least
        return int(value)

    def database(self, key: str) -> str | None:
        """The URL of a PostgreSQL database; None where none is given."""
        value = self.given.get(key)
        if value:
            # What it needs takes a third of a second to import, which most do not use.
            from udvej.postgresql import url  # noqa: PLC0415

            try:
                url.checked(value)
            except ConfigError as error:
                self.problems.append(str(error))
        return value

    def contact(self, key: str) -> str:
        """A `mailto:` or `https:` address, or ""."""
        value = self.given.get(key, "")
        if not value or _WEB.fullmatch(value):
            return value
        if is_mail_address(value, ascii_only=True):
            return f"mailto:{value}"
        self.problems.append(f"{key}: give a mail address, or one that begins with https://")
        return ""

    def file(self, key: str) -> Path | None:
        """A file that is there; None where none is given."""
        if key not in self.given:
            return None
        path = (self.folder or Path()) / self.given[key]
        if _is_shut(path):
            self.problems.append(
                f"{key}: this user may not read the file; mend its rights, or those of the folders"
                " above it"
            )
        elif not _is_file(path):
            self.problems.append(f"{key}: there is no such file")
        return path

    def authorities(self, key: str) -> Path | None:
        """A PEM file of certificates; None where none is given."""
        path = self.file(key)
        if path and _is_file(path) and not _is_shut(path) and not _holds_certificates(path):
            self.problems.append(f"{key}: no certificate could be read; it must be PEM")
        return path

    def limits(self, key: str) -> str | None:
        """The address of a Redis or Valkey server; None where none is given."""
        value = self.given.get(key)
        if value and (mistake := redis_address.mistake_in(value)):
            self.problems.append(f"{key}: {mistake}")
        return value

    def content(self) -> Path:
        """The content folder; see `content_folder`."""
        try:
            return content_folder(self.given, self.folder)
        except ConfigError as error:
            self.problems.append(str(error))
            return Path()

    def mail_addresses(self, key: str) -> Sequence[str]:
        """Mail addresses with commas between them; none where none is given."""
        addresses = [part.strip() for part in self.given.get(key, "").split(",") if part.strip()]
        if not all(is_mail_address(one, ascii_only=True, internal=True) for one in addresses):
            self.problems.append(f"{key}: not a mail address, or several with commas between them")
        return addresses

    def mail_address(self, key: str) -> str | None:
        """A mail address; None where none is given."""
        value = self.given.get(key)
        if value is not None and not is_mail_address(value, ascii_only=True, internal=True):
            self.problems.append(f"{key}: not a mail address")
        return value
