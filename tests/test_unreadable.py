"""A file that this user may not read is called that, and neither missing nor malformed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.mailserver import Authority
from support.patience import PATIENCE

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")

OTHER = 65534
# It reads the settings before it becomes another user, which may not read the program here either.
ASK = f"""
import os, sys
from udvej.errors import UdvejError
from udvej.installation import Installation
from udvej import wording
wording.tell("")
os.setgroups([])
os.setgid({OTHER})
os.setuid({OTHER})
try:
    installation = Installation.from_environ(os.environ)
    for one in installation.kept_out.values():
        print(one.error)
except UdvejError as error:
    print(error)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may look into, other than those of tests."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def told(settings: dict[str, str], language: str = "da_DK.UTF-8") -> str:
    """What another user is told of them."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**settings, "LANG": language},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("shut", ["", "content", "content/kommune.toml"])
def test_a_content_folder_that_is_shut_is_not_called_empty(
    place: Path, settings: dict[str, str], content: Path, shut: str
) -> None:
    """By its own rights, a file's, or those of a folder above it; in the editor's language."""
    content.rename(place / "content")
    (place / shut).chmod(0o600 if shut.endswith(".toml") else 0o700)
    given = {**settings, "UDVEJ_CONTENT": str(place / "content")}
    assert "UDVEJ_CONTENT: mappen må ikke læses" in told(given)
    assert "UDVEJ_CONTENT: the folder may not be read" in told(given, "en_GB.UTF-8")


@pytest.mark.parametrize("key", ["UDVEJ_MAIL_CA", "UDVEJ_TEAM_CERTIFICATE", "UDVEJ_SERVER_KEY"])
@pytest.mark.parametrize("by_folder", [False, True])
def test_a_file_that_is_shut_is_called_neither_missing_nor_no_pem(
    place: Path, settings: dict[str, str], authority: Authority, key: str, *, by_folder: bool
) -> None:
    """Of whatever setting; by its own rights or by its folder's."""
    path = place / "folder" / "file.pem"
    path.parent.mkdir(mode=0o755)
    path.write_bytes(authority.file.read_bytes())
    (path.parent if by_folder else path).chmod(0o700 if by_folder else 0o600)
    given = {**settings, key: str(path)}
    if key == "UDVEJ_SERVER_KEY":
        given = {**given, "UDVEJ_SEALING": "transport", "UDVEJ_TEAM_CERTIFICATE": ""}
    lines = [line for line in told(given).splitlines() if line.startswith(f"{key}:")]
    assert lines == [
        f"{key}: this user may not read the file; mend its rights, or those of the folders above it"
    ]


@pytest.mark.parametrize("by_folder", [False, True])
def test_a_municipalitys_settings_that_are_shut_are_called_that(
    place: Path, settings: dict[str, str], *, by_folder: bool
) -> None:
    """And not missing; the others are served."""
    path = place / "nordby" / "settings"
    path.parent.mkdir(mode=0o755)
    path.write_text("UDVEJ_SECRET_KEY=hemmelig\n", "ascii")
    (path.parent if by_folder else path).chmod(0o700 if by_folder else 0o600)
    several = {
        "UDVEJ_MUNICIPALITIES": str(place),
        "UDVEJ_STATE": settings["UDVEJ_STATE"],
        "UDVEJ_MAIL_SERVER": "localhost",
    }
    assert f"{path}: this user may not read it; mend its rights" in told(several)
