# ruff: noqa: T201 (it tells the process that started it how it went)
"""A site under attack, and a real visitor from elsewhere: `python -m support.attacked …`.

To be run in a network of its own (`support.networks`). Says as JSON what the visitor met.
"""

import argparse
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal
from urllib.parse import urlencode

from support.attacks import ATTACKS
from support.front import HOST, SHIPPED, SHIPPED_RATE, Ports, standing
from support.mailserver import Authority
from support.networks import within
from support.road import Road, laid
from support.running import ended, held_port, next_line, started
from support.visiting import FILLED_IN, fields, is_receipt, unhurried
from udvej.config import Config
from udvej.content.addresses import FORM, LEAVE
from udvej.outbox.keys import TeamKey
from udvej.outbox.table import Outbox
from udvej.publish.freeze import freeze
from udvej.sqlite import SQLite

Where = Literal["nginx and kernel", "nginx", "serve"]
_PATIENCE: Final = 40.0
# Until the attack has opened what it opens.
_BEGINS_SECONDS: Final = 3.0


@dataclass
class Met:
    """What a visitor met.

    Attributes:
        seconds: how long each took, by what was done: "page", "form", "send", "leave".
        wrong: what was not answered as it should be.
        taken: how many referrals were acknowledged, the attacker's too.
        kept: how many the outbox has, sent ones too.
        drafts_kept: whether a refused form was kept as a draft, at the end of the attack.
        health: what monitoring was answered then.
        attacker: what the attacker was answered.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: "Counter[str]" = field(default_factory=Counter)
    taken: int = 0
    kept: int = 0
    drafts_kept: bool = False
    health: str = ""
    attacker: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Of the site."""

    status: int
    cookies: Mapping[str, str]
    text: str


def ask(
    source: str,
    port: int,
    context: ssl.SSLContext | None,
    line: str,
    *,
    cookies: Mapping[str, str],
    body: bytes | None,
) -> Answer:
    """One request on a connection of its own, from an address.

    Raises:
        OSError: it was not answered, or not in time.
    """
    with ExitStack() as open_:
        connection = open_.enter_context(
            socket.create_connection(("127.0.0.1", port), _PATIENCE, source_address=(source, 0))
        )
        if context:
            connection = open_.enter_context(context.wrap_socket(connection, server_hostname=HOST))
        head = f"{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
        if cookies:
            head += "Cookie: " + "; ".join(f"{name}={cookies[name]}" for name in cookies) + "\r\n"
        if body is not None:
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Content-Length: {len(body)}\r\n"
        connection.sendall(f"{head}\r\n".encode() + (body or b""))
        said = b""
        while more := connection.recv(65536):
            said += more
    top, _, shown = said.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    jar: SimpleCookie = SimpleCookie()
    for line_ in lines:
        name, _, value = line_.partition(": ")
        if name.lower() == "set-cookie":
            jar.load(value)
    if not first:
        raise ConnectionResetError
    return Answer(
        int(first.split()[1]), {name: morsel.value for name, morsel in jar.items()}, shown.decode()
    )


