"""`udvej keys`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

from udvej.codes import random_code
from udvej.commands.naming import ForOneMunicipality
from udvej.contacts import is_mail_address
from udvej.content.kommune_toml import FACTS_FILE, load_facts
from udvej.errors import ConfigError
from udvej.installation import content_of
from udvej.outbox.keys import TeamKey

_OWNER_ONLY: Final = 0o600
# Of a passphrase: without characters that are read as another, and no longer than 31 characters
# in all, since gpgsm 2.2 takes none that is.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 5, 5


class _File(NamedTuple):
    content: bytes
    use: str


@click.command("keys", cls=ForOneMunicipality)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--server", is_flag=True, help="make the server's own key, for UDVEJ_SEALING=transport"
)
@click.option(
    "--older",
    is_flag=True,
    help="lock the .p12 by 3DES and SHA-1, for gpgsm 2.2, mutt's smime_keys and older macOS",
)
@click.option("--mail", help="the mail address it is for (the first that kommune.toml sends to)")
def command(folder: Path, mail: str | None, *, server: bool, older: bool, name: str = "") -> None:
    """Make the team's certificate and the key for its mail program.

    FOLDER is where to put the two files.
    """
    facts = load_facts(content_of(os.environ, name) / FACTS_FILE)
    mail = mail or facts.recipients[0]
    if not is_mail_address(mail, ascii_only=True):
        raise ConfigError("--mail: not a mail address")
    key = TeamKey.make(mail, site=facts["udseende"]["navn"], team=facts["team"]["navn"])
    files = _server_files(key) if server else _team_files(key, older=older)
    _write(folder, files)
    for made, file in files.items():
        click.echo(f"{folder / made}\n    {file.use}")


def _team_files(key: TeamKey, *, older: bool) -> Mapping[str, _File]:
    passphrase = new_passphrase()
    return {
        "team-certificate.pem": _File(
            key.certificate_pem(), f"for the server: UDVEJ_TEAM_CERTIFICATE; {_until(key)}"
        ),
        "team.p12": _File(
            key.pkcs12(passphrase, older=older),
            "for the team's mail program; take it there by hand, then delete it here\n"
            f"    its passphrase, shown only now: {passphrase}",
        ),
    }


def new_passphrase() -> str:
    """A random passphrase that can be read aloud, such as "7kd4p-rm9wx-…"; 123 bits."""
    return random_code(_GROUPS, _GROUP, _ALPHABET)


def _server_files(key: TeamKey) -> Mapping[str, _File]:
    return {"server-key.pem": _File(key.private_pem(), f"for UDVEJ_SERVER_KEY; {_until(key)}")}


def _until(key: TeamKey) -> str:
    return f"valid until {key.certificate.not_valid_after_utc:%Y-%m-%d}"


def _write(folder: Path, files: Mapping[str, _File]) -> None:
    """Write all files, or none if one exists: mails to an overwritten key could not be opened."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = any((folder / name).exists() for name in files)
        for name, file in files.items() if not held else ():
            path = folder / name
            path.touch(_OWNER_ONLY)
            path.write_bytes(file.content)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror})") from error
    if held:
        raise ConfigError(f"{folder} holds a key already; name an empty folder")
