"""What a receipt says, whether it is true, and for how long anybody can see it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from limits import parse
from support.municipality import FACTS
from support.visiting import FILLED_IN, Visitor, headings, is_receipt, reference
from udvej.config import Config
from udvej.content.addresses import FORM, RECEIPTS, WITHOUT_COOKIE
from udvej.durations import HOUR, MINUTE
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services, load_content
from udvej.sqlite import SQLite
from udvej.web.app import create_app

# What only a demonstration says, and what only the real site says; Danish, to be translated.
ONLY_TRIED = (
    "Prøveversion. Ingen får din besked.",
    "Tak for prøven. Ingen har fået din besked.",
    "Det her er en prøveversion. På den rigtige side ser du det, der står herunder.",
)
RECEIVED = ("Tak. Vi har fået din besked.",)
TAGS = ("da", "en", "ar")


def over_https(services: Services) -> FlaskClient:
    """A visitor's client, as cookies want it."""
    client = create_app(services).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


def age(state: Path, seconds: float) -> None:
    """Let all that was sent have been sent so much earlier."""
    with closing(sqlite3.connect(state / "udvej.sqlite3")) as connection, connection:
        changed = connection.execute("UPDATE receipts SET accepted = accepted - ?", (seconds,))
        assert changed.rowcount > 0


def test_the_live_receipt_says_that_the_message_has_come_and_a_demonstrations_that_it_has_not(
    config: Config, settings: dict[str, str]
) -> None:
    """In every language: neither lets anybody believe the other."""
    live = Config.from_environ(settings)
    for made, true, false in ((live, RECEIVED, ONLY_TRIED), (config, ONLY_TRIED, RECEIVED)):
        services = Services.open(made)
        app = create_app(services)
        for tag in TAGS:
            language = services.content.editions[tag].language
            client = app.test_client()
            client.environ_base["wsgi.url_scheme"] = "https"
            visitor = Visitor(client, language.prefix)
            assert visitor.is_taken(visitor.send())
            html = visitor.look(language.at(FORM))
            assert reference(html)
            said = language.catalogue.gettext
            assert [words for words in true if said(words) not in html] == []
            assert [words for words in false if said(words) in html] == []
            told = "Tak. Vi har" if made is live else "Tak for prøven"
            expected = next(words for words in (*RECEIVED, *ONLY_TRIED) if words.startswith(told))
            assert headings(html) == [said(expected)]


WRITERS = {"self": "selv", "relative": "paaroerende", "professional": "fagperson"}
ONLY_FOR = """\
+++
ansvarlig = "Ida Holm"
gennemgaaet = 2026-10-01
+++
## Så sker der det her

::: vej selv
1. ### Først for dig selv
:::

::: paaroerende
Kun for pårørende.

{svar.paaroerende}

{mangler svar.paaroerende} Det ved vi ikke endnu.
:::

::: boks fagperson
Kun for fagfolk.
:::

Ring til {team.navn}.
"""


@pytest.mark.parametrize("writer", WRITERS)
def test_a_receipt_is_its_writers(writer: str, config: Config) -> None:
    """What the municipality writes for one kind of writer no other reads."""
    (config.content / "kvittering.md").write_text(ONLY_FOR, "utf-8")
    visitor = Visitor(over_https(Services.open(config)))
    assert visitor.is_taken(visitor.send(who=writer))
    html = visitor.look()
    words = ("Først for dig selv", "Kun for pårørende.", "Kun for fagfolk.")
    assert [one for one in words if one in html] == [words[[*WRITERS].index(writer)]]
    assert "Så sker der det her" in headings(html, "h2")
    assert f"Ring til {FACTS.text('team.navn')}." in html
    assert ":::" not in html


def test_a_receipt_says_what_the_municipality_has_answered(config: Config) -> None:
    """In the place of what is said until then."""
    (config.content / "kvittering.md").write_text(ONLY_FOR, "utf-8")
    path = config.content / "kommune.toml"
    answer = "Så skriver vi kun til dig."
    path.write_text(f'{path.read_text("utf-8")}\n[svar]\npaaroerende = "{answer}"\n', "utf-8")
    visitor = Visitor(over_https(Services.open(config)))
    visitor.send(who="relative")
    html = visitor.look()
    assert answer in html
    assert "Det ved vi ikke endnu." not in html


