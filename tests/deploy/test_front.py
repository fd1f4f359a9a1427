"""What `site/deploy/` ships, run by real nginx and judged by systemd's own measure."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import pytest
from support.command_line import typed
from support.front import HOST, SHIPPED, Front, Heard, Ports, answered, everything, standing
from support.mailserver import Authority
from support.municipality import FACTS, NORDBY, PHONE, demonstration, places
from support.patience import PATIENCE, until
from support.road import Browser, Road, laid
from support.searching import found
from support.visiting import reference
from udvej.config import Config
from udvej.content.addresses import FORM, TOO_LONG
from udvej.errors import ConfigError
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import freeze

# What a web server says of itself and of a file.
OWN: Final = {
    *("server", "date", "connection", "keep-alive"),
    *("etag", "last-modified", "accept-ranges"),
}
ENCODINGS: Final = ("", "gzip", "br", "gzip, deflate, br, zstd")
LEFT: Final = "__Host-videre=1"
SHUT_SECONDS: Final = FACTS["forlad"]["minutter"] * 60
WORDS: Final = "Hjælp-mig-herfra"


@dataclass(frozen=True)
class Deployed:
    """A live site with nginx before it."""

    front: Front
    road: Road
    pages: Path

    def directly(self, method: str, address: str, headers: Mapping[str, str]) -> Heard:
        """The same request to `udvej serve` itself."""
        connection = HTTPConnection("127.0.0.1", self.road.site.port, timeout=PATIENCE)
        connection.request(method, address, headers={"Accept-Encoding": "", **headers})
        heard = Heard.read(connection.getresponse())
        connection.close()
        return heard


def addresses_of(pages: Path) -> list[str]:
    """Of every page, in every language."""
    www = pages / "www"
    return [
        f"/{path.relative_to(www).as_posix()}".removesuffix("index.html")
        for path in sorted(www.rglob("*"))
        if path.suffix in (".html", ".txt", ".xml")
    ]


def in_polish(folder: Path) -> Path:
    """The content, with a language more in which two words are said."""
    shutil.copytree(NORDBY, folder, dirs_exist_ok=True)
    place = folder / "translations" / "pl" / "LC_MESSAGES"
    place.mkdir(parents=True)
    plural = (
        "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    )
    head = f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"'
    said = {
        "udvej.po": 'msgid "Siden virker ikke lige nu"\nmsgstr "Strona teraz nie działa"',
        "content.po": 'msgid "Uddannelse."\nmsgstr "Nauka."',
    }
    for name, words in said.items():
        (place / name).write_text(f'msgid ""\nmsgstr ""\n{head}\n\n{words}\n', "utf-8")
    return folder / "content"


def settings_of(road: Road, certificate: Path, content: Path) -> dict[str, str]:
    """What decides how the pages look."""
    return {
        "UDVEJ_CONTENT": str(content),
        "UDVEJ_STATE": str(road.folder / "state"),
        "UDVEJ_PUBLIC_ADDRESS": f"https://{HOST}",
        "UDVEJ_SECRET_KEY": "hemmelig" * 8,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "localhost",
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Path:
    """Frozen pages of a site that does not run."""
    folder = tmp_path_factory.mktemp("pages")
    config = demonstration(Path(shutil.copytree(furnished, folder / "state")))
    freeze(replace(config, content=in_polish(folder)), folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, team: TeamKey
) -> Iterator[Deployed]:
    """A site that tests share, none of which stops it."""
    folder = tmp_path_factory.mktemp("deployed")
    content = in_polish(folder)
    others = {
        "UDVEJ_PROXIES": "1",
        "UDVEJ_CONTENT": str(content),
        "UDVEJ_SECURITY_CONTACT": "sikkerhed@kommune.example",
    }
    with laid("starttls", folder, authority, team, **others) as road:
        settings = settings_of(road, folder / "team-certificate.pem", content)
        pages = folder / "site"
        freeze(Config.from_environ(settings), pages)
        with standing(Ports.free(site=road.site.port), pages, folder / "nginx") as front:
            yield Deployed(front, road, pages)


# The seconds that are shipped are looked at in `test_nginx_told.py`.
IMPATIENT: Final = {
    f"client_{part}_timeout 20s;": f"client_{part}_timeout 2s;" for part in ("header", "body")
}


@pytest.fixture(scope="module")
def impatient(deployed: Deployed) -> Iterator[Front]:
    """Another nginx before the same site, which cuts off sooner who stops."""
    ports = Ports.free(site=deployed.road.site.port)
    folder = deployed.front.folder.with_name("impatient")
    with standing(ports, deployed.pages, folder, **IMPATIENT) as front:
        yield front


class Person(Browser):
    """A browser that speaks to nginx."""

    def __init__(self, front: Front) -> None:
        """With an empty cookie jar."""
        super().__init__(front.ports.https)
        self._front = front

    def _connection(self) -> HTTPConnection:
        return self._front.connection()


def plainly(front: Front, host: str, address: str) -> Heard:
    """A request without TLS."""
    connection = HTTPConnection("127.0.0.1", front.ports.http, timeout=PATIENCE)
    connection.request("GET", address, headers={"Host": host})
    heard = Heard.read(connection.getresponse())
    connection.close()
    return heard


def comparable(heard: Heard, *, made: bool = False) -> tuple[int, dict[str, list[str]], bytes]:
    """An answer but for what a server says of itself, and the random parts of leaving.

    Args:
        heard: the answer.
        made: whether it was just made; gzip then names the second (RFC 1952, 2.3.1: MTIME).
    """
    headers = {name: values for name, values in heard.headers.items() if name not in OWN}
    body = heard.body
    if made and headers.get("content-encoding") == ["gzip"]:
        body = body[:4] + body[8:]
    return heard.status, headers, body


def test_every_page_is_the_same_to_the_byte_and_header(deployed: Deployed) -> None:
    """In every language and encoding, read and only asked about."""
    addresses = addresses_of(deployed.pages)
    assert {"/", "/om/", "/pl/", "/pl/om/", "/robots.txt", "/sitemap.xml"} <= {*addresses}
    for address, encoding, method in product(addresses, ENCODINGS, ("GET", "HEAD")):
        headers = {"Accept-Encoding": encoding}
        fronts = deployed.front.ask(method, address, headers=headers)
        ours = deployed.directly(method, address, headers)
        assert comparable(fronts) == comparable(ours), (method, address, encoding)
        assert fronts.status == 200
        assert fronts["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/om"),
        ("GET", "/om?ord=hemmeligt"),
        ("GET", "/pl"),
        ("GET", "/om/index.html"),
        ("GET", "/om/index.html.br"),
        ("GET", "/index.html"),
        ("GET", "/robots.txt/"),
        ("GET", "/robots.txt.gz"),
        ("GET", "/headers.conf"),
        ("GET", "/errors/503.html"),
        ("GET", "/pl/errors/503.html"),
        ("GET", "/errors/leaving.html"),
        ("GET", "/findes/ikke/"),
        ("GET", "/pl/findes-ikke"),
        ("GET", "/%0d%0aX-Fremmed:%20ja/"),
        ("HEAD", "/findes/ikke/"),
        ("POST", "/om/"),
        ("PUT", "/"),
        ("DELETE", "/sitemap.xml"),
        ("OPTIONS", "/om/"),
        ("GET", "/sundhed"),
        ("GET", "/.well-known/security.txt"),
        ("GET", "/forlad/"),
    ],
)
@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_what_is_no_page_is_answered_as_by_the_application(
    deployed: Deployed, method: str, address: str, encoding: str
) -> None:
    """Other spellings of pages, unknown addresses, other methods; no header twice."""
    headers = {"Accept-Encoding": encoding}
    fronts = deployed.front.ask(method, address, headers=headers)
    ours = deployed.directly(method, address, headers)
    assert comparable(fronts, made=True) == comparable(ours, made=True)
    assert all(len(values) == 1 for values in fronts.headers.values())


def test_a_referral_travels_through_nginx(deployed: Deployed) -> None:
    """Form, receipt with its reference, and the mail; nothing of it stays with nginx."""
    person = Person(deployed.front)
    answer = person.send(message=WORDS)
    assert person.is_taken(answer)
    assert reference(person.ask("GET", FORM).text)
    assert WORDS in deployed.road.letter(deployed.road.mail())
    assert [name for name in deployed.front.written() if "spool" in name] == []


def test_who_has_left_is_led_away_from_files_too(deployed: Deployed) -> None:
    """By the exact cookie and no other; the other addresses bounce as ever."""
    leaving = deployed.front.ask("POST", "/forlad/", b"")
    assert leaving.status == 200
    assert leaving["Set-Cookie"].startswith(LEFT)
    for address in ("/", "/om/", "/pl/om/", "/robots.txt", "/sitemap.xml", FORM, "/findes-ikke"):
        for cookies in (LEFT, f"a=b; {LEFT}", f"a=b;{LEFT};c=d", "__Host-videre="):
            bounced = deployed.front.ask("GET", address, headers={"Cookie": cookies})
            assert bounced.status == 200
            assert b'http-equiv="refresh"' in bounced.body
            assert bounced["Set-Cookie"].startswith(LEFT)
            assert bounced["Content-Security-Policy"] == leaving["Content-Security-Policy"]
        for cookies in ("x__Host-videre=1", "__Host-viderefor=1", "__host-videre=1", "a=b"):
            stays = deployed.front.ask("GET", address, headers={"Cookie": cookies})
            assert b'http-equiv="refresh"' not in stays.body


def test_another_sites_button_shuts_nothing(deployed: Deployed) -> None:
    """Neither through nginx."""
    answer = deployed.front.ask("POST", "/forlad/", b"", {"Sec-Fetch-Site": "cross-site"})
    assert (answer.status, answer["Set-Cookie"]) == (400, "")


def test_only_nginx_says_who_the_client_is(pages: Path, tmp_path: Path) -> None:
    """Made-up addresses do not get around the limits; the others' names of hosts lead nowhere."""
    with socket.create_server(("127.0.0.1", 0)) as application, ThreadPoolExecutor(1) as apart:
        application.settimeout(PATIENCE)
        ports = Ports.free(site=application.getsockname()[1])
        with standing(ports, pages, tmp_path) as front:
            claims = ("X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For")
            claimed = dict.fromkeys(claims, "203.0.113.9")
            answer = apart.submit(front.ask, "GET", "/sundhed", None, claimed)
            connection, _ = application.accept()
            with connection:
                connection.settimeout(PATIENCE)
                asked = connection.recv(65536).decode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert answer.result(PATIENCE).status == 200
    named = re.findall(r"^(x.forwarded.for): (.*)\r$", asked, re.MULTILINE | re.IGNORECASE)
    assert named == [("X-Forwarded-For", "127.0.0.1")]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_only_https_and_only_by_its_name(deployed: Deployed) -> None:
    """Plain HTTP leads on, keeps nothing in a cache; other names are told nothing."""
    for address in ("/", "/om/", FORM):
        heard = plainly(deployed.front, HOST, address)
        assert (heard.status, heard["Location"]) == (301, f"https://{HOST}{address}")
        assert heard["Cache-Control"] == "no-store"
    with pytest.raises(ConnectionError):
        plainly(deployed.front, "anden.example", "/")
    other = b"GET / HTTP/1.1\r\nHost: anden.example\r\n\r\n"
    assert deployed.front.say(other) == b""
    for name in ("anden.example", "127.0.0.1"):
        with pytest.raises(ssl.SSLError):
            deployed.front.connect(name)
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|ALERT"):
            deployed.front.connect(latest=version)
    with deployed.front.connect() as connection:
        assert connection.version() == "TLSv1.3"


