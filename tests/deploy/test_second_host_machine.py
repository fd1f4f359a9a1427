"""Two hosts and the servers that they share, each a machine, set up as `second-host.md` says."""

import re
import secrets
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
import trustme
from deploy.test_install import drilled, trusted
from support.front import HOST
from support.lan import VISITORS, Lan, lan
from support.machine import Machine, block, booted, entered, inside, make, why_not
from support.mailserver import TEAM, Server, serving
from support.municipality import NORDBY
from support.patience import PATIENCE, until
from support.road import Answer, Browser
from support.visiting import FILLED_IN, fields, is_receipt, unhurried
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey

PAGE: Final = "second-host.md"
INSTALL: Final = "/opt/udvej/current/site/deploy/install"
UNITS: Final = "/etc/systemd/system/udvej-.service.d"
BALANCER: Final = "/etc/nginx/conf.d/balancer.conf"
PACKAGES: Final = ("postgresql", "redis-server", "haproxy")
MAIL: Final = "mail.example"
FOLDER: Final = "/srv/udvej/folder"
SETTINGS: Final = f"""\
UDVEJ_STATE=/var/lib/udvej
UDVEJ_PUBLIC_ADDRESS=https://{HOST}
UDVEJ_SECRET_KEY={secrets.token_hex(32)}
UDVEJ_TEAM_CERTIFICATE=/etc/udvej/team-certificate.pem
UDVEJ_CONTENT={FOLDER}/content
UDVEJ_MAIL_SERVER={MAIL}
UDVEJ_MAIL_TO={TEAM}
UDVEJ_PROXIES=1
"""
# All that the page says of characters in a password.
OF_DATABASE: Final = "a@b/c:d?e#f%g"
OF_LIMITS: Final = secrets.token_hex(32)
# The page's other way, for a load balancer that opens what visitors send.
OPENING: Final = f"""\
listen udvej
    bind :443 ssl crt /etc/haproxy/udvej.pem
    mode http
    no log
    option forwardfor
    option redispatch 1
    option httpchk
    http-check send meth GET uri /skriv/ ver HTTP/1.1 hdr Host {HOST}
    default-server ssl verify required ca-file /etc/haproxy/authority.pem sni str({HOST})
    default-server check check-sni {HOST}
    server first FIRST:443
    server second SECOND:443
"""
# What one client may send in an hour.
MOST: Final = 30
# Long: services are started one after the other, or a publication is built on two hosts.
LONG: Final = 300.0


class LostError(Exception):
    """A machine is gone at once: nothing there is shut down."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_two_hosts_live_under_systemd_as_the_page_says(tmp_path: Path, team: TeamKey) -> None:
    """From a live host to two that act as one, through the loss of one, and back to one."""
    one, other, servers = (tmp_path / name for name in ("one", "other", "servers"))
    authority = made(one, other, servers)
    with (
        lan("one", "other", "servers") as wire,
        booted(servers, wire.place("servers")) as shared,
        booted(one, wire.place("one")) as first,
    ):
        walk = Walk(wire, shared, authority)
        with walk.mail() as mails:
            a_host_is_live_alone(walk, first, team, mails)
            the_servers_are_set_up(walk)
            what_is_kept_moves(walk, first)
            with suppress(LostError), booted(other, wire.place("other")) as second:
                a_second_host_joins(walk, first, second)
                code = drilled(mails, team, tmp_path)
                first.run(f"udvej drill --code {code}")  # the other one has sent it
                a_form_opened_on_one_can_be_sent_to_the_other(walk)
                what_is_published_on_either_shows_on_both(first, second)
                visitors_come_through_a_load_balancer(walk, first, second)
                wire.cut("other")
                raise LostError
            the_other_goes_on_and_says_so(walk, first)
            wire.mend("other")
            with booted(other, wire.place("other")) as second:
                it_comes_back_and_is_removed(first, second)
            one_host_is_enough(walk, first)


def made(one: Path, other: Path, servers: Path) -> trustme.CA:
    """The machines' files, with all that the page fetches; the authority that they trust."""
    make(one)
    authority = trusted(one)
    shutil.copytree(NORDBY, one / FOLDER[1:])
    for copy in (other, servers):
        subprocess.run(["cp", "-a", one, copy], check=True, timeout=LONG)
    for package in PACKAGES:
        command, *_ = block(PAGE, fetching(package)).splitlines()
        inside(servers, command.replace("install", "install --yes", 1))
    inside(servers, "systemctl disable nginx")
    for root in (one, other, servers):
        (root / "etc" / "hostname").write_text(f"{root.name}\n", "ascii")
    return authority


