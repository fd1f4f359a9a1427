"""Several municipalities in one worker: each is made when asked for, and answers for itself."""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from udvej.errors import StorageError
from udvej.logs import EventFormatter
from udvej.web.hosts import Hosts, WhenAsked
from werkzeug.test import Client
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger("udvej.prøve")


def made(answer: str, times: list[str]) -> Callable[[], "WSGIApplication"]:
    """What makes an application, and notes each time it does."""

    def make() -> "WSGIApplication":
        times.append(answer)
        return Response(answer)

    return make


def test_each_is_made_once_whoever_asks_for_how_many() -> None:
    """To make them again and again would keep a worker from all else."""
    times: list[str] = []
    sites = {
        f"{name}.example": (name, WhenAsked(made(name, times), Response("away", 503)))
        for name in map(str, range(98))
    }
    visitor = Client(Hosts(sites))
    assert times == []
    for _ in range(3):
        for host, (name, _site) in sites.items():
            assert visitor.get("/", base_url=f"http://{host}").text == name
    assert times == [name for name, _ in sites.values()]


def test_what_cannot_be_made_is_tried_again_by_the_next_request() -> None:
    """The disk was full; nobody has to start the site for it."""
    failing = [True]

    def make() -> "WSGIApplication":
        if failing:
            raise StorageError
        return Response("here")

    visitor = Client(WhenAsked(make, Response("away", 503)))
    assert visitor.get("/").text == "away"
    failing.clear()
    assert visitor.get("/").text == "here"


def test_what_is_logged_meanwhile_says_whose_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """And after that nobody's."""
    caplog.handler.setFormatter(EventFormatter())

    def speaking(_environ: object, start: object) -> Iterable[bytes]:
        _log.warning("event=prøve")
        return Response("")(_environ, start)  # type: ignore[arg-type]

    visitor = Client(Hosts({"nordby.example": ("nordby", speaking)}))
    visitor.get("/", base_url="http://nordby.example")
    _log.warning("event=efter")
    said = [line.partition("udvej.prøve ")[2] for line in caplog.text.splitlines()]
    assert said == ["municipality=nordby event=prøve", "event=efter"]
