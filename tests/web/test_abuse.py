"""A flood fills neither disk nor mailbox, and keeps nobody out who needs to come through."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from support.clock import DAY, HOUR, MINUTE, Clock
from support.letters import draft, referral
from support.municipality import PHONE
from support.visiting import FILLED_IN, Visitor, fields, is_receipt
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.errors import StorageError
from udvej.intake.drafts import Drafts
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.keys import TeamKey
from udvej.outbox.recipients import Recipients
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Leased, Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app
from udvej.web.reader import SESSION_COOKIE

PEOPLE = 300  # an hour, whose referrals are mailed at once
ALL_THE_SAME = "Det kan være en robot. Kontakt alligevel den, der skriver."
ROBOT = f"BEMÆRK: Et felt, som mennesker ikke ser, er fyldt ud. {ALL_THE_SAME}"
HURRIED = f"BEMÆRK: Formularen er fyldt ud meget hurtigt. {ALL_THE_SAME}"


class Carriage:
    """Takes every mail."""

    def __init__(self) -> None:
        """With none so far."""
        self.numbers: list[int] = []

    def carry(self, leased: Leased) -> None:
        """Take one."""
        self.numbers.append(leased.number)


def accept(outbox: Outbox, *keys: str, paced: bool = False, cms: bytes = b"cms") -> None:
    """Accept a referral for each key."""
    for key in keys:
        outbox.accept(key.encode(), "AAA-AAA", lambda number: Sealed(cms, f"{number}"), paced=paced)


def deliver(outbox: Outbox) -> list[int]:
    """Mail what is due now; the numbers."""
    carriage = Carriage()
    while Delivery(outbox, carriage).next():
        pass
    return carriage.numbers


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """Somebody with a browser."""
    return Visitor(client)


@pytest.fixture
def now(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the site counts its clients by."""
    clock.now = time.time()
    monkeypatch.setattr("udvej.web.app.time", SimpleNamespace(time=clock))
    return clock


@pytest.fixture
def arrived(config: Config, clock: Clock) -> Iterator[Callable[[float], list[str]]]:
    """Deliver what is due after so many seconds; every letter that has arrived, opened."""
    database = SQLite(config.state)

    def after(seconds: float) -> list[str]:
        clock.now = time.time() + seconds
        team = Demonstration.prepare(config.state)
        while Delivery(Outbox(database, clock), team).next():
            pass
        return [*team.letters()]

    yield after
    database.close()


def test_a_form_filled_in_by_hand_bears_no_mark(
    visitor: Visitor, arrived: Callable[[float], list[str]]
) -> None:
    """And is mailed at once."""
    assert visitor.is_taken(visitor.send())
    (letter,) = arrived(1)
    assert "BEMÆRK" not in letter


def test_the_field_that_nobody_sees_only_marks_the_letter(
    visitor: Visitor, arrived: Callable[[float], list[str]]
) -> None:
    """The receipt is the same; the mail comes, after the others."""
    assert fields(visitor.look())["website"] == ""
    assert visitor.is_taken(visitor.send(website="https://spam.example"))
    assert "Tak" in visitor.look()
    assert arrived(0) == []
    (letter,) = arrived(MINUTE + 1)
    assert letter.splitlines()[5] == ROBOT
    assert "spam" not in letter
    assert "> Jeg vil gerne ud.\n" in letter


def test_haste_only_marks_the_letter(
    visitor: Visitor, arrived: Callable[[float], list[str]]
) -> None:
    """Somebody pasted it, and had no time; it is mailed at once."""
    # As if opened a moment from now: however slow this machine, that is too fast.
    token = f"{int(time.time() + HOUR):08x}{visitor.open()['token'][8:]}"
    answer = visitor.client.post(FORM, data={**visitor.open(), **FILLED_IN, "token": token})
    assert visitor.is_taken(answer)
    (letter,) = arrived(1)
    assert letter.splitlines()[5] == HURRIED
    assert "> Jeg vil gerne ud.\n" in letter