def test_certbot_can_prove_the_name(deployed: Deployed) -> None:
    """Over plain HTTP, before there is a certificate."""
    proof = deployed.front.folder / "acme" / ".well-known" / "acme-challenge" / "abc"
    proof.parent.mkdir(parents=True)
    proof.write_text("bevis", "ascii")
    heard = plainly(deployed.front, HOST, "/.well-known/acme-challenge/abc")
    assert (heard.status, heard.body) == (200, b"bevis")


TOO_MUCH: Final = 512 * 1024 + 1


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (f"POST {FORM} HTTP/1.1\r\nTransfer-Encoding: chunked", 400),
        (f"POST {FORM} HTTP/1.1\r\nContent-Length: -1", 400),
        (f"GET / HTTP/1.1\r\nX-Lang: {'x' * 70_000}", 400),
        (f"GET /{'x' * 70_000} HTTP/1.1", 400),
        ("GET /../headers.conf HTTP/1.1", 400),
        ("GET / HTTP/7.7", 503),
        ("\x01\x02", 400),
    ],
)
def test_what_nginx_refuses_itself_is_refused_in_the_words_of_the_site(
    deployed: Deployed, request_line: str, status: int
) -> None:
    """With its headers and the phone number."""
    rest = f"\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    answer = deployed.front.say((request_line + rest).encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert PHONE in body.decode()
    page = deployed.directly("GET", "/", {})
    for name in ("Content-Security-Policy", "Cache-Control", "Strict-Transport-Security"):
        assert head.count(f"{name}: {page[name]}".encode()) == 1
    assert b"nginx/" not in answer


