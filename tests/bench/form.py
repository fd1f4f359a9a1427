# ruff: noqa: T201 (what it is for is to print)
"""The figures of the README: `make bench`.

What is compared is measured in turns, round after round, so that a busy machine slows both alike.
"""

import itertools
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from ipaddress import IPv4Address
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from unittest.mock import patch
from urllib.parse import urlencode

from bench.figures import MILLI, Figure, is_quick, middle, show, spread
from flask import Flask
from support.checkout import CHECKOUT
from support.clock import Clock
from support.letters import referral
from support.places import Place
from support.visiting import FILLED_IN, Visitor, unhurried
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.database import Database
from udvej.durations import MINUTE
from udvej.intake.referral import Referral, new_reference
from udvej.intake.sealing import Sealer
from udvej.intake.submission import new_form_token
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services, referrals
from udvej.web.app import create_app
from udvej.web.reader import SESSION_COOKIE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PATIENCE: Final = 60.0
# A new client for every POST: what is measured is not the rate limit.
CLIENTS: Final = map(str, map(IPv4Address, itertools.count(1)))
LETTER: Final = referral()


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    rounds: int
    posts: int
    accepts: int
    waiting: int


FULL: Final = Scale(rounds=15, posts=60, accepts=250, waiting=10_000)
QUICK: Final = Scale(rounds=1, posts=3, accepts=5, waiting=100)


class Unsealed(Sealer):
    """Leaves sealing out."""

    def seal(self, referral: Referral, number: int) -> Sealed:
        """The letter as it is."""
        return Sealed(referral.letter(number).encode(), token="")


class Unkept(Outbox):
    """Leaves the disk out where a referral is accepted."""

    def __init__(self, database: Database) -> None:
        """Remember nothing yet."""
        super().__init__(database)
        self._receipts: dict[bytes, str] = {}

    def accept(
        self, key: bytes, reference: str, seal: Callable[[int], Sealed], *, paced: bool = False
    ) -> str:
        """Seal, and remember no more than the receipt."""
        seal(len(self._receipts) + 1 + paced)
        return self._receipts.setdefault(key, reference)


class Sender:
    """A browser with the form open, that presses Send again and again."""

    def __init__(self, app: Flask) -> None:
        """Open the form."""
        client = app.test_client()
        self._app = app
        self._form = {**Visitor(client).open(), **FILLED_IN}
        cookie = client.get_cookie(SESSION_COOKIE)
        self._cookie = f"{SESSION_COOKIE}={cookie.value if cookie else ''}"

    def seconds(self) -> float:
        """How long the site takes to answer one POST with 303 and the receipt."""
        token = new_form_token(datetime.now(UTC))  # a form of its own, or it is a second press
        body = urlencode(unhurried({**self._form, "token": token})).encode()
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": FORM,
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_COOKIE": self._cookie,
            "HTTP_HOST": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": next(CLIENTS),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        said: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., None]:
            said.append((status, dict(headers)))
            return lambda _: None

        begun = time.perf_counter()
        for _ in self._app.wsgi_app(environ, start):
            pass
        seconds = time.perf_counter() - begun
        ((status, headers),) = said
        if (status[:3], headers.get("Location")) != ("303", FORM):
            sys.exit(f"the site answered {status}; nothing is measured")
        return seconds


def main() -> int:
    """Measure, and print the table."""
    scale = QUICK if is_quick(__doc__) else FULL
    # On the disk of the checkout: a folder for temporary files may be memory.
    with TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as folder:
        home = Path(folder)
        print(f"{os.cpu_count()} processors; {_disk(home)}", flush=True)
        measures = (safety, together, mail_server, crowd)
        figures = [figure for measure in measures for figure in measure(home, scale)]
    well = show(figures)
    print(
        "\nNot here: lost and acknowledged-but-unstored over 200 kill -9 (pytest -m slow, which\n"
        "`make bench` runs before this), and a disk whose flush lies about being done."
    )
    return int(not well)


def _disk(home: Path) -> str:
    """What one durable write costs here, without any of us."""
    seconds = []
    with (home / "flushed").open("wb", buffering=0) as file:
        for _ in range(50):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - begun)
    return f"4 KB onto the disk: {median(seconds) * MILLI:.2f} ms ({spread(seconds, MILLI)})"


