# ruff: noqa: T201 (what it is for is to print)
"""Figures as benchmarks show them: what was wanted, what was measured, how it spread."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

MILLI = 1000


@dataclass(frozen=True)
class Figure:
    """A line of the table."""

    name: str
    wanted: str
    measured: str
    spread: str
    well: bool | None  # None where nothing is wanted, or nothing could be measured


def is_quick(description: str | None) -> bool:
    """Whether the command line asks to try the benchmark out rather than to measure."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    return bool(parser.parse_args().quick)


def show(figures: Sequence[Figure]) -> bool:
    """Print the table.

    Returns:
        Whether every figure that is wanted held.
    """
    rows = [
        ("figure", "wanted", "measured", "spread", ""),
        *(
            (figure.name, figure.wanted, figure.measured, figure.spread, _VERDICTS[figure.well])
            for figure in figures
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    return all(figure.well is not False for figure in figures)


_VERDICTS = {True: "held", False: "MISSED", None: ""}


def spread(values: Sequence[float], times: float = 1) -> str:
    """From the least to the most."""
    return f"{min(values) * times:.2f} to {max(values) * times:.2f}"


def middle(
    name: str, well: Callable[[float], bool], wanted: str, rounds: Sequence[float]
) -> Figure:
    """A figure that is the median of its rounds."""
    value = median(rounds)
    return Figure(name, wanted, f"{value:.2f}", spread(rounds), well(value))