def test_both_marks_stand_in_one_letter(
    visitor: Visitor, arrived: Callable[[float], list[str]]
) -> None:
    """Not even a sure robot is turned away: it might be a person with a strange browser."""
    token = f"{int(time.time() + HOUR):08x}{visitor.open()['token'][8:]}"
    sent = {**visitor.open(), **FILLED_IN, "token": token, "website": "x"}
    assert visitor.is_taken(visitor.client.post(FORM, data=sent))
    (letter,) = arrived(MINUTE + 1)
    assert letter.splitlines()[5:7] == [ROBOT, HURRIED]


def test_what_may_be_a_robots_is_mailed_a_minute_apart_behind_the_others(
    outbox: Outbox, clock: Clock
) -> None:
    """However many come, real referrals go past them."""
    accept(outbox, "r1", "r2", "r3", paced=True)
    accept(outbox, "a")
    assert deliver(outbox) == [4]
    for number in (1, 2, 3):
        clock.move(MINUTE - 1)
        accept(outbox, f"person {number}")
        assert deliver(outbox) == [4 + number]
        clock.move(1)
        assert deliver(outbox) == [number]
    assert outbox.status().waiting == 0


@pytest.mark.heavy
def test_a_crowd_is_paced_from_the_three_hundred_and_first_of_an_hour(
    outbox: Outbox, clock: Clock
) -> None:
    """Sixty an hour at most reach the mailbox then; all of them in the end, each once."""
    accept(outbox, *map(str, range(PEOPLE + 100)))
    assert deliver(outbox) == [*range(1, PEOPLE + 1)]
    clock.move(HOUR)
    assert deliver(outbox) == [*range(PEOPLE + 1, PEOPLE + 61)]
    accept(outbox, "somebody, an hour later")
    assert deliver(outbox) == [PEOPLE + 101]
    clock.move(40 * MINUTE)
    assert deliver(outbox) == [*range(PEOPLE + 61, PEOPLE + 101)]


@pytest.mark.heavy
def test_pressing_again_counts_as_nobody_new(outbox: Outbox) -> None:
    """A crowd is made of referrals, not of presses."""
    for _ in range(2):
        accept(outbox, *map(str, range(PEOPLE - 1)))
    accept(outbox, "the last of them")
    assert len(deliver(outbox)) == PEOPLE


@pytest.fixture(scope="module")
def cms(team: TeamKey) -> bytes:
    """A referral as long as can be, sealed."""
    longest = referral(message="æ" * 1000, times="æ" * 200, name="æ" * 100)
    return Sealer(Recipients([team.certificate])).seal(longest, 10_000).cms


