"""UDVEJ_PROXIES that does not fit what comes is noticed, and nobody's address kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from support.drilled import confirm
from udvej.config import Config
from udvej.notes import Notes
from udvej.services import Services
from udvej.web.app import create_app

WRONG = "requests do not fit UDVEJ_PROXIES, so limits take visitors for each other\n"
PEER, VISITOR = "127.0.0.1", "198.51.100.7"


@pytest.fixture
def behind(settings: dict[str, str]) -> Callable[[int], Flask]:
    """The live site behind so many web servers, by its settings."""

    def make(proxies: int) -> Flask:
        config = Config.from_environ(settings | {"UDVEJ_PROXIES": str(proxies)})
        services = Services.open(config)
        confirm(services)
        return create_app(services)

    return make


def asked(app: Flask, chain: str, method: str = "POST", peer: str = PEER) -> str:
    """What monitoring is answered after a request with this X-Forwarded-For."""
    headers = {"X-Forwarded-For": chain} if chain else {}
    client = app.test_client()
    client.open("/skriv/", method=method, headers=headers, environ_base={"REMOTE_ADDR": peer})
    return client.get("/sundhed").text


@pytest.mark.parametrize(
    ("proxies", "chain"),
    [
        (0, VISITOR),
        (2, VISITOR),
        (1, ""),
        (2, ""),
        (2, " , 192.0.2.1"),
        (3, "192.0.2.1, 192.0.2.2"),
    ],
)
def test_a_number_that_does_not_fit_is_said(
    proxies: int, chain: str, behind: Callable[[int], Flask], settings: dict[str, str]
) -> None:
    """By whatever worker is asked, and until the settings are read again; no address is kept."""
    assert asked(behind(proxies), chain) == WRONG
    state = Path(settings["UDVEJ_STATE"])
    assert behind(proxies).test_client().get("/sundhed").text == WRONG
    assert not [path for path in state.iterdir() if VISITOR.encode() in path.read_bytes()]
    Notes(state).clear()
    assert behind(proxies).test_client().get("/sundhed").text == "ok\n"


@pytest.mark.parametrize(
    ("proxies", "chain"),
    [(0, ""), (1, VISITOR), (1, f"192.0.2.66, {VISITOR}"), (2, f"{VISITOR}, 10.0.0.1")],
)
def test_a_number_that_fits_is_well_whatever_a_visitor_makes_up(
    proxies: int, chain: str, behind: Callable[[int], Flask]
) -> None:
    """They can only name more."""
    assert asked(behind(proxies), chain) == "ok\n"


def test_a_visitor_without_a_web_server_in_front_cannot_raise_the_alarm(
    behind: Callable[[int], Flask],
) -> None:
    """The header is theirs to make up."""
    assert asked(behind(0), "192.0.2.1", peer="9.9.9.9") == "ok\n"
    assert asked(behind(0), "192.0.2.1", peer="") == "ok\n"


def test_what_monitoring_and_operators_ask_past_the_web_server_is_no_sign(
    behind: Callable[[int], Flask],
) -> None:
    """The deploy guide does so itself."""
    assert asked(behind(1), "", method="GET") == "ok\n"
