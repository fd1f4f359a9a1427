"""How often one client may send, without keeping who they are.

A client is known by an HMAC of its address under a random salt that is renewed daily and lives in
this process alone, unless hosts count together: see `shared_counts`.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

from limits import RateLimitItem
from limits.strategies import FixedWindowRateLimiter

from udvej.durations import DAY, Clock
from udvej.errors import StorageError
from udvej.shared_counts import SharedCounts, pseudonym
from udvej.web.counts import Counts

# Some web servers in front name the client's port too: 192.0.2.1:5000, [2001:db8::1]:5000.
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+|\[(.*)\](?::[0-9]+)?")

# Prefix lengths by which IPv4 and IPv6 clients are counted, each with a multiple of the limit.
Prefixes = tuple[Mapping[int, int], Mapping[int, int]]

# A home often has an IPv6 /56, which holds 256 /64s, and sometimes a /48.
HOMES: Final[Prefixes] = ({32: 1}, {64: 1, 56: 4, 48: 16})
# Prefixes within which one customer of a provider can have many addresses.
NETWORKS: Final[Prefixes] = ({24: 1}, {48: 1})


class ClientLimit:
    """Counts what clients do: where others count too, or by itself."""

    def __init__(
        self,
        limit: RateLimitItem,
        clock: Clock,
        prefixes: Prefixes = HOMES,
        shared: SharedCounts | None = None,
    ) -> None:
        """Begin with nothing counted here.

        Args:
            limit: how often a client may; its namespace tells it from the others that are shared.
            clock: gives seconds since the epoch.
            prefixes: what of an address makes a client.
            shared: where others count too; while that cannot be done each process counts alone.
        """
        self._shared = shared
        self._limit = limit
        self._clock = clock
        self._prefixes = prefixes
        self._limiter = FixedWindowRateLimiter(Counts(clock))
        self._lock = Lock()
        self._day, self._salt = -1, b""

    def allows(self, address: str, cost: int = 1) -> bool:
        """Count one more from a client, and say whether that is within the limit.

        Args:
            address: as the web server gives it; anything that is no address is one client.
            cost: how many it counts for.
        """
        return all(
            self._hit(
                type(self._limit)(
                    self._limit.amount * factor, self._limit.multiples, self._limit.namespace
                ),
                network,
                cost,
            )
            for network, factor in _networks(address, self._prefixes)
        )

    def _hit(self, limit: RateLimitItem, network: bytes, cost: int) -> bool:
        if self._shared is not None:
            with suppress(StorageError):  # which it says itself
                return self._shared.hit(limit, network, cost)
        return self._limiter.hit(limit, self._pseudonym(network), cost=cost)

    def _pseudonym(self, network: bytes) -> str:
        with self._lock:
            today = int(self._clock() // DAY)
            if today != self._day:
                self._day, self._salt = today, secrets.token_bytes(32)
            salt = self._salt
        return pseudonym(salt, network)


def network_of(address: str) -> bytes:
    """The /24 (IPv4) or /48 (IPv6) prefix of an address; b"" for anything that is no address.

    Args:
        address: as the web server gives it.
    """
    return _networks(address, NETWORKS)[0][0]


def _networks(address: str, prefixes: Prefixes) -> Sequence[tuple[bytes, int]]:
    """What an address counts for, the narrowest first, and how many times the limit each has."""
    named = _WITH_PORT.fullmatch(address)
    host = (named[1] or named[2]) if named else address
    try:
        client = ip_address(host.partition("%")[0])
    except ValueError:
        return [(b"", 1)]
    if isinstance(client, IPv6Address):
        client = client.ipv4_mapped or client
    older, newer = prefixes
    counted = newer if isinstance(client, IPv6Address) else older
    return [(client.packed[: bits // 8], factor) for bits, factor in counted.items()]