class Visitors:
    """People who come one after the other, each from a network of their own."""

    def __init__(self, port: int, *, tls: bool) -> None:
        """Who ask at a port."""
        self.met = Met()
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if tls else None
        if self._context:
            self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        self._source, self._visits = "", 0

    def visit(self) -> None:
        """Read a page, open the form, send it, look at the receipt, and leave."""
        self._arrive()
        try:
            self._is("page", self._timed("page", "GET /om/", {}), 200)
            opened = self._timed("form", f"GET {FORM}", {})
            form = {**fields(opened.text), **FILLED_IN, "message": f"Nr. {self._visits}."}
            sent = self._timed("send", f"POST {FORM}", opened.cookies, form)
            if self._is("send", sent, 303):
                shown = self._ask(f"GET {FORM}", sent.cookies)
                if is_receipt(shown.text):
                    self.met.taken += 1
                else:
                    self.met.wrong["not taken"] += 1
            self._is("leave", self._timed("leave", f"POST {LEAVE}", sent.cookies, {}), 200)
        except (OSError, ValueError) as error:  # cut, not in time, or another page
            self.met.wrong[type(error).__name__] += 1

    def mistype(self) -> bool:
        """Send a form without what it needs; whether it is kept to be mended."""
        self._arrive()
        opened = self._ask(f"GET {FORM}", {})
        sent = self._ask(
            f"POST {FORM}", opened.cookies, {**fields(opened.text), **FILLED_IN, "who": ""}
        )
        if sent.status != 303:
            return False
        return FILLED_IN["name"] in self._ask(f"GET {FORM}", sent.cookies).text

    def health(self) -> str:
        """What monitoring is answered."""
        return self._ask("GET /sundhed", {}).text

    def _arrive(self) -> None:
        self._visits += 1
        self._source = f"127.{64 + self._visits // 250}.{self._visits % 250}.9"

    def _timed(
        self,
        what: str,
        line: str,
        cookies: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        begun = time.monotonic()
        try:
            return self._ask(line, cookies, form)
        finally:
            self.met.seconds.setdefault(what, []).append(time.monotonic() - begun)

    def _ask(
        self, line: str, cookies: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Answer:
        body = None
        if form is not None:
            body = urlencode(unhurried(form) if "token" in form else form).encode()
        return ask(self._source, self._port, self._context, line, cookies=cookies, body=body)

    def _is(self, what: str, answer: Answer, status: int) -> bool:
        if answer.status != status:
            self.met.wrong[f"{what} {answer.status}"] += 1
        return answer.status == status


@contextmanager
def site(where: Where, folder: Path) -> Iterator[tuple[Road, int]]:
    """A live site, with or without nginx and the kernel's rules in front; the port to ask."""
    authority, team = Authority(folder), TeamKey.make("team@exit.example")
    bare = where == "serve"
    others = {"UDVEJ_HOST": "::"} if bare else {"UDVEJ_PROXIES": "1"}
    with laid("starttls", folder, authority, team, **others) as road:
        if bare:
            yield road, road.site.port
            return
        pages = folder / "site"
        freeze(Config.from_environ(road.site.settings), pages)
        ports = Ports(http=80, https=443, site=road.site.port, spare=held_port())
        as_shipped = {"rate=1000r/s": f"rate={SHIPPED_RATE}"}
        with standing(ports, pages, folder / "nginx", **as_shipped):
            rules = ["nft", "-f", str(SHIPPED / "nftables" / "udvej.nft")]
            if where == "nginx and kernel":
                subprocess.run(rules, check=True, timeout=60)
            try:
                yield road, ports.https
            finally:
                subprocess.run(["nft", "flush", "ruleset"], check=False, timeout=60)


def under(attack: str, where: Where, *, visits: int, seconds: float, scale: float) -> Met:
    """Attack a site while visitors come.

    Args:
        attack: its name, or "" for none.
        where: what is attacked.
        visits: how many visitors come, if there is time.
        seconds: how long the attack lasts, at most.
        scale: 1 for all of it.
    """
    with TemporaryDirectory() as made, site(where, Path(made)) as (road, port):
        tls = where != "serve"
        visitors, attacking = Visitors(port, tls=tls), None
        if attack:
            command = [sys.executable, "-m", "support.attacks", attack, str(port)]
            command += ["--tls"] * tls + [f"--seconds={seconds}", f"--scale={scale}"]
            attacking = started(command, stdout=subprocess.PIPE, bufsize=0)
            assert next_line(attacking) == "begun\n"
            time.sleep(_BEGINS_SECONDS * scale)
        until = time.monotonic() + seconds
        try:
            for _ in range(visits):
                if time.monotonic() > until and visitors.met.seconds.get("leave"):
                    break
                visitors.visit()
            visitors.met.drafts_kept = visitors.mistype()
            visitors.met.health = visitors.health()
            if attacking:
                told, _ = attacking.communicate(timeout=seconds + _PATIENCE)
                visitors.met.attacker = json.loads(told)
        finally:
            if attacking:
                ended(attacking)
        visitors.met.taken += sum(
            number for kind, number in visitors.met.attacker.items() if "taken" in kind
        )
        assert road.site.stop() == 0, road.site.printed()
        visitors.met.kept = _kept(Path(road.site.settings["UDVEJ_STATE"]))
        return visitors.met


def _kept(state: Path) -> int:
    database = SQLite(state)
    status = Outbox(database).status()
    database.close()
    return status.waiting + status.sent + status.aside + len(status.failed)


def met(attack: str, where: str, *limits: str, patience: float) -> dict[str, Any]:
    """Attack a site in a network of its own.

    Args:
        attack: its name.
        where: what is attacked.
        limits: options of this module's command.
        patience: for how many seconds to wait at most.

    Returns:
        The attributes of `Met`.
    """
    ran = subprocess.run(
        within([sys.executable, "-m", "support.attacked", attack, where, *limits]),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def main() -> int:
    """Attack once, and say what the visitors met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=("", *ATTACKS))
    parser.add_argument("where", choices=("nginx and kernel", "nginx", "serve"))
    parser.add_argument("--visits", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    met = under(
        given.attack,
        given.where,
        visits=given.visits,
        seconds=given.seconds,
        scale=given.scale,
    )
    print(json.dumps(vars(met)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
