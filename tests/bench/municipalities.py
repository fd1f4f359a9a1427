"""What 98 municipalities in one installation cost beside one: part of `make bench`.

Each is made by `udvej new` with facts of its own, in three languages. All processes run on this
machine; those that are compared take turns, so that a busy machine slows both alike.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Final
from unittest.mock import patch

import brotli
from bench.figures import MILLI, Figure, is_quick, middle, show, spread
from bench.server import Server, status, udvej
from support.checkout import CHECKOUT
from support.contents import begun
from support.patience import PATIENCE
from support.running import ended, held_port, started
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.installation import Installation
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import PAGES, freeze
from udvej.services import Services

MIB: Final = 2**20
PAGE: Final = "/om/"
LOAD: Final = ("-t1", "-c16", "--latency", "--timeout", "30s", "-H", "Accept-Encoding: br")
# Pages compress better in earnest, which takes seconds for each; here it is the same for all.
_QUICK: Final = SimpleNamespace(compress=partial(brotli.compress, quality=5))


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        some: how many municipalities, from one to all.
        rounds: how often each.
        load: how long a round of requests takes, as wrk is told.
    """

    some: Sequence[int]
    rounds: int
    load: str

    @property
    def all(self) -> int:
        """All municipalities."""
        return self.some[-1]


FULL: Final = Scale(some=(1, 33, 66, 98), rounds=5, load="3s")  # 98 as Denmark has
QUICK: Final = Scale(some=(1, 2), rounds=1, load="1s")


def main() -> int:
    """Measure, and print the table."""
    scale = QUICK if is_quick(__doc__) else FULL
    with TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as folder:
        home = Path(folder)
        names = [f"kommune{number:02}" for number in range(scale.all)]
        _make(home / "all", names)
        for some in scale.some:
            for name in names[:some]:
                link = home / f"{some}" / name
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(home / "all" / name)
        _build(_environ(home, scale.all))
        held = [show([*part(home, names, scale)]) for part in (_growth, _requests, _published)]
    return int(not all(held))


def _make(folder: Path, names: Sequence[str]) -> None:
    """All of them, each with a name, number, key and certificate of its own."""
    model = begun(folder.with_name("model")).parent
    with ProcessPoolExecutor() as processes:
        for _ in processes.map(partial(_one, model, folder), range(len(names)), names):
            pass


def _one(model: Path, folder: Path, number: int, name: str) -> None:
    own = Path(shutil.copytree(model, folder / name))
    facts = own / "content" / "kommune.toml"
    text = facts.read_text("utf-8").replace("30 40 50 60", f"71 10 00 {number:02}")
    text = text.replace("Egen", name.capitalize()).replace("egen.example", f"{name}.example")
    facts.write_text(text, "utf-8")
    (own / "team.pem").write_bytes(TeamKey.make(f"team@{name}.example").certificate_pem())
    settings = own / "settings"
    settings.write_text(
        f"UDVEJ_PUBLIC_ADDRESS=https://{name}.example\nUDVEJ_SECRET_KEY={secrets.token_hex(32)}\n"
        "UDVEJ_TEAM_CERTIFICATE=team.pem\n"
    )
    settings.chmod(0o640)


