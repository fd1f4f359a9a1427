# ruff: noqa: T201 (what it is for is to print)
"""PostgreSQL against SQLite, on one disk: `make bench`.

The faults on both are in `tests/faults`, which `make bench` runs before this.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import Figure, is_quick, middle, show
from bench.form import FULL, QUICK, Scale, Sender, crowd_at, in_turns, together_at
from support import postgres
from support.checkout import CHECKOUT
from support.places import Place
from udvej.config import Config
from udvej.services import Services
from udvej.web.app import create_app


def main() -> int:
    """Measure, and print the table."""
    scale = QUICK if is_quick(__doc__) else FULL
    # On the disk of the checkout: a folder for temporary files may be memory.
    with TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server is another user's
        with postgres.serving(home) as server:
            print(f"{os.cpu_count()} processors; {server.version}", flush=True)
            figures = [*post(home, server, scale), *both(home, server, scale)]
    return int(not show(figures))


def post(home: Path, server: postgres.Server, scale: Scale) -> Iterator[Figure]:
    """The form's POST, sealed and durable, where each of them keeps it."""
    places = Place(home / "file"), Place(home / "server", server.database("posts"))
    senders = []
    for place in places:
        place.state.mkdir()
        demonstration = Config(place.state, CHECKOUT / "content", "127.0.0.1", 8000, live=None)
        senders.append(Sender(create_app(Services.open(place.of(demonstration)))))
    taken = in_turns(scale, senders[0].seconds, senders[1].seconds)
    file, far = (1 / median(map(median, rounds)) for rounds in zip(*taken, strict=True))
    yield middle(
        f"POST, PostgreSQL / SQLite ({far:.0f} / {file:.0f} a second)",
        lambda ratio: ratio >= 0.7,
        "≥ 0.70",
        [median(ours) / median(theirs) for ours, theirs in taken],
    )


def both(home: Path, server: postgres.Server, scale: Scale) -> Iterator[Figure]:
    """Many at once, and many that wait, on the one and on the other."""

    def files(name: str) -> Place:
        return Place(home / f"file-{name}")

    def databases(name: str) -> Place:
        return Place(home / f"server-{name}", server.database(name.replace("-", "_")))

    for engine, place in (("SQLite", files), ("PostgreSQL", databases)):
        at = place("together")
        at.state.mkdir()
        for figure in (*together_at(at, scale), *crowd_at(place, scale)):
            yield replace(figure, name=f"{engine}: {figure.name}")


if __name__ == "__main__":
    sys.exit(main())