@pytest.mark.parametrize("length", [TOO_MUCH, 99999999999])
@pytest.mark.parametrize("prefix", ["", "/pl"])
def test_what_is_too_much_for_nginx_is_led_on_as_by_the_application(
    deployed: Deployed, prefix: str, length: int
) -> None:
    """To a page in the same language: one that answers the POST would leave the text behind."""
    head = f"POST {prefix}{FORM} HTTP/1.1\r\nContent-Length: {length}"
    rest = f"\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    answer = deployed.front.say((head + rest).encode()).decode()
    assert answer.startswith("HTTP/1.1 303 ")
    assert re.search(rf"\r\nLocation: (https://{HOST}(:\d+)?)?{prefix}{TOO_LONG}\r\n", answer)
    assert "Cache-Control: no-store" in answer
    assert PHONE in deployed.front.ask("GET", prefix + TOO_LONG).body.decode()


def test_as_much_as_the_application_takes_comes_through(deployed: Deployed) -> None:
    """To the byte; one more does not."""
    cookie = {"Cookie": "__Host-skema=x"}  # without one nothing is read
    for size, status in ((TOO_MUCH - 1, 400), (TOO_MUCH, 303)):
        heard = deployed.front.ask("POST", FORM, b"x" * size, cookie)
        assert heard.status == status


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /om/ HTTP/1.1\r\nHost: udvej.example\r\n",
        b"POST /skriv/ HTTP/1.1\r\nHost: udvej.example\r\nContent-Length: 99\r\n\r\nmess",
    ],
)
def test_whoever_stops_in_the_middle_is_cut_off(impatient: Front, beginning: bytes) -> None:
    """Of the headers or the body; meanwhile others are answered."""
    with impatient.connect() as slow:
        slow.sendall(beginning)
        assert impatient.ask("GET", "/om/").status == 200
        assert b"200 OK" not in everything(slow)


