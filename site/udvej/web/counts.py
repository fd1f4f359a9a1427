"""Where limits are counted: in memory, at the same cost however many clients there are.

The library's own `MemoryStorage` goes through all of them in a thread after each request.
"""

from collections import OrderedDict
from threading import Lock
from typing import Final

from limits.storage import Storage

from udvej.durations import Clock

# More than one request can add, so that what is over is always gone in time.
_FORGOTTEN_AT_ONCE: Final = 4


class Counts(Storage):
    """Counts of fixed windows, all of one length: so the first to begin is the first to end."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing counted.

        Args:
            clock: gives seconds since the epoch.
        """
        super().__init__()
        self._clock = clock
        self._lock = Lock()
        # When each ends, in the order of that.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """None is of this storage in particular."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count on, or from 0 where the window is over or has not begun.

        Returns:
            The count.
        """
        now = self._clock()
        with self._lock:
            self._forget(now)
            ends, count = self._windows.get(key, (now, 0))
            if ends <= now:
                self._windows.pop(key, None)
                ends, count = now + expiry, 0
            self._windows[key] = ends, count + amount
            return count + amount

    def _forget(self, now: float) -> None:
        for _ in range(_FORGOTTEN_AT_ONCE):
            oldest = next(iter(self._windows), None)
            if oldest is None or self._windows[oldest][0] > now:
                break
            del self._windows[oldest]

    def get(self, key: str) -> int:
        """The count, 0 where the window is over or has not begun."""
        ends, count = self._windows.get(key, (0.0, 0))
        return count if ends > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch; now for one that has not begun."""
        return self._windows.get(key, (self._clock(), 0))[0]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all; how many there were."""
        with self._lock:
            known = len(self._windows)
            self._windows.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._windows.pop(key, None)
