"""Nothing that was typed is readable anywhere, from the first byte of a request to the end."""

import io
import logging
import sqlite3
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.clock import DAY, MINUTE, Clock
from support.mailserver import Authority
from support.municipality import PHONE
from support.patience import PATIENCE, until
from support.road import Browser, Road, laid
from support.searching import files, forms, found, planted
from support.visiting import FILLED_IN, TYPED, Visitor, fields, unhurried
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.intake.sealing import Sealer
from udvej.logs import EventFormatter
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.sqlite import SQLite

CONTROL = "kontrolmærke 4711"
CPR, CPR_FORMS = "010190-1234", ("010190-1234", "0101901234", "010190 1234")


def markers(letter: str, phone: str, **changes: str) -> dict[str, str]:
    """A form with a word of its own in every field that can be typed in."""
    marks = {name: f"{letter}æq{name}ø4711" for name in ("name", "times", "message")}
    return {**FILLED_IN, **marks, "phone": phone, "mail": f"{letter}qmail4711@aq.dk", **changes}


ACCEPTED = markers("a", "28 74 19 63")
# By hand: no browser sends these words for a choice.
REFUSED = markers("b", "28 74 19 64", who="bæqwho4711", prefer="bæqprefer4711", may_say_from="bæq9")
# Four digits in a name would be taken for the end of a CPR number, where there is one.
WITH_CPR = markers("c", "28 74 19 65", name="cæqnameø", message=f"cæqmessageø4711 {CPR}")
NOT_STORED = markers("d", "28 74 19 66")
LIMITED = markers("e", "28 74 19 67")
NOT_A_FORM = markers("f", "28 74 19 68", token="nej")

PHONES = [form["phone"] for form in (ACCEPTED, REFUSED, WITH_CPR, NOT_STORED, LIMITED, NOT_A_FORM)]
WORDS = [
    *(
        word
        for form in (ACCEPTED, REFUSED, WITH_CPR, NOT_STORED, LIMITED, NOT_A_FORM)
        for name in (*TYPED, "who", "prefer", "may_say_from")
        if "q" in (word := form.get(name, "").split(f" {CPR}")[0])
    ),
    *PHONES,
    *(phone.replace(" ", "") for phone in PHONES),
    *CPR_FORMS,
]


