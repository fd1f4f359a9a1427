"""Three municipalities in one `udvej serve`: nothing of one ever appears at another."""

import re
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from support.mailserver import Authority, Taken
from support.many import NAMES, Many, running
from support.municipality import ADDRESSES
from support.opening import opened
from support.patience import PATIENCE, until
from support.postgres import Server
from support.road import Browser, Site
from support.searching import files, found
from support.visiting import FILLED_IN, fields, reference, unhurried
from udvej.content.addresses import FORM
from udvej.errors import SealingError
from udvej.intake.receiving import Receiver
from udvej.outbox.sealed import Opener, Sealed
from udvej.publish.freeze import WWW
from udvej.web.referral import FormServices

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Many]:
    """All three, which no test of this file changes."""
    with running(tmp_path_factory.mktemp("many"), authority) as many:
        yield many


@pytest.fixture(scope="module")
def mails(many: Many) -> Mapping[str, list[Taken]]:
    """Two referrals for each, sent in turns and in different languages, as they were mailed."""
    for prefix in ("", "/en"):
        for name in NAMES:
            browser = many.browser(name)
            form = browser.ask("GET", prefix + FORM).text
            filled_in = unhurried({**fields(form, prefix + FORM), **FILLED_IN})
            assert browser.ask("POST", prefix + FORM, filled_in).status == 303
            assert reference(browser.ask("GET", prefix + FORM).text)
    sent: dict[str, list[Taken]] = {name: [] for name in NAMES}
    for _ in range(2 * len(NAMES)):
        mail = many.mail()
        (recipient,) = mail.recipients
        sent[recipient.removeprefix("team@").removesuffix(".example")].append(mail)
    return sent


def foreign(many: Many, name: str) -> list[str]:
    """What only the others may show."""
    return [mark for other in NAMES if other != name for mark in many.all[other].marks]


def test_each_has_marks_that_are_found_at_home(many: Many) -> None:
    """Else the search below could find nothing."""
    for name in NAMES:
        at_home = {"page": many.browser(name).ask("GET", "/kontakt/").text.encode()}
        assert {mark for _, mark, _ in found(many.all[name].marks, at_home)} >= {name}
        assert not {*many.all[name].marks} & {*foreign(many, name)}


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_shows_anything_of_another(many: Many, name: str) -> None:
    """Every page, form, error, receipt, header and cookie, in every language."""
    www = (many.state(name) / "pages" / WWW).resolve()
    addresses = [
        f"/{path.relative_to(www).as_posix()}".removesuffix("index.html")
        for path in www.rglob("*")
        if path.suffix in (".html", ".txt", ".xml")
    ]
    # Each page but the form's in three languages, and the two files for search engines.
    assert len(addresses) == 3 * (len(ADDRESSES) - 1) + 2
    browser, heard = many.browser(name), {}
    others = ["/nej/", "/en/nej/", "/sundhed", "/om", "/skriv/cookie/", "/ar/skriv/kort/"]
    for address in [*addresses, *others, FORM, f"/en{FORM}", f"/ar{FORM}"]:
        answer = browser.ask("GET", address)
        heard[address] = f"{answer.headers}\n{answer.text}".encode()
    refused = browser.send(phone="46")
    assert refused.status == 303
    heard["refused"] = browser.ask("GET", FORM).text.encode()
    heard["cookies"] = repr(browser.cookies).encode()
    left = browser.ask("POST", "/forlad/", {})
    heard["left"] = f"{left.headers}\n{left.text}".encode()
    assert found(foreign(many, name), heard) == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_shows_anything_of_another_and_only_its_own_team_can_open_it(
    many: Many, mails: Mapping[str, list[Taken]], name: str
) -> None:
    """Envelope, headers and letter; the numbers are each municipality's own, from 1."""
    heard = {}
    for mail in mails[name]:
        assert mail.recipients == [many.all[name].mail]
        letter = many.letter(mail, name)
        heard[letter] = f"{mail.sender} {mail.recipients} {letter}".encode() + mail.content
        for other in NAMES:
            if other != name:
                with pytest.raises(CalledProcessError):
                    opened(mail.content, many.all[other].team, many.folder, form="SMIME")
    numbers = sorted(int(letter.split("nr. ")[1].split()[0]) for letter in heard)
    assert numbers == [1, 2]
    assert found(foreign(many, name), heard) == set()


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("name", NAMES)
def test_no_file_of_one_holds_anything_of_another(many: Many, name: str) -> None:
    """Databases, builds, notes, locks: each has a folder of its own."""
    kept = dict(files(many.state(name)))
    assert "udvej.sqlite3" in kept
    assert found(foreign(many, name), kept) == set()


