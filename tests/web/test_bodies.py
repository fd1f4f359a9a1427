"""Senders who stall in the middle of what they send."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.patience import PATIENCE, until
from udvej.content.addresses import FORM, TOO_LONG
from udvej.web.bodies import MOST_AT_ONCE
from udvej.web.reader import SESSION_COOKIE

# What Werkzeug's ProxyFix leaves where it has believed a web server in front.
PROXIED = "werkzeug.proxy_fix.orig"


class Stalling(BytesIO):
    """A body that arrives when it is let."""

    def __init__(self, go_on: Event) -> None:
        """With nothing in it yet."""
        super().__init__(b"message=x")
        self.go_on, self.waited_for = go_on, False

    def readinto(self, buffer: object, /) -> int:
        """Wait for the rest."""
        self.waited_for = True
        assert self.go_on.wait(PATIENCE)
        return super().readinto(buffer)  # type: ignore[arg-type]

    def read(self, size: int | None = -1, /) -> bytes:
        """Wait for the rest."""
        self.waited_for = True
        assert self.go_on.wait(PATIENCE)
        return super().read(size)


class Endless(BytesIO):
    """A body of which there is always more."""

    passed = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Give what is asked for."""
        assert size is not None
        assert size >= 0, "it asks for all of it"
        self.passed += size
        assert self.passed < 100 * 2**20, "it never stops"
        return bytes(size)


def test_a_body_that_does_not_end_is_heard_for_a_while_and_no_longer(
    passer_by: FlaskClient,
) -> None:
    """A browser is let send all that a person can paste; what floods us is cut off."""
    body = Endless()
    passer_by.set_cookie(SESSION_COOKIE, "x", secure=True)
    claimed = {"CONTENT_LENGTH": str(10**12)}
    answer = passer_by.post(FORM, input_stream=body, environ_overrides=claimed)
    assert (answer.status_code, answer.location) == (303, TOO_LONG)
    assert body.passed > 20 * 2**20


def test_beyond_a_few_that_stall_a_form_is_refused_at_once_and_later_taken(app: Flask) -> None:
    """With the number to call, and not by waiting for the others with a thread of its own."""
    go_on = Event()
    stalling = [Stalling(go_on) for _ in range(MOST_AT_ONCE)]

    with ThreadPoolExecutor() as threads:
        held = [
            threads.submit(post, app, body, f"192.0.{network}.1")
            for network, body in enumerate(stalling)
        ]
        until(lambda: all(body.waited_for for body in stalling))
        assert post(app, BytesIO(b"message=x"), "203.0.113.1") == 503
        assert app.test_client().get("/", base_url="https://localhost").status_code == 200
        go_on.set()
        assert 503 not in [answer.result(PATIENCE) for answer in held]
    assert post(app, BytesIO(b"message=x"), "203.0.113.1") != 503


def test_those_of_one_network_that_stall_leave_room_for_others(app: Flask) -> None:
    """An IPv4 /24 or an IPv6 /48; the second of it is refused, and whoever is elsewhere is not."""
    for first, second in (("192.0.2.1", "192.0.2.9"), ("2001:db8:1:2::1", "2001:db8:1:ffff::1")):
        go_on = Event()
        stalling = Stalling(go_on)
        with ThreadPoolExecutor() as threads:
            held = threads.submit(post, app, stalling, first)
            until(lambda: stalling.waited_for)  # noqa: B023 (waited for)
            assert post(app, BytesIO(b"message=x"), second) == 503
            assert post(app, BytesIO(b"message=x"), "203.0.113.1") != 503
            go_on.set()
            assert held.result(PATIENCE) != 503


def test_behind_a_web_server_two_of_one_network_are_both_taken(app: Flask) -> None:
    """It passes bodies on when they are whole, so it is the machine that is slow, and nobody."""
    go_on = Event()
    slow = Stalling(go_on)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(post, app, slow, "192.0.2.1", behind=True)
        until(lambda: slow.waited_for)
        second = threads.submit(post, app, BytesIO(b"message=x"), "192.0.2.9", behind=True)
        with pytest.raises(TimeoutError):
            second.result(0.3)
        go_on.set()
        assert first.result(PATIENCE) != 503
        assert second.result(PATIENCE) != 503


def post(app: Flask, body: BytesIO, client_address: str, *, behind: bool = False) -> int:
    """Send a body from an address; the status of the answer."""
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, "x", secure=True)
    answer = client.post(
        FORM,
        base_url="https://localhost",
        input_stream=body,
        content_length=9,
        environ_base={"REMOTE_ADDR": client_address, **({PROXIED: {}} if behind else {})},
    )
    if answer.status_code == 503:
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert "tel:" in answer.text
    return answer.status_code
