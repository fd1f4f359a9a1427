"""What nginx is told, server by server: switches that no request shows as long as all goes well."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from support.front import SHIPPED

TEXT: Final = (SHIPPED / "nginx" / "udvej.conf").read_text("utf-8")


def servers() -> Iterator[Mapping[str, Sequence[str]]]:
    """Each server: its directives by name, those of its locations left out."""
    for block in re.findall(r"^server \{\n(.*?)^\}", TEXT, re.DOTALL | re.MULTILINE):
        own = re.sub(
            r"^    location [^\n]*\{\n.*?^    \}", "", block, flags=re.DOTALL | re.MULTILINE
        )
        told: dict[str, list[str]] = {}
        for name, value in re.findall(r"^    ([a-z_]+) ([^;]+);", own, re.MULTILINE):
            told.setdefault(name, []).append(value)
        yield told


SERVERS: Final = [*servers()]
SITE: Final = SERVERS[-1]


def test_there_are_three_servers() -> None:
    """For whoever asks for no name of ours, for HTTP, and the site."""
    names = [server.get("server_name", [""])[0] for server in SERVERS]
    assert names == ["", "udvej.example", "udvej.example"]
    assert "ssl_certificate" in SITE


@pytest.mark.parametrize("server", SERVERS, ids=["unknown", "http", "site"])
def test_no_server_writes_down_who_came_or_tells_what_it_is(
    server: Mapping[str, Sequence[str]],
) -> None:
    """In each by itself: what one says does not hold for the next."""
    assert server["access_log"] == ["off"]
    assert server["error_log"] == ["/dev/null emerg"]
    assert server["server_tokens"] == ["off"]
    assert server["client_header_timeout"] == ["20s"]


def test_who_stops_in_the_middle_of_a_form_is_cut_off_as_soon() -> None:
    """Only the site itself reads bodies."""
    assert SITE["client_body_timeout"] == ["20s"]


def test_no_location_writes_what_its_server_does_not() -> None:
    """Nothing of either kind stands anywhere else."""
    assert TEXT.count("access_log") == TEXT.count("error_log") == len(SERVERS)
    assert "log_format" not in TEXT


@pytest.mark.parametrize("server", [SERVERS[0], SITE], ids=["unknown", "site"])
def test_tls_is_1_2_or_newer(server: Mapping[str, Sequence[str]]) -> None:
    """With the unknown name too, or its settings would be those of the address."""
    assert server["ssl_protocols"] == ["TLSv1.2 TLSv1.3"]


def test_every_cipher_has_forward_secrecy_and_no_key_outlives_its_session() -> None:
    """Session tickets are under one key for as long as nginx runs."""
    assert SITE["ssl_session_tickets"] == ["off"]
    (ciphers,) = SITE["ssl_ciphers"]
    assert [cipher for cipher in ciphers.split(":") if not cipher.startswith("ECDHE-")] == []
    assert [
        name for name in ciphers.split(":") if "GCM" not in name and "POLY1305" not in name
    ] == []


def test_what_a_worker_drops_as_it_ends_is_asked_again_of_the_next() -> None:
    """A form too, since the same one is received once; and never after an answer."""
    assert SITE["proxy_next_upstream"] == ["error non_idempotent"]
    upstream = re.findall(r"^    server (\S+) max_fails=0( backup)?;", TEXT, re.MULTILINE)
    assert upstream == [
        ("127.0.0.1:8000", ""),
        ("127.0.0.1:8000", ""),
        ("127.0.0.1:8001", " backup"),
    ]


def test_one_address_that_asks_too_much_is_told_to_wait_and_not_that_the_site_is_down() -> None:
    """Its connections are counted, in memory alone."""
    assert SITE["limit_conn"] == ["udvej 200"]
    assert SITE["limit_conn_status"] == ["429"]


def test_the_client_is_who_nginx_sees_and_nobody_it_was_told_of() -> None:
    """Nor the host: each told once, and nowhere overridden."""
    assert SITE["proxy_set_header"] == ["Host $server_name", "X-Forwarded-For $remote_addr"]
    assert TEXT.count("proxy_set_header") == 2
