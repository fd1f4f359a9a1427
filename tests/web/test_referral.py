"""The form and its receipt, as somebody with a browser meets them."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.municipality import FACTS, PHONE
from support.spoiling import spoil
from support.visiting import (
    FILLED_IN,
    TYPED,
    Visitor,
    at_fields,
    fields,
    headings,
    ids,
    is_receipt,
    links,
    reference,
    summary,
    title,
)
from udvej.config import Config
from udvej.content.addresses import AGAIN, FORM, TOO_LONG, WITHOUT_COOKIE
from udvej.durations import DAY
from udvej.errors import SealingError
from udvej.outbox.delivery import Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app

CPR = "010190-1234"
COOKIE = "__Host-skema"


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """Somebody with a browser."""
    return Visitor(client)


@pytest.fixture
def arrived(config: Config) -> Iterator[Callable[[], list[str]]]:
    """Deliver what waits; every letter that has arrived, opened."""
    database = SQLite(config.state)

    def deliver() -> list[str]:
        demonstration = Demonstration.prepare(config.state)
        while Delivery(Outbox(database), demonstration).next():
            pass
        return [*demonstration.letters()]

    yield deliver
    database.close()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """All that was logged or printed, at any level."""
    caplog.set_level("DEBUG")
    return lambda: caplog.text + "".join(capfd.readouterr())


def refuse_writing(state: Path, table: str) -> None:
    """From now on the database refuses every row of a table."""
    file = "drafts.sqlite3" if table == "drafts" else "udvej.sqlite3"
    with closing(sqlite3.connect(state / file)) as connection:
        connection.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        )


def stored(state: Path) -> bytes:
    """Every byte of the state folder, and every name."""
    files = [path for path in state.rglob("*") if path.is_file()]
    return b"".join(str(path).encode() + path.read_bytes() for path in files)


def without_tokens(filled_in: dict[str, str]) -> dict[str, str]:
    """What a person typed and chose, of what a browser sends."""
    return {
        name: value
        for name, value in filled_in.items()
        if name not in ("token", "csrf_token") and value
    }


def test_a_form_sent_leads_to_a_receipt_and_reaches_the_team(
    visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """POST, 303, GET; the receipt and the letter show the same reference."""
    answer = visitor.send()
    assert (answer.status_code, answer.location) == (303, FORM)
    receipt = visitor.look()
    (letter,) = arrived()
    assert f"Reference: {reference(receipt)}\n" in letter
    assert "> Ring ikke, når min bror er hjemme.\n" in letter
    assert PHONE in receipt


def test_the_receipt_says_when_there_is_an_answer_once_the_editor_has_written_it(
    content: Path, config: Config, arrived: Callable[[], list[str]]
) -> None:
    """How soon the team answers, which its letter repeats, and when its phone is open."""
    words = ("Så hurtigt svarer vi: inden for to hverdage", "Telefonen er åben: hverdage kl. 9-14")
    with (content / "kvittering.md").open("a", encoding="utf-8") as receipt:
        receipt.write("\n- Så hurtigt svarer vi: {team.svartid}\n")
        receipt.write("- Telefonen er åben: {team.aabningstider}\n")
    assert not [
        word
        for word in words
        if word.split(":")[0] in _receipt_of(create_app(Services.open(config)))
    ]
    spoil(content / "kommune.toml", 'svartid = ""', 'svartid = "inden for to hverdage"')
    spoil(content / "kommune.toml", 'aabningstider = ""', 'aabningstider = "hverdage kl. 9-14"')
    shown = _receipt_of(create_app(Services.open(config)))
    assert [word for word in words if word in shown] == [*words]
    promise = "På siden står, hvor hurtigt I svarer: inden for to hverdage\n"
    assert [promise in letter for letter in arrived()] == [False, False, True]


def _receipt_of(app: Flask) -> str:
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client)
    visitor.send()
    return visitor.look()


def test_the_receipt_tells_nothing_of_what_was_written(visitor: Visitor) -> None:
    """Whoever looks over a shoulder learns nothing."""
    visitor.send()
    receipt = visitor.look()
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0] in receipt]


def test_the_cookie_is_strict_and_ends_with_the_browser(client: FlaskClient) -> None:
    """On every answer that sets it."""
    visitor = Visitor(client)
    answers = [client.get(FORM), visitor.send(who=""), visitor.send(), client.get(FORM)]
    cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert len(cookies) >= 3
    for cookie in cookies:
        name_and_value, *flags = cookie.split("; ")
        assert name_and_value.startswith(f"{COOKIE}=")
        assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]


def test_a_form_left_open_for_a_day_is_received(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes slowly, or is disturbed, is not hurried (WCAG 2.2.3)."""
    filled_in = {**visitor.open(), **FILLED_IN}
    tomorrow = time.time() + DAY
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert visitor.is_taken(visitor.press(filled_in))