def refuse_rows(state: Path, *, refuse: bool) -> None:
    """From now on the database takes no referral, or takes them again."""
    trigger = (
        "CREATE TRIGGER full BEFORE INSERT ON referrals BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with closing(sqlite3.connect(state / "udvej.sqlite3")) as connection:
        connection.execute(trigger if refuse else "DROP TRIGGER full")


def send_parts(port: int, browser: Browser) -> int:
    """A form as robots send it: in parts, one of them a file; what is answered."""
    page = fields(browser.ask("GET", FORM).text)
    parts = [
        f'--skel\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**page, **NOT_A_FORM, "name": "fæqname"}.items()
    ]
    parts.append(
        '--skel\r\nContent-Disposition: form-data; name="fil"; filename="fæqname.txt"\r\n\r\n'
        + NOT_A_FORM["message"] * 1500
        + "\r\n--skel--\r\n"
    )
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {
        "Content-Type": "multipart/form-data; boundary=skel",
        "Cookie": "__Host-skema=x",
    }
    connection.request("POST", FORM, "".join(parts).encode(), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def walk(road: Road, state: Path) -> None:
    """Send, be refused, write a CPR number, be turned away in every way that there is."""
    port = road.site.port
    browser = Browser(port)
    assert browser.is_taken(browser.send(**ACCEPTED))
    refused = Browser(port)
    assert refused.is_refused(refused.send(**REFUSED))
    mending = Browser(port)
    assert mending.is_refused(mending.send(**WITH_CPR))
    assert WITH_CPR["name"] in mending.ask("GET", FORM).text
    assert Browser(port).send(**NOT_A_FORM).status == 400
    assert send_parts(port, Browser(port)) == 400
    assert browser.ask("GET", "/?name=aæqnameø4711".replace("æ", "%C3%A6").replace("ø", "%C3%B8"))
    refuse_rows(state, refuse=True)
    assert Browser(port).send(**NOT_STORED).status == 503
    refuse_rows(state, refuse=False)
    crowd = Browser(port)
    page = unhurried({**fields(crowd.ask("GET", FORM).text), **FILLED_IN})
    # Each of the two web processes counts to thirty, and then to a hundred and twenty drafts.
    became: list[tuple[int, bool]] = []
    while (429, False) not in became:
        assert len(became) <= 2 * (30 + 120)
        answer = crowd.ask("POST", FORM, {**page, **LIMITED, "times": str(len(became))})
        became.append((answer.status, crowd.is_taken(answer)))
    assert {*became} == {(303, True), (303, False), (429, False)}


def wire(road: Road) -> Iterator[tuple[str, bytes]]:
    """Every mail that the server took, what it is when decoded, and what came before TLS."""
    yield "before TLS", bytes(road.server.clear)
    for number in range(road.server.mails.qsize()):
        content = road.server.mails.get_nowait().content
        payload = message_from_bytes(content).get_payload()
        yield f"mail {number}", content
        yield f"mail {number} decoded", b64decode(str(payload))


@pytest.mark.heavy
def test_nothing_typed_is_in_any_file_log_or_mail(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Every field of a form sent, refused, with a CPR number, not stored, limited, or no form.

    In every byte of the state folder, the log, the temporary folder and the wire, while the site
    runs and when it has stopped. Every place holds a word that the same search must find.
    """
    state, temporary = tmp_path / "state", tmp_path / "tmp"
    for folder in (state, temporary):
        folder.mkdir()
        (folder / "kontrol").write_bytes(planted(CONTROL))

    def places() -> dict[str, bytes]:
        everything = dict(files(tmp_path))
        return everything | {"log": road.site.printed().encode() + planted(CONTROL)}

    controls = {
        (place, CONTROL, form)
        for place in ("state/kontrol", "tmp/kontrol", "log", "wire")
        for form in forms(CONTROL)
    }
    with laid("starttls", tmp_path, authority, team, TMPDIR=str(temporary)) as road:
        walk(road, state)
        until(lambda: road.server.mails.qsize() >= 10)
        running = places()
        assert {"state/udvej.sqlite3-wal", "state/udvej.sqlite3-shm"} <= running.keys()
        assert {"state/udvej.sqlite3", "state/drafts.sqlite3"} <= running.keys()
        assert road.site.stop() == 0
        mails = dict(wire(road))
        assert len(mails) > 20
        for seen in (running, places()):
            everywhere = seen | mails | {"wire": planted(CONTROL)}
            assert found([*WORDS, CONTROL], everywhere) == controls
        assert "event=limited" in road.site.printed()
        assert "event=not-stored" in road.site.printed()


@pytest.mark.parametrize("form", forms(CONTROL))
@pytest.mark.parametrize("words", [CONTROL, "28741963", CPR, "aqmail4711@aq.dk"])
def test_the_search_finds_words_in_every_form(words: str, form: str) -> None:
    """In the midst of other bytes; and does not find them where they are not."""
    place = {"fil": bytes(range(256)) + forms(words)[form] + bytes(range(256))}
    assert ("fil", words, form) in found([words], place)
    assert not found(["andet " + words], place)


@pytest.mark.parametrize("words", [CONTROL, "28741963", CPR])
def test_the_search_finds_words_across_the_lines_of_a_mail(words: str) -> None:
    """Of base64 and of quoted-printable."""
    _, *lines = planted(words).split(b"\0" + b"eHh4")  # what begins with "xxx" in base64
    assert len(lines) == 3
    seen = {form for line in lines for _, _, form in found([words], {"mail": b"eHh4" + line})}
    assert {form for form in forms(words) if "base64" in form} | {"quoted-printable"} <= seen


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """Somebody with a browser."""
    return Visitor(client)


def test_what_was_sealed_is_gone_from_every_file_when_it_has_had_its_time(
    visitor: Visitor, config: Config, clock: Clock
) -> None:
    """Fourteen days after 250, of the sealed bytes nothing is left; until then they are there."""
    assert visitor.is_taken(visitor.send())
    clock.now = time.time()
    database = SQLite(config.state)
    outbox = Outbox(database, clock)
    leased = outbox.lease()
    assert leased is not None
    parts = [leased.sealed.cms[start : start + 64] for start in range(0, 2048, 64)]
    parts = [part for part in parts if len(part) == 64]

    def left() -> int:
        everything = b"".join(dict(files(config.state)).values())
        return sum(part in everything for part in parts)

    # One may lie across two pages of the database.
    everything = b"".join(dict(files(config.state)).values())
    parts = [part for part in parts if part in everything]
    assert left() == len(parts) >= 31
    outbox.sent(leased)
    clock.move(14 * DAY - MINUTE)
    outbox.forget(keep_days=14)
    assert left() >= 31  # the row is longer now, so that another part may lie so
    clock.move(2 * MINUTE)
    outbox.forget(keep_days=14)
    assert left() == 0
    database.close()


def test_a_draft_is_gone_from_every_file_when_it_has_had_its_time(
    visitor: Visitor, config: Config, clock: Clock
) -> None:
    """Encrypted as it is."""
    assert visitor.is_refused(visitor.send(who=""))
    clock.now = time.time()
    database = SQLite(config.state, "drafts")
    with database.reading() as connection:
        (sealed,) = connection.exec_driver_sql("SELECT sealed FROM drafts").scalars()

    def left() -> bool:
        return sealed[100:164] in b"".join(dict(files(config.state)).values())

    drafts = Drafts(database, clock)
    drafts.forget()
    assert left()
    clock.move(15 * MINUTE + 1)
    drafts.forget()
    assert not left()
    database.close()


@pytest.fixture
def logged(app: Flask) -> Iterator[io.StringIO]:
    """What operations would read of this process, down to the least event."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(EventFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    assert not app.testing  # else the error would be the test's, and not logged
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


WITH_WORDS = "\n".join(FILLED_IN[name] for name in TYPED)


def break_sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library fails, and quotes what it was given."""

    def fail(*_arguments: object) -> Sealed:
        raise RuntimeError(WITH_WORDS) from ValueError(WITH_WORDS)

    monkeypatch.setattr(Sealer, "seal", fail)


def break_storing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails in the same manner."""

    def fail(*_arguments: object, **_others: object) -> str:
        raise StorageError(WITH_WORDS) from sqlite3.OperationalError(WITH_WORDS)

    monkeypatch.setattr(Outbox, "accept", fail)


def break_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is not even understood."""

    def fail(*_arguments: object, **_kinds: object) -> object:
        raise KeyError(WITH_WORDS)

    monkeypatch.setattr("udvej.intake.submission.cpr.find_in", fail)


def break_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither can a refused form be kept."""

    def fail(*_arguments: object) -> str:
        raise ExceptionGroup(WITH_WORDS, [MemoryError(WITH_WORDS)])

    monkeypatch.setattr(Drafts, "keep", fail)


@pytest.mark.parametrize(
    ("failure", "changes", "event"),
    [
        (break_sealing, {}, "event=broken exception=RuntimeError at "),
        (break_storing, {}, "event=not-stored exception=StorageError at "),
        (break_reading, {}, "event=broken exception=KeyError at "),
        (break_drafts, {"who": ""}, "event=broken exception=ExceptionGroup at "),
    ],
)
def test_whatever_breaks_in_the_middle_no_log_tells_what_was_typed(
    *,
    failure: Callable[[pytest.MonkeyPatch], None],
    changes: dict[str, str],
    event: str,
    visitor: Visitor,
    config: Config,
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One line with the place, though every exception quotes all of it; no file has it either."""
    page = visitor.open()
    failure(monkeypatch)
    answer = visitor.press({**page, **FILLED_IN, **changes})
    assert answer.status_code in (500, 503)
    assert event in logged.getvalue()
    seen = {"log": logged.getvalue().encode(), "printed": "".join(capfd.readouterr()).encode()}
    words = [line for name in TYPED for line in FILLED_IN[name].split("\r\n")]
    words = [word for word in words if len(word) > 6]
    assert found(words, seen | dict(files(config.state))) == set()
    assert PHONE in answer.text
