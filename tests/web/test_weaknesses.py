"""Whom to tell of a weakness (RFC 9116)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from udvej.config import Config
from udvej.services import Services
from udvej.web.app import create_app

ADDRESS = "/.well-known/security.txt"


@pytest.mark.parametrize(
    ("given", "contact"),
    [
        ("sikkerhed@kommune.example", "mailto:sikkerhed@kommune.example"),
        ("https://kommune.example/sikkerhed", "https://kommune.example/sikkerhed"),
    ],
)
def test_who_finds_a_weakness_is_told_whom_to_tell(
    given: str, contact: str, settings: dict[str, str]
) -> None:
    """In the fields that the RFC wants, for half a year from each answer."""
    config = Config.from_environ(settings | {"UDVEJ_SECURITY_CONTACT": given})
    answer = create_app(Services.open(config)).test_client().get(ADDRESS)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    fields = re.findall(r"([\w-]+): (\S.*)\n", answer.text)
    assert "".join(f"{name}: {value}\n" for name, value in fields) == answer.text
    told = dict(fields)
    assert told["Contact"] == contact
    assert told["Canonical"] == f"https://udvej.example{ADDRESS}"
    assert told["Preferred-Languages"] == "da, en"
    left = datetime.fromisoformat(told["Expires"]) - datetime.now(UTC)
    assert timedelta(days=178) < left < timedelta(days=365)


def test_what_is_not_given_is_not_served(settings: dict[str, str], client: FlaskClient) -> None:
    """Neither by a live site nor by a demonstration."""
    live = create_app(Services.open(Config.from_environ(settings))).test_client()
    assert live.get(ADDRESS).status_code == client.get(ADDRESS).status_code == 404
