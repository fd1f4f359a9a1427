"""Whatever is sent, the site stands, and nothing of it is in any log."""

import itertools
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from ipaddress import IPv4Address
from select import select
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.municipality import demonstration, places
from support.patience import PATIENCE, until
from support.road import Browser, Site
from support.running import held_port
from support.visiting import FILLED_IN, TYPED, Visitor, is_receipt
from udvej.config import Live, MailServer
from udvej.content.addresses import AGAIN, FORM, LEAVE, TOO_LONG, WITHOUT_COOKIE
from udvej.outbox.keys import TeamKey
from udvej.server.processes import _WORKERS
from udvej.services import Services
from udvej.web.app import create_app
from udvej.web.reader import SESSION_COOKIE
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

pytestmark = pytest.mark.heavy

URLENCODED: Final = "application/x-www-form-urlencoded"
# In everything that is sent; ASCII, so that no escaping hides it in a log.
MARK: Final = "Maerkeord7319"
# Together 240 requests in `make test`, 51,000 in `make bench`.
COUNTS: Final = [120, *(pytest.param(count, marks=pytest.mark.slow) for count in (500, 25_000))]
# A new address for every example: one alone would soon be asked to wait.
CLIENTS: Final = map(str, map(IPv4Address, itertools.count(1)))


class Lines(logging.Handler):
    """Everything that is logged, exceptions written out in full."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))

    def tell(self, word: str) -> bool:
        """Whether one of the lines since the last question holds a word."""
        lines, self.lines = self.lines, []
        return any(word in line for line in lines)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, team: TeamKey) -> Flask:
    """A live site behind one proxy, for many examples."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "team-certificate.pem").write_bytes(team.certificate_pem())
    mail = MailServer("localhost", 587, "starttls", None, None, None, [], None)
    live = Live(
        public_address="https://udvej.example",
        secret_key="hemmelig" * 8,
        sealing="smime",
        seal_for=folder / "team-certificate.pem",
        proxies=1,
        mail=mail,
        confirm_days=7,
        security_contact="",
    )
    return create_app(Services.open(replace(demonstration(folder), live=live)))


@pytest.fixture(scope="module")
def logged() -> Iterator[Lines]:
    """All that is logged meanwhile."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def many(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples; the same ones each time where they are few."""
    return settings(
        max_examples=count,
        derandomize=count < 1000,
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )


PRINTED = st.characters(exclude_categories=["Cc", "Cs"])
TEXTS = (
    st.text(max_size=300)
    | st.text(PRINTED, max_size=300)
    | st.sampled_from(["{{7*7}}", "%s%n", "\r\nBcc: a@b.dk", "010190", "010190-1234", "x" * 5000])
)
MARKED = st.builds(lambda before, after: f"{before}{MARK}{after}", TEXTS, TEXTS)
ALL_FIELDS = (
    "who",
    "prefer",
    "may_leave_message",
    "may_say_from",
    "website",
    "token",
    "csrf_token",
    MARK,
)
FORMS = st.fixed_dictionaries(
    {name: st.just(FILLED_IN[name]) | MARKED | TEXTS for name in TYPED},
    optional={name: MARKED | st.sampled_from(["self", "text", "mail", "y"]) for name in ALL_FIELDS},
)


@pytest.mark.parametrize("count", COUNTS)
def test_whatever_is_typed_never_breaks_the_site_and_is_never_logged(
    count: int, live: Flask, logged: Lines
) -> None:
    """In every field: a receipt, the form again, or a page that says what to do."""
    client = live.test_client()
    open_form = Visitor(client).open()
    answered: set[tuple[int, bool]] = set()

    @many(count)
    @given(FORMS)
    def check(typed: dict[str, str]) -> None:
        sent = {
            name: value.encode("utf-8", "surrogatepass")
            for name, value in {**open_form, **FILLED_IN, **typed}.items()
        }
        answer = client.post(
            FORM,
            data=urlencode(sent).encode(),
            content_type=URLENCODED,
            headers={"X-Forwarded-For": next(CLIENTS)},
        )
        assert answer.status_code in (303, 400)
        page = client.get(FORM)
        assert page.status_code == 200
        answered.add((answer.status_code, is_receipt(page.text)))
        assert not logged.tell(MARK)

    check()
    # With the positive control that all ends were reached.
    assert answered >= {(303, True), (303, False), (400, False)}