def test_slow_headers_are_cut_off_however_often_a_byte_comes(impatient: Front) -> None:
    """The time is for all of them."""
    with impatient.connect() as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        slow.settimeout(0.5)
        until(lambda: is_shut(slow))


def is_shut(connection: ssl.SSLSocket) -> bool:
    """Whether one more byte of headers is no longer heard."""
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except (ConnectionError, ssl.SSLError):
        return True


def test_the_connections_of_one_address_are_bounded(pages: Path, tmp_path: Path) -> None:
    """Generously; beyond that a page tells to wait."""
    with socket.create_server(("127.0.0.1", 0)) as application, ExitStack() as held:
        application.settimeout(PATIENCE)
        ports = Ports.free(site=application.getsockname()[1])
        front = held.enter_context(standing(ports, pages, tmp_path))
        asking = f"GET {FORM} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        waiting = [held.enter_context(front.connect()) for _ in range(200)]
        for turn, connection in enumerate(waiting):
            assert turn < 199 or front.ask("GET", "/om/").status == 200
            connection.sendall(asking)
            held.enter_context(application.accept()[0])
        heard = front.ask("GET", "/om/")
        assert heard.status == 429
        assert PHONE in heard.body.decode()
        waiting[0].close()
        until(lambda: front.ask("GET", "/om/").status == 200)


