"""nginx before a live site, with the configuration that is shipped."""

import re
import shlex
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Final

from support.checkout import CHECKOUT
from support.patience import PATIENCE, until
from support.running import ended, held_port, started

SHIPPED: Final = CHECKOUT / "site" / "deploy"
HOST: Final = "udvej.example"
SHIPPED_RATE: Final = "10r/s"

# As Debian's own, in other folders; with the log of requests that it keeps unless told not to.
_AROUND: Final = """\
{user}
pid {folder}/pid;
error_log {folder}/logs/error.log;
include /etc/nginx/modules-enabled/*.conf;
worker_processes auto;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    access_log {folder}/logs/access.log;
    gzip on;
    client_body_temp_path {folder}/spool/body;
    proxy_temp_path {folder}/spool/proxy;
    fastcgi_temp_path {folder}/spool/fastcgi;
    uwsgi_temp_path {folder}/spool/uwsgi;
    scgi_temp_path {folder}/spool/scgi;
    include {folder}/udvej.conf;
}}
"""


@dataclass(frozen=True)
class Ports:
    """Where nginx and the application listen."""

    http: int
    https: int
    site: int
    spare: int

    @classmethod
    def free(cls, **known: int) -> "Ports":
        """Free ones, but for those that are known."""
        names = ("http", "https", "site", "spare")
        return cls(**{**{name: held_port() for name in names}, **known})


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that nobody vouches for, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += [
        "-nodes",
        "-days",
        "9",
        "-subj",
        f"/CN={HOST}",
        "-keyout",
        f"{key}",
        "-out",
        f"{made}",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return made, key


def adapted(ports: Ports, pages: Path, folder: Path, text: str = "") -> str:
    """The shipped site with other ports, paths and certificate.

    All visitors are one address here, so that more requests of one address pass.

    Args:
        ports: where to listen, and where the application does.
        pages: made by `udvej build`.
        folder: for the certificate.
        text: of several sites, in place of the shipped one; they find their own pages.
    """
    made, key = certificate(folder)
    several = bool(text)
    text = text or (SHIPPED / "nginx" / "udvej.conf").read_text("utf-8")
    text = re.sub(r"/etc/udvej/tls/[a-z]+/", "/etc/udvej/tls/", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{ports.http}", text)
    text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{ports.https}", text)
    text = re.sub(r"listen \[::\]:80\b", f"listen [::1]:{ports.http}", text)
    text = re.sub(r"listen \[::\]:443\b", f"listen [::1]:{ports.https}", text)
    for shipped, ours in {
        "127.0.0.1:8000": f"127.0.0.1:{ports.site}",
        "127.0.0.1:8001": f"127.0.0.1:{ports.spare}",
        "/etc/udvej/tls/certificate.pem": str(made),
        "/etc/udvej/tls/key.pem": str(key),
        "/var/cache/udvej/site/": f"{pages}/",
        "/var/www/acme": str(folder / "acme"),
        f"rate={SHIPPED_RATE}": "rate=1000r/s",
    }.items():
        assert shipped in text or (several and ours == f"{pages}/")
        text = text.replace(shipped, ours)
    return text


@dataclass(frozen=True)
class Heard:
    """An answer, as it came."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    @classmethod
    def read(cls, response: HTTPResponse) -> "Heard":
        """All of it."""
        body = response.read()
        names = dict.fromkeys(name.lower() for name in response.headers)
        found = {name: response.headers.get_all(name, []) for name in names}
        return cls(response.status, found, body)

    def __getitem__(self, name: str) -> str:
        """A header, or ""."""
        return ", ".join(self.headers.get(name.lower(), []))


class Front:
    """nginx that runs."""

    def __init__(self, ports: Ports, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        """See `standing`."""
        self.ports = ports
        self.folder = folder
        self._process = process

    def connect(
        self,
        name: str = HOST,
        source: str = "",
        latest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> ssl.SSLSocket:
        """A connection over TLS that asks for a host name, from an address of this machine."""
        # Without the system's authorities, which would be read for each connection.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, latest
        plain = socket.create_connection(
            ("127.0.0.1", self.ports.https), PATIENCE, source_address=(source, 0)
        )
        try:
            return context.wrap_socket(plain, server_hostname=name)
        finally:
            plain.close()

    def connection(self) -> HTTPConnection:
        """The same for HTTP."""
        connection = HTTPConnection(HOST)
        connection.sock = self.connect()
        return connection

    def ask(
        self,
        method: str,
        address: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """One request."""
        connection = self.connection()
        connection.request(method, address, body, {"Accept-Encoding": "", **(headers or {})})
        heard = Heard.read(connection.getresponse())
        connection.close()
        return heard

    def say(self, words: bytes) -> bytes:
        """Raw bytes over TLS; all that is answered until nginx closes."""
        with self.connect() as connection:
            return answered(connection, words)

    def reload(self) -> None:
        """Reload the configuration (`nginx -s reload`)."""
        main = (self.folder / "nginx.conf").as_posix()
        subprocess.run(["nginx", "-c", str(main), "-s", "reload"], check=True, timeout=PATIENCE)

    def written(self) -> Mapping[str, bytes]:
        """Every file of logs and spools, by name."""
        places = [self.folder / "logs", self.folder / "spool"]
        paths = [path for place in places for path in place.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


def answered(connection: socket.socket, words: bytes) -> bytes:
    """All that comes for some words, of which the other end may hear only the beginning.

    It answers what is too long before it has all of it, and cuts.
    """
    with suppress(ConnectionError, ssl.SSLError):
        connection.sendall(words)
    return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other end closes, or cuts."""
    got = b""
    try:
        while more := connection.recv(65536):
            got += more
    except (ConnectionError, ssl.SSLError):
        pass
    return got


def checked(ports: Ports, pages: Path, folder: Path, text: str = "", **changes: str) -> Path:
    """Write the configuration, and see that nginx understands it without a warning.

    Args:
        ports: where to listen, and where the application does.
        pages: made by `udvej build`.
        folder: for all that nginx writes.
        text: as for `adapted`.
        changes: `was="is"` in the shipped text, for controls.

    Returns:
        The main file.
    """
    for name in ("logs", "spool", "acme"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    text = adapted(ports, pages, folder, text)
    for was, becomes in changes.items():
        assert was in text
        text = text.replace(was, becomes)
    (folder / "udvej.conf").write_text(text, "utf-8")
    main = folder / "nginx.conf"
    # Started by root, its workers would else be somebody who cannot enter a test's folder.
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    main.write_text(_AROUND.format(folder=folder, user=user), "utf-8")
    _change_as_the_guide_says(main)
    command = ["nginx", "-t", "-q", "-c", str(main)]
    looked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (looked.returncode, looked.stderr) == (0, ""), looked.stderr
    return main


def _change_as_the_guide_says(main: Path) -> None:
    """Run the line of the guide that changes Debian's own configuration."""
    guide = (SHIPPED / "README.md").read_text("utf-8").replace("\\\n", "")
    line, _back = re.findall(r"^ +(sed -i .*) /etc/nginx/nginx\.conf$", guide, re.MULTILINE)
    subprocess.run([*shlex.split(line), main], check=True, timeout=PATIENCE)


@contextmanager
def standing(
    ports: Ports, pages: Path, folder: Path, text: str = "", **changes: str
) -> Iterator[Front]:
    """Run nginx before a site, until the end; see `checked`."""
    main = checked(ports, pages, folder, text, **changes)
    command = ["nginx", "-c", str(main), "-g", "daemon off;"]
    process = started(command)
    try:
        until(lambda: _listens(ports.https))
        yield Front(ports, folder, process)
        process.terminate()
        process.wait(PATIENCE)
    finally:
        ended(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except OSError:
        return False
    return True