# What is sent, as often as everything else: that is what a form is read from.
ADDRESSES = st.sampled_from([FORM, AGAIN]) | st.sampled_from(
    ["/", FORM, TOO_LONG, AGAIN, "/forlad/", "/sundhed", "/kontakt/", "/skriv", "/%00", "//", "*"]
)
BYTES = st.builds(
    lambda before, after: before + MARK.encode() + after, st.binary(max_size=99), st.binary()
)
# As PEP 3333 has it: bytes, in a text of Latin-1.
NATIVE = BYTES.map(lambda text: text.decode("latin-1"))
# A web server hands the query on as it came, and none lets these in.
QUERIES = NATIVE.map(lambda text: "".join(c for c in text if "!" <= c != "\x7f"))
METHODS = (
    st.sampled_from(["GET", "POST"])
    | st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT"])
    | NATIVE
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "CONTENT_TYPE",
            "CONTENT_LENGTH",
            *(
                f"HTTP_{name}"
                for name in (
                    "ACCEPT",
                    "ACCEPT_LANGUAGE",
                    "AUTHORIZATION",
                    "COOKIE",
                    "EXPECT",
                    "FORWARDED",
                    "HOST",
                    "IF_MODIFIED_SINCE",
                    "IF_NONE_MATCH",
                    "ORIGIN",
                    "RANGE",
                    "REFERER",
                    "SEC_FETCH_SITE",
                    "TRANSFER_ENCODING",
                    "X_FORWARDED_FOR",
                    "X_FORWARDED_HOST",
                    "X_FORWARDED_PREFIX",
                    "X_METHOD_OVERRIDE",
                )
            ),
        ]
    ),
    NATIVE
    | st.sampled_from(
        [
            "",
            URLENCODED,
            f"{URLENCODED}; charset=utf-16",
            f"{URLENCODED}; charset={MARK}",
            f"multipart/form-data; boundary={MARK}",
            "application/json",
            "0",
            "-1",
            "99999999999999999999",
            "1e3",
            "\xb2",
            "chunked",
            f"{SESSION_COOKIE}={MARK}",
            f"{SESSION_COOKIE}=eyJ9.x.y; __Host-videre",
            "cross-site",
            "[::1",
            "a b:c",
            f"1.2.3.4, {MARK}",
        ]
    ),
)
BODIES = BYTES | FORMS.map(
    lambda form: urlencode(
        {name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}
    ).encode()
)


@pytest.mark.parametrize("count", COUNTS)
def test_whatever_is_asked_never_breaks_the_site_and_is_never_logged(
    count: int, live: Flask, logged: Lines
) -> None:
    """Any method, path, query, headers and body, past the web server."""
    answered: set[int] = set()

    @many(count)
    @given(METHODS, ADDRESSES | NATIVE.map("/{}".format) | NATIVE, QUERIES, HEADERS, BODIES)
    def check(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        status = asked(
            live,
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": URLENCODED,
                "HTTP_X_FORWARDED_FOR": next(CLIENTS),
                **headers,
                "wsgi.input": BytesIO(body),
            },
        )
        answered.add(status)
        # Nobody delivers here, which `/sundhed` says by a 503 after a while.
        assert status < 500 or (path, status) == ("/sundhed", 503)
        assert not logged.tell(MARK)

    check()
    assert answered >= {200, 303, 404, 405}