def safety(home: Path, scale: Scale) -> Iterator[Figure]:
    """The form's POST with sealing and durable commit, against the same with both left out."""
    config = Config(home / "safety", CHECKOUT / "content", "127.0.0.1", 8000, live=None)
    config.state.mkdir()
    safe = Sender(create_app(Services.open(config)))
    unsealed = Unsealed(Services.open(config).sealer.recipients)
    with (
        patch.object(Services, "sealer", unsealed),
        patch.object(Services, "outbox", Unkept(referrals(config))),
    ):
        bare = Sender(create_app(Services.open(config)))
    taken = in_turns(scale, safe.seconds, bare.seconds)
    with_both, without = (1 / median(map(median, rounds)) for rounds in zip(*taken, strict=True))
    yield middle(
        f"POST, sealed and durable / neither ({with_both:.0f} / {without:.0f} a second)",
        lambda ratio: ratio >= 0.45,
        "≥ 0.45",
        [median(other) / median(ours) for ours, other in taken],
    )


def in_turns(
    scale: Scale, one: Callable[[], float], other: Callable[[], float]
) -> list[tuple[list[float], list[float]]]:
    """Seconds of both, taken alternately, by round; a first round warms up and is dropped."""
    rounds = []
    for _ in range(scale.rounds + 1):
        pairs = [(one(), other()) for _ in range(scale.posts)]
        rounds.append(([first for first, _ in pairs], [second for _, second in pairs]))
    return rounds[1:]


def together(home: Path, scale: Scale) -> Iterator[Figure]:
    """Four processes that accept as fast as they can, on one disk."""
    state = home / "together"
    state.mkdir()
    yield from together_at(Place(state), scale)


def together_at(place: Place, scale: Scale) -> Iterator[Figure]:
    """The same, anywhere."""
    (place.state / "team.pem").write_bytes(TeamKey.make("team@exit.example").certificate_pem())
    outbox = Outbox(place.open())
    processes = get_context("spawn")
    start = processes.Barrier(4)
    # Unlike a `Pool` it says so if one of them ends.
    with ProcessPoolExecutor(4, processes, _begin, (start,)) as pool:
        waits = [*pool.map(_accept_many, [(place, scale.accepts)] * 4)]
    longest = [max(each) for each in waits]
    middle = median(itertools.chain.from_iterable(waits))
    yield Figure(
        f"longest accept, 4 processes at once (median {middle * MILLI:.1f} ms)",
        "≤ 0.3 s",
        f"{max(longest):.2f} s",
        spread(longest),
        max(longest) <= 0.3,
    )
    yield Figure(
        "accepted by them and kept",
        f"{4 * scale.accepts}",
        f"{outbox.status().waiting}",
        "",
        outbox.status().waiting == 4 * scale.accepts,
    )


barrier: Barrier


def _begin(start: Barrier) -> None:
    global barrier  # noqa: PLW0603 (how a pool hands one to its processes)
    barrier = start


def _accept_many(task: tuple[Place, int]) -> list[float]:
    """Seconds of each accept, in a process of its own."""
    place, count = task
    outbox, sealer = Outbox(place.open()), Sealer.for_team(place.state / "team.pem")
    seconds = []
    barrier.wait(PATIENCE)
    for _ in range(count):
        begun = time.perf_counter()
        outbox.accept(secrets.token_bytes(32), new_reference(), partial(sealer.seal, LETTER))
        seconds.append(time.perf_counter() - begun)
    return seconds


def mail_server(home: Path, scale: Scale) -> Iterator[Figure]:
    """The form's POST while `udvej deliver` waits for a silent server, and without it."""
    folder = home / "mail"
    folder.mkdir()
    (folder / "team.pem").write_bytes(TeamKey.make("team@exit.example").certificate_pem())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        settings = {
            "UDVEJ_STATE": str(folder / "state"),
            "UDVEJ_CONTENT": str(CHECKOUT / "content"),
            "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example",
            "UDVEJ_SECRET_KEY": secrets.token_hex(),
            "UDVEJ_TEAM_CERTIFICATE": str(folder / "team.pem"),
            "UDVEJ_MAIL_SERVER": "127.0.0.1",
            "UDVEJ_MAIL_PORT": str(silent.getsockname()[1]),
        }
        (folder / "state").mkdir()
        sender = Sender(create_app(Services.open(Config.from_environ(settings))))
        sender.seconds()
        rounds = []
        for _ in range(scale.rounds):
            idle = [sender.seconds() for _ in range(scale.posts)]
            with _delivering(settings, folder / "printed", silent):
                hung = [sender.seconds() for _ in range(scale.posts)]
            rounds.append((median(idle), median(hung)))
    before, after = (median(column) * MILLI for column in zip(*rounds, strict=True))
    yield middle(
        f"POST, mail server silent / no delivery ({after:.1f} / {before:.1f} ms)",
        lambda ratio: ratio <= 1.1,
        "≤ 1.10",
        [hung / idle for idle, hung in rounds],
    )


