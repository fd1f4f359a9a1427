"""All that a browser can reach: the site by its name, and a stand-in for everybody else."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from support.browser import Served
from support.patience import PATIENCE

HOST: Final = "udvej.example"
ORIGIN: Final = f"https://{HOST}"
# Another site, from which somebody comes by a link; it can be written in too.
ELSEWHERE: Final = "https://andetsteds.example/"
ELSEWHERE_TITLE: Final = "Et andet sted"


@dataclass
class Internet:
    """A proxy on this machine, which leads to no other.

    Attributes:
        proxy: its port.
        asked: every host that a browser wanted to reach, in order.
        pages: HTML by host, in place of the weather.
    """

    proxy: int = 0
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)


@contextmanager
def internet(site: Served) -> Iterator[Internet]:
    """The internet as long as a test needs it."""
    net = Internet()
    net.pages[urlsplit(ELSEWHERE).netloc] = (
        f'<!doctype html><meta charset=utf-8><title>{ELSEWHERE_TITLE}</title><a href="{ORIGIN}/">'
        "Sol</a>"
    )
    others = _others(net)
    net.keys.append(_key((site.state / "certificate.pem").read_bytes()))
    ready, stopped = Event(), Event()
    proxying = Thread(
        target=lambda: asyncio.run(
            _proxy(net, int(site.origin.rpartition(":")[2]), others.server_port, ready, stopped)
        ),
        daemon=True,
    )
    answering = Thread(target=others.serve_forever, daemon=True)
    proxying.start()
    answering.start()
    assert ready.wait(PATIENCE)
    try:
        yield net
    finally:
        stopped.set()
        others.shutdown()
        others.server_close()
        proxying.join(PATIENCE)
        answering.join(PATIENCE)


class _Others(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """A browser hangs up now and then."""


def _others(net: Internet) -> ThreadingHTTPServer:
    class Weather(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers["Host"]
            page = net.pages.get(host, f"<!doctype html><title>{host}</title><h1>Vejret</h1>")
            body = page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "max-age=86400")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing to tell."""

    server = _Others(("127.0.0.1", 0), Weather)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = trustme.CA().issue_cert("andre.example")
    certificate.configure_cert(context)
    net.keys.append(_key(certificate.cert_chain_pems[0].bytes()))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return server


async def _proxy(net: Internet, site: int, others: int, ready: Event, stopped: Event) -> None:
    """Answer CONNECT (RFC 9110, 9.3.6) and nothing else, so nothing goes in clear."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with closing(writer), suppress(*gone):
            method, target, *_ = (await reader.readuntil(b"\r\n\r\n")).split()
            host = urlsplit(f"//{target.decode()}" if method == b"CONNECT" else target.decode())
            net.asked.append(host.hostname or "")
            if method == b"CONNECT":
                port = site if host.hostname == HOST else others
                there, away = await asyncio.open_connection("127.0.0.1", port)
                with closing(away):  # also when the whole internet ends
                    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    await asyncio.gather(_pass_on(reader, away), _pass_on(there, writer))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    net.proxy = server.sockets[0].getsockname()[1]
    ready.set()
    await asyncio.to_thread(stopped.wait)
    server.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    writer.close()


def _key(certificate: bytes) -> str:
    """Base64 of the SHA-256 of a certificate's public key, as Chromium's command line wants it."""
    key = load_pem_x509_certificate(certificate).public_key()
    form = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(form).digest()).decode()
