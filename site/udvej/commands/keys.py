"""`udvej keys`."""

import os
import secrets
from argparse import Namespace
from typing import Final

from udvej.config import content_folder
from udvej.content.facts import MAIL, load_facts
from udvej.errors import ConfigError
from udvej.outbox.keys import TeamKey

_OWNER_ONLY: Final = 0o600


def run(options: Namespace) -> int:
    """Make a key and its certificate."""
    mail = options.mail or load_facts(content_folder(os.environ) / "kommune.toml")["team"]["mail"]
    if not MAIL.fits(mail):
        raise ConfigError("--mail: not a mail address")
    key, passphrase = TeamKey.make(mail), "-".join(secrets.token_hex(3) for _ in range(5))
    until = f"valid until {key.certificate.not_valid_after_utc:%Y-%m-%d}"
    if options.server:
        files = {"server-key.pem": (key.private_pem(), f"for UDVEJ_SERVER_KEY; {until}")}
    else:
        files = {
            "team-certificate.pem": (
                key.certificate_pem(),
                f"for the server: UDVEJ_TEAM_CERTIFICATE; {until}",
            ),
            "team.p12": (
                key.pkcs12(passphrase),
                f"""for the team's mail program; take it there by hand, then delete it here
    its passphrase, shown only now: {passphrase}""",
            ),
        }
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        held = any((options.folder / name).exists() for name in files)
        for name, (content, _) in files.items() if not held else ():
            path = options.folder / name
            path.touch(_OWNER_ONLY)
            path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{options.folder} cannot be written ({error.strerror})") from error
    if held:
        raise ConfigError(f"{options.folder} holds a key already; name an empty folder")
    for name, (_, use) in files.items():
        print(f"{options.folder / name}\n    {use}")
    return 0
