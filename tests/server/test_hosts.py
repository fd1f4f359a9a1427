"""A site on two hosts: they share a database and a server for limits, and act as one.

Each test has two live `udvej serve` with state folders, ports and content folders of their own, a
real PostgreSQL, Redis and mail server.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import many
from support.hosts import Host, Hosts, two_hosts
from support.mailserver import Authority
from support.municipality import HEADING
from support.patience import PATIENCE, until
from support.postgres import Server, serving
from support.road import Browser, Site
from support.running import held_port
from support.spoiling import spoil
from support.visiting import FILLED_IN, fields, is_receipt, reference, unhurried
from udvej.content.addresses import FORM
from udvej.outbox import table
from udvej.outbox.keys import TeamKey

pytestmark = pytest.mark.heavy

CHANGED = "Her er hjælp"


@pytest.fixture(scope="module")
def hosts(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, team: TeamKey
) -> Iterator[Hosts]:
    """Both of them, for all tests that leave them well."""
    with (
        serving() as database,
        two_hosts(tmp_path_factory.mktemp("hosts"), authority, team, database) as hosts,
    ):
        yield hosts


@pytest.fixture
def doomed(
    tmp_path: Path, authority: Authority, team: TeamKey, postgresql: Server
) -> Iterator[Hosts]:
    """Two of a test's own."""
    with two_hosts(tmp_path, authority, team, postgresql) as hosts:
        yield hosts


def last(host: Host) -> int:
    """The last number given, as an operator there is told."""
    (number,) = re.findall(r"last number given: ([0-9]+)", host.run("status").stdout)
    return int(number)


def heading(host: Host) -> str:
    """What a page says there."""
    page = host.browser().ask("GET", "/om/").text
    return page.partition("<h1>")[2].partition("</h1>")[0]


def moved(browser: Browser, host: Host) -> Browser:
    """The same browser, whose next request another host answers, as behind a load balancer."""
    there = Browser(host.site.port)
    there.__dict__["_cookies"] = browser.__dict__["_cookies"]
    return there


def test_a_form_opened_on_one_and_sent_to_the_other_is_taken_once(hosts: Hosts) -> None:
    """Draft, second press and receipt follow; the team gets one mail."""
    before = last(hosts.one)
    here = hosts.one.browser()
    there = moved(here, hosts.other)
    filled_in = unhurried({**fields(here.ask("GET", FORM).text), **FILLED_IN})
    assert there.ask("POST", FORM, {**filled_in, "phone": "46"}).status == 303
    draft = here.ask("GET", FORM).text
    assert not is_receipt(draft)
    assert fields(draft)["message"] == FILLED_IN["message"]
    mended = unhurried({**fields(draft), "phone": FILLED_IN["phone"]})
    for browser in (there, here):
        assert browser.ask("POST", FORM, mended).status == 303
    receipts = [browser.ask("GET", FORM).text for browser in (there, here)]
    assert all(map(is_receipt, receipts))
    assert len({*map(reference, receipts)}) == 1
    assert f"nr. {before + 1}" in hosts.road.mail().content.decode(errors="replace")
    assert last(hosts.other) == before + 1


@pytest.mark.slow
def test_numbers_drills_and_status_are_right_from_either(hosts: Hosts) -> None:
    """A drill of one host is confirmed on the other; numbers go on without a gap."""
    before = last(hosts.other)
    for host in (*hosts.both, *hosts.both):
        browser = host.browser()
        assert browser.is_taken(browser.send())
    mails = [hosts.road.mail() for _ in range(4)]
    subjects = [re.findall(rb"^Subject: (.*)", mail.content, re.MULTILINE)[0] for mail in mails]
    assert len({*subjects}) == 4
    drilled = hosts.one.run("drill", "--confirm")
    assert drilled.returncode == 0, drilled.stderr
    letter = hosts.road.letter(hosts.road.mail())
    (code,) = re.findall(r"Koden er (\S+)\.", letter)
    assert hosts.other.run("drill", "--code", code).returncode == 0
    for host in hosts.both:
        told = host.run("status").stdout
        assert f"last number given: {before + 4}" in told
        assert "waiting: 0" in told
        assert "nobody has shown" not in told
        assert "nothing delivers" not in told


