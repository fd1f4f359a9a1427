"""How often one client may send: counted without keeping who they are, and beyond forging."""

import re
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from ipaddress import IPv6Network, ip_address
from itertools import islice
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from flask import Flask
from limits import parse
from support.clock import DAY, Clock
from support.municipality import PHONE
from support.visiting import FILLED_IN, TYPED, Visitor, fields, reference, title
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.intake import cpr
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.sqlite import SQLite
from udvej.web.app import create_app
from udvej.web.rate_limit import ClientLimit

ADDRESS = "192.0.2.7"
FORGED = "198.51.100.1, 2001:db8::1, 127.0.0.1, ukendt"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The site's day does not end while a test counts."""
    monkeypatch.setattr("udvej.web.app.time", SimpleNamespace(time=clock))


@pytest.fixture
def limit(clock: Clock) -> ClientLimit:
    """Two an hour."""
    return ClientLimit(parse("2/hour"), clock)


def test_each_client_has_a_count_of_its_own(limit: ClientLimit) -> None:
    """The third is one too many, and no other client's."""
    assert [limit.allows(ADDRESS) for _ in range(4)] == [True, True, False, False]
    assert [limit.allows("192.0.2.8") for _ in range(3)] == [True, True, False]


SAME = {
    "one household": ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    "with a zone": ("fe80::1", "fe80::1%eth0"),
    "IPv4 in IPv6": (ADDRESS, f"::ffff:{ADDRESS}"),
    "with a port": (ADDRESS, f"{ADDRESS}:50123"),
    "IPv6 with a port": ("2001:db8::1", "[2001:db8::1]:50123"),
    "in brackets": ("2001:db8::1", "[2001:db8::1]"),
    "no addresses": ("", "ukendt"),
    "no addresses either": ("192.0.2.1.5", "x" * 10_000 + "\0æ\n"),
    "an address of nowhere": ("unix:", "192.0.2.256"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME.keys())
def test_what_is_one_client_is_counted_together(
    first: str, second: str, limit: ClientLimit
) -> None:
    """And what is no address at all is one client, and breaks nothing."""
    assert [limit.allows(address) for address in (first, second, first)] == [True, True, False]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        (ADDRESS, "192.0.2.8"),
        (f"::ffff:{ADDRESS}", "::ffff:192.0.2.8"),
        ("[2001:db8:1:2::1]:443", "[2001:db8:1:3::1]:443"),
        (f"{ADDRESS}:443", "192.0.2.8:443"),
        ("ukendt", ADDRESS),
    ],
)
def test_what_are_two_clients_is_counted_apart(first: str, second: str, limit: ClientLimit) -> None:
    """The next /64 is another household."""
    assert [limit.allows(address) for address in (first, first, second)] == [True, True, True]


@pytest.mark.parametrize(("bits", "allowed"), [(56, 8), (48, 32)])
def test_a_home_with_many_networks_is_one_client_with_more_room(
    bits: int, allowed: int, limit: ClientLimit
) -> None:
    """256 of them, or 65,536; the next home has a count of its own."""
    whole = IPv6Network("2001:db8:1::/48")
    home = next(whole.subnets(new_prefix=bits)) if bits > 48 else whole
    networks = islice(home.subnets(new_prefix=64), 0, None, 256 if bits == 48 else 1)
    taken = [limit.allows(str(network[1])) for network in islice(networks, 2 * allowed)]
    assert sum(taken) == allowed
    assert limit.allows("2001:db8:2::1")


def test_one_network_beyond_its_limit_takes_nothing_from_its_neighbours(
    limit: ClientLimit,
) -> None:
    """In a mobile network each phone has a /64 of its own."""
    for _ in range(1000):
        limit.allows("2001:db8:1:2::1")
    assert limit.allows("2001:db8:1:3::1")


def held(limit: ClientLimit) -> str:
    """All that is in memory, but for the salt."""
    return repr(vars(limit._limiter.storage))  # noqa: SLF001 (that is what is looked into)


