"""`udvej serve`: what it has done, and what it hands over, when the processes are made."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.municipality import places
from udvej import cli
from udvej.config import Config
from udvej.outbox.table import Outbox
from udvej.server.checked import Checked
from udvej.server.sites import Sites
from udvej.sqlite import SQLite

pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Begun:
    """What the processes are made of, and what was open at that moment."""

    checked: Checked
    delivers: bool
    open_files: list[str]

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.checked.services.config.state


def databases_open(state: Path) -> list[str]:
    """The databases of a state folder that this process has open."""
    links = [*Path("/proc/self/fd").iterdir()]
    paths = [link.readlink() for link in links if link.is_symlink()]
    return [path.name for path in paths if path.is_relative_to(state)]


@pytest.fixture
def serve(config: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Begun]:
    """Run the command up to where it would make its processes."""
    begun: list[Begun] = []

    def run(sites: Sites, *, delivers: bool) -> None:
        checked = sites.good[""]
        begun.append(Begun(checked, delivers, databases_open(checked.services.config.state)))

    def serve(*arguments: str) -> Begun:
        monkeypatch.setattr("udvej.commands.serve.run", run)
        monkeypatch.setattr("udvej.commands.serve.check_port", lambda _config: None)
        for name in [name for name in os.environ if name.startswith("UDVEJ_")]:
            monkeypatch.delenv(name)
        for name, value in {**places(), "UDVEJ_STATE": str(config.state)}.items():
            monkeypatch.setenv(name, value)
        assert cli.main(["serve", *arguments]) == 0
        return begun[-1]

    return serve


def test_it_delivers_unless_another_service_does(serve: Callable[..., Begun]) -> None:
    """Two that deliver share the work and lose nothing; none at all would."""
    assert serve().delivers
    assert not serve("--without-delivery").delivers


def test_no_database_is_open_when_the_processes_are_made(serve: Callable[..., Begun]) -> None:
    """A connection that lives through a fork breaks the database; the tables are there already."""
    begun = serve()
    assert begun.open_files == []
    held = Outbox(SQLite(begun.state))
    assert "udvej.sqlite3" in databases_open(begun.state)
    held.close()
    assert {path.name for path in begun.state.glob("*.sqlite3")} == {
        "udvej.sqlite3",
        "drafts.sqlite3",
    }


def test_the_pages_are_frozen_before_the_first_process_is_made(
    serve: Callable[..., Begun],
) -> None:
    """Each would else make them by itself."""
    begun = serve()
    assert (begun.state / "pages" / "www" / "index.html").is_file()
    assert begun.checked.build.samefile(begun.state / "pages")