@contextmanager
def _delivering(settings: dict[str, str], output: Path, silent: socket.socket) -> Iterator[None]:
    """`udvej deliver`, once it has asked the silent server and waits for a word."""
    others = {key: value for key, value in os.environ.items() if "UDVEJ_" not in key}
    with output.open("ab") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "udvej", "deliver"],
            env=others | settings,
            stdout=printed,
            stderr=printed,
        )
        try:
            try:
                connection = silent.accept()[0]
            except TimeoutError:
                sys.exit(f"`udvej deliver` asked no mail server:\n{output.read_text()}")
            with connection:
                yield
        finally:
            process.kill()  # asked to stop, it would finish its wait
            process.wait(PATIENCE)


def crowd(home: Path, scale: Scale) -> Iterator[Figure]:
    """What it costs to accept and to lease beside many that wait, against ten."""
    yield from crowd_at(lambda name: Place(home / name), scale)


def crowd_at(place: Callable[[str], Place], scale: Scale) -> Iterator[Figure]:
    """The same, anywhere."""
    few, many = (Queue(place(f"due-{count}"), count) for count in (10, scale.waiting))
    names = ("accept", "lease, one is due")
    taken = [(few.seconds(), many.seconds()) for _ in range(scale.rounds * 20)]
    costs = {name: [(a[i], b[i]) for a, b in taken] for i, name in enumerate(names)}
    few, many = (Queue(place(f"paced-{count}"), count, paced=True) for count in (10, scale.waiting))
    costs["lease, none is due"] = [(few.idle(), many.idle()) for _ in range(scale.rounds * 20)]
    for name, pairs in costs.items():
        rounds = [pairs[at : at + 20] for at in range(0, len(pairs), 20)]
        before, after = (median(column) * MILLI for column in zip(*pairs, strict=True))
        yield middle(
            f"{name}: {scale.waiting:,} wait / 10 wait ({after:.2f} / {before:.2f} ms)",
            lambda ratio: ratio <= 2,
            "≤ 2",
            [median(b for _, b in each) / median(a for a, _ in each) for each in rounds],
        )


class Queue:
    """An outbox in which so many wait."""

    def __init__(self, place: Place, count: int, *, paced: bool = False) -> None:
        """Fill it, without waiting for the disk where that can be had."""
        state = place.state
        state.mkdir()
        (state / "team.pem").write_bytes(TeamKey.make("team@exit.example").certificate_pem())
        self._sealed = Sealer.for_team(state / "team.pem").seal(LETTER, 1)
        self._clock = Clock()
        filling = place.open(durable=False)
        self._outbox = Outbox(filling, self._clock)
        for _ in range(count):
            self._accept(paced=paced)
        filling.close()
        self._outbox = Outbox(place.open(), self._clock)

    def _accept(self, *, paced: bool = False) -> None:
        if not paced:
            self._clock.move(MINUTE)  # as people write: more at once would be paced
        key = secrets.token_bytes(32)
        self._outbox.accept(key, new_reference(), lambda _: self._sealed, paced=paced)

    def seconds(self) -> tuple[float, float]:
        """Of one accept and one lease; as many wait afterwards."""
        begun = time.perf_counter()
        self._accept()
        accepted = time.perf_counter()
        leased = self._outbox.lease()
        ended = time.perf_counter()
        if leased is None:
            sys.exit("nothing was due; nothing is measured")
        self._outbox.sent(leased)
        return accepted - begun, ended - accepted

    def idle(self) -> float:
        """Seconds of a lease that finds nothing due."""
        begun = time.perf_counter()
        leased = self._outbox.lease()
        seconds = time.perf_counter() - begun
        if leased is not None:
            sys.exit("something was due; nothing is measured")
        return seconds


if __name__ == "__main__":
    sys.exit(main())
