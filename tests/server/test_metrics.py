"""What Prometheus is told: counts and ages, on this machine alone."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from threading import Thread

import pytest
from support.drilled import confirm
from support.patience import PATIENCE
from udvej import cli
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.installation import Installation
from udvej.outbox.sealed import Sealed
from udvej.server.metrics import listening
from udvej.services import Services

LINES = re.compile(r"(# HELP (udvej_\w+) [A-Z].*\.\n# TYPE \2 gauge\n\2 (\S+)\n)")


@pytest.fixture
def live(settings: dict[str, str]) -> Config:
    """A live site."""
    return Config.from_environ(settings)


@contextmanager
def measured(config: Config) -> Iterator[int]:
    """Answer for a while; the port."""
    with listening(lambda: Installation.of(config), 0) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def ask(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
    """Status, kind and text."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def values(text: str) -> dict[str, float]:
    """Every gauge; there is nothing else."""
    found = LINES.findall(text)
    assert "".join(whole for whole, _, _ in found) == text
    return {name.removeprefix("udvej_"): float(value) for _, name, value in found}


def test_counts_and_ages_are_told_and_nothing_of_a_referral(live: Config) -> None:
    """No number, reference or byte of one, and no total, whose history would say when it came."""
    outbox = Services.open(live).outbox
    for key in (b"a", b"b", b"c"):
        outbox.accept(key, "REF-ERE", lambda n: Sealed(b"indhold", f"token{n}"))
    for _ in range(2):
        leased = outbox.lease()
        assert leased is not None
        (outbox.sent if leased.number == 1 else lambda one: outbox.failed(one, "DATA 554"))(leased)
    with measured(live) as port:
        status, kind, text = ask(port)
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    told = values(text)
    assert (told["waiting"], told["failed"], told["aside"], told["paced"]) == (1, 1, 0, 0)
    assert told["drill_sent_seconds"] == told["team_opened_seconds"] == float("inf")
    assert told["team_certificate_left_seconds"] > 0
    assert told["state_free_bytes"] <= shutil.disk_usage(live.state).total
    assert not [name for name in told if "sent" in name and name != "drill_sent_seconds"]
    assert not [word for word in ("indhold", "token", "REF-ERE", "DATA") if word in text]


def test_what_drills_have_shown_is_told(live: Config) -> None:
    """And each answer is as the site is then."""
    with measured(live) as port:
        before = values(ask(port)[2])
        confirm(Services.open(live))
        after = values(ask(port)[2])
    assert after["team_opened_seconds"] < PATIENCE
    assert after["problems"] == before["problems"] - 1


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 404), ("/metrics/", "GET", 404), ("/metrics", "POST", 501)],
)
def test_nothing_else_is_answered(path: str, method: str, status: int, live: Config) -> None:
    """It tells nothing of the site."""
    with measured(live) as port:
        assert ask(port, path, method)[0] == status


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:9118", 200), ("localhost", 200), ("andet.example:9118", 404), ("", 404)],
)
def test_a_page_elsewhere_cannot_lead_a_browser_here(host: str, status: int, live: Config) -> None:
    """A name of its own that leads to this machine (DNS rebinding) is not answered."""
    with (
        measured(live) as port,
        closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection,
    ):
        connection.request("GET", "/metrics", headers={"Host": host})
        assert connection.getresponse().status == status


def test_a_site_that_cannot_be_measured_is_said_to_be(live: Config) -> None:
    """503, and an answer again when it is mended."""
    Services.open(live).outbox.close()
    file = live.state / "udvej.sqlite3"
    kept = file.read_bytes()
    with measured(live) as port:
        file.write_bytes(b"no database at all" * 1000)
        assert ask(port)[0] == 503
        for path in live.state.glob("udvej.sqlite3*"):
            path.unlink()
        file.write_bytes(kept)
        assert ask(port)[0] == 200


def test_only_this_machine_can_ask(live: Config) -> None:
    """Whatever UDVEJ_HOST says; a port that is taken is said to be."""
    with listening(lambda: Installation.of(live), 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(ConfigError, match="--port: cannot listen there"):
            listening(lambda: Installation.of(live), server.server_port)


def test_the_command_takes_no_port_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Usage on stderr."""
    assert cli.main(["metrics", "--port", "0"]) == 2
    assert "--port" in capsys.readouterr().err
