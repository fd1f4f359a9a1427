"""`udvej move`: to PostgreSQL and back, by the settings of the site."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from support import postgres
from support.places import Place
from support.running import ended, next_line, started
from udvej.cli import main
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.sqlite import SQLite


@pytest.fixture
def live(settings: dict[str, str], postgresql: postgres.Server) -> Iterator[Mapping[str, str]]:
    """A live site that has kept two referrals in a file, and its PostgreSQL that is empty."""
    postgresql.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    place = Place(Path(settings["UDVEJ_STATE"]), postgresql.url)
    outbox = Outbox(SQLite(place.state))
    for key in (b"a", b"b"):
        outbox.accept(key, "AAA-AAA", lambda n: Sealed(b"x" * 99, f"{n:032}"))
    outbox.close()
    place.state.chmod(0o700)
    with patch.dict(os.environ, {**settings, "UDVEJ_DATABASE": place.url}):
        yield os.environ
    place.forget()


def test_a_site_moves_there_and_back(
    live: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what has moved and what to do then; the one that was left says so."""
    assert main(["move", "postgresql"]) == 0
    said = capsys.readouterr().out
    assert "2 referrals, 1 numbers, 0 drills" in said
    assert "leave UDVEJ_DATABASE as it is" in said
    state = Path(live["UDVEJ_STATE"])
    with patch.dict(os.environ):
        del os.environ["UDVEJ_DATABASE"]
        assert main(["number", "7"]) == 2
    assert "what was kept here has moved to PostgreSQL" in capsys.readouterr().err
    assert main(["number", "7"]) == 0
    for file in state.glob("udvej.sqlite3*"):
        file.rename(state / f"old-{file.name}")
    assert main(["move", "sqlite"]) == 0
    assert "take UDVEJ_DATABASE out of the settings" in capsys.readouterr().out
    assert main(["number", "8"]) == 2
    assert "what was kept here has moved to SQLite" in capsys.readouterr().err
    outbox = Outbox(SQLite(state))
    assert (outbox.status().waiting, outbox.status().last) == (2, 7)
    outbox.close()


def test_nothing_moves_while_a_server_runs(
    live: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Which has to be stopped first."""
    state = Path(live["UDVEJ_STATE"])
    command = [sys.executable, "-c", _SERVER, str(state)]
    server = started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    try:
        next_line(server)
        assert main(["move", "postgresql"]) == 2
    finally:
        ended(server)
    assert "UDVEJ_STATE: a server of this site runs" in capsys.readouterr().err
    assert main(["move", "postgresql"]) == 0


_SERVER = """
import sys
from pathlib import Path
from udvej.publish.running import Announced
announced = Announced(Path(sys.argv[1]), 8000, "build")
print(flush=True)
sys.stdin.read()
"""


def test_the_other_database_must_be_named(
    live: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """By its setting."""
    assert live
    with patch.dict(os.environ):
        del os.environ["UDVEJ_DATABASE"]
        assert main(["move", "postgresql"]) == 2
    assert "UDVEJ_DATABASE: missing" in capsys.readouterr().err
