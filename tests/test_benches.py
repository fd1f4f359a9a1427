"""Benchmarks run: a change that breaks one is noticed before somebody wants its figures."""

import subprocess
import sys

import pytest
from support.checkout import CHECKOUT
from support.networks import why_not
from support.patience import PATIENCE


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name",
    [
        "form",  # takes the site apart; the others ask it from outside, and take longer
        pytest.param(
            "attacked",
            marks=[pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not())],
        ),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("cpr", "databases", "municipalities", "serving")
        ),
    ],
)
def test_benchmark_can_be_tried_out(name: str) -> None:
    """It prints its figures; how fast anything was on a busy machine is not looked at."""
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--quick"],
        cwd=CHECKOUT / "tests", capture_output=True, text=True, timeout=10 * PATIENCE, check=False,
    )  # fmt: skip
    assert ran.returncode in (0, 1), ran.stderr
    assert ran.stderr == ""
    assert " held" in ran.stdout