def test_the_receipt_has_no_address_of_its_own(services: Services, client: FlaskClient) -> None:
    """An address tells that something was sent; only who has sent sees it, at the form's."""
    addresses = ("/kvittering/", RECEIPTS, *(f"{RECEIPTS}{reader}/" for reader in WRITERS.values()))
    assert {client.get(address).status_code for address in addresses} == {404}
    words = ("Sådan går det videre", "kvittering")
    for edition in services.content.editions.values():
        for address in edition.pages:
            html = client.get(edition.language.at(address)).text
            assert not [one for one in words if one in html]
    assert not [word for word in words if word in client.get("/sitemap.xml").text]


def test_neither_the_cookie_nor_the_database_tells_who_wrote(config: Config) -> None:
    """What they hold is as long, and as meaningless, whoever it was."""
    held = []
    for writer in WRITERS:
        client = over_https(Services.open(config))
        visitor = Visitor(client)
        visitor.send(who=writer)
        with client.session_transaction() as session:
            held.append({name: len(value) for name, value in session.items()})
            sent = bytes.fromhex(session["sent"])
        with closing(sqlite3.connect(config.state / "udvej.sqlite3")) as connection:
            names = [row[1] for row in connection.execute("PRAGMA table_info(receipts)")]
            keys = [row[0] for row in connection.execute("SELECT key FROM receipts")]
        assert names == ["key", "reference", "accepted"]
        assert sent not in keys
    assert held[0] == held[1] == held[2]


def test_no_page_of_a_live_site_says_that_nobody_gets_the_message(
    settings: dict[str, str],
) -> None:
    """Nor any answer to a form that was refused, limited or lost its cookie."""
    live = Config.from_environ(settings)
    client = over_https(Services.open(live))
    for edition in load_content(live).editions.values():
        language = edition.language
        tried = [language.catalogue.gettext(words) for words in ONLY_TRIED]
        visitor = Visitor(client, language.prefix)
        visitor.send(who="")
        pages = [
            *(client.get(language.at(address)).text for address in edition.pages),
            visitor.look(language.at(FORM)),
            client.get(language.at(WITHOUT_COOKIE)).text,
            client.get(language.at("/findes-ikke/")).text,
        ]
        assert [words for words in tried for html in pages if words in html] == []


@pytest.mark.parametrize(
    ("ago", "shown"), [(14 * MINUTE, True), (15 * MINUTE + 1, False), (24 * HOUR, False)]
)
def test_a_receipt_is_shown_for_a_quarter_of_an_hour(
    ago: float, client: FlaskClient, config: Config, *, shown: bool
) -> None:
    """Whoever picks up the phone later finds an empty form at the same address."""
    visitor = Visitor(client)
    visitor.send()
    age(config.state, ago)
    assert is_receipt(visitor.look()) == shown
    if not shown:
        assert {FILLED_IN["name"], FILLED_IN["mail"]} & {*visitor.open().values()} == set()


def pressed_again(client: FlaskClient, state: Path, ago: float) -> tuple[bool, int]:
    """Whether a second press is refused, so long after the first; how many referrals there are."""
    visitor = Visitor(client)
    filled_in: Mapping[str, str] = {**visitor.open(), **FILLED_IN}
    assert visitor.is_taken(visitor.press(filled_in))
    age(state, ago)
    assert visitor.press(filled_in).location == FORM
    refused = 'role="alert"' in visitor.look()
    return refused, Outbox(SQLite(state)).status().waiting


def test_the_same_sent_again_within_a_day_is_acknowledged_and_not_received_twice(
    client: FlaskClient, config: Config
) -> None:
    """Long after the receipt is no longer shown."""
    assert pressed_again(client, config.state, 24 * HOUR - MINUTE) == (False, 1)


def test_the_same_sent_again_within_a_day_is_no_new_message_at_the_limit(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has come: to say that it has not would make somebody write it a third time."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("1/hour"))
    client = over_https(Services.open(config))
    assert pressed_again(client, config.state, 24 * HOUR - MINUTE) == (False, 1)
    other = Visitor(client)
    assert other.is_refused(other.send(message="en anden"))


@pytest.mark.parametrize(("flood", "late"), [(9, False), (11, True)])
def test_a_receipt_says_when_a_flood_may_delay_it(
    flood: int, client: FlaskClient, config: Config, *, late: bool
) -> None:
    """By more than ten minutes, in the language of the page, with the number to call."""
    outbox = Outbox(SQLite(config.state))
    for number in range(flood):
        outbox.accept(f"{number}".encode(), "A", lambda _: Sealed(b"x", "t"), paced=True)
    visitor = Visitor(client)
    assert visitor.is_taken(visitor.send())
    assert ("Der kan gå lang tid, før vi kan se din." in visitor.look()) is late
    assert ("before we can see yours" in visitor.look("/en" + FORM)) is late
