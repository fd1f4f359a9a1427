"""How often one client may send, without keeping who they are.

A client is known by an HMAC of its address under a random salt that is renewed daily and lives in
this process alone. IPv6 addresses count by their /64, and more generously by their /56 and /48,
since many homes have 256 of the first, and some 65,536.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from threading import Lock

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from udvej.durations import DAY, Clock

# Some web servers in front name the client's port too: 192.0.2.1:5000, [2001:db8::1]:5000.
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+|\[(.*)\](?::[0-9]+)?")

_WIDTHS = ((64, 1), (56, 4), (48, 16))


class ClientLimit:
    """Counts what clients do; each web process counts by itself."""

    def __init__(self, limit: RateLimitItem, clock: Clock) -> None:
        """Begin with nothing counted.

        Args:
            limit: how often a client may, such as `limits.parse("30/hour")`.
            clock: gives seconds since the epoch.
        """
        self._limit = limit
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._lock = Lock()
        self._day, self._salt = -1, b""

    def allows(self, address: str, cost: int = 1) -> bool:
        """Count one more from a client, and say whether that is within the limit.

        Args:
            address: as the web server gives it; anything that is no address is one client.
            cost: how many it counts for.
        """
        return all(
            self._limiter.hit(
                type(self._limit)(self._limit.amount * generous, self._limit.multiples),
                self._pseudonym(network),
                cost=cost,
            )
            for network, generous in _networks(address)
        )

    def _pseudonym(self, network: bytes) -> str:
        with self._lock:
            today = int(self._clock() // DAY)
            if today != self._day:
                self._day, self._salt = today, secrets.token_bytes(32)
            salt = self._salt
        return hmac.digest(salt, network, "sha256").hex()


def _networks(address: str) -> Sequence[tuple[bytes, int]]:
    """What an address counts for, the narrowest first, and how many times the limit each has."""
    named = _WITH_PORT.fullmatch(address)
    host = (named[1] or named[2]) if named else address
    try:
        client = ip_address(host.partition("%")[0])
    except ValueError:
        return [(b"", 1)]
    if isinstance(client, IPv6Address):
        if client.ipv4_mapped:
            return [(client.ipv4_mapped.packed, 1)]
        return [(client.packed[: bits // 8], generous) for bits, generous in _WIDTHS]
    return [(client.packed, 1)]