@pytest.mark.usefixtures("mails")
def test_each_line_of_the_log_says_whose_it_is_and_nothing_of_another(many: Many) -> None:
    """By its name alone."""
    until(lambda: many.site.printed().count(" event=sent ") >= 2 * len(NAMES))  # after the 250
    lines = [line for line in many.site.printed().splitlines() if " event=" in line]
    for line in lines:
        whose = re.findall(r" municipality=(\S+) event=", line)
        assert len(whose) == 1, line
        assert found(foreign(many, whose[0]), {"line": line.encode()}) == set()


def test_the_rows_of_one_in_postgresql_hold_nothing_of_another(
    tmp_path: Path, authority: Authority, postgresql: Server
) -> None:
    """A schema for each: what is sent, what is to be corrected, and numbers of its own."""
    for name in NAMES:
        postgresql.ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")
    with running(tmp_path, authority, UDVEJ_DATABASE=postgresql.url) as many:
        for _ in range(2):
            for name in NAMES:
                assert reference(sent(many.browser(name)))
        for name in NAMES:
            assert many.browser(name).send(phone="46").status == 303
        for _ in range(2 * len(NAMES)):
            mail = many.mail()
            (name,) = [name for name in NAMES if mail.recipients == [many.all[name].mail]]
            assert re.match(r"Henvendelse nr\. [12]\n", many.letter(mail, name))
        for name in NAMES:
            rows = dict(rows_of(postgresql, name))
            assert {*rows} >= {f"{name}.referrals", f"{name}.drafts", f"{name}.numbers"}
            assert rows[f"{name}.referrals"].count(b"\n") == 2
            assert rows[f"{name}.drafts"].count(b"\n") == 1
            assert found(foreign(many, name), rows, lines=False) == set()
        assert [*many.folder.rglob("*.sqlite3*")] == []


def rows_of(server: Server, schema: str) -> Iterator[tuple[str, bytes]]:
    """Each table of a schema, and a line for each of its rows."""
    asked = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"
    for (table,) in server.ask(asked):
        rows = server.ask(f"SELECT row::text FROM {schema}.{table} AS row")
        yield f"{schema}.{table}", "".join(f"{row}\n" for (row,) in rows).encode()


def test_a_form_of_one_cannot_be_sent_to_another(many: Many) -> None:
    """Nor its cookie: each signs with its own key."""
    one, other = many.browser("klitby"), many.browser("sundby")
    form = unhurried({**fields(one.ask("GET", FORM).text), **FILLED_IN})
    other.takes(one.cookies)
    before = many.server.mails.qsize()
    answer = other.ask("POST", FORM, form)
    assert other.is_refused(answer)
    assert many.server.mails.qsize() == before


HOSTS = [
    b"",
    b"Host: nobody.example\r\n",
    b"Host: \r\n",
    b"Host: example\r\n",
    b"Host: www.klitby.example\r\n",
    b"Host: klitby.example.nobody.example\r\n",
    b"Host: klitby.example, sundby.example\r\n",
    b"Host: klitby.example\r\nHost: sundby.example\r\n",
    b"Host: nobody.example\r\nX-Forwarded-Host: klitby.example\r\n",
    b"Host: klitby\r\n",
    b"Host: kl\xc3\xaftby.example\r\n",
    b"Host: 127.0.0.1\r\n",
]


def say(many: Many, words: bytes) -> tuple[bytes, bytes]:
    """Head and body of what is answered to a request as it stands."""
    with socket.create_connection(("127.0.0.1", many.site.port), PATIENCE) as connection:
        connection.sendall(words)
        heard = b""
        while more := connection.recv(65536):
            heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_nobodys_is_told_nothing(many: Many, host: bytes, method: bytes) -> None:
    """No page, header or word of any municipality; and nobody may keep the answer."""
    end = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    head, body = say(many, method + b" / HTTP/1.1\r\n" + host + end)
    status, *headers = head.lower().splitlines()
    if status.startswith(b"http/1.1 400"):  # not even a header
        assert host.startswith((b"Host: kl\xc3", b"Host: \r"))
        return
    assert status.startswith(b"http/1.1 421 ")
    assert body == b""
    assert {line.partition(b":")[0] for line in headers} <= {
        b"cache-control", b"content-length", b"connection", b"server", b"date",
    }  # fmt: skip
    assert b"cache-control: no-store" in headers
    told = {mark for name in NAMES for mark in many.all[name].marks}
    assert found(told, {"head": head}) == set()


