"""A real mail server with TLS on this machine, as trustworthy or as faulty as a test wants."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Queue
from threading import Event, Semaphore, Thread
from typing import AnyStr, Literal

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from support.patience import PATIENCE
from udvej.config import MailServer
from udvej.outbox.mail import Relay
from udvej.outbox.table import Leased

USER, PASSWORD = "udvej", "hemmelig kode"
TEAM, SENDER = "team@exit.example", "hjemmeside@kommune.example"

Tls = Literal["starttls", "tls"]


@dataclass(frozen=True)
class Taken:
    """A mail that the server said 250 to."""

    sender: str | None
    recipients: list[str]
    content: bytes


class Hold:
    """Lets a mail wait for its 250 for as long as a test wants."""

    def __init__(self) -> None:
        """With nothing waiting yet."""
        self._arrived, self._over = Semaphore(0), Event()

    def arrived(self, mails: int = 1) -> bool:
        """Wait until so many more mails wait; whether they came."""
        return all(self._arrived.acquire(timeout=PATIENCE) for _ in range(mails))

    def end(self) -> None:
        """Let them, and all that follow, have their 250."""
        self._over.set()

    async def wait(self) -> None:
        """What the server does."""
        self._arrived.release()
        while not self._over.is_set():  # noqa: ASYNC110 (set by another thread)
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Faults:
    """How a server misbehaves.

    Attributes:
        answers: instead of 250, by command: "MAIL", "RCPT" or "DATA"; or instead of the
            "greeting", what follows "EHLO" or "AUTH", or the "354" that bids the mail come.
        cut: drop the connection when this command comes; "." is the mail's final dot, "message"
            the middle of it.
        login: take mail only from those who log in.
        hold: what to wait for before 250.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    login: bool = False
    hold: Hold | None = None


@dataclass(frozen=True)
class Server:
    """A mail server that runs.

    Attributes:
        port: where it listens.
        mails: what it took.
        clear: every byte that reached it without TLS.
    """

    port: int
    tls: Tls
    mails: "Queue[Taken]" = field(default_factory=Queue)
    clear: bytearray = field(default_factory=bytearray)

    def settings(
        self, ca: Path, *, user: str | None = None, password: str | None = None
    ) -> MailServer:
        """The settings for it."""
        return MailServer(
            host="localhost",
            port=self.port,
            tls=self.tls,
            ca=ca,
            user=user,
            password=password,
            recipients=[TEAM],
            sender=SENDER,
        )


class Authority:
    """An authority that signs certificates, and its own certificate in a file."""

    def __init__(self, folder: Path) -> None:
        """Make it, in a folder that exists."""
        self._ca = trustme.CA()
        self.file = folder / "mail-authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context(self, host: str = "localhost", *, until: datetime | None = None) -> ssl.SSLContext:
        """What a server needs to pass for a host, until a moment if one is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(host, not_after=until).configure_cert(context)
        return context


@contextmanager
def serving(
    context: ssl.SSLContext | None,
    tls: Tls = "starttls",
    faults: Faults | None = None,
    address: str = "127.0.0.1",
) -> Iterator[Server]:
    """Run a mail server.

    Args:
        context: its certificate; None for a server that does not know TLS.
        tls: from the first byte, or after STARTTLS.
        faults: what it does wrong.
        address: where it listens.
    """
    loop = asyncio.new_event_loop()
    listening = socket.create_server((address, 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # eight times as fast
    server = Server(listening.getsockname()[1], tls)
    # In a thread of its own from the first step: a browser test's loop may run in this one.
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begin = loop.create_server(
        lambda: _Conversation(server, context, faults or Faults(), loop),
        sock=listening,
        ssl=context if tls == "tls" else None,
    )
    running = asyncio.run_coroutine_threadsafe(begin, loop).result(PATIENCE)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(running), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


def delivered(leased: Leased, authority: Authority) -> bytes:
    """What reaches the team's mailbox when a referral is mailed."""
    with serving(authority.context()) as server:
        Relay(server.settings(authority.file), [TEAM]).carry(leased)
        return server.mails.get(timeout=PATIENCE).content


async def _end(running: asyncio.Server) -> None:
    running.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class _Conversation(SMTP):
    """One connection."""

    def __init__(
        self,
        server: Server,
        context: ssl.SSLContext | None,
        faults: Faults,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        implicit = server.tls == "tls"
        super().__init__(
            _Handler(server, faults),
            hostname="mail.example",
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=_authenticate,
            auth_require_tls=not implicit,  # it counts only what STARTTLS began
            loop=loop,
        )
        self._server, self._faults, self._in_message = server, faults, False

    def data_received(self, data: bytes) -> None:
        if self.transport is None or self.transport.get_extra_info("sslcontext") is None:
            self._server.clear.extend(data)
        if self._in_message and self._faults.cut == "message":
            self._hang_up()
        else:
            super().data_received(data)

    async def _handle_client(self) -> None:
        if greeting := self._faults.answers.get("greeting"):
            await self.push(greeting)
            self._hang_up(at_once=False)
        else:
            await super()._handle_client()

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802 (the library's naming)
        if answer := self._faults.answers.get("EHLO"):
            await self.push(answer)
            self._hang_up(at_once=False)
        else:
            await super().smtp_EHLO(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 (the library's naming)
        if answer := self._faults.answers.get("AUTH"):
            await self.push(answer)
        else:
            await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (the library's naming)
        if self._faults.cut == "DATA":
            self._hang_up()
        elif answer := self._faults.answers.get("354"):
            await self.push(answer)
        else:
            self._in_message = True
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802 (the library's naming)
        if self._faults.cut == "QUIT":
            self._hang_up()
        else:
            await super().smtp_QUIT(arg)

    async def push(self, status: AnyStr) -> None:
        if status == _CUT:
            self._hang_up()
        else:
            await super().push(status)

    def _hang_up(self, *, at_once: bool = True) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            (self.transport.abort if at_once else self.transport.close)()


_CUT = "421 cut"


class _Handler:
    """What the server decides about a mail."""

    def __init__(self, server: Server, faults: Faults) -> None:
        self._server, self._faults = server, faults

    async def handle_MAIL(  # noqa: N802 (the library's naming)
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._faults.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._faults.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 (the library's naming)
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answers = self._faults.answers
        answer = answers.get(f"RCPT {address}", answers.get("RCPT", "250 OK"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 (the library's naming)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = self._faults.answers.get("DATA", "250 OK")
        if self._faults.hold:
            await self._faults.hold.wait()
        if answer.startswith("250"):
            content = envelope.content or b""
            self._server.mails.put(
                Taken(
                    envelope.mail_from,
                    envelope.rcpt_tos,
                    content if isinstance(content, bytes) else content.encode(),
                )
            )
        return _CUT if self._faults.cut == "." else answer


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, credentials: object
) -> AuthResult:
    expected = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=credentials == expected, handled=False)