@pytest.mark.parametrize("address", [ADDRESS, f"::ffff:{ADDRESS}", "2001:db8:1:2:3:4:5:6"])
def test_no_address_is_held_in_clear_or_as_a_hash_that_can_be_tried_out(
    address: str, limit: ClientLimit
) -> None:
    """There is a count, and nothing that all addresses could be compared with."""
    limit.allows(address)
    client = ip_address(address)
    forms = [address, client.exploded, client.packed.hex(), str(int(client)), repr(client.packed)]
    digests = [sha256(form.encode()).hexdigest() for form in forms]
    digests += [sha256(client.packed[:size]).hexdigest() for size in (4, 8, 16)]
    assert re.search(r"/2/1/hour', \([0-9.]+, 1\)", held(limit))
    assert not [form for form in (*forms, *digests) if form in held(limit)]


def test_the_salt_is_another_every_day_and_in_every_process(
    limit: ClientLimit, clock: Clock
) -> None:
    """So that a day's counts tell nothing of the next day's, though all of them leaked."""
    other = ClientLimit(parse("2/hour"), clock)
    seen = set()
    for counting in (limit, other):
        for _day in range(3):
            seen.add(counting._pseudonym(ADDRESS.encode()))  # noqa: SLF001 (it is shown nowhere)
            clock.move(DAY)
    assert len(seen) == 6
    assert limit._pseudonym(b"") == limit._pseudonym(b"")  # noqa: SLF001


def from_address(app: Flask, address: str, **headers: str) -> Visitor:
    """A visitor behind an address, whose browser sends headers."""
    client = app.test_client()
    client.environ_base |= {"wsgi.url_scheme": "https", "REMOTE_ADDR": address}
    client.environ_base |= {f"HTTP_{name}": value for name, value in headers.items()}
    return Visitor(client)


