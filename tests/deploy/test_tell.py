"""A unit that fails is told of by another road: which, on which host and when, and never more."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterable, Mapping
from email import message_from_bytes
from queue import Queue
from typing import TYPE_CHECKING

import pytest
from support.front import SHIPPED
from support.mailserver import PASSWORD, USER, Authority, Faults, Tls, serving
from support.patience import PATIENCE
from support.readiness import browsed
from support.running import held_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

UNIT = "udvej-web@8000.service"
HOST = socket.gethostname()
WORDS = rf"{re.escape(UNIT)} has failed on {re.escape(HOST)}, \S{{10}} \d\d:\d\d UTC"


def told(authority: Authority, **settings: str) -> "subprocess.CompletedProcess[str]":
    """What the script prints, with what systemd would give it and no more."""
    return subprocess.run(
        [SHIPPED / "tell", UNIT],
        env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(authority.file), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


class Webhook:
    """What a municipality names; it answers as it is told."""

    def __init__(self, status: str = "200 OK") -> None:
        """With nothing heard yet."""
        self.heard: Queue[Mapping[str, object]] = Queue()
        self._status = status

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Take one message."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.heard.put({"path": environ["PATH_INFO"], **json.loads(body)})
        start(self._status, [("Content-Length", "0")])
        return [b""]


def test_a_webhook_is_told(authority: Authority) -> None:
    """As JSON with a text, which most of them take."""
    hook, port = Webhook(), held_port()
    with browsed(hook, port, authority.context()):
        finished = told(authority, TELL_WEBHOOK=f"https://localhost:{port}/hemmeligt")
    assert (finished.returncode, finished.stdout + finished.stderr) == (0, "")
    heard = hook.heard.get_nowait()
    assert heard.keys() == {"path", "text"}
    assert heard["path"] == "/hemmeligt"
    assert re.fullmatch(WORDS, str(heard["text"]))


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_mail_is_sent_over_verified_tls(tls: Tls, authority: Authority) -> None:
    """By the server that is named, with a login where it wants one."""
    with serving(authority.context(), tls, Faults(login=True)) as server:
        finished = told(
            authority,
            TELL_MAIL_SERVER=f"{'smtps' if tls == 'tls' else 'smtp'}://localhost:{server.port}",
            TELL_MAIL_LOGIN=f"{USER}:{PASSWORD}",
            TELL_MAIL_TO="drift@kommune.example",
            TELL_MAIL_FROM="udvej@kommune.example",
        )
    assert (finished.returncode, finished.stdout + finished.stderr) == (0, "")
    taken = server.mails.get_nowait()
    mail = message_from_bytes(taken.content)
    assert (taken.sender, taken.recipients) == (
        "udvej@kommune.example",
        ["drift@kommune.example"],
    )
    assert re.fullmatch(WORDS, mail["Subject"])
    assert re.fullmatch(WORDS, str(mail.get_payload()).strip())


def test_both_are_told_though_one_fails(authority: Authority) -> None:
    """And the failure is seen: the unit that tells has failed then."""
    hook, port = Webhook("500 Internal Server Error"), held_port()
    with (
        browsed(hook, port, authority.context()),
        serving(authority.context(), "tls") as server,
    ):
        finished = told(
            authority,
            TELL_WEBHOOK=f"https://localhost:{port}/hemmeligt",
            TELL_MAIL_SERVER=f"smtps://localhost:{server.port}",
            TELL_MAIL_TO="drift@kommune.example",
        )
    assert finished.returncode == 1
    assert "hemmeligt" not in finished.stdout + finished.stderr
    assert server.mails.qsize() == 1


def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By mail; nor one that speaks no TLS."""
    other = Authority(tmp_path_factory.mktemp("other"))
    for context in (other.context(), None):
        with serving(context) as server:
            finished = told(
                authority,
                TELL_MAIL_SERVER=f"smtp://localhost:{server.port}",
                TELL_MAIL_TO="drift@kommune.example",
            )
        assert finished.returncode == 1
        assert server.mails.empty()


def test_without_settings_it_says_what_to_give(authority: Authority) -> None:
    """In the journal."""
    finished = told(authority)
    assert finished.returncode == 2
    assert finished.stderr == (
        "nobody is told: give TELL_WEBHOOK or TELL_MAIL_TO in /etc/udvej/telling\n"
    )
