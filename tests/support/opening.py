"""The team's side: open what was sealed, with the OpenSSL command line."""

import subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from support.patience import PATIENCE
from udvej.outbox.keys import TeamKey


def opened(
    sealed: bytes,
    team: TeamKey,
    folder: Path,
    *,
    form: Literal["DER", "SMIME"] = "DER",
    command: Literal["cms", "smime"] = "cms",
) -> EmailMessage:
    """What the team reads.

    Args:
        sealed: the CMS by itself, or the whole mail.
        team: who opens it.
        folder: for the key's files.
        form: DER for CMS by itself, SMIME for the whole mail.
        command: which of OpenSSL's two programs.

    Raises:
        CalledProcessError: this key does not open it.
    """
    key, certificate = folder / "opening-key.pem", folder / "opening-certificate.pem"
    key.write_bytes(team.private_pem())
    certificate.write_bytes(team.certificate_pem())
    inside = subprocess.run(
        ["openssl", command, "-decrypt", "-inform", form, "-recip", certificate, "-inkey", key],
        input=sealed,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    return message_from_bytes(inside.replace(b"\r\n", b"\n"), policy=policy.default)