# Addresses that stand nowhere else.
CLIENTS: Final = ("127.61.7.9", "127.61.7.10")


def busy(front: Front) -> None:
    """Everything that makes nginx write: from addresses that could be found again."""
    for client in CLIENTS:

        def say(words: bytes, client: str = client) -> None:
            with front.connect(source=client) as connection:
                answered(connection, words.replace(b"\n", b"\r\n"))

        ending = f"Host: {HOST}\nConnection: close\n".encode()
        body = urlencode({"message": WORDS * 900}).encode()
        say(b"GET /om/ HTTP/1.1\n" + ending + b"\n")
        say(b"GET /findes-ikke HTTP/1.1\n" + ending + b"\n")
        say(b"GET /" + b"x" * 40_000 + b" HTTP/1.1\n" + ending + b"\n")
        say(b"GET / HTTP/1.1\nHost: andet.example\n\n")
        say(b"\x00\x01\x02")
        for length in (len(body), 9 * len(body)):
            head = b"POST /skriv/ HTTP/1.1\nContent-Length: %d\n" % length
            say(head + ending + b"\n" + body)
        say(b"POST /skriv/ HTTP/1.1\nTransfer-Encoding: chunked\n" + ending + b"\n1\nx\n0\n\n")
        with pytest.raises((ssl.SSLError, ConnectionError)):  # TLS that fails
            front.connect("andet.example", source=client)
        for port, words in (
            (front.ports.https, b"GET / HTTP/1.1\r\n\r\n"),
            (front.ports.http, b"\0"),
        ):
            with socket.create_connection(
                ("127.0.0.1", port), PATIENCE, source_address=(client, 0)
            ) as plain:
                answered(plain, words)


def traces(front: Front) -> set[tuple[str, str, str]]:
    """What stands of the clients and their words in what nginx wrote."""
    return found([*CLIENTS, WORDS], front.written())


def test_nothing_that_nginx_writes_tells_who_came_or_what_they_wrote(
    pages: Path, tmp_path: Path
) -> None:
    """While everything goes wrong, the application away; its logs are empty, its spools too."""
    with standing(Ports.free(), pages, tmp_path, **IMPATIENT) as front:
        busy(front)
        front.reload()
        busy(front)
        assert traces(front) == set()
        assert [name for name in front.written() if name.startswith("spool")] == []
        assert b"client" not in b"".join(front.written().values())


@pytest.mark.parametrize(
    ("was", "becomes", "where"),
    [
        ("access_log off;", "", "logs/access.log"),
        ("error_log /dev/null emerg;", "", "logs/error.log"),
        (
            "client_body_buffer_size 640k;",
            "client_body_buffer_size 1k; client_body_in_file_only on;",
            "spool",
        ),
    ],
)
def test_what_nginx_writes_without_our_settings_would_be_found(
    pages: Path, tmp_path: Path, was: str, becomes: str, where: str
) -> None:
    """The same search, one setting away."""
    with standing(Ports.free(), pages, tmp_path, **{was: becomes}, **IMPATIENT) as front:
        busy(front)
        assert [place for place, _, _ in traces(front) if place.startswith(where)]


# What the browser sends when another site presses the button: new ones, and Safari before 16.4.
FOREIGN: Final[tuple[Mapping[str, str], ...]] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{HOST}"},
    {"Origin": "https://ond.example"},
    {"Origin": f"https://{HOST}.ond.example"},
    {"Origin": "null"},
)


