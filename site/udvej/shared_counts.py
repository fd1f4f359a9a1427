"""Counts that the processes of a site share, on however many hosts: in Redis or Valkey.

A client is known there by an HMAC of its address under a random salt of the day. The salt is there
too, encrypted under a key that only the site has, and goes with its day: then nobody can try out
addresses on a count any more.
"""

import hmac
import logging
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, Final, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from udvej.durations import DAY, MINUTE, Clock
from udvej.errors import StorageError

if TYPE_CHECKING:
    from redis import Redis

# A visitor waits for it.
_PATIENCE_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 5.0
# No retries, no HELLO, no CLIENT SETINFO: each round trip delays a visitor.
_CONNECTION: Final[Mapping[str, Any]] = {
    "socket_timeout": _PATIENCE_SECONDS,
    "socket_connect_timeout": _PATIENCE_SECONDS,
    "retry": None,
    "protocol": 2,
    "driver_info": None,
}
_SALT_BYTES: Final = 32
_PURPOSE: Final = b"udvej: the salt of limits"
_KEEPS_ALL: Final = "noeviction"
# By exception; of several that fit the first one counts.
_REASONS: Final = {
    "AuthenticationError": "the server refuses the name or password",
    "NoPermissionError": "the server lets this user do too little; see site/deploy/second-host.md",
    "ReadOnlyError": "the server is a replica, which takes nothing; name the primary",
    "OutOfMemoryError": "the server is full; give it more memory",
    "SSLCertVerificationError": "the server's certificate is not trusted, or for another name",
    "BusyLoadingError": "the server is starting",
    "TimeoutError": f"the server does not answer within {_PATIENCE_SECONDS} s",
    "ConnectionError": "the server cannot be reached",
    "InvalidToken": "UDVEJ_SECRET_KEY is another than on other hosts, or than earlier today",
}
# What a server begins a refusal with, such as MISCONF.
_CODE: Final = re.compile(r"[A-Z]+\b")

_log = logging.getLogger(__name__)


def pseudonym(salt: bytes, network: bytes) -> str:
    """What a client is counted under; it tells nothing without the salt."""
    return hmac.digest(salt, network, "sha256").hex()


class SharedCounts:
    """Rate-limit counts shared with other processes, in Redis or Valkey.

    After a failure the server is not asked again until a background thread has reached it, so that
    only one visitor waits for a timeout.
    """

    def __init__(self, url: str, secret_key: str, name: str, clock: Clock = time.time) -> None:
        """Ask nothing yet.

        Args:
            url: as `Config.limits`.
            secret_key: the same on all hosts.
            name: of the municipality.
            clock: gives seconds since the epoch.
        """
        self._prefix = f"udvej:{name}"
        storage = RedisStorage(url, key_prefix=self._prefix, **_CONNECTION)
        self._redis: Redis = storage.storage
        refused = cast("type[Exception]", storage.base_exceptions)
        self._failures = (refused, InvalidToken, StorageError)
        self._limiter = FixedWindowRateLimiter(storage)
        derived = HKDF(SHA256(), _SALT_BYTES, None, _PURPOSE).derive(secret_key.encode())
        self._sealing = Fernet(urlsafe_b64encode(derived))
        self._clock = clock
        self._looking = RLock()
        self._salt, self._look_again = b"", 0.0
        self._trouble = ""

    def hit(self, limit: RateLimitItem, network: bytes, cost: int) -> bool:
        """Count one more from a client, and say whether that is within the limit.

        Args:
            limit: how often it may; its namespace tells it from others.
            network: what of an address makes a client.
            cost: how many it counts for.

        Raises:
            StorageError: it cannot be counted there now.
        """
        salt = self._salt_of_today()
        try:
            return self._limiter.hit(limit, pseudonym(salt, network), cost=cost)
        except self._failures as error:
            raise self._left(error) from error

    def trouble(self) -> str:
        """Why processes count each by itself, and what to do; "" where they count together."""
        with self._looking:
            if not self._trouble:
                try:
                    self._look()
                except self._failures as error:
                    return _words(error)
            return self._trouble

    def _salt_of_today(self) -> bytes:
        with self._looking:
            if self._trouble:
                raise StorageError(self._trouble)
            if self._clock() >= self._look_again:
                try:
                    self._salt, self._look_again = self._look()
                except self._failures as error:
                    raise self._left(error) from error
            return self._salt

    def _look(self) -> tuple[bytes, float]:
        """The day's salt, made by the first who asks, and until when to go by it.

        Raises:
            StorageError: the server may forget what is counted.
        """
        now = self._clock()
        day = int(now // DAY)
        ends = (day + 1) * DAY
        key = f"{self._prefix}:salt:{day}"
        made = self._sealing.encrypt(secrets.token_bytes(_SALT_BYTES))
        with self._redis.pipeline() as together:
            together.set(key, made, nx=True, ex=int(ends - now) + 1)
            together.get(key)
            together.info("memory")
            _, sealed, memory = together.execute()
        if memory.get("maxmemory") and memory.get("maxmemory_policy", _KEEPS_ALL) != _KEEPS_ALL:
            raise StorageError(
                "UDVEJ_LIMITS: the server forgets counts when it is full; set its maxmemory-policy"
                " to noeviction"
            )
        return self._sealing.decrypt(sealed), min(now + MINUTE, ends)

    def _left(self, error: Exception) -> StorageError:
        with self._looking:
            if not self._trouble:
                self._trouble = _words(error)
                _log.error("event=limits-apart problem=%r", self._trouble)
                Thread(target=self._come_back, daemon=True).start()
            return StorageError(self._trouble)

    def _come_back(self) -> None:
        while self._trouble:
            time.sleep(_PAUSE_SECONDS)
            try:
                found = self._look()
            except self._failures as error:
                self._trouble = _words(error)
            else:
                with self._looking:
                    self._salt, self._look_again = found
                    self._trouble = ""
        _log.warning("event=limits-together")


def _words(error: Exception) -> str:
    """What is wrong; a server's own words may hold anything, so they are not repeated."""
    if isinstance(error, StorageError):
        return str(error)
    kinds = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    for kind, words in _REASONS.items():
        if kind in kinds:
            return f"UDVEJ_LIMITS: {words}"
    code = _CODE.match(str(error))
    kind = code[0] if code else type(error).__name__
    return f"UDVEJ_LIMITS: the server refuses to count ({kind}); see its log"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
