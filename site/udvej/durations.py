"""Time: seconds since the epoch, from a clock that tests can move."""

from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
