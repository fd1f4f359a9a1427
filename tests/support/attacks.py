# ruff: noqa: T201 (it tells the process that started it how it went)
"""Attacks on a site of our own, in a network of our own: `python -m support.attacks NAME …`.

Each is bounded in connections and time, and says as JSON what it was answered.
"""

import argparse
import asyncio
import json
import os
import resource
import ssl
import sys
import time
import zlib
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Final
from urllib.parse import urlencode

from support.front import HOST
from support.visiting import FILLED_IN, fields, unhurried
from udvej.content.addresses import FORM
from udvej.intake.submission import new_form_token
from udvej.web.reader import SESSION_COOKIE

_TURNS: Final = count()
# Until it has its first answer, at most.
_BEGINS_SECONDS: Final = 60.0


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class Attacker:
    """Who attacks, and what they are answered."""

    port: int
    tls: bool
    seconds: float
    scale: float
    until: float = 0.0
    context: ssl.SSLContext = field(default_factory=_context)
    answers: "Counter[str]" = field(default_factory=Counter)
    form: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""

    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.until

    def hears(self, answer: str) -> None:
        """Count an answer; the time runs from the first, which standard output tells."""
        if not self.answers:
            self.until = time.monotonic() + self.seconds
            print("begun", flush=True)
        self.answers[answer] += 1

    def several(self, number: int) -> int:
        """Fewer of them in a short attack."""
        return max(1, int(number * self.scale))

    async def connected(
        self, source: str, *, silent: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection from an address; without TLS where half a handshake is to follow."""
        to = "::1" if ":" in source else "127.0.0.1"
        secure = self.context if self.tls and not silent else None
        return await asyncio.open_connection(
            to,
            self.port,
            ssl=secure,
            server_hostname=HOST if secure else None,
            local_addr=(source, 0),
        )

    async def ask(
        self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], body: bytes | None
    ) -> tuple[int, str, bytes]:
        """One request for the form: the status, the cookie that is set, and the page."""
        reader, writer = streams
        head = f"{'GET' if body is None else 'POST'} {FORM} HTTP/1.1\r\nHost: {HOST}\r\n"
        if body is not None:
            head += f"Cookie: {SESSION_COOKIE}={self.cookie}\r\n"
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Content-Length: {len(body)}\r\n"
        writer.write(f"{head}\r\n".encode() + (body or b""))
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        shown = await reader.readexactly(int(headers.get("content-length", "0")))
        cookies = [line.split("=", 1)[1] for line in lines if f": {SESSION_COOKIE}=" in line]
        cookie = cookies[0].split(";")[0] if cookies else ""
        return int(lines[0].split()[1]), cookie, shown

    async def open_form(self, source: str) -> None:
        """As a person does, once; the same cookie is sent ever after."""
        streams = await self.connected(source)
        _, self.cookie, shown = await self.ask(streams, None)
        self.form = fields(shown.decode())
        streams[1].close()

    def filled_in(self, **changes: str) -> bytes:
        """A form of its own."""
        token = new_form_token(datetime.now(UTC))
        message = f"Jeg vil gerne ud. {next(_TURNS)}"
        filled = {**self.form, **FILLED_IN, "token": token, "message": message, **changes}
        return urlencode(unhurried(filled)).encode()

    async def post(self, source: str, times: int, make: Callable[[], bytes]) -> None:
        """Send so many forms, on a connection that is opened again whenever it is cut."""
        streams = None
        for _ in range(times):
            if self.over():
                break
            try:
                streams = streams or await self.connected(source)
                status, cookie, _ = await self.ask(streams, make())
                self.hears(f"{status}{_kind(cookie)}")
            except (OSError, ssl.SSLError, EOFError, asyncio.IncompleteReadError) as error:
                self.hears(type(error).__name__)
                streams = None
                await asyncio.sleep(0.1)
        if streams:
            streams[1].close()

    async def hold(self, source: str, first_words: bytes, *, silent: bool) -> None:
        """Keep one connection open that asks for nothing, and open it again when it is cut."""
        while not self.over():
            try:
                reader, writer = await self.connected(source, silent=silent)
                self.hears("opened")
                writer.write(first_words)
                with suppress(TimeoutError):
                    left = max(0.0, self.until - time.monotonic())
                    await asyncio.wait_for(reader.read(1), left)
                writer.close()
            except (OSError, ssl.SSLError) as error:
                self.hears(type(error).__name__)
                await asyncio.sleep(0.5)


def _kind(cookie: str) -> str:
    """Whether the form's cookie tells of something that was taken."""
    payload = cookie.removeprefix(".").split(".")[0]
    if not payload:
        return ""
    said = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    names = json.loads(zlib.decompress(said) if cookie.startswith(".") else said)
    return " taken" if "sent" in names and "draft" not in names else ""


async def homes(attacker: Attacker) -> None:
    """270 IPv6 /64s, of one /48, each sending 60 good forms."""
    sources = [f"2001:db8:0:{home:x}::1" for home in range(attacker.several(270))]
    await attacker.open_form(sources[0])
    times = attacker.several(60)
    await asyncio.gather(*(attacker.post(each, times, attacker.filled_in) for each in sources))


async def digits(attacker: Attacker) -> None:
    """150 connections of one address, each sending 64 KiB of digits."""
    source = "127.0.0.7"
    await attacker.open_form(source)
    # Room for the rest of the form; its own length is not what is hard.
    body = attacker.filled_in(message="0123456789" * 6500)
    await asyncio.gather(
        *(attacker.post(source, 1000, lambda: body) for _ in range(attacker.several(150)))
    )


async def silent(attacker: Attacker) -> None:
    """8,400 connections of one address that say nothing, after the handshake where there is TLS."""
    number = attacker.several(8400)
    await asyncio.gather(*(attacker.hold("127.0.0.7", b"", silent=False) for _ in range(number)))


async def handshakes(attacker: Attacker) -> None:
    """8,400 connections of one address that begin a handshake of TLS, or a request, and stop."""
    number = attacker.several(8400)
    # A record of a ClientHello that promises 512 bytes and brings none.
    words = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" if attacker.tls else b"GET / HT"
    await asyncio.gather(*(attacker.hold("127.0.0.7", words, silent=True) for _ in range(number)))


async def drafts(attacker: Attacker) -> None:
    """Five addresses of five networks, each sending 240 long forms that are refused."""
    await attacker.open_form("127.0.1.7")
    body = attacker.filled_in(who="", message="é" * 20_000)
    sources = [f"127.0.{network}.7" for network in range(1, 6)]
    times = attacker.several(240)
    await asyncio.gather(*(attacker.post(each, times, lambda: body) for each in sources))


async def stalled(attacker: Attacker) -> None:
    """Eight bodies that begin and go no further, with a cookie."""
    await attacker.open_form("127.0.0.7")
    head = f"POST {FORM} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {SESSION_COOKIE}={attacker.cookie}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nwho="
    await asyncio.gather(
        *(attacker.hold("127.0.0.7", head.encode(), silent=False) for _ in range(8))
    )


ATTACKS: Final[Mapping[str, Callable[[Attacker], Awaitable[None]]]] = {
    attack.__name__: attack for attack in (homes, digits, silent, handshakes, drafts, stalled)
}


async def _attack(name: str, attacker: Attacker) -> None:
    """Until the time is up, and what is still under way then is let go."""
    attacker.until = time.monotonic() + _BEGINS_SECONDS
    attack = asyncio.ensure_future(ATTACKS[name](attacker))
    while not (attack.done() or attacker.over()):
        await asyncio.wait([attack], timeout=0.1)
    attack.cancel()
    await asyncio.gather(attack, return_exceptions=True)


def main() -> int:
    """Attack, and say how that was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ATTACKS)
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    os.nice(19)  # from elsewhere, an attack takes no processor from the site
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    attacker = Attacker(given.port, given.tls, given.seconds, given.scale)
    asyncio.run(_attack(given.name, attacker))
    print(json.dumps(attacker.answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
