"""Two hosts behind one nginx, upgraded one after the other while people use the site."""

from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
from faults.test_graceful import Crowd
from support.front import HOST, Front, Ports, standing
from support.hosts import Hosts, two_hosts
from support.mailserver import Authority
from support.patience import PATIENCE, until
from support.postgres import Server
from support.road import Browser
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey

# One client may send thirty.
_FORMS = 25


class Through(Browser):
    """A browser at the web server in front."""

    def __init__(self, front: Front) -> None:
        """With an empty cookie jar."""
        super().__init__(front.ports.https)
        self._front = front

    def _connection(self) -> HTTPConnection:
        return self._front.connection()


class Writers:
    """People who open the form, fill it in and send it, one after the other."""

    def __init__(self, front: Front) -> None:
        """None yet."""
        self._front = front
        self._over = Event()
        self.taken: list[object] = []
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._over.wait(0.2) and len(self.taken) < _FORMS:
            browser = Through(self._front)
            try:
                self.taken.append(browser.is_taken(browser.send()))
            except (OSError, ValueError, AssertionError) as error:
                self.taken.append(error)

    def end(self) -> None:
        """Let the last of them finish."""
        self._over.set()
        self._thread.join(PATIENCE)


def sent(front: Front, network: int) -> int:
    """The answer to something that was sent from a network of its own.

    One network sends one thing at a time, and is told 503 where that takes too long.
    """
    connection = HTTPConnection(HOST)
    connection.sock = front.connect(source=f"127.{1 + network // 256 % 254}.{network % 256}.1")
    with closing(connection):
        connection.request("POST", FORM, b"x=y")
        return connection.getresponse().status


def upgraded(hosts: Hosts, crowd: Crowd) -> None:
    """Each host stopped and started, while the other answers."""
    for host in hosts.both:
        assert host.site.stop() == 0
        crowd.more()
        host.start()
        until(lambda: hosts.known() == 2)
        crowd.more()


@pytest.mark.slow
def test_a_rolling_upgrade_of_two_hosts_loses_no_request(
    tmp_path: Path, authority: Authority, team: TeamKey, postgresql: Server
) -> None:
    """Nor a form: each that was taken has a number of its own, and is mailed."""
    with two_hosts(tmp_path, authority, team, postgresql, UDVEJ_PROXIES="1") as hosts:
        pages = tmp_path / "site"
        assert hosts.one.run("build", str(pages)).returncode == 0
        networks = count()
        ports = Ports.free(site=hosts.one.site.port, spare=hosts.other.site.port)
        # Both take their turn, as two hosts do.
        with standing(
            ports, pages, tmp_path / "nginx", **{" max_fails=0 backup": " max_fails=0"}
        ) as front:
            crowd = Crowd(lambda: front.ask("GET", FORM).status)
            senders = Crowd(lambda: sent(front, next(networks)))
            writers = Writers(front)
            with crowd.coming(), senders.coming():
                crowd.more()
                upgraded(hosts, crowd)
                upgraded(hosts, crowd)
            writers.end()
        assert {*crowd.answers} == {200}
        assert {*senders.answers} == {303}  # told about cookies by the application
        assert len(writers.taken) > 3
        assert {*writers.taken} == {True}
        for _ in writers.taken:
            hosts.road.mail()
        assert f"last number given: {len(writers.taken)}" in hosts.one.run("status").stdout
