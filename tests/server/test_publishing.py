"""`udvej publish` and `--undo` beside a running server: all of a site changes at once, or nothing.

Each test has a live `udvej serve` and, as nginx would read it, a folder that `udvej build` made.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command_line import typed
from support.forked import Forked, run
from support.mailserver import Authority
from support.municipality import HEADING, PHONE
from support.patience import PATIENCE, until
from support.road import Browser, Road, Site, spoilable
from support.spoiling import spoil
from udvej.contacts import phone_link
from udvej.outbox.keys import TeamKey

CHANGED = "Her er hjælp"
NUMBER = "12 34 56 78"


@dataclass(frozen=True)
class Published:
    """A live site, its content folder and the folder of its web server in front."""

    road: Road
    content: Path
    front: Path

    @property
    def state(self) -> Path:
        return self.road.folder / "state"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command with the settings of the site."""
        return typed(arguments, {**self.road.site.settings, "LANG": "da_DK.UTF-8"})

    def says(self, old: str, new: str) -> None:
        """Change the heading of a page in the content folder."""
        spoil(self.content / "om.md", f"# {old}", f"# {new}")

    def shown(self, site: Site | None = None) -> tuple[str, str]:
        """The heading that the server and the web server in front show."""
        served = Browser((site or self.road.site).port).ask("GET", "/om/").text
        in_front = (self.front / "www" / "om" / "index.html").read_text("utf-8")
        return heading(served), heading(in_front)

    @contextmanager
    def again(self) -> Iterator[Site]:
        """The site, stopped and started once more, nginx's pages first, as its unit does."""
        self.road.site.stop()
        assert self.run("build", str(self.front)).returncode in (0, 2)
        site = Site(self.road.site.settings, self.road.folder / "printed again")
        try:
            yield site
        finally:
            site.kill()


def heading(html: str) -> str:
    """The first heading of a page."""
    return html.partition("<h1>")[2].partition("</h1>")[0]


@pytest.fixture
def site(tmp_path: Path, authority: Authority, team: TeamKey) -> Iterator[Published]:
    """One that shows what its content folder says."""
    with spoilable(tmp_path, authority, team) as road:
        published = Published(road, tmp_path / "content", tmp_path / "front")
        assert published.run("build", str(published.front)).returncode == 0
        yield published


def test_a_change_is_shown_everywhere_and_named(site: Published) -> None:
    """Pages, form, errors and the files of the web server in front."""
    site.says(HEADING, CHANGED)
    spoil(site.content / "kommune.toml", f'telefon = "{PHONE}"', f'telefon = "{NUMBER}"')
    assert site.shown() == (HEADING, HEADING)
    told = site.run("publish")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "Udgivet. Ændret:",
        "  ændret side: /om/",
        "  ændret i kommune.toml: team.telefon",
        "Fortryd med: udvej publish --undo",
    ]
    assert site.shown() == (CHANGED, CHANGED)
    assert phone_link(NUMBER) in Browser(site.road.site.port).ask("GET", "/skriv/").text
    assert phone_link(NUMBER) in (site.front / "errors" / "503.html").read_text("utf-8")


def test_an_undo_is_shown_everywhere_and_stays_through_a_restart(site: Published) -> None:
    """Until something else is published; where nothing has changed, nothing is done."""
    site.says(HEADING, CHANGED)
    assert site.run("publish").returncode == 0
    assert site.run("publish", "--undo").stdout.startswith("Fortrudt.")
    assert site.shown() == (HEADING, HEADING)
    assert "I har fortrudt" in site.run("publish").stdout
    with site.again() as later:
        assert site.shown(later) == (HEADING, HEADING)


def test_a_reload_takes_up_the_folder_whatever_was_undone(site: Published) -> None:
    """`kill -HUP` means what it did before there was anything to undo."""
    site.says(HEADING, CHANGED)
    site.run("publish")
    site.run("publish", "--undo")
    site.road.site.reload()
    until(lambda: site.shown()[0] == CHANGED)


def test_what_a_server_refuses_changes_nothing(site: Published) -> None:
    """A certificate was exchanged meanwhile: nobody would know for whom to seal."""
    site.says(HEADING, CHANGED)
    (site.road.folder / "team-certificate.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    told = site.run("publish")
    assert told.returncode == 2
    assert "UDVEJ_TEAM_CERTIFICATE" in told.stderr
    assert site.shown() == (HEADING, HEADING)


def test_two_at_once_take_turns(site: Published) -> None:
    """A timer and a push: both end well, and one of them has nothing left to do."""
    site.says(HEADING, CHANGED)
    env = {**site.road.site.settings, "LANG": "da_DK.UTF-8"}
    with ThreadPoolExecutor(2) as two:
        both = [*two.map(lambda _: run("publish", env=env), range(2), timeout=PATIENCE)]
    assert [ran.returncode for ran in both] == [0, 0]
    told = sorted(ran.stdout for ran in both)
    assert told[0].startswith("Intet er ændret")
    assert told[1].startswith("Udgivet.")
    assert site.shown() == (CHANGED, CHANGED)


def building(site: Published) -> bool:
    """It renders pages, and has asked for nothing yet."""
    return any(path.is_dir() for path in site.state.glob("pages.????????"))


def asking(site: Published) -> bool:
    """It has built all, and asks the server to show it."""
    return (site.state / "publish.json").exists()


def answered(site: Published) -> bool:
    """The server shows it, and the publisher is about to say so."""
    return (site.state / "published").exists()


@pytest.mark.parametrize("moment", [building, asking, answered])
def test_a_publish_that_is_killed_leaves_the_site_whole(
    site: Published, moment: Callable[[Published], bool]
) -> None:
    """As it was or as it was to be, and the next one goes through."""
    site.says(HEADING, CHANGED)
    process = Forked("publish", env=site.road.site.settings)
    try:
        until(lambda: moment(site))
        process.send_signal(signal.SIGKILL)
    finally:
        process.end()
    assert site.run("publish").returncode == 0
    assert site.shown() == (CHANGED, CHANGED)
    assert not [path for path in site.state.iterdir() if path.name == "publish.json"]