def test_while_the_application_is_away_pages_and_leaving_work(pages: Path, tmp_path: Path) -> None:
    """The form's address tells the phone number, in the language asked for, and to try again."""
    with standing(Ports.free(), pages, tmp_path) as front:
        addresses = addresses_of(pages)
        assert "/om/" in addresses
        for address in addresses:
            assert front.ask("GET", address).status == 200
        for address, heading in (
            (FORM, "Siden virker ikke lige nu"),
            ("/pl/skriv/", "Strona teraz"),
        ):
            for method, body in (("GET", None), ("POST", b"message=hej")):
                heard = front.ask(method, address, body)
                assert heard.status == 503
                assert heading in heard.body.decode()
                assert PHONE in heard.body.decode()
                assert heard["Content-Security-Policy"]
        assert front.ask("GET", "/errors/503.html").status == 503
        for method, address, headers in (
            ("POST", "/forlad/", {}),
            ("POST", "/forlad/", {"Sec-Fetch-Site": "same-origin"}),
            ("GET", "/om/", {"Cookie": LEFT}),
        ):
            heard = front.ask(method, address, b"" if method == "POST" else None, headers)
            assert heard.status == 200
            assert b'http-equiv="refresh"' in heard.body
            videre, skema = heard.headers["set-cookie"]
            flags = f"Max-Age={SHUT_SECONDS}; Secure; HttpOnly; Path=/; SameSite=Lax"
            assert videre == f"{LEFT}; {flags}"
            assert skema.startswith("__Host-skema=; Max-Age=0; ")
        heard = front.ask("POST", FORM, b"message=hej", {"Cookie": LEFT})
        assert (heard.status, urlsplit(heard["Location"]).path) == (303, "/")
        for foreign in FOREIGN:
            heard = front.ask("POST", "/forlad/", b"", foreign)
            assert (heard.status, heard["Set-Cookie"]) == (503, "")
        front.reload()


def test_nginx_leads_away_by_the_applications_pages_to_each_of_the_sites(
    deployed: Deployed,
) -> None:
    """By chance, as the application does."""
    shipped = [
        path.read_text("utf-8") for path in (deployed.pages / "errors").glob("leaving*.html")
    ]
    sites = {re.search(r"url=(https://[^\"]+)", page)[1] for page in shipped}  # type: ignore[index]
    assert sites == {*FACTS["forlad"]["sider"]}
    answers = {deployed.front.ask("POST", "/forlad/", b"").body.decode() for _ in range(200)}
    assert answers == {*shipped}
    assert answers & {directly_left(deployed) for _ in range(60)}


def directly_left(deployed: Deployed) -> str:
    """The page that the application itself leads away with."""
    return deployed.directly("POST", "/forlad/", {}).body.decode()


def test_leaving_waits_for_no_application(pages: Path, tmp_path: Path) -> None:
    """It takes the connection and never answers; nor does a form sent after leaving wait."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        ports = Ports.free(site=hung.getsockname()[1])
        with standing(ports, pages, tmp_path / "nginx") as front:
            for method, address, cookies, status in (
                ("POST", "/forlad/", "", 200),
                ("GET", FORM, LEFT, 200),
                ("POST", FORM, LEFT, 303),
            ):
                body = b"" if method == "POST" else None
                heard = front.ask(method, address, body, {"Cookie": cookies})
                assert heard.status == status
            hung.settimeout(0)
            with pytest.raises(BlockingIOError):  # it was not even asked
                hung.accept()


def test_who_finds_a_weakness_is_told_whom_to_tell(deployed: Deployed) -> None:
    """By the application, so that it never runs out."""
    answer = deployed.front.ask("GET", "/.well-known/security.txt")
    assert answer.status == 200
    assert answer.body.startswith(b"Contact: mailto:sikkerhed@kommune.example\nExpires: 2")


def test_new_pages_and_their_headers_are_shown_together(config: Config, tmp_path: Path) -> None:
    """When nginx is reloaded and not before: a policy for other styles would hide them."""
    pages = tmp_path / "site"
    freeze(config, pages)
    with standing(Ports.free(), pages, tmp_path / "nginx") as front:
        before = front.ask("GET", "/om/")
        text = config.content / "om.md"
        text.write_text(text.read_text("utf-8") + "\nEn ny linje.\n", "utf-8")
        freeze(config, pages)
        assert front.ask("GET", "/om/").body == before.body
        front.reload()
        until(lambda: "En ny linje." in front.ask("GET", "/om/").body.decode())


UNITS: Final = sorted(
    path.name for path in (SHIPPED / "systemd").iterdir() if path.suffix == ".service"
)


@pytest.mark.parametrize("unit", UNITS)
def test_each_service_is_shut_in(unit: str, tmp_path: Path) -> None:
    """Below 2.0 by `systemd-analyze security`, where 10 is a service with nothing of its own."""
    assert analyzed(SHIPPED / "systemd" / unit) == 0
    bare = tmp_path / unit
    bare.write_text("[Service]\nExecStart=/bin/true\n", "ascii")
    assert analyzed(bare) != 0


def analyzed(unit: Path) -> int:
    """The exit status of systemd's judgement."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
    return subprocess.run(
        [*command, unit], capture_output=True, check=False, timeout=PATIENCE
    ).returncode