def asked(application: Flask, given_environ: dict[str, Any]) -> int:
    """The status of one request, its answer read to the end."""
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], None]:
        statuses.append(status)
        assert not [value for _, value in Headers(headers) if MARK in value or "\n" in value]
        return statuses.clear  # type: ignore[return-value]  # nobody writes by it

    environ: WSGIEnvironment = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **given_environ,
    }
    answer = application.wsgi_app(environ, start)
    try:
        for _ in answer:
            pass
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return int(statuses[-1][:3])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A demonstration in processes of its own."""
    folder = tmp_path_factory.mktemp("served")
    settings = {
        **places(),
        "UDVEJ_STATE": str(folder / "state"),
        "UDVEJ_PORT": str(held_port()),
    }
    site = Site(settings, folder / "printed")
    yield site
    site.kill()


HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /skriv/ HTTP/1.1\r\n" + HOST
WORD = MARK.encode()
MALFORMED = {
    "no request line": WORD + b"\r\n\r\n",
    "no version": b"GET /" + WORD + b"\r\n\r\n",
    "a version that is none": b"GET / HTTP/" + WORD + b"\r\n" + HOST + b"\r\n",
    "a method that is none": b"G\x00T\xff" + WORD + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address with bytes of no text": b"GET /\xff\x00" + WORD + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address of 100 KB": b"GET /" + WORD * 8000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header of 1 MB": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + WORD * 80_000 + b"\r\n\r\n",
    "10,000 headers": b"GET / HTTP/1.1\r\n" + HOST + (b"X: " + WORD + b"\r\n") * 10_000 + b"\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\n" + HOST + WORD + b"\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n " + WORD + b"\r\n\r\n",
    "a header with NUL": b"GET / HTTP/1.1\r\n" + HOST + b"X: \0" + WORD + b"\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: " + WORD + b"\r\n\r\n",
    "a length that is no number": POST + b"Content-Length: " + WORD + b"\r\n\r\n",
    "a length below nothing": POST + b"Content-Length: -1\r\n\r\n" + WORD,
    "a length beyond all numbers": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + WORD,
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\n" + WORD,
    "chunks that are none": POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + WORD + b"\r\n",
    "chunks of another coding": POST + b"Transfer-Encoding: " + WORD + b"\r\n\r\nabc",
    "a body that ends too soon": POST + b"Content-Length: 5000\r\n\r\nname=" + WORD,
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + WORD,
    "HTTP/2 without a word before": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + WORD,
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_request_that_is_no_http_is_refused_or_cut(sent: bytes, served: Site) -> None:
    """By the real web server, which goes on and writes nothing of it."""
    answer = exchanged(served.port, sent)
    assert MARK.encode() not in answer
    assert not re.match(rb"HTTP/1.1 5", answer)
    assert Browser(served.port).ask("GET", "/").status == 200
    assert MARK not in served.printed()
    assert "event=broken" not in served.printed()


def test_a_length_and_chunks_at_once_smuggle_nothing(served: Site) -> None:
    """The second request inside the first is never answered."""
    inside = b"GET /sundhed HTTP/1.1\r\n" + HOST + b"\r\n"
    both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for sent in (both, both.replace(b"4", str(5 + len(inside)).encode())):
        answer = exchanged(served.port, POST + b"Connection: close\r\n" + sent + inside)
        assert answer.count(b"HTTP/1.1 ") <= 1
        assert not re.match(rb"HTTP/1.1 5", answer)


def test_slow_senders_do_not_keep_others_out(served: Site) -> None:
    """More of them than the site has threads, each with a cookie and in the middle of a body.

    Without a web server in front that waits for the whole body, the form says that it is busy;
    pages and leaving do not notice.
    """
    half = POST + b"Cookie: __Host-skema=x\r\nContent-Length: 500\r\n\r\nname=" + WORD
    person = Browser(served.port)
    with ExitStack() as held:
        slow = [
            held.enter_context(socket.create_connection(("127.0.0.1", served.port), PATIENCE))
            for _ in range(40)
        ]
        for part in (half, b"x"):
            for connection in slow:
                connection.sendall(part)
        most = _WORKERS  # one of each network in each
        until(lambda: len(select(slow, [], [], 0)[0]) >= len(slow) - most)
        assert [person.ask("GET", page).status for page in ("/", FORM)] == [200, 200]
        assert Browser(served.port).ask("POST", LEAVE).status == 200
    until(lambda: person.is_taken(person.send()))
    assert MARK not in served.printed()


def test_what_is_far_too_long_is_heard_to_its_end_and_led_on(served: Site) -> None:
    """A browser that is cut off in the middle shows that the connection broke, and no answer."""
    message = {"message": "x" * 20_000_000}
    person, without_cookies = Browser(served.port), Browser(served.port)
    person.ask("GET", FORM)
    for prefix in ("", "/en"):
        answer = person.ask("POST", f"{prefix}{FORM}", message)
        assert (answer.status, answer.location) == (303, f"{prefix}{TOO_LONG}")
        answer = without_cookies.ask("POST", f"{prefix}{FORM}", message)
        assert (answer.status, answer.location) == (303, f"{prefix}{WITHOUT_COOKIE}")


def exchanged(port: int, sent: bytes) -> bytes:
    """What the server says until it hangs up or is silent for a second."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        try:
            connection.sendall(sent)
            while more := connection.recv(2**16):
                answer += more
        except (TimeoutError, ConnectionError):
            pass
    return answer