def test_the_thirty_first_of_an_hour_is_refused_with_the_text_and_the_phone_number(
    app: Flask, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """As every refused form; nothing of it is accepted, and nobody else is refused."""
    visitor = from_address(app, ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    for turn in range(30):
        assert visitor.press({**filled_in, "message": f"nr. {turn}"}).status_code == 303
    answer = visitor.press(filled_in)
    assert (answer.status_code, answer.location) == (303, FORM)
    assert "message" not in answer.text
    page = visitor.look()
    kept = fields(page)
    assert {name: kept.get(name) for name in FILLED_IN} == FILLED_IN
    assert title(page) == title(from_address(app, "192.0.2.7").look())
    assert "Der er travlt lige nu" in page
    assert page.index(PHONE) < page.index("<h1")
    assert "event=limited" in caplog.text
    outbox = Outbox(SQLite(config.state))
    assert outbox.status().waiting == 30
    somebody, same = from_address(app, "192.0.2.8"), from_address(app, ADDRESS)
    assert somebody.is_taken(somebody.send())
    assert same.is_refused(same.send())
    assert outbox.status().waiting == 31
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    assert visitor.is_taken(visitor.press(kept))


def test_what_was_taken_leads_to_its_receipt_though_the_limit_is_reached(
    app: Flask, config: Config
) -> None:
    """A second press must not say that the message has not come."""
    visitor = from_address(app, ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    for turn in range(30):
        visitor.press({**filled_in, "message": f"nr. {turn}"})
    shown = reference(visitor.look())
    again = visitor.press({**filled_in, "message": "nr. 29"})
    assert visitor.is_taken(again)
    assert reference(visitor.look()) == shown
    assert visitor.is_refused(visitor.press({**filled_in, "message": "nr. 30"}))
    assert Outbox(SQLite(config.state)).status().waiting == 30


@pytest.mark.heavy
def test_too_many_corrections_are_refused_with_the_text_and_cost_no_sending(app: Flask) -> None:
    """The draft is not kept then; the form, once right, is still taken."""
    visitor = from_address(app, ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    for _ in range(120):
        assert visitor.press({**filled_in, "phone": "46"}).status_code == 303
    answer = visitor.press({**filled_in, "phone": "46 46"})
    assert answer.status_code == 429
    kept = fields(answer.text)
    assert {name: kept[name] for name in TYPED} == {
        name: {**FILLED_IN, "phone": "46 46"}[name] for name in TYPED
    }
    assert PHONE in answer.text
    assert visitor.press(filled_in).status_code == 303
    assert from_address(app, "192.0.2.8").send(phone="46").status_code == 303


def test_without_room_for_another_draft_the_answer_itself_holds_the_text(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """429, whether the form was right or wrong; what is kept already stays."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("1/hour"))
    monkeypatch.setattr("udvej.web.app._CORRECTIONS", parse("2/hour"))
    visitor = from_address(create_app(Services.open(config)), ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    for message, taken in (("en", True), ("to", False), ("tre", False)):
        assert visitor.is_taken(visitor.press({**filled_in, "message": message})) is taken
    caplog.clear()
    for changes in ({}, {"phone": "46"}):
        answer = visitor.press({**filled_in, **changes})
        assert answer.status_code == 429
        kept = fields(answer.text)
        assert {name: kept.get(name) for name in FILLED_IN} == {**FILLED_IN, **changes}
        assert "Der er travlt lige nu" in answer.text
        assert answer.text.index(PHONE) < answer.text.index("<h1")
    assert caplog.text.count("event=limited") == 2
    assert fields(visitor.look())["message"] == "tre"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("networks", "another"),
    [
        ([f"198.51.100.{host}" for host in range(8)], "198.51.101.1"),
        ([f"2001:db8:1:{net:x}::1" for net in range(8)], "2001:db8:2::1"),
    ],
    ids=["IPv4", "IPv6"],
)
def test_one_network_never_fills_the_drafts_for_all(
    networks: list[str], another: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From many of its addresses, each within its own limit; a neighbour's is kept."""
    monkeypatch.setattr("udvej.web.app._DRAFTS", parse("40/15 minutes"))
    services = Services.open(config)
    app = create_app(services)
    statuses = [
        from_address(app, address).send(message="é" * 5000).status_code for address in networks
    ]
    assert statuses == [303] * 2 + [429] * 6
    visitor = from_address(app, another)
    assert visitor.is_refused(visitor.send(phone="46"))
    assert fields(visitor.look())["phone"] == "46"


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """What is searched for CPR numbers, as it is."""
    seen: list[Mapping[str, str]] = []
    cleaned = cpr.cleaned

    def searching(fields: Mapping[str, str], **kinds: Collection[str]) -> object:
        seen.append(fields)
        return cleaned(fields, **kinds)

    monkeypatch.setattr("udvej.intake.submission.cpr.cleaned", searching)
    return seen


def test_beyond_what_one_client_may_have_searched_all_comes_back_and_nothing_is_kept(
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    searches: list[Mapping[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """429 with every letter, the longest text too: unsearched, it may be in no draft."""
    monkeypatch.setattr("udvej.web.app._POSTS", parse("2/hour"))
    services = Services.open(config)
    app = create_app(services)
    visitor = from_address(app, ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    for _ in range(2):
        assert visitor.press({**filled_in, "phone": "46"}).status_code == 303
    assert len(searches) == 2
    with patch.object(services.drafts, "keep") as keep:
        for words in ("010190-1234", "ord " * 9_999 + "til slut"):
            answer = visitor.press({**filled_in, "message": words})
            assert answer.status_code == 429
            kept = fields(answer.text)
            assert {name: kept.get(name) for name in FILLED_IN} == {**FILLED_IN, "message": words}
            assert "Der er travlt lige nu" in answer.text
            assert answer.text.index(PHONE) < answer.text.index("<h1")
    keep.assert_not_called()
    assert len(searches) == 2
    assert caplog.text.count("event=limited") == 2
    somebody = from_address(app, "192.0.2.8")
    assert somebody.is_taken(somebody.send())


@pytest.mark.parametrize(
    ("length", "searched"), [(0, 6), (4096, 3), (6 * 4096, 0)], ids=["short", "long", "longest"]
)
def test_long_posts_count_for_several_before_they_are_searched(
    length: int,
    searched: int,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    searches: list[Mapping[str, str]],
) -> None:
    """As many as 4 KiB go into them; of one that is far too long a search is worth nothing."""
    monkeypatch.setattr("udvej.web.app._POSTS", parse("6/hour"))
    visitor = from_address(create_app(Services.open(config)), ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN, "phone": "46", "ukendt": "x" * length}
    statuses = [visitor.press(filled_in).status_code for _ in range(8)]
    assert statuses == [303] * searched + [429] * (8 - searched)
    assert len(searches) == searched


def test_what_no_browser_sends_counts_too(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be free."""
    monkeypatch.setattr("udvej.web.app._POSTS", parse("2/hour"))
    visitor = from_address(create_app(Services.open(config)), ADDRESS)
    filled_in = {**visitor.open(), **FILLED_IN}
    assert [visitor.press({"token": "x"}).status_code for _ in range(2)] == [400, 400]
    assert visitor.press(filled_in).status_code == 429


@pytest.fixture
def behind(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Flask]:
    """The live site behind so many web servers, with a limit of two an hour."""
    monkeypatch.setattr("udvej.web.app._SENDINGS", parse("2/hour"))

    def make(proxies: int) -> Flask:
        return create_app(
            Services.open(Config.from_environ(settings | {"UDVEJ_PROXIES": str(proxies)}))
        )

    return make


def taken(app: Flask, *chains: str, **headers: str) -> list[bool]:
    """Whether one sending is, for each X-Forwarded-For, all over one connection's peer."""
    visitors = [from_address(app, "10.0.0.1", X_FORWARDED_FOR=chain, **headers) for chain in chains]
    return [visitor.is_taken(visitor.send()) for visitor in visitors]


def test_without_a_web_server_in_front_forged_headers_change_nothing(
    behind: Callable[[int], Flask],
) -> None:
    """Whoever names another address each time is still one client."""
    app = behind(0)
    assert taken(app, "192.0.2.1", "192.0.2.2", f"{FORGED}, 192.0.2.3") == [True, True, False]
    forged = dict.fromkeys(
        ("FORWARDED", "X_REAL_IP", "X_CLIENT_IP", "TRUE_CLIENT_IP", "CLIENT_IP", "VIA"), "192.0.2.9"
    )
    assert taken(app, "192.0.2.4", **forged) == [False]


def test_behind_one_web_server_the_address_that_it_named_counts(
    behind: Callable[[int], Flask],
) -> None:
    """The right-most; whatever the client wrote before it, however long, changes nothing."""
    app, client = behind(1), ADDRESS
    chains = (client, f"{FORGED}, {client}", f"{', '.join([FORGED] * 50)}, {client}")
    assert taken(app, *chains) == [True, True, False]
    assert taken(app, f"{client}, 192.0.2.8", "192.0.2.9") == [True, True]
    assert taken(app, f"192.0.2.8,{client}") == [False]


def test_behind_two_web_servers_the_address_that_the_first_named_counts(
    behind: Callable[[int], Flask],
) -> None:
    """The second from the right; who comes past the first is known by who is in front."""
    app, inner = behind(2), "10.0.0.2"
    chains = [f"{before}{ADDRESS}, {inner}" for before in ("", f"{FORGED}, ", "192.0.2.9, ")]
    assert taken(app, *chains) == [True, True, False]
    assert taken(app, f"192.0.2.8, {inner}") == [True]
    assert taken(app, "192.0.2.1", "192.0.2.2", "192.0.2.3") == [True, True, False]