def test_the_cookie_holds_neither_words_nor_reference(client: FlaskClient) -> None:
    """It is signed, not sealed: anybody may read it."""
    visitor = Visitor(client)
    visitor.send(who="")
    visitor.send()
    shown = reference(visitor.look())
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    payload = client.application.session_interface.get_signing_serializer(client.application)  # type: ignore[attr-defined]
    held = str(payload.loads(cookie.value))
    assert not [word for word in (*FILLED_IN.values(), shown) if len(word) > 4 and word in held]


MANY_FAULTS = {
    "who": "",
    "name": "Æ <b>&amp;\"'{{7*7}}" + "x" * 100,
    "phone": "46 46",
    "mail": "sofie",
    "prefer": "",
    "times": "når \"hun\" ikke er her & 'sover'",
    "may_leave_message": "y",
    "message": "\r\n\r\n  <script>alert(1)</script>\r\n</textarea>" + "y" * 1000,
}


def test_a_refused_form_says_what_is_wrong_above_and_at_the_fields(visitor: Visitor) -> None:
    """The same words in the same order, and each link leads to its field."""
    answer = visitor.send(**MANY_FAULTS)
    assert (answer.status_code, answer.location) == (303, FORM)
    page = visitor.look()
    places = [place for place, _ in summary(page)]
    assert places == ["who-0", "name", "phone", "mail", "prefer-0", "message"]
    assert [words for _, words in summary(page)] == at_fields(page)
    assert set(places) <= ids(page)


def test_a_refused_form_keeps_all_that_was_typed(visitor: Visitor) -> None:
    """Every sign of it, also after a reload, and also what is too long."""
    visitor.send(**MANY_FAULTS)
    expected = {name: " ".join(MANY_FAULTS[name].split()) for name in MANY_FAULTS} | {
        "message": MANY_FAULTS["message"].strip()
    }
    for _ in range(2):
        assert without_tokens(fields(visitor.look())) == without_tokens(expected)


