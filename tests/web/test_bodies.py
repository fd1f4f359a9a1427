"""Senders who stall in the middle of what they send."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event

from flask import Flask
from flask.testing import FlaskClient
from support.patience import PATIENCE, until
from udvej.content.addresses import FORM, TOO_LONG
from udvej.web.app import SESSION_COOKIE
from udvej.web.bodies import MOST_AT_ONCE


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

    def post(body: BytesIO) -> int:
        client = app.test_client()
        client.set_cookie(SESSION_COOKIE, "x", secure=True)
        answer = client.post(
            FORM, base_url="https://localhost", input_stream=body, content_length=9
        )
        if answer.status_code == 503:
            assert 0 < int(answer.headers["Retry-After"]) <= 60
            assert "tel:" in answer.text
        return answer.status_code

    with ThreadPoolExecutor() as threads:
        held = [threads.submit(post, body) for body in stalling]
        until(lambda: all(body.waited_for for body in stalling))
        assert post(BytesIO(b"message=x")) == 503
        assert app.test_client().get("/", base_url="https://localhost").status_code == 200
        go_on.set()
        assert 503 not in [answer.result(PATIENCE) for answer in held]
    assert post(BytesIO(b"message=x")) != 503