def _environ(home: Path, some: int) -> Mapping[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UDVEJ_")}
    return {
        **kept,
        "UDVEJ_MUNICIPALITIES": str(home / f"{some}"),
        "UDVEJ_STATE": str(home / "state"),
        "UDVEJ_PORT": str(held_port()),
        "UDVEJ_MAIL_SERVER": "mail.invalid",
    }


def _build(environ: Mapping[str, str]) -> None:
    configs = Installation.from_environ(environ).configs.values()
    with ProcessPoolExecutor() as processes:
        for _ in processes.map(_built, configs):
            pass


def _built(config: Config) -> None:
    with patch("udvej.publish.compressed.brotli", _QUICK):
        Services.open(config)
        freeze(config, config.state / PAGES)


def _serving(environ: Mapping[str, str], names: Sequence[str]) -> AbstractContextManager[Server]:
    """`udvej serve`, from when the last of them answers."""
    return udvej(environ, PAGE, f"{names[-1]}.example")


def _show_once(server: Server, names: Sequence[str], address: str) -> None:
    """Ask each, often enough that either worker has most likely answered for it."""
    for name in [*names] * 5:
        status(server.port, address, f"{name}.example")


def _growth(home: Path, names: Sequence[str], scale: Scale) -> Iterator[Figure]:
    """Start and memory with more and more of them."""
    starts: dict[int, list[float]] = {some: [] for some in scale.some}
    idle: dict[int, float] = {}
    read: dict[int, float] = {}
    written: dict[int, float] = {}
    for number in range(scale.rounds):
        for some in scale.some:
            with _serving(_environ(home, some), names[:some]) as server:
                starts[some].append(server.seconds)
                if number:
                    continue
                time.sleep(2 * len(names) / 5)  # the delivery has looked at each
                idle[some] = server.memory_bytes() / MIB
                for kept, address in ((read, PAGE), (written, FORM)):
                    _show_once(server, names[:some], address)
                    kept[some] = server.memory_bytes() / MIB
    yield from _line("start, ms a municipality", 10, _each(starts, MILLI))
    for told, kept in (("", idle), (", each has shown a page", read), (", and its form", written)):
        memory = {some: [value] for some, value in kept.items()}
        yield from _line(f"memory, MiB a municipality{told}", 1.5, _each(memory, 1))
    seconds = ", ".join(f"{median(values):.2f}" for values in starts.values())
    yield Figure(f"  seconds to start {', '.join(map(str, scale.some))}", "", seconds, "", None)
    memories = ", ".join(f"{value:.0f}" for value in written.values())
    yield Figure(f"  MiB of {', '.join(map(str, scale.some))}, forms shown", "", memories, "", None)


def _each(of: Mapping[int, Sequence[float]], times: float) -> list[float]:
    """What each more of them costs, from one step of `some` to the next and from first to last."""
    middles = {some: median(values) * times for some, values in of.items()}
    steps = [*pairwise(of), (min(of), max(of))]
    return [(middles[more] - middles[less]) / (more - less) for less, more in steps]


def _line(name: str, most: float, steps: Sequence[float]) -> Iterator[Figure]:
    *between, whole = steps
    yield Figure(name, f"≤ {most}", f"{whole:.2f}", spread(between), whole <= most)


def _wrk(
    port: int, home: Path, names: Sequence[str], scale: Scale, address: str = PAGE
) -> tuple[float, float]:
    """Requests a second and the 99th percentile in milliseconds, over all of some in turns."""
    hosts = ", ".join(f'"{name}.example"' for name in names)
    script = home / "hosts.lua"
    script.write_text(
        f"local hosts, at = {{{hosts}}}, 0\n"
        "request = function()\n  at = at % #hosts + 1\n"
        f'  return wrk.format("GET", "{address}", {{["Host"] = hosts[at], '
        '["Accept-Encoding"] = "br"})\nend\n'
    )
    command = ["wrk", *LOAD, f"-d{scale.load}", "-s", str(script), f"http://127.0.0.1:{port}"]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"not every request was answered; nothing is measured\n{said}")
    # "+/- Stdev" may say 99% too.
    number, unit = re.findall(r"^ +99% +([\d.]+)(us|ms|s)$", said, re.MULTILINE)[0]
    milli = float(number) * {"us": 1 / MILLI, "ms": 1, "s": MILLI}[unit]
    return float(said.split("Requests/sec:")[1].split()[0]), milli


def _requests(home: Path, names: Sequence[str], scale: Scale) -> Iterator[Figure]:
    """The same load on one alone and spread over all."""
    if shutil.which("wrk") is None:
        yield Figure("requests of all against one", "", "not measured: wrk is missing", "", None)
        return
    ratios: list[float] = []
    forms: list[float] = []
    rates: list[float] = []
    copied = _copied(home)  # before somebody writes in it
    with (
        _serving(_environ(home, 1), names[:1]) as one,
        _serving({**_environ(home, scale.all), "UDVEJ_STATE": str(copied)}, names) as every,
    ):
        for address, kept in ((PAGE, ratios), (FORM, forms)):
            for server, some in ((one, names[:1]), (every, names)):
                _show_once(server, some, address)
            for _ in range(scale.rounds):
                alone, _ = _wrk(one.port, home, names[:1], scale, address)
                spread_over, _ = _wrk(every.port, home, names, scale, address)
                kept.append(spread_over / alone)
                rates.append(spread_over)
    yield middle(
        f"requests per second for a page, {scale.all} against one",
        lambda x: x >= 0.95,
        "≥ 0.95",
        ratios,
    )
    yield Figure("  for the form", "", f"{median(forms):.2f}", spread(forms), None)
    yield Figure(
        "  requests per second for a page", "", f"{median(rates[: scale.rounds]):.0f}", "", None
    )


def _copied(home: Path) -> Path:
    """The state of all, for a second installation beside the first."""
    copy = home / "state of all"
    shutil.copytree(home / "state", copy, symlinks=True, dirs_exist_ok=True)
    return copy


def _published(home: Path, names: Sequence[str], scale: Scale) -> Iterator[Figure]:
    """What the others notice while one publishes, and for how long it does."""
    if shutil.which("wrk") is None:
        return
    environ, ratios, took = _environ(home, scale.all), [], []
    changed, others = names[0], names[1:]
    page = home / "all" / changed / "content" / "om.md"
    with _serving(environ, names) as server:
        _show_once(server, others, PAGE)
        for number in range(scale.rounds):
            _, before = _wrk(server.port, home, others, scale)
            page.write_text(page.read_text("utf-8") + f"\n\nNyt {number}.\n", "utf-8")
            begun_at = time.perf_counter()
            publisher = started(
                # As its unit does.
                ["nice", "-n", "10", sys.executable, "-m", "udvej", "publish", changed],
                env=environ,
                stdout=subprocess.DEVNULL,
            )
            try:
                _, during = _wrk(server.port, home, others, scale)
                if publisher.wait(10 * PATIENCE) != 0:
                    sys.exit("nothing was published, so nothing is measured")
            finally:
                ended(publisher)
            took.append(time.perf_counter() - begun_at)
            ratios.append(during / before)
    yield middle(
        "the others' p99 while one publishes, x before", lambda x: x <= 1.2, "≤ 1.2", ratios
    )
    yield Figure("  seconds until it is published", "", f"{median(took):.1f}", spread(took), None)


if __name__ == "__main__":
    sys.exit(main())
