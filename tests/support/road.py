"""A live site and the mail server that it hands its referrals to, both running."""

import atexit
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from support.forked import Forked
from support.mailserver import (
    PASSWORD,
    SENDER,
    TEAM,
    USER,
    Authority,
    Faults,
    Server,
    Taken,
    Tls,
    serving,
)
from support.municipality import CONTENT, places
from support.opening import opened
from support.patience import PATIENCE, until
from support.running import held_port
from support.visiting import FILLED_IN, fields, is_receipt, unhurried
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import freeze

SECRET_KEY = "hemmelig" * 8


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    location: str | None
    text: str
    headers: str = ""


class Browser:
    """A browser: it keeps the cookie, and sends it back as over HTTPS."""

    def __init__(self, port: int, host: str = "") -> None:
        """With an empty cookie jar.

        Args:
            port: of the site.
            host: the name that it is asked by, or "" for this machine's address.
        """
        self._port = port
        self._host = {"Host": host} if host else {}
        self._cookies: dict[str, str] = {}

    @property
    def cookies(self) -> Mapping[str, str]:
        """What it keeps, by name."""
        return self._cookies

    def takes(self, cookies: Mapping[str, str]) -> None:
        """Put cookies in its jar, as if the site had set them."""
        self._cookies |= cookies

    def ask(self, method: str, address: str, form: Mapping[str, str] | None = None) -> Answer:
        """One request."""
        kept = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**self._host, "Cookie": kept}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(self._connection()) as connection:
            connection.request(method, address, urlencode(form or {}), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        for header in answer.headers.get_all("Set-Cookie", []):
            jar: SimpleCookie = SimpleCookie(header)
            self._cookies |= {name: morsel.value for name, morsel in jar.items()}
        return Answer(answer.status, answer.headers["Location"], text, answer.headers.as_string())

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)

    def send(self, **changes: str) -> Answer:
        """Open the form, fill it in and press Send."""
        page = self.ask("GET", FORM)
        return self.ask("POST", FORM, unhurried({**fields(page.text), **FILLED_IN, **changes}))

    def is_taken(self, answer: Answer) -> bool:
        """Whether an answer to sending leads to the receipt; its address is the form's."""
        return self._leads_to_the_form(answer) and is_receipt(self.ask("GET", FORM).text)

    def is_refused(self, answer: Answer) -> bool:
        """Whether an answer to sending leads back to the form."""
        return self._leads_to_the_form(answer) and not is_receipt(self.ask("GET", FORM).text)

    def _leads_to_the_form(self, answer: Answer) -> bool:
        return (answer.status, answer.location) == (303, FORM)


class Site:
    """`udvej serve` in a process of its own, and all that it prints."""

    def __init__(self, settings: Mapping[str, str], output: Path, *arguments: str) -> None:
        """Start it, and wait until it answers."""
        self.settings = settings
        self.port = int(settings["UDVEJ_PORT"])
        self._output = output
        others = {key: value for key, value in os.environ.items() if "UDVEJ_" not in key}
        with output.open("wb") as written:
            self._process = Forked(
                "serve",
                *arguments,
                env={key: value for key, value in {**others, **settings}.items() if value},
                stdout=written,
                stderr=written,
            )
        try:
            until(self._answers)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Of the first process."""
        return self._process.pid

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.printed()
        try:
            return Browser(self.port).ask("GET", "/sundhed").status in (200, 503, 421)
        except OSError:
            return False

    def printed(self) -> str:
        """Everything so far."""
        return self._output.read_text()

    def processes(self) -> list[str]:
        """The states of all the processes it is made of."""
        lines = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
        return [state for state, group in lines if group == str(self._process.pid) and state != "Z"]

    def children(self) -> set[str]:
        """The processes that the first one has made, in any of its threads."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return {child for task in tasks for child in _read(task).split()}

    def reload(self) -> None:
        """Ask for new workers."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """See that nothing is left, however a test ended."""
        self._process.end()


def _read(path: Path) -> str:
    """A file of proc(5), or "" where the process or thread is gone already."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _stat(path: Path) -> tuple[str, str]:
    """State and process group (proc(5)) of a process that may be gone already."""
    state, _parent, group, *_ = [*_read(path).rpartition(") ")[2].split(), "", "", ""]
    return state, group


@dataclass(frozen=True)
class Road:
    """A live site and the mail server it hands its referrals to."""

    site: Site
    server: Server
    team: TeamKey
    folder: Path

    def mail(self) -> Taken:
        """The next mail that the server takes."""
        return self.server.mails.get(timeout=PATIENCE)

    def letter(self, mail: Taken) -> str:
        """What the team reads in it."""
        inside = opened(mail.content, self.team, self.folder, form="SMIME")
        return str(inside.get_content())


@cache
def unanswered() -> str:
    """A public address at which nobody answers; one, since pages are frozen again for another."""
    return f"https://localhost:{held_port()}"


@cache
def _furniture() -> Path:
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def furnish(settings: Mapping[str, str]) -> None:
    """Give a live site its frozen pages, as one has that was there before; they take a while.

    Args:
        settings: of the site; its certificate exists.
    """
    config = Config.from_environ({key: value for key, value in settings.items() if value})
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages = freeze(replace(config, state=_furniture()), _furniture() / "pages")
    shutil.copytree(pages, config.state / pages.name)


@contextmanager
def laid(
    tls: Tls,
    folder: Path,
    authority: Authority,
    team: TeamKey,
    *arguments: str,
    **others: str,
) -> Iterator[Road]:
    """The road from end to end, on this machine.

    Args:
        tls: how the mail server speaks it.
        folder: for the state, what is printed and the certificates.
        authority: signs the mail server's certificate.
        team: who may open the referrals.
        arguments: of `udvej serve`.
        others: of the environment, in place of ours; "" for none.
    """
    certificate = folder / "team-certificate.pem"
    certificate.write_bytes(team.certificate_pem())
    with serving(authority.context(), tls, Faults(login=True)) as server:
        settings = {
            **places(),
            "UDVEJ_STATE": str(folder / "state"),
            "UDVEJ_PORT": str(held_port()),
            "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example",
            "UDVEJ_SECRET_KEY": SECRET_KEY,
            "UDVEJ_TEAM_CERTIFICATE": str(certificate),
            "UDVEJ_MAIL_SERVER": "localhost",
            "UDVEJ_MAIL_PORT": str(server.port),
            "UDVEJ_MAIL_TLS": tls,
            "UDVEJ_MAIL_CA": str(authority.file),
            "UDVEJ_MAIL_USER": USER,
            "UDVEJ_MAIL_PASSWORD": PASSWORD,
            "UDVEJ_MAIL_TO": TEAM,
            "UDVEJ_MAIL_FROM": SENDER,
            **others,
        }
        furnish(settings)
        site = Site(settings, folder / "printed", *arguments)
        try:
            yield Road(site, server, team, folder)
        finally:
            site.kill()


@contextmanager
def spoilable(folder: Path, authority: Authority, team: TeamKey) -> Iterator[Road]:
    """The road on a copy of the content, which a test may change.

    Args:
        folder: as for `laid`; the copy is its `content/`.
        authority: as for `laid`.
        team: as for `laid`.
    """
    content = shutil.copytree(CONTENT, folder / "content")
    others = {
        "UDVEJ_CONTENT": str(content),
        # `udvej status` asks for the certificate there, and must ask nobody.
        "UDVEJ_PUBLIC_ADDRESS": unanswered(),
    }
    with laid("starttls", folder, authority, team, **others) as road:
        yield road
