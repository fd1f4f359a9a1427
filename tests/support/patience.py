"""How long a test waits for anything that it does not do itself."""

import time
from collections.abc import Callable
from typing import Final

# Seconds: far more than a busy machine needs, and half of what a test may take in all.
PATIENCE: Final = 60.0


def until(done: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    """Wait for something that no event tells of.

    Args:
        done: whether it has happened.
        patience: for how many seconds.
    """
    limit, pause = time.monotonic() + patience, 0.01
    while not done():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(pause)
        # Poll less and less: it takes processor time from what is waited for.
        pause = min(0.1, 1.3 * pause)
