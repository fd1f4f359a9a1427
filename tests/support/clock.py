"""A clock that a test moves, so that nobody waits."""

from udvej.durations import DAY, HOUR, MINUTE

__all__ = ["DAY", "HOUR", "MINUTE", "Clock"]


class Clock:
    """Seconds since the epoch, as a test wants them."""

    def __init__(self) -> None:
        """Begin at a moment that is nobody's present."""
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass, or go back."""
        self.now += seconds
