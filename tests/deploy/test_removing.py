"""`install --remove` asks first: a referral that waits is taken away by nobody's slip."""

import os
import subprocess
from pathlib import Path

import pytest
from support.front import SHIPPED
from support.patience import PATIENCE

WELL = "waiting: 0\nsent and still kept: 3\nfailed: 0\nlast number given: 12\n"
SHUT = "systemctl disable --now udvej-web@8000.service udvej-web@8001.service"


def removed(place: Path, status: str, code: int, *arguments: str) -> tuple[int, str]:
    """The script with its paths in a folder, and stand-ins for what would change this machine."""
    for folder in ("var/lib/udvej", "etc/udvej", "etc/nginx/sites-enabled", "bin"):
        (place / folder).mkdir(parents=True)
    (place / "etc" / "nginx" / "nginx.conf").write_text("", "ascii")
    (place / "etc" / "udvej" / "nginx-default").symlink_to("/etc/nginx/sites-available/default")
    (place / "etc" / "nftables.conf").write_text(
        f'flush ruleset\ninclude "{place}/etc/nftables-udvej.nft"\n', "ascii"
    )
    stand_in(place / "bin" / "systemctl", "")
    stand_in(place / "bin" / "id", "echo 0")
    (place / "said").write_text(status, "ascii")
    udvej = place / "usr" / "local" / "sbin" / "udvej"
    udvej.parent.mkdir(parents=True)
    stand_in(udvej, f"cat {place}/said; exit {code}")
    script = (SHIPPED / "install").read_text("utf-8")
    script = script.replace("PATH=/usr", f"PATH={place}/bin:{udvej.parent}:/usr", 1)
    for folder in ("/var/", "/etc/", "/opt/", "/usr/local/sbin/udvej"):
        script = script.replace(f" {folder}", f" {place}{folder}").replace(
            f'"{folder}', f'"{place}{folder}'
        )
    copy = place / "install"
    copy.write_text(script, "utf-8")
    ran = subprocess.run(
        ["sh", copy, "--remove", *arguments],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return ran.returncode, ran.stderr


def stand_in(path: Path, does: str) -> None:
    """A command that does nothing else."""
    path.write_text(f"#!/bin/sh\n{does}\n", "ascii")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (WELL.replace("waiting: 0", "waiting: 1, the oldest for 3 minutes"), 0),
        (WELL.replace("failed: 0", "failed: 2"), 1),
        (WELL.replace("sent", "set aside, behind all others: 4; see: udvej flood\nsent"), 0),
        (f"nordby: {WELL}sundby: waiting: 20, the oldest for 2 days\n", 0),
        ("", 75),
        ("", 2),
    ],
)
def test_what_waits_or_cannot_be_told_keeps_it_there(
    tmp_path: Path, status: str, code: int
) -> None:
    """The form is shut first, so that nothing comes after the look; nothing else is touched."""
    ended, told = removed(tmp_path, status, code)
    assert ended == 1
    assert told.index(SHUT) < told.index("$ udvej status")
    assert "install --remove --although-waiting" in told
    assert "udvej-deliver.service" not in told
    assert (tmp_path / "usr" / "local" / "sbin" / "udvej").exists()


@pytest.mark.parametrize(
    ("status", "arguments"),
    [(WELL, []), (WELL.replace("waiting: 0", "waiting: 1"), ["--although-waiting"])],
)
def test_it_is_removed_where_nothing_waits_or_somebody_says_so(
    tmp_path: Path, status: str, arguments: list[str]
) -> None:
    """The firewall includes no file that is gone, and nginx has its own site again."""
    ended, told = removed(tmp_path, status, 1, *arguments)
    assert (ended, "install: removed." in told) == (0, True), told
    assert (tmp_path / "etc" / "nftables.conf").read_text("ascii") == "flush ruleset\n"
    assert (tmp_path / "etc" / "nginx" / "sites-enabled" / "default").is_symlink()
    assert not (tmp_path / "usr" / "local" / "sbin" / "udvej").exists()
    assert (tmp_path / "var" / "lib" / "udvej").is_dir()
