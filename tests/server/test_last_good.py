"""An ordinary slip takes no live site down: what was good last is served until it is mended.

Each slip is made on a running `udvej serve`, which is then asked to take it up (SIGHUP, as
`systemctl reload` does) or started again.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from support.command_line import typed
from support.forked import run
from support.mailserver import Authority
from support.municipality import CONTENT, HEADING, TITLE
from support.patience import until
from support.road import Browser, Road, Site, spoilable
from support.running import held_port
from support.spoiling import spoil
from udvej.outbox.keys import TeamKey

CHANGED = "Her er hjælp"
REFUSED = "; the site goes on as it was, see: udvej status"


@pytest.fixture
def road(tmp_path: Path, authority: Authority, team: TeamKey) -> Iterator[Road]:
    """A live site whose content and certificate a test may spoil."""
    with spoilable(tmp_path, authority, team) as road:
        yield road


def odd_order(folder: Path) -> str:
    """A number in quotes."""
    path = folder / "content" / "om.md"
    line = next(line for line in path.read_text("utf-8").splitlines() if line.startswith("orden"))
    spoil(path, line, 'orden = "3"')
    return "om.md:"


def curly_quotes(folder: Path) -> str:
    """As a word processor sets them."""
    spoil(folder / "content" / "om.md", f'"{TITLE}"', f"”{TITLE}”")
    return "om.md:"


def link_to_nowhere(folder: Path) -> str:
    """To a page that is not there."""
    spoil(folder / "content" / "om.md", f"# {HEADING}", f"# {HEADING}\n\n[x](/findes-ikke/)")
    return "om.md:"


def unreadable(folder: Path) -> str:
    """A folder where a page was."""
    path = folder / "content" / "om.md"
    path.unlink()
    path.symlink_to("gone.md")
    return "om.md:"


def no_facts(folder: Path) -> str:
    """The file that everything rests on is away."""
    (folder / "content" / "kommune.toml").unlink()
    return "UDVEJ_CONTENT"


def exchanged_certificate(folder: Path) -> str:
    """The wrong file was copied."""
    (folder / "team-certificate.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    return "UDVEJ_TEAM_CERTIFICATE"


SLIPS = (
    odd_order,
    curly_quotes,
    link_to_nowhere,
    unreadable,
    no_facts,
    exchanged_certificate,
)


def health(site: Site) -> str:
    """What monitoring is answered."""
    return Browser(site.port).ask("GET", "/sundhed").text


def status(site: Site) -> "subprocess.CompletedProcess[str]":
    """What `udvej status` prints, with the settings of the site."""
    return typed(["status"], site.settings)


def test_slips_that_are_taken_up_are_named_and_change_nothing(road: Road, tmp_path: Path) -> None:
    """No worker ends, nor the delivery; once all is mended, a reload takes the change up."""
    before, visitor = road.site.children(), Browser(road.site.port)
    for slip in SLIPS:
        place = slip(tmp_path)
        road.site.reload()
        until(lambda: f"a change was refused ({place}" in health(road.site))  # noqa: B023 (waited for)
        assert REFUSED in health(road.site)
        assert str(tmp_path) not in health(road.site)
        assert "event=refused problem=" in road.site.printed()
        assert place in road.site.printed()
        told = status(road.site)
        assert told.returncode != 0
        assert place in told.stdout + told.stderr
        assert road.site.children() == before
        assert HEADING in visitor.ask("GET", "/om/").text
        mend(tmp_path, road.team)
    assert visitor.is_taken(visitor.send())
    assert "nr. 1" in road.letter(road.mail())
    spoil(tmp_path / "content" / "om.md", f"# {HEADING}", f"# {CHANGED}")
    road.site.reload()
    until(lambda: len(before | road.site.children()) == 2 * len(before))  # the delivery's too
    until(lambda: not before & road.site.children())
    assert CHANGED in visitor.ask("GET", "/om/").text
    (left,) = health(road.site).splitlines()
    assert left.startswith("nobody has shown")  # that the team can open what is sent
    assert road.site.stop() == 0


def mend(folder: Path, team: TeamKey) -> None:
    """Put everything back that a slip has changed."""
    shutil.rmtree(folder / "content")
    shutil.copytree(CONTENT, folder / "content")
    (folder / "team-certificate.pem").write_bytes(team.certificate_pem())


@pytest.mark.parametrize("slip", [odd_order, unreadable])
def test_a_slip_does_not_keep_the_site_from_starting_again(
    slip: Callable[[Path], str], road: Road, tmp_path: Path
) -> None:
    """The last good content is served, form and delivery with it, and monitoring is told."""
    place = slip(tmp_path)
    assert road.site.stop() == 0
    with again(road, tmp_path) as site:
        assert f"a change was refused ({place}" in health(site)
        assert f"refused: {tmp_path / 'content' / place}" in status(site).stdout
        visitor = Browser(site.port)
        assert HEADING in visitor.ask("GET", "/om/").text
        assert visitor.is_taken(visitor.send())
        assert "nr. 1" in road.letter(road.mail())


def test_workers_and_a_delivery_that_die_after_slips_are_replaced(
    road: Road, tmp_path: Path
) -> None:
    """They need nothing that was changed meanwhile."""
    no_facts(tmp_path)
    exchanged_certificate(tmp_path)
    before = road.site.children()
    for child in before:
        there = road.site.children()
        psutil.Process(int(child)).kill()
        until(lambda: len(road.site.children() - there) == 1)  # noqa: B023 (waited for)
    until(lambda: _answers(road.site))
    visitor = Browser(road.site.port)
    assert visitor.is_taken(visitor.send())
    assert "nr. 1" in road.letter(road.mail())


@contextmanager
def again(
    road: Road, folder: Path, settings: Mapping[str, str] | None = None, *arguments: str
) -> Iterator[Site]:
    """The same site, started once more, with other settings if any are given."""
    site = Site(settings or road.site.settings, folder / "printed again", *arguments)
    try:
        yield site
    finally:
        site.kill()


def _answers(site: Site) -> bool:
    try:
        return Browser(site.port).ask("GET", "/om/").status == 200
    except OSError:
        return False


def test_a_lost_state_folder_leaves_a_gap_that_shows_when_numbers_go_on(
    road: Road, tmp_path: Path
) -> None:
    """As the deploy guide says: look for the last number in the mailbox, and set it."""
    visitor = Browser(road.site.port)
    assert visitor.is_taken(visitor.send())
    assert "nr. 1" in road.letter(road.mail())
    assert road.site.stop() == 0
    shutil.rmtree(tmp_path / "state")
    assert typed(["number", "1"], road.site.settings).returncode == 0
    with again(road, tmp_path) as site:
        visitor = Browser(site.port)
        assert visitor.is_taken(visitor.send())
        assert "nr. 2" in road.letter(road.mail())


def test_a_state_folder_that_is_moved_takes_all_that_waits_with_it(
    road: Road, tmp_path: Path
) -> None:
    """As the deploy guide says: stop, copy, start; nothing waits at the old place any more."""
    assert road.site.stop() == 0
    with again(road, tmp_path, None, "--without-delivery") as site:
        visitor = Browser(site.port)
        assert visitor.is_taken(visitor.send())
        assert site.stop() == 0
    shutil.move(tmp_path / "state", tmp_path / "new machine")
    moved = {**road.site.settings, "UDVEJ_STATE": str(tmp_path / "new machine")}
    with again(road, tmp_path, moved) as site:
        assert "nr. 1" in road.letter(road.mail())
        visitor = Browser(site.port)
        assert visitor.is_taken(visitor.send())
        assert "nr. 2" in road.letter(road.mail())


def test_a_first_start_on_wrong_content_is_refused(road: Road, tmp_path: Path) -> None:
    """There is nothing good to serve; the line is named."""
    place = odd_order(tmp_path)
    settings = {**road.site.settings, "UDVEJ_STATE": str(tmp_path / "new")}
    refused = _refused({**settings, "UDVEJ_PORT": str(held_port())})
    assert refused.returncode == 2
    assert place in refused.stderr


@pytest.mark.parametrize("slip", [no_facts, exchanged_certificate])
def test_wrong_settings_are_refused_at_a_start(
    slip: Callable[[Path], str], road: Road, tmp_path: Path
) -> None:
    """Nobody knows for whom it would seal, or what it is: the web server in front says to call."""
    place = slip(tmp_path)
    assert road.site.stop() == 0
    refused = _refused(road.site.settings)
    assert refused.returncode == 2
    assert place in refused.stderr


def _refused(settings: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return run("serve", env=settings)