@pytest.mark.slow
def test_publishing_reaches_both(hosts: Hosts) -> None:
    """From the content folder of one; an undo on the other takes both back."""
    spoil(hosts.one.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    told = hosts.one.run("publish")
    assert (told.returncode, told.stderr) == (0, "")
    assert "  ændret side: /om/" in told.stdout.splitlines()
    assert [heading(host) for host in hosts.both] == [CHANGED] * 2
    assert hosts.other.run("publish", "--undo").stdout.startswith("Fortrudt.")
    assert [heading(host) for host in hosts.both] == [HEADING] * 2
    assert "I har fortrudt" in hosts.one.run("publish").stdout
    spoil(hosts.one.content / "om.md", f"# {CHANGED}", f"# {HEADING}")
    assert "Intet er ændret" in hosts.one.run("publish").stdout


@pytest.mark.slow
def test_what_one_host_refuses_no_host_shows(doomed: Hosts) -> None:
    """Its certificate was exchanged for something else meanwhile; the host is named."""
    spoil(doomed.one.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    wrong = doomed.other.folder / "wrong.pem"
    wrong.write_text("-----BEGIN PUBLIC KEY-----\n")
    certificate = Path(doomed.other.settings["UDVEJ_TEAM_CERTIFICATE"])
    own = doomed.other.folder / "own.pem"
    own.write_bytes(certificate.read_bytes())
    doomed.other.site.stop()
    doomed.other.settings = {**doomed.other.settings, "UDVEJ_TEAM_CERTIFICATE": str(own)}
    doomed.other.start()
    until(lambda: doomed.known() == 2)
    own.write_bytes(wrong.read_bytes())
    told = doomed.one.run("publish")
    assert told.returncode == 2
    assert f":{doomed.other.site.port}: UDVEJ_TEAM_CERTIFICATE" in told.stderr
    assert [heading(host) for host in doomed.both] == [HEADING] * 2
    assert "ændret" not in told.stdout


@pytest.mark.slow
def test_a_host_that_was_away_shows_what_was_published_when_it_is_back(doomed: Hosts) -> None:
    """Whatever its own content folder says."""
    doomed.other.site.stop()
    until(lambda: doomed.known() == 1)
    spoil(doomed.one.content / "om.md", f"# {HEADING}", f"# {CHANGED}")
    assert doomed.one.run("publish").returncode == 0
    doomed.other.start()
    assert heading(doomed.other) == CHANGED
    doomed.other.site.reload()
    assert doomed.other.run("build", str(doomed.other.folder / "front")).returncode == 0
    front = doomed.other.folder / "front" / "www" / "om" / "index.html"
    assert f"<h1>{CHANGED}</h1>" in front.read_text("utf-8")
    assert heading(doomed.other) == CHANGED


@pytest.mark.slow
def test_a_host_that_is_killed_loses_nothing(doomed: Hosts) -> None:
    """All its processes at once, while forms come; the other takes and delivers all the same."""
    taken = 0
    for turn in range(6):
        host = doomed.both[turn % 2] if turn < 3 else doomed.other
        browser = host.browser()
        taken += browser.is_taken(browser.send())
        if turn == 2:
            doomed.one.site.kill()
    assert taken == 6
    mails: set[bytes] = set()
    lease = table._LEASE + PATIENCE  # noqa: SLF001 (what a killed host had in hand waits for it)
    while len(mails) < 6:  # twice the same one is what a kill amid a delivery may cost
        mail = doomed.mail.mails.get(timeout=lease)
        mails |= {*re.findall(rb"^Message-ID: (.*)", mail.content, re.MULTILINE)}
    until(lambda: "waiting: 0" in doomed.other.run("status").stdout, patience=lease)
    assert "last number given: 6" in doomed.other.run("status").stdout
    assert "failed: 0" in doomed.other.run("status").stdout


@pytest.mark.slow
def test_of_several_municipalities_one_is_published_on_both_hosts(
    tmp_path: Path, authority: Authority, postgresql: Server
) -> None:
    """The other stays as it was, and the host that did not publish shows it too."""
    names = ("klitby", "sundby")
    for name in names:
        postgresql.ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")
    with many.running(tmp_path, authority, names=names, UDVEJ_DATABASE=postgresql.url) as here:
        there = {
            **here.settings,
            "UDVEJ_STATE": str(tmp_path / "there"),
            "UDVEJ_PORT": str(held_port()),
        }
        many.furnish(there)
        other = Site(there, tmp_path / "printed there")
        try:
            alive = "SELECT count(*) FROM klitby.servers WHERE shows <> ''"
            until(lambda: postgresql.ask(alive)[0][0] == 2)
            page = here.all["klitby"].content / "om.md"
            text = re.sub(
                "^# .*$", f"# {CHANGED}", page.read_text("utf-8"), count=1, flags=re.MULTILINE
            )
            page.write_text(text, "utf-8")
            told = Host(tmp_path, here.settings).run("publish", "klitby")
            assert (told.returncode, told.stderr) == (0, "")
            shown = {
                (name, site.port): CHANGED
                in Browser(site.port, here.all[name].host).ask("GET", "/om/").text
                for name in names
                for site in (here.site, other)
            }
            assert {name for (name, _), changed in shown.items() if changed} == {"klitby"}
            assert sum(shown.values()) == 2
        finally:
            other.kill()