def folder_bytes(folder: Path) -> int:
    """How much of the disk a folder takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# How many come: a crowd in `make test`, the flood that a site must stand in `make bench`.
FLOODS = [1_000, pytest.param(10_000, marks=pytest.mark.slow)]


@pytest.mark.heavy
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_keeps_nobody_out_and_stays_within_its_bound(
    flood: int, tmp_path: Path, clock: Clock, cms: bytes
) -> None:
    """Whoever writes before it is mailed at once, in the midst of it is kept, an hour later too."""
    bound = 256 * 2**20 * flood // 10_000
    database = SQLite(tmp_path, most_bytes=bound, durable=False)  # the disk is not what is shown
    outbox = Outbox(database, clock)
    accept(outbox, "somebody before")
    assert deliver(outbox) == [1]
    for turn in range(flood):
        accept(outbox, f"flood {turn}", cms=cms)
        if turn == flood // 2:
            accept(outbox, "somebody in the midst")
    assert outbox.status().waiting == flood + 1
    assert outbox.receipt(b"somebody in the midst", within=DAY) == "AAA-AAA"
    assert len(deliver(outbox)) == PEOPLE - 1
    clock.move(HOUR + 1)
    accept(outbox, "somebody an hour later", cms=cms)
    mailed = deliver(outbox)
    assert flood + 3 in mailed
    assert len(mailed) == 61
    database.close()
    assert folder_bytes(tmp_path) < bound


BOUND = 2**20


def fill(outbox: Outbox, cms: bytes) -> int:
    """Accept until there is no more room, not for the smallest either; how many were taken."""
    taken = 0
    for part in (cms, cms[:1000], b""):
        with suppress(StorageError):
            for _ in range(1000):
                accept(outbox, f"flood {taken}", cms=part)
                taken += 1
    with pytest.raises(StorageError):
        accept(outbox, "one more")
    return taken


@pytest.mark.heavy
def test_at_the_bound_nothing_more_is_taken_and_delivery_makes_room(
    tmp_path: Path, clock: Clock, cms: bytes
) -> None:
    """All that was taken is mailed, and forgotten in its time."""
    database = SQLite(tmp_path, most_bytes=BOUND, durable=False)
    outbox = Outbox(database, clock)
    taken = fill(outbox, cms)
    assert taken > 50
    assert (tmp_path / "udvej.sqlite3").stat().st_size <= BOUND
    clock.move(taken * MINUTE)
    assert deliver(outbox) == [*range(1, taken + 1)]
    clock.move(15 * DAY)
    outbox.forget(keep_days=14)
    accept(outbox, "somebody", cms=cms)
    assert deliver(outbox) == [taken + 1]
    database.close()
    assert folder_bytes(tmp_path) < 2 * BOUND


@pytest.mark.heavy
def test_at_the_bound_what_was_sent_longest_ago_gives_way_to_who_writes_now(
    tmp_path: Path, clock: Clock, cms: bytes
) -> None:
    """It is kept only to be mailed again; nothing that waits or has failed is touched."""
    database = SQLite(tmp_path, most_bytes=BOUND, durable=False)
    outbox = Outbox(database, clock)
    taken = fill(outbox, cms)
    clock.move(taken * MINUTE)
    failed = outbox.lease()
    assert failed is not None
    outbox.failed(failed, "DATA 554")
    deliver(outbox)
    assert outbox.status().sent == taken - 1
    clock.move(HOUR)
    for number in range(20):
        accept(outbox, f"somebody {number}", cms=cms)
    status = outbox.status()
    assert (status.waiting, len(status.failed)) == (20, 1)
    assert 0 < status.sent < taken - 1
    assert len(deliver(outbox)) == 20
    database.close()


def test_a_flood_leaves_room_for_what_comes_at_the_pace_of_people(
    tmp_path: Path, clock: Clock, cms: bytes
) -> None:
    """A quarter of all; it is mailed before the flood."""
    database = SQLite(tmp_path, most_bytes=BOUND, durable=False)
    outbox = Outbox(database, clock)
    with suppress(StorageError):
        for number in range(1000):
            outbox.accept(f"{number}".encode(), "A", lambda _: Sealed(cms, "t"), paced=True)
    flood = outbox.status().paced
    assert flood > 30
    for number in range(flood // 5):
        accept(outbox, f"somebody {number}", cms=cms)
    assert len(deliver(outbox)) == flood // 5
    assert outbox.status().paced == flood
    database.close()


@pytest.mark.heavy
def test_at_the_bound_a_failed_or_delayed_mail_can_still_be_written_down(
    tmp_path: Path, clock: Clock, cms: bytes
) -> None:
    """With its reason; and be tried again."""
    database = SQLite(tmp_path, most_bytes=BOUND, durable=False)
    outbox = Outbox(database, clock)
    taken = fill(outbox, cms)
    clock.move(taken * MINUTE)
    for turn in range(taken):
        leased = outbox.lease()
        assert leased is not None
        settle = outbox.failed if turn % 2 else outbox.retry
        settle(leased, "SMTPServerDisconnected: certificate not accepted: unable to get issuer")
    status = outbox.status()
    assert (len(status.failed), status.waiting) == (taken // 2, taken - taken // 2)
    for number, _ in status.failed:
        outbox.requeue(number)
    clock.move(HOUR)
    assert sorted(deliver(outbox)) == [*range(1, taken + 1)]
    database.close()


def test_at_the_bound_the_site_says_so_and_takes_the_form_when_there_is_room(
    config: Config, cms: bytes, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """503 with the form as typed and the phone number; never a receipt."""
    monkeypatch.setattr("udvej.outbox.table.MOST_BYTES", BOUND)
    client = create_app(Services.open(config)).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client)
    filled_in = {**visitor.open(), **FILLED_IN}
    database = SQLite(config.state, most_bytes=BOUND, durable=False)
    outbox = Outbox(database, clock)
    clock.now = time.time()
    taken = fill(outbox, cms)
    answer = visitor.press(filled_in)
    assert answer.status_code == 503
    kept = fields(answer.text)
    assert {name: kept.get(name) for name in FILLED_IN} == FILLED_IN
    assert PHONE in answer.text
    assert not is_receipt(visitor.look())
    clock.move(taken * MINUTE)
    assert len(deliver(outbox)) == taken
    clock.move(15 * DAY)
    outbox.forget(keep_days=14)
    assert visitor.is_taken(visitor.press(kept))
    database.close()


@pytest.mark.heavy
def test_one_clients_flood_of_posts_is_bounded_and_another_client_comes_through_at_once(
    app: Flask, config: Config, now: Clock
) -> None:
    """Two hundred posts, thirty taken; a real referral in the midst of them is mailed with them.

    The next hundred and twenty are led to their draft, the others answered at once.
    """
    flood, somebody = (Visitor(app.test_client()) for _ in range(2))
    for visitor, address in ((flood, "203.0.113.9"), (somebody, "192.0.2.1")):
        visitor.client.environ_base |= {"wsgi.url_scheme": "https", "REMOTE_ADDR": address}
    filled_in = {**flood.open(), **FILLED_IN}
    led_to = []
    for turn in range(200):
        answer = flood.press({**filled_in, "message": str(turn)})
        led_to.append((answer.status_code, flood.is_taken(answer)))
        if turn == 100:
            assert somebody.is_taken(somebody.send())
    assert led_to == [(303, True)] * 30 + [(303, False)] * 120 + [(429, False)] * 50
    database = SQLite(config.state)
    outbox = Outbox(database, now)
    now.now = time.time() + 1
    assert outbox.status().waiting == 31
    assert deliver(outbox) == [*range(1, 32)]
    database.close()


def test_a_flood_past_the_limit_leaves_no_more_drafts_than_a_client_may_have(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same cookie each time, as robots send it: none takes the place of another."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("2/hour"))
    monkeypatch.setattr("udvej.web.app._CORRECTIONS", parse("5/hour"))
    client = create_app(Services.open(config)).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client)
    filled_in = {**visitor.open(), **FILLED_IN}
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    statuses = []
    for turn in range(20):
        client.set_cookie(SESSION_COOKIE, cookie.value, secure=True)
        statuses.append(visitor.press({**filled_in, "message": str(turn)}).status_code)
    assert statuses == [303] * 7 + [429] * 13
    database = SQLite(config.state, "drafts")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM drafts").scalar_one() == 5
    database.close()


@pytest.mark.heavy
@pytest.mark.parametrize("flood", FLOODS)
def test_thousands_of_drafts_take_no_room_from_the_referrals(
    flood: int, tmp_path: Path, clock: Clock
) -> None:
    """They have a file of their own, and leave it after a quarter of an hour."""
    outbox_file = tmp_path / "udvej.sqlite3"
    referrals = SQLite(tmp_path)
    outbox = Outbox(referrals, clock)
    referrals.checkpoint()
    before = outbox_file.stat().st_size
    database = SQLite(tmp_path, "drafts", most_bytes=64 * 2**20, durable=False)
    drafts = Drafts(database, clock)
    for _ in range(flood):
        drafts.keep(draft(**FILLED_IN))
    assert (tmp_path / "drafts.sqlite3").stat().st_size > 10 * before
    assert folder_bytes(tmp_path) < 80 * 2**20 * flood // 10_000
    referrals.checkpoint()
    assert outbox_file.stat().st_size == before
    accept(outbox, "somebody")
    assert deliver(outbox) == [1]
    clock.move(16 * MINUTE)
    drafts.forget()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM drafts").scalar_one() == 0
    database.close()
    referrals.close()


def test_when_drafts_have_no_room_the_text_is_on_the_page_and_a_right_form_is_taken(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of refused forms keeps no referral out."""
    monkeypatch.setattr("udvej.intake.drafts.MOST_BYTES", 2**16)
    client = create_app(Services.open(config)).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client)
    filled_in = {**visitor.open(), **FILLED_IN}
    drafts = Services.open(config).drafts
    with suppress(StorageError):
        for _ in range(1000):
            drafts.keep(draft(**FILLED_IN))
    with pytest.raises(StorageError):
        drafts.keep(draft(**FILLED_IN))
    answer = visitor.press({**filled_in, "phone": "46"})
    assert answer.status_code == 503
    assert fields(answer.text)["message"] == FILLED_IN["message"]
    assert visitor.is_taken(visitor.press(filled_in))