def fetching(package: str) -> str:
    """How the page begins with a server."""
    return f"apt-get install --no-install-recommends {package}"


@dataclass(frozen=True)
class Walk:
    """What all steps need.

    Attributes:
        lan: joins the machines.
        servers: the machine of PostgreSQL, Redis, the load balancer and the mail server.
        authority: vouches for all of them.
    """

    lan: Lan
    servers: Machine
    authority: trustme.CA

    def said(self, beginning: str) -> str:
        """A block of the page, spelt."""
        return self.spelt(block(PAGE, beginning))

    def spelt(self, text: str) -> str:
        """With names in place of its capitals."""
        at = self.lan.addresses
        words = dict.fromkeys(("ADDRESS", "POSTGRESQL", "REDIS", "BALANCER"), at["servers"])
        words |= {"FIRST": at["one"], "SECOND": at["other"], "HOST": HOST, "VERSION": "tested"}
        words |= {"PASSWORD": OF_LIMITS}
        return re.sub(r"\b[A-Z]{4,}\b", lambda found: words.get(found[0], found[0]), text)

    def certify(self, name: str, folder: Path) -> None:
        """Put a server's certificate, its key, both, and the authority's in a folder."""
        folder.mkdir(exist_ok=True)
        made = self.authority.issue_cert(name)
        made.private_key_pem.write_to_path(str(folder / "key.pem"))
        made.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
        made.private_key_and_cert_chain_pem.write_to_path(str(folder / "udvej.pem"))
        self.authority.cert_pem.write_to_path(str(folder / "authority.pem"))

    @contextmanager
    def mail(self) -> Iterator[Server]:
        """The municipality's mail server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(MAIL).configure_cert(context)
        with ExitStack() as stack:
            with self.servers.network():
                address = self.lan.addresses["servers"]
                server = stack.enter_context(serving(context, address=address))
            yield server

    def leads(self, name: str, *machines: Machine) -> None:
        """Let the site's name lead to a machine, as hosts see it."""
        for machine in machines:
            machine.run(f"sed -i '/ {HOST}$/d' /etc/hosts")
            append(machine, "/etc/hosts", f"{self.lan.addresses[name]} {HOST}")

    def visitor(self, name: str, source: str = VISITORS[0]) -> "Visitor":
        """Somebody outside, who asks a machine."""
        return Visitor(self, name, source)


class Visitor(Browser):
    """A browser outside, and the machine that it asks next (`at`)."""

    def __init__(self, walk: Walk, at: str, source: str) -> None:
        """With an empty cookie jar."""
        super().__init__(443)
        self.at = at
        self._walk, self._source = walk, source

    def ask(self, method: str, address: str, form: Mapping[str, str] | None = None) -> Answer:
        """One request, over verified TLS."""
        with entered(self._walk.lan.outside):
            return super().ask(method, address, form)

    def _connection(self) -> HTTPSConnection:
        context = ssl.create_default_context()
        self._walk.authority.configure_trust(context)
        there = (self._walk.lan.addresses[self.at], 443)
        joined = socket.create_connection(there, PATIENCE, (self._source, 0))
        connection = HTTPSConnection(HOST)
        connection.sock = context.wrap_socket(joined, server_hostname=HOST)
        return connection

    def is_served(self) -> bool:
        """Whether what it sends is taken; else it is refused, and not lost."""
        answer = self.send()
        taken = self.is_taken(answer)
        assert taken or self.is_refused(answer), answer
        return taken


