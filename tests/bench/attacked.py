# ruff: noqa: T201 (what it is for is to print)
"""The figures under attack: `make bench`.

Each attack comes from one home or from few addresses, while real visitors come from elsewhere: to
nginx and the kernel's rules as they are shipped, and to `udvej serve` alone. All of it happens in
a network of its own, on this machine.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Final

from bench.figures import MILLI, Figure, show
from limits import parse
from support.attacked import met
from support.attacks import ATTACKS
from support.networks import why_not
from udvej.web.rate_limit import ClientLimit

# What a visitor does, in seconds that 99 of 100 may take: where nginx and the kernel are in front.
# `udvej serve` alone takes what comes first, so its seconds are only shown.
WANTED: Final[Mapping[str, float]] = {"page": 0.3, "send": 1.0, "leave": 0.2}
_PATIENCE: Final = 300.0
NGINX: Final = "nginx and kernel"
KNOWN: Final = 200_000
# The part of those who are known that are asked for again.
ASKED: Final = 1000


def main() -> int:
    """Attack, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    parser.add_argument("--attack", choices=ATTACKS, action="append", help="only these")
    given = parser.parse_args()
    if reason := why_not():
        print(f"Nothing is measured: {reason}")
        return 0
    well = show([known_clients()])
    for attack in given.attack or ATTACKS:
        print()
        figures = [
            figure
            for where in (NGINX, "serve")
            for figure in measured(attack, where, quick=given.quick)
        ]
        well = show(figures) and well
    return int(not well)


def measured(attack: str, where: str, *, quick: bool) -> Iterator[Figure]:
    """What visitors met."""
    limits = ["--visits=20", "--seconds=8"] if quick else ["--visits=100", "--seconds=30"]
    found = met(attack, where, *limits, patience=_PATIENCE)
    in_front = where == NGINX
    name = f"{attack}, {'nginx' if in_front else where}"
    for what, most in WANTED.items():
        seconds = sorted(found["seconds"].get(what, [float("inf")]))
        within_ = seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)]
        yield Figure(
            f"{name}: {what}, 99 of 100",
            f"≤ {most} s" if in_front else "",
            f"{within_:.2f} s",
            f"median {median(seconds):.3f}, most {seconds[-1]:.2f}, of {len(seconds)}",
            within_ <= most if in_front else None,
        )
    lost = found["taken"] - found["kept"]
    well = lost <= 0 and not found["wrong"] and found["drafts_kept"]
    yield Figure(
        f"{name}: acknowledged and lost",
        "0",
        f"{max(0, lost)} of {found['taken']}",
        f"wrong {found['wrong'] or 0}; attacker {found['attacker']}",
        well,
    )


def known_clients() -> Figure:
    """What it costs to count one more client when so many are known."""
    limit = ClientLimit(parse("30/hour"), time.time)
    addresses = [f"2001:db8:{n >> 12:x}:{n & 0xFFF:x}::1" for n in range(KNOWN)]
    for address in addresses:
        limit.allows(address)
    costs = []
    for address in addresses[:: KNOWN // ASKED]:
        begun = time.perf_counter()
        limit.allows(address)
        costs.append((time.perf_counter() - begun) * MILLI)
    return Figure(
        f"{KNOWN:,} known clients: one more request is counted in",
        "≤ 1 ms",
        f"{median(costs):.2f} ms",
        f"most {max(costs):.2f}",  # the processor was somebody else's meanwhile
        median(costs) <= 1,
    )


if __name__ == "__main__":
    sys.exit(main())