@pytest.mark.parametrize(
    "request_line_and_host",
    [
        b"GET /om/ HTTP/1.1\r\nHost: KLITBY.example\r\n",
        b"GET /om/ HTTP/1.1\r\nHost: klitby.example.\r\n",
        b"GET /om/ HTTP/1.1\r\nHost: klitby.example:443\r\n",
        b"GET /om/ HTTP/1.1\r\nHost: Klitby.Example.:8443\r\n",
        b"GET https://klitby.example/om/ HTTP/1.1\r\nHost: klitby.example\r\n",
        b"GET https://klitby.example/om/ HTTP/1.1\r\n",
    ],
)
def test_a_host_is_known_however_it_is_written(many: Many, request_line_and_host: bytes) -> None:
    """Case, port, the root's dot, and the form that proxies ask in (RFC 9112, 3.2)."""
    head, body = say(many, request_line_and_host + b"Connection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"Klitby Kommune" in body


def test_what_is_wrong_with_one_leaves_the_others_as_they_are(
    tmp_path: Path, authority: Authority
) -> None:
    """Content, settings, certificate, database; by a reload and by a start."""
    with running(tmp_path, authority) as many:
        klitby, sundby, vesterby = (many.all[name] for name in NAMES)
        klitby.settings(CONFIRM_DAYS="mange")
        facts = sundby.content / "kommune.toml"
        good = facts.read_text("utf-8")
        facts.write_text(good.replace('navn = "Sundby"', "navn = Sundby"), "utf-8")
        many.site.reload()
        until(lambda: many.site.printed().count("event=refused") == 2)
        assert re.search(
            r"municipality=klitby event=refused problem='.*settings:\d+: UDVEJ_CONFIRM_DAYS: ",
            many.site.printed(),
        )
        for name in NAMES:  # all go on as they were
            assert many.browser(name).ask("GET", "/om/").status == 200
            assert reference(sent(many.browser(name)))
            assert many.mail().recipients == [many.all[name].mail]
        for name, named in (("klitby", "settings:"), ("sundby", "kommune.toml:")):
            assert (
                f"a change was refused ({named}" in many.browser(name).ask("GET", "/sundhed").text
            )
        assert "refused" not in many.browser("vesterby").ask("GET", "/sundhed").text
        many.site.stop()

        facts.write_text(good, "utf-8")
        sundby.certify()
        (sundby.folder / "team-certificate.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
        (many.state("vesterby") / "drafts.sqlite3").write_bytes(b"no database at all" * 1000)
        with started_again(many) as site:
            for name in ("klitby", "sundby"):
                answer = Browser(site.port, many.all[name].host).ask("GET", "/om/")
                assert answer.status == 503
                assert f"{name.capitalize()} Kommune" in answer.text
                health = Browser(site.port, many.all[name].host).ask("GET", "/sundhed")
                assert health.status == 503
            other = Browser(site.port, vesterby.host)
            assert other.ask("GET", "/om/").status == 200
            assert other.ask("GET", FORM).status == 503
            klitby.settings()
            sundby.certify()
            for path in many.state("vesterby").glob("drafts.sqlite3*"):
                path.unlink()
            before = site.children()
            site.reload()
            until(lambda: not before & site.children())
            for name in NAMES:
                visitor = Browser(site.port, many.all[name].host)
                assert reference(sent(visitor))


@contextmanager
def started_again(many: Many) -> Iterator[Site]:
    """The same installation, stopped and started."""
    site = Site(many.settings, many.folder / "printed again")
    try:
        yield site
    finally:
        site.kill()


def sealed_in(database: Path) -> list[bytes]:
    """Every sealed row."""
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT cms FROM referrals")]


def sent(browser: Browser) -> str:
    """The page after a form was sent."""
    browser.send()
    return browser.ask("GET", FORM).text


def test_nothing_that_receives_a_form_can_be_given_anothers_sealer() -> None:
    """It is handed one value that holds both, and no place takes either alone."""
    names = {*FormServices.__annotations__}
    assert "receiver" in names
    assert not names & {"sealer", "outbox"}
    assert [name for name in vars(Receiver) if not name.startswith("_")] == [
        "accept",
        "receipt",
        "delay",
    ]
    with pytest.raises(TypeError):
        FormServices(sealer=None, outbox=None)  # type: ignore[call-arg]


def test_what_is_sealed_for_one_cannot_be_opened_by_another(
    many: Many, mails: Mapping[str, list[Taken]], tmp_path: Path
) -> None:
    """Whoever got hold of another's rows."""
    del mails
    for name in NAMES:
        rows = sealed_in(many.state(name) / "udvej.sqlite3")
        assert len(rows) >= 2
        for other in NAMES:
            key = tmp_path / f"{other}.pem"
            team = many.all[other].team
            key.write_bytes(team.private_pem())
            for cms in rows:
                if other == name:
                    assert Opener.from_file(key).open(Sealed(cms, ""))
                else:
                    with pytest.raises(SealingError):
                        Opener.from_file(key).open(Sealed(cms, ""))
