"""An editor's push is published by `site/deploy/post-receive`, with real git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.front import SHIPPED
from support.patience import PATIENCE

# In place of systemd: a run has an identity, and what it says is in the journal under that alone.
SYSTEMCTL = """#!/bin/sh
case $1 in
show) cat {place}/run ;;
start) echo second > {place}/run; cp {place}/folder/content/om.md {place}/seen; exit {status} ;;
esac
"""
JOURNALCTL = """#!/bin/sh
case "$*" in
*_SYSTEMD_INVOCATION_ID=second) echo 'Udgivet. Ændret:' ;;
*) echo 'an older run' ;;
esac
"""
SUDO = """#!/bin/sh
[ "$1" = -n ] && shift
[ {allowed} = yes ] && exec "$@"
echo 'sudo: a password is required' >&2
exit 1
"""


@dataclass(frozen=True)
class Pushing:
    """A machine's repository and folder, and an editor's clone."""

    place: Path

    def git(self, *arguments: str, folder: str = "editor") -> str:
        """Run git; what it prints, both of it."""
        ran = subprocess.run(
            [
                "git",
                "-C",
                self.place / folder,
                "-c",
                "user.name=x",
                "-c",
                "user.email=x",
                *arguments,
            ],
            env={**os.environ, "PATH": f"{self.place}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    def pushes(self, text: str) -> str:
        """An editor changes a page, and pushes; what is seen."""
        (self.place / "editor" / "content" / "om.md").write_text(text, "utf-8")
        self.git("commit", "--quiet", "--all", "--message=om")
        return self.git("push", "origin", "main")

    def systemd(self, *, status: int = 0, allowed: str = "yes") -> None:
        """Stand-ins for what a test cannot have."""
        for name, text in {"systemctl": SYSTEMCTL, "journalctl": JOURNALCTL, "sudo": SUDO}.items():
            path = self.place / "bin" / name
            path.write_text(text.format(place=self.place, status=status, allowed=allowed))
            path.chmod(0o755)


@pytest.fixture
def pushing(tmp_path: Path) -> Pushing:
    """As the guide makes it: a folder first, then the repository of it."""
    made = Pushing(tmp_path)
    (tmp_path / "folder" / "content").mkdir(parents=True)
    (tmp_path / "folder" / "content" / "om.md").write_text("gammel\n", "utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "run").write_text("first\n", "ascii")
    made.git("init", "--quiet", "--initial-branch=main", folder="folder")
    made.git("add", "--all", folder="folder")
    made.git("commit", "--quiet", "--message=first", folder="folder")
    made.git("clone", "--quiet", "--bare", "folder", "content.git", folder=".")
    made.git("remote", "add", "origin", str(tmp_path / "content.git"), folder="folder")
    made.git("clone", "--quiet", "content.git", "editor", folder=".")
    hook = tmp_path / "content.git" / "hooks" / "post-receive"
    text = (SHIPPED / "post-receive").read_text("utf-8")
    hook.write_text(text.replace("/srv/udvej/folder", str(tmp_path / "folder")), "utf-8")
    hook.chmod(0o755)
    made.systemd()
    return made


def test_a_push_is_in_the_folder_when_it_is_published_and_what_was_said_is_seen(
    pushing: Pushing,
) -> None:
    """Of this run alone; the folder is clean, whatever was changed there by hand."""
    (pushing.place / "folder" / "content" / "om.md").write_text("by hand\n", "utf-8")
    told = pushing.pushes("ny\n")
    assert (pushing.place / "seen").read_text("utf-8") == "ny\n"
    assert "Udgivet. Ændret:" in told
    assert "an older run" not in told
    assert "Intet er udgivet" not in told
    assert pushing.git("status", "--porcelain", folder="folder") == ""


def test_what_is_not_published_is_said_to_be_not(pushing: Pushing) -> None:
    """By a mistake in the content, with what the run says; or since nobody may start it."""
    pushing.systemd(status=1)
    told = pushing.pushes("forkert\n")
    assert "Intet er udgivet." in told
    assert "Udgivet. Ændret:" in told  # what the run said, whatever it was
    (pushing.place / "run").write_text("first\n", "ascii")
    pushing.systemd(allowed="no")
    told = pushing.pushes("ny\n")
    assert "Intet er udgivet." in told
    assert "an older run" not in told


def test_a_folder_that_cannot_take_it_is_named(pushing: Pushing) -> None:
    """And nothing is published then."""
    (pushing.place / "folder" / ".git").rename(pushing.place / "gone")
    told = pushing.pushes("ny\n")
    assert "Intet er udgivet: mappen på serveren" in told
    assert not (pushing.place / "seen").exists()


def test_the_guide_sets_up_just_this() -> None:
    """Where the hook goes, which folder it fills, and what editors may start."""
    guide = (SHIPPED / "README.md").read_text("utf-8")
    hook = (SHIPPED / "post-receive").read_text("utf-8")
    assert "deploy/post-receive /srv/udvej/content.git/hooks/\n" in guide
    assert "folder=/srv/udvej/folder\n" in hook
    for unit in ("udvej-publish.service", "udvej-unpublish.service"):
        assert f"editors ALL=(root) NOPASSWD: /usr/bin/systemctl start {unit}\n" in guide
        assert (SHIPPED / "systemd" / unit).is_file()