def test_a_mended_form_is_taken_and_its_draft_is_gone(
    visitor: Visitor, arrived: Callable[[], list[str]], config: Config
) -> None:
    """What was wrong is not in the letter, nor kept."""
    visitor.send(phone="46 46")
    answer = visitor.press({**fields(visitor.look()), "phone": FILLED_IN["phone"]})
    assert visitor.is_taken(answer)
    (letter,) = arrived()
    assert f"> +45 {FILLED_IN['phone']}\n" in letter
    with closing(sqlite3.connect(config.state / "drafts.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchone() == (0,)


def test_only_one_draft_is_kept_for_a_visitor(visitor: Visitor, config: Config) -> None:
    """However often the form is refused."""
    for name in ("Sofie", "Maria", "Amina"):
        visitor.send(who="", name=name)
    assert fields(visitor.look())["name"] == "Amina"
    with closing(sqlite3.connect(config.state / "drafts.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchone() == (1,)


def test_a_draft_from_before_an_upgrade_is_an_empty_form(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which can be sent; it is never an error."""
    monkeypatch.setattr("udvej.intake.drafts.asdict", lambda draft: dict(draft.fields))
    assert visitor.is_refused(visitor.send(who=""))
    assert summary(visitor.look()) == []
    assert without_tokens(visitor.open()) == {}
    assert visitor.is_taken(visitor.send())


def test_another_visitor_sees_nothing_of_a_draft(visitor: Visitor, app: Flask) -> None:
    """It is under a key in the first one's cookie."""
    visitor.send(who="")
    assert without_tokens(Visitor(app.test_client()).open()) == {}


@pytest.mark.parametrize("field", [*TYPED, "who", "prefer", "may_leave_message", "may_say_from"])
def test_a_cpr_number_refuses_the_form_and_is_nowhere(
    field: str,
    visitor: Visitor,
    config: Config,
    arrived: Callable[[], list[str]],
    said: Callable[[], str],
) -> None:
    """Not on the page, in a file, a log or a mail; the rest is kept and the link shown."""
    assert visitor.is_refused(visitor.send(**{field: f"her {CPR} slut"}))
    page = visitor.look()
    kept = fields(page)
    others = [name for name in FILLED_IN if name != field]
    assert {name: kept[name] for name in others} == {name: FILLED_IN[name] for name in others}
    if field in TYPED:
        assert kept[field] == "her slut"
    assert FACTS.link("sikkerpost.adresse") in links(page)
    said_so = ["stod noget, der ligner et CPR-nummer" in words for _, words in summary(page)]
    assert any(said_so)
    assert arrived() == []
    read = [page, said(), stored(config.state).decode("latin-1")]
    assert not [text for text in read if CPR in text or CPR.replace("-", "") in text]


def test_a_cpr_number_next_to_other_faults_names_them_all(visitor: Visitor) -> None:
    """So that they are mended at once."""
    visitor.send(who="", message=f"nummer {CPR}")
    assert [place for place, _ in summary(visitor.look())] == ["who-0", "message"]


def test_a_cpr_number_in_several_fields_is_told_at_each_of_them(visitor: Visitor) -> None:
    """Each field that was changed says so, in the order of the page; the others do not."""
    typed = dict.fromkeys(("name", "times", "message"), f"her {CPR} slut")
    assert visitor.send(**typed).location == FORM
    page = visitor.look()
    assert [place for place, _ in summary(page)] == [*typed]
    assert all("ligner et CPR-nummer" in words for _, words in summary(page))
    assert len(at_fields(page)) == len(typed)
    assert {name: fields(page)[name] for name in typed} == dict.fromkeys(typed, "her slut")


def test_the_search_for_a_cpr_number_would_find_it(config: Config) -> None:
    """The positive control."""
    (config.state / "fil").write_text(f"her {CPR}")
    assert CPR.encode() in stored(config.state)


def test_nothing_typed_is_readable_in_the_state_folder(
    visitor: Visitor, config: Config, arrived: Callable[[], list[str]]
) -> None:
    """Not of a draft, not of a referral, sent or not; the folder is not empty meanwhile."""
    visitor.send(who="")
    visitor.send()
    arrived()
    content = stored(config.state)
    assert b"pkcs7-mime" in content
    for name in ("name", "mail", "times", "message"):
        assert FILLED_IN[name].split("\r\n")[0].encode() not in content


def test_pressing_twice_is_one_referral_and_one_receipt(
    visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """Or reloading what was sent, or going Back and sending again."""
    filled_in = {**visitor.open(), **FILLED_IN}
    receipts = set()
    for _ in range(3):
        assert visitor.is_taken(visitor.press(filled_in))
        receipts.add(reference(visitor.look()))
    assert len(receipts) == len(arrived()) == 1


def test_the_history_does_not_tell_that_something_was_sent(visitor: Visitor) -> None:
    """Address and title are the form's before sending, when refused, and on the receipt."""
    shown = [visitor.client.get(FORM).text]
    for changes in ({"who": ""}, {"message": f"her {CPR}"}, {}):
        assert visitor.send(**changes).location == FORM
        shown.append(visitor.client.get(FORM).text)
    assert [is_receipt(page) for page in shown] == [False, False, False, True]
    assert len({title(page) for page in shown}) == 1
    others = [visitor.client.get(address).text for address in (WITHOUT_COOKIE, TOO_LONG)]
    assert {title(page) for page in others} == {title(shown[0])}


def test_another_message_begins_with_an_empty_form(
    visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """By the receipt's button; it is a referral of its own."""
    visitor.send()
    button = fields(visitor.look(), AGAIN)
    answer = visitor.client.post(AGAIN, data=button)
    assert (answer.status_code, answer.location) == (303, FORM)
    assert without_tokens(visitor.open()) == {}
    visitor.send()
    assert len(arrived()) == 2


def test_another_message_needs_the_receipts_own_button(visitor: Visitor) -> None:
    """Another site cannot press it."""
    visitor.send()
    visitor.client.post(AGAIN)
    assert is_receipt(visitor.look())


def test_a_correction_from_a_form_still_open_is_a_referral_of_its_own(
    visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """It reaches the team, and has its own receipt."""
    filled_in = {**visitor.open(), **FILLED_IN}
    visitor.press(filled_in)
    first = reference(visitor.look())
    visitor.press({**filled_in, "times": "aldrig om aftenen"})
    assert reference(visitor.look()) != first
    assert [("> aldrig om aftenen\n" in letter) for letter in arrived()] == [False, True]


def test_a_correction_that_is_refused_is_shown_and_not_the_old_receipt(visitor: Visitor) -> None:
    """Else it would seem to have been sent."""
    filled_in = {**visitor.open(), **FILLED_IN}
    visitor.press(filled_in)
    visitor.press({**filled_in, "phone": "46", "message": "Ring ikke længere."})
    page = visitor.look()
    assert [place for place, _ in summary(page)] == ["phone"]
    assert fields(page)["message"] == "Ring ikke længere."


def test_there_is_no_receipt_before_anything_was_sent(visitor: Visitor) -> None:
    """The form is shown instead."""
    assert not is_receipt(visitor.look())


def test_a_receipt_is_not_shown_for_ever(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever picks up the phone later finds an empty form."""
    visitor.send()
    monkeypatch.setattr("udvej.web.referral._RECEIPT_SHOWN", -1.0)
    assert not is_receipt(visitor.look())
    assert without_tokens(visitor.open()) == {}


def test_without_a_cookie_the_phone_number_is_shown(
    app: Flask, visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """And why."""
    without = app.test_client(use_cookies=False)
    answer = without.post(FORM, data={**visitor.open(), **FILLED_IN})
    assert (answer.status_code, answer.location) == (303, WITHOUT_COOKIE)
    page = without.get(answer.location).text
    assert headings(page) == ["Din besked er ikke sendt"]
    assert PHONE in page
    assert arrived() == []


@pytest.mark.parametrize("csrf_token", ["", "forkert", "æøå"])
def test_a_form_that_has_expired_keeps_the_text_and_asks_to_send_again(
    csrf_token: str, visitor: Visitor, arrived: Callable[[], list[str]]
) -> None:
    """Which then works."""
    assert visitor.is_refused(visitor.send(csrf_token=csrf_token))
    page = visitor.look()
    assert "Tryk på Send igen." in page
    assert without_tokens(fields(page)) == FILLED_IN
    assert arrived() == []
    assert visitor.is_taken(visitor.press(fields(page)))
    assert len(arrived()) == 1


def test_a_cookie_of_another_key_keeps_the_text(visitor: Visitor, client: FlaskClient) -> None:
    """The server's key was changed while the form was open."""
    filled_in = {**visitor.open(), **FILLED_IN}
    client.set_cookie(COOKIE, "not.signed.by-us", secure=True)
    assert visitor.is_refused(visitor.press(filled_in))
    assert without_tokens(fields(visitor.look())) == FILLED_IN


def no_room_for_referrals(config: Config, _monkeypatch: pytest.MonkeyPatch) -> None:
    """The referral cannot be written."""
    refuse_writing(config.state, "referrals")


def no_room_for_receipts(config: Config, _monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of it cannot be written."""
    refuse_writing(config.state, "receipts")


def no_lock(config: Config, _monkeypatch: pytest.MonkeyPatch) -> None:
    """The state folder is broken."""
    lock = config.state / "udvej.lock"
    lock.unlink()
    lock.mkdir()


def no_seal(_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing fails."""

    def fail(*_arguments: object) -> None:
        raise SealingError

    monkeypatch.setattr("udvej.intake.sealing.Sealer.seal", fail)


@pytest.mark.parametrize("failure", [no_room_for_referrals, no_room_for_receipts, no_lock, no_seal])
def test_what_could_not_be_kept_is_not_acknowledged_and_not_lost(
    failure: Callable[[Config, pytest.MonkeyPatch], None],
    visitor: Visitor,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """503 with the form as typed and the phone number; sent again it is the same form."""
    filled_in = {**visitor.open(), **FILLED_IN}
    failure(config, monkeypatch)
    answer = visitor.press(filled_in)
    assert answer.status_code == 503
    assert without_tokens(fields(answer.text)) == FILLED_IN
    assert fields(answer.text)["token"][8:] == filled_in["token"][8:]
    assert "Vi kan ikke modtage din besked lige nu" in answer.text
    assert PHONE in answer.text
    assert "event=not-stored" in caplog.text
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0] in caplog.text]
    if failure is not no_lock:
        assert not is_receipt(visitor.look())


def test_what_could_not_be_kept_can_be_sent_when_it_can(
    visitor: Visitor, config: Config, arrived: Callable[[], list[str]]
) -> None:
    """By pressing Send on the page that said so."""
    filled_in = {**visitor.open(), **FILLED_IN}
    refuse_writing(config.state, "referrals")
    page = visitor.press(filled_in).text
    with closing(sqlite3.connect(config.state / "udvej.sqlite3")) as connection:
        connection.execute("DROP TRIGGER full")
    assert visitor.is_taken(visitor.press(fields(page)))
    (letter,) = arrived()
    assert letter.startswith("Henvendelse nr. 1\n")


def test_a_draft_that_could_not_be_kept_is_on_the_page(visitor: Visitor, config: Config) -> None:
    """With what is wrong in it, and without the CPR number."""
    filled_in = {**visitor.open(), **FILLED_IN, "who": "", "message": f"Ring nu. {CPR}"}
    refuse_writing(config.state, "drafts")
    answer = visitor.press(filled_in)
    assert answer.status_code == 503
    assert fields(answer.text)["message"] == "Ring nu."
    assert at_fields(answer.text)[0] == "Vælg, hvem der skriver."
    assert CPR not in answer.text