@pytest.mark.parametrize(("mask", "who"), [("", {True}), ("0077", {False})])
def test_nginx_can_read_the_pages_that_the_service_makes(
    config: Config, tmp_path: Path, mask: str, who: set[bool]
) -> None:
    """Another user's, under the mask of the unit; a stricter one would shut nginx out."""
    unit = (SHIPPED / "systemd" / "udvej-web@.service").read_text("utf-8")
    mask = mask or unit.partition("UMask=")[2].partition("\n")[0]
    settings = {**places(), "UDVEJ_STATE": str(config.state)}
    built = typed(["build", str(tmp_path / "site")], settings, umask=int(mask, 8))
    assert built.returncode == 0, built.stderr
    made = (tmp_path / "site").resolve()
    others = [
        bool(path.stat().st_mode & (1 if path.is_dir() else 4)) for path in (made, *made.rglob("*"))
    ]
    assert len(others) > 40
    assert {*others} == who


@pytest.mark.parametrize("unit", UNITS)
def test_no_service_writes_its_memory_down(unit: str) -> None:
    """Clear text is in it for a moment: no core file, no swap."""
    lines = (SHIPPED / "systemd" / unit).read_text("utf-8").splitlines()
    assert {"LimitCORE=0", "MemorySwapMax=0"} <= {*lines}


def test_the_units_are_understood(tmp_path: Path) -> None:
    """No unknown setting, each timer with its service; a misspelt one would be told."""
    assert verified(tmp_path / "good") == ""
    assert "Unknown key 'PrivateTemp'" in verified(tmp_path / "bad", "PrivateTmp", "PrivateTemp")


def verified(folder: Path, was: str = "", becomes: str = "") -> str:
    """What `systemd-analyze verify` has to say, the program's path being another here."""
    folder.mkdir()
    units = []
    for path in sorted((SHIPPED / "systemd").iterdir()):
        text = path.read_text("utf-8")
        for program in (".venv/bin/udvej", "site/deploy/tell"):
            text = text.replace(f"/opt/udvej/current/{program}", "/bin/true")
        name = path.name.replace("@.", "@8000.")
        (folder / name).write_text(text.replace(was, becomes) if was else text, "utf-8")
        units.append(str(folder / name))
    looked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return "\n".join(line for line in looked.stderr.splitlines() if str(folder) in line)


def test_the_settings_shipped_are_those_that_there_are(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """With the blanks filled in the site starts; with nothing filled in it names each blank."""
    shipped = dict(
        line.split("=", 1)
        for line in (SHIPPED / "settings.example").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert shipped["UDVEJ_PROXIES"] == "1"
    blank = [key for key, value in shipped.items() if not value]
    assert blank
    with pytest.raises(ConfigError) as refused:
        Config.from_environ(shipped)
    assert all(f"{key}: missing" in str(refused.value) for key in blank)
    filled_in = {key: settings.get(key, value) for key, value in shipped.items()}
    live = Config.from_environ({**filled_in, "UDVEJ_STATE": str(tmp_path)}).live
    assert live
    assert live.proxies == 1