def append(machine: Machine, path: str, text: str) -> None:
    """Write at the end of a file there."""
    with (machine.root / path[1:]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def status(machine: Machine) -> str:
    """What `udvej status` says, well or not."""
    return machine.run("udvej status || true")


def a_host_is_live_alone(walk: Walk, first: Machine, team: TeamKey, mails: Server) -> None:
    """On a file of its own, in which there is a referral."""
    place = first.root / "etc" / "udvej"
    (place / "team-certificate.pem").write_bytes(team.certificate_pem())
    (place / "settings").write_text(f"{SETTINGS}UDVEJ_MAIL_PORT={mails.port}\n", "utf-8")
    (place / "settings").chmod(0o600)
    walk.certify(HOST, place / "tls")
    append(first, "/etc/hosts", f"127.0.0.1 localhost\n{walk.lan.addresses['servers']} {MAIL}")
    walk.leads("one", first)
    first.run(INSTALL, patience=LONG)
    assert walk.visitor("one").is_served()
    for _ in ("the drill", "the referral"):
        mails.mails.get(timeout=PATIENCE)
    until(lambda: "waiting: 0" in status(first))


def the_servers_are_set_up(walk: Walk) -> None:
    """Both over TLS, each with a user that has a password."""
    servers = walk.servers
    for name, package in (("db.example.dk", "postgresql"), ("limits.example.dk", "redis-server")):
        walk.certify(name, servers.root / "root" / name)
        _, *commands = walk.said(fetching(package)).splitlines()
        servers.run("\n".join([f"cd /root/{name}", *commands]))
    (main,) = (servers.root / "etc" / "postgresql").glob("*/main")
    place = f"/{main.relative_to(servers.root)}"
    append(servers, f"{place}/postgresql.conf", walk.said("listen_addresses"))
    append(servers, f"{place}/pg_hba.conf", walk.said("hostssl"))
    append(servers, "/etc/redis/redis.conf", walk.said("bind ADDRESS"))
    # What asks for a password asks a terminal, or where there is none what it is given.
    typed = f"printf '%s\\n' '{OF_DATABASE}' '{OF_DATABASE}' | setsid --wait runuser"
    servers.run(f"cd /\n{walk.said('systemctl restart postgresql').replace('runuser', typed, 1)}")
    servers.run(walk.said("systemctl restart redis-server"))


def what_is_kept_moves(walk: Walk, first: Machine) -> None:
    """What answers visitors may reach the servers from then on."""
    for name in ("db-ca.pem", "redis-authority.pem"):
        walk.authority.cert_pem.write_to_path(str(first.root / "root" / name))
    first.run(f"cd /root\n{walk.said('install -m 644 db-ca.pem')}")
    first.run(walk.said("install -d"))
    password = quote(OF_DATABASE, safe="")
    database = block(PAGE, "UDVEJ_DATABASE=").replace("PASSWORD", password)
    append(first, "/etc/udvej/settings", f"{database}\n{walk.said('UDVEJ_LIMITS=')}")
    told = first.run(walk.said(f"{stopping()}\n    udvej move postgresql"), patience=LONG)
    assert "Moved and compared: 2 referrals" in told  # one of them is the drill
    until(lambda: first.status("/skriv/") == "200")
    # systemd does here what the units say of addresses.
    reach = f"timeout 5 bash -c ': < /dev/tcp/{walk.lan.addresses['servers']}/6380'"
    first.run(f"systemd-run --quiet --wait {reach}")
    first.run(f"systemd-run --quiet --wait --property=IPAddressDeny=any {reach}", well=False)


def a_second_host_joins(walk: Walk, first: Machine, second: Machine) -> None:
    """With the first's settings and none of its state; each knows of both."""
    for name in ("etc/udvej", UNITS[1:]):
        subprocess.run(
            ["cp", "-aT", first.root / name, second.root / name], check=True, timeout=PATIENCE
        )
    shutil.copyfile(first.root / "etc" / "hosts", second.root / "etc" / "hosts")
    second.run(walk.said("/opt/udvej/VERSION/site/deploy/install"), patience=LONG)
    for host in (first, second):
        until(lambda host=host: "servers: one:8000, other:8000\n" in status(host))  # type: ignore[misc]


def a_form_opened_on_one_can_be_sent_to_the_other(walk: Walk) -> None:
    """And its receipt is shown by either."""
    for opened, sent in (("one", "other"), ("other", "one")):
        visitor = walk.visitor(opened)
        filled_in = unhurried({**fields(visitor.ask("GET", FORM).text), **FILLED_IN})
        visitor.at = sent
        assert visitor.ask("POST", FORM, filled_in).status == 303
        for visitor.at in (sent, opened):
            assert is_receipt(visitor.ask("GET", FORM).text)


def what_is_published_on_either_shows_on_both(first: Machine, second: Machine) -> None:
    """In nginx's pages; what is undone on the other does so too."""
    publish(first, "En linje til.")
    for host in (first, second):
        until(lambda host=host: "En linje til." in host.asked("/om/"))  # type: ignore[misc]
    second.run("udvej publish --undo", patience=LONG)
    for host in (first, second):
        until(lambda host=host: "En linje til." not in host.asked("/om/"))  # type: ignore[misc]


def publish(host: Machine, line: str) -> None:
    """Publish the content folder there with a line more."""
    append(host, f"{FOLDER}/content/om.md", f"\n{line}")
    host.run("udvej publish", patience=LONG)


def visitors_come_through_a_load_balancer(walk: Walk, first: Machine, second: Machine) -> None:
    """Passed on or opened, they are told apart by address, and counted by both hosts together."""
    walk.certify(HOST, walk.servers.root / "etc" / "haproxy")
    walk.leads("servers", first, second)
    much, little = VISITORS[1:]
    balance(walk, first, second, by=walk.said("listen udvej"), client="proxy_protocol")
    for _ in range(MOST):
        assert walk.visitor("servers", much).is_served()
    assert not walk.visitor("servers", much).is_served()
    assert walk.visitor("servers", little).is_served()
    for host in (first, second):
        told = host.run("udvej ready", patience=LONG)
        assert re.search(r"^ok +limits +counted by all hosts together$", told, re.MULTILINE)
        assert re.search(r"^ok +hosts +one:8000, other:8000 show", told, re.MULTILINE)
    balance(walk, first, second, by=walk.spelt(OPENING), client="X-Forwarded-For")
    assert not walk.visitor("servers", much).is_served()
    assert walk.visitor("servers", little).is_served()
    for host in (first, second):
        assert host.asked("/sundhed") == "ok\n"
    until(lambda: "waiting: 0" in status(first))  # else the lost one's lease is waited for


def balance(walk: Walk, *hosts: Machine, by: str, client: str) -> None:
    """Put a load balancer before the hosts.

    Args:
        walk: where.
        hosts: both.
        by: what it is configured by.
        client: what the page has nginx read the client's address from.
    """
    for host in hosts:
        told = walk.said(f"set_real_ip_from BALANCER;\n    real_ip_header {client};")
        (host.root / BALANCER[1:]).write_text(f"{told}\n", "ascii")
        host.run(walk.said("nginx -t"))
    configuration = "/etc/haproxy/haproxy.cfg"
    walk.servers.run(f"sed -i '/^listen udvej/,$d' {configuration}")
    append(walk.servers, configuration, by)
    walk.servers.run("systemctl restart haproxy")
    until(lambda: found(walk.servers, "L7OK") == len(hosts))


def found(balancer: Machine, state: str) -> int:
    """How many hosts HAProxy has found in a state; it asks each for the form."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE)
        asking.connect(f"/proc/{balancer.first}/root/run/haproxy/admin.sock")
        asking.sendall(b"show stat\n")
        with asking.makefile("rb") as told:
            return told.read().count(f",{state},".encode())


def the_other_goes_on_and_says_so(walk: Walk, first: Machine) -> None:
    """Visitors find it, it publishes, and who runs it learns which host is lost."""
    until(lambda: found(walk.servers, "DOWN") == 1)
    assert walk.visitor("servers").is_served()
    lost = "other:8000 has not been heard"
    until(lambda: lost in status(first))
    assert lost in first.run("udvej ready", well=False, patience=LONG)
    publish(first, "En linje imens.")
    assert "En linje imens." in walk.visitor("servers").ask("GET", "/om/").text


def it_comes_back_and_is_removed(first: Machine, second: Machine) -> None:
    """It shows what was published meanwhile; of what let it reach the servers nothing is left."""
    until(lambda: "En linje imens." in second.asked("/om/"))
    until(lambda: "NOT WELL" not in status(first))
    until(lambda: "waiting: 0" in status(second))
    second.run(f"{INSTALL} --remove", patience=LONG)
    second.run(f"ls -d {UNITS}", well=False)
    until(lambda: "servers: one:8000\n" in status(first))


def one_host_is_enough(walk: Walk, first: Machine) -> None:
    """With a file again, in which the numbers go on."""
    (last,) = re.findall(r"last number given: (\d+)", status(first))
    walk.leads("one", first)
    first.run(f"rm {BALANCER}\n{walk.said('nginx -t')}")
    first.run(walk.said(f"{stopping()}\n    rm -f"), patience=LONG)
    until(lambda: first.status("/skriv/") == "200")
    assert walk.visitor("one").is_served()
    assert f"last number given: {int(last) + 1}\n" in status(first)
    assert first.asked("/sundhed") == "ok\n"


def stopping() -> str:
    """The first line of what the page does while no process of the site runs."""
    line, *_ = block(PAGE, "systemctl stop 'udvej-web@*'").splitlines()
    return line
