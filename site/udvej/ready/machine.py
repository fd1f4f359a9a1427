"""Questions about the machine: what it keeps, where, and what it must not have."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from udvej.config import Live
from udvej.health import Answer, Level, together
from udvej.outbox.recipients import holds_private_key
from udvej.outbox.scheme import Scheme
from udvej.services import Services
from udvej.settings import SETTINGS

# Distinct characters: a random secret has more, a typed or repeated one fewer.
_FEWEST_CHARACTERS: Final = 10
_OTHERS: Final = 0o077
_VOLATILE: Final = frozenset(("tmpfs", "ramfs"))
# SQLite's locks, and its promise that a commit is on the disk, do not hold there.
_NETWORKED: Final = re.compile(r"nfs4?|cifs|smb3?|smbfs|9p|afs|ceph|lustre|gfs2?|ocfs2|fuse\..*")
_LAYERED: Final = frozenset(("overlay", "aufs"))
_MOUNTS: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
# What site/deploy/systemd/telling@.service reads.
TELLING: Final = Path("/etc/udvej/telling")
_NAMED_TO_TELL: Final = re.compile(r"^TELL_(?:WEBHOOK|MAIL_TO)=\S", re.MULTILINE)
_PKCS12_SUFFIXES: Final = frozenset((".p12", ".pfx"))


def settings(services: Services) -> Answer:
    """Whether they are complete, and the secret is strong; that they are right, a start says."""
    live = services.config.live
    if live is None:
        return Answer(
            Level.FAILURE,
            "this is a demonstration: nobody receives what is sent",
            "give the settings that `udvej --help` names",
        )
    if len({*live.secret_key}) < _FEWEST_CHARACTERS:
        return Answer(
            Level.FAILURE,
            "UDVEJ_SECRET_KEY is not random",
            SETTINGS["UDVEJ_SECRET_KEY"].advice,
        )
    return Answer(Level.OK, f"complete, for {live.public_address}")


def state(services: Services) -> Answer:
    """Whether the state folder is this user's alone, can be written, and outlasts the power."""
    folder = services.config.state
    if not folder.is_dir():
        return Answer(Level.FAILURE, "UDVEJ_STATE: there is no such folder", "start the site")
    return together(_wrong_with(folder), f"{folder} is safe, writable and on a disk")


def _wrong_with(folder: Path) -> Iterator[Answer]:
    seen = folder.stat()
    if seen.st_uid != os.geteuid():
        yield Answer(
            Level.FAILURE, "UDVEJ_STATE is another user's", "ask as the user that the site runs as"
        )
    if seen.st_mode & _OTHERS:
        yield Answer(Level.FAILURE, "UDVEJ_STATE: others may look into it", "chmod 700 it")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield Answer(Level.FAILURE, f"UDVEJ_STATE cannot be written ({error.strerror})")
    kind = file_system(folder, _MOUNTS.read_text("utf-8"))
    if kind in _VOLATILE:
        yield Answer(Level.FAILURE, f"UDVEJ_STATE is in memory ({kind})", "move it to a disk")
    if _NETWORKED.fullmatch(kind):
        yield Answer(
            Level.FAILURE, f"UDVEJ_STATE is on the network ({kind})", "move it to a disk here"
        )
    if kind in _LAYERED:
        yield Answer(
            Level.WARNING, f"UDVEJ_STATE is inside a container ({kind})", "put it on a volume"
        )


def file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder is on.

    Args:
        folder: is there.
        mounts: what proc_pid_mountinfo(5) describes; the last of those that fit is on top.

    Returns:
        Such as "ext4", or "" where it cannot be told.
    """
    place, found, depth = folder.resolve(), "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda sign: chr(int(sign[1], 8)), before.split()[4]))
        if place.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = after.split()[0], len(point.parts)
    return found


def telling(services: Services) -> Answer:
    """Whether failures of services are reported to somebody; only root may read to whom."""
    del services
    try:
        named = bool(_NAMED_TO_TELL.search(TELLING.read_text("utf-8")))
    except PermissionError:
        named = True
    except (OSError, UnicodeError):
        named = False
    if not named:
        return Answer(
            Level.WARNING,
            f"{TELLING} names nobody to tell when a service fails",
            "see site/deploy/README.md, 6, unless you are told in another way",
        )
    return Answer(Level.OK, f"{TELLING} is there; try it: systemctl start telling@a-trial")


def disk(services: Services) -> Answer:
    """Whether there is room."""
    return together(services.health.disk(), "there is room")


def limits(services: Services) -> Answer:
    """Whether what clients send is counted as it is to be."""
    shared = "by all hosts together" if services.config.limits else "by each process"
    return together(services.health.limits(), f"counted {shared}")


def private_keys(services: Services) -> Answer:
    """Whether no private key that opens referrals lies next to certificate, state or content."""
    live = services.config.live
    if live is None or Scheme(live.sealing) is Scheme.TRANSPORT:
        return Answer(
            Level.WARNING,
            "UDVEJ_SEALING=transport: this server's own key opens what waits",
            "keep it away from the state folder's backups, see SECURITY.md",
        )
    wrong = (
        Answer(
            Level.FAILURE,
            f"{path} may open referrals",
            "take it away: the team's private key must never be on this server",
        )
        for path in sorted(_openers(services, live))
    )
    return together(wrong, "none was found by the certificate, the state folder or the content")


def _openers(services: Services, live: Live) -> Iterator[Path]:
    config = services.config
    public = [one.public_key() for one in services.sealer.recipients.certificates]
    for folder in {live.seal_for.absolute().parent, config.state, config.content.absolute()}:
        for path in filter(Path.is_file, folder.iterdir()):
            if path.suffix.lower() in _PKCS12_SUFFIXES:
                yield path
            elif holds_private_key(path):
                try:
                    key = load_pem_private_key(path.read_bytes(), None)
                except (TypeError, ValueError):  # locked: nobody can tell whose it is
                    yield path
                else:
                    if key.public_key() in public:
                        yield path


def backups(services: Services) -> Answer:
    """Whether the state folder, whose referrals must go in time, is outside what is backed up."""
    config = services.config
    kept = [config.content.absolute().parent]
    if config.live:
        kept.append(config.live.seal_for.absolute().parent)
    leave_out = f"back up settings and content, and leave out {config.state}"
    if any(config.state.is_relative_to(folder) for folder in kept):
        return Answer(
            Level.WARNING,
            "the state folder lies in a folder that is backed up, which keeps what must be gone",
            leave_out,
        )
    return Answer(Level.OK, leave_out)
