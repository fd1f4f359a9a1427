import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from support.municipality import FACTS, PAGES, TITLE
from udvej.content.addresses import LEAVE
from udvej.web.leaving import COOKIE, Leaving
from werkzeug.test import TestResponse

SITES, MINUTES = FACTS["forlad"]["sider"], FACTS["forlad"]["minutter"]
SESSION = "__Host-skema"


@pytest.fixture
def client(passer_by: FlaskClient) -> FlaskClient:
    """A visitor of the site that other tests visit too."""
    return passer_by


class _Links(HTMLParser):
    """The addresses a page leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.refresh = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values["href"] or "")
        if values.get("http-equiv") == "refresh":
            self.refresh = values["content"] or ""


def _cookies(response: TestResponse) -> dict[str, set[str]]:
    """Cookie -> its value and flags."""
    cookies = response.headers.getlist("Set-Cookie")
    return {cookie.partition("=")[0]: {*cookie.partition("=")[2].split("; ")} for cookie in cookies}


def _assert_sent_away(response: TestResponse) -> None:
    html = response.get_data(as_text=True)
    page = _Links(html)
    assert response.status_code == 200
    assert len(page.links) == 1
    assert page.links[0] in SITES
    assert page.refresh == f"0; url={page.links[0]}"
    assert COOKIE in _cookies(response)
    assert "Udvej" not in html
    assert FACTS.text("kommune.navn") not in html


def test_leaving_gives_a_blank_page_that_moves_on(client: FlaskClient) -> None:
    """One link, a refresh that follows it at once, a script that is faster still."""
    response = client.post(LEAVE)
    _assert_sent_away(response)
    html = response.get_data(as_text=True)
    assert html.startswith("<!doctype html>")
    assert html.count("<script>") == 1
    assert "location.replace(" in html
    assert response.headers["Cache-Control"] == "no-store"


def test_the_title_is_that_of_the_other_site(client: FlaskClient) -> None:
    """What the history shows of it."""
    html = client.post(LEAVE).get_data(as_text=True)
    titles = {re.sub(r"https://(?:www\.)?|/", "", site) for site in SITES}
    assert re.findall("<title>(.*?)</title>", html)[0] in titles


def test_the_site_stays_shut_for_some_minutes(client: FlaskClient) -> None:
    """The cookie goes to our host only, lasts minutes, and no script can read it."""
    flags = _cookies(client.post(LEAVE))[COOKIE]
    assert {flag for flag in flags if not flag.startswith("Expires=")} == {
        "1",
        f"Max-Age={MINUTES * 60}",
        "Secure",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }


def test_the_forms_cookie_ends(client: FlaskClient) -> None:
    """With the flags it was set with, or the browser would keep it."""
    client.get("/skriv/")
    assert client.get_cookie(SESSION) is not None
    flags = _cookies(client.post(LEAVE))[SESSION]
    assert {"", "Max-Age=0", "Secure", "HttpOnly", "Path=/", "SameSite=Strict"} < flags
    assert client.get_cookie(SESSION) is None


REQUESTS: dict[str, Callable[[FlaskClient], TestResponse]] = {
    "a page": lambda client: client.get("/om/"),
    "a page without its slash": lambda client: client.get("/om"),
    "the form": lambda client: client.get("/skriv/"),
    "no page": lambda client: client.get("/findes-ikke/"),
    "leaving again": lambda client: client.post(LEAVE),
    "the address of leaving": lambda client: client.get(LEAVE),
    "another method": lambda client: client.put("/om/"),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_whoever_has_left_is_sent_away_again(
    client: FlaskClient, request_: Callable[[FlaskClient], TestResponse]
) -> None:
    """Whatever they ask for, and each time for as long again."""
    client.post(LEAVE)
    for _ in range(2):
        response = request_(client)
        _assert_sent_away(response)
        assert f"Max-Age={MINUTES * 60}" in _cookies(response)[COOKIE]


@pytest.mark.parametrize("body", ["message=hej", "x" * 2**20], ids=["a form", "too much"])
@pytest.mark.parametrize("address", ["/skriv/", "/ar/skriv/", "/skriv/forfra/"])
def test_a_form_sent_from_another_tab_is_led_away_by_a_redirect(
    client: FlaskClient, address: str, body: str
) -> None:
    """An answer with a page would keep the text in the browser's session files."""
    client.post(LEAVE)
    response = client.post(address, data=body)
    assert (response.status_code, response.location, response.data) == (303, "/", b"")
    _assert_sent_away(client.get(response.location))


def test_looking_without_taking_is_sent_away_too(client: FlaskClient) -> None:
    """HEAD has the headers of GET and no body."""
    client.post(LEAVE)
    response = client.head("/om/")
    assert response.data == b""
    assert COOKIE in _cookies(response)


def test_the_site_opens_when_the_cookie_is_gone(client: FlaskClient) -> None:
    """Only the browser that left is shut out, and only for a while."""
    client.post(LEAVE)
    client.delete_cookie(COOKIE)
    assert f"<title>{TITLE}" in client.get("/om/").get_data(as_text=True)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x"])
def test_another_site_cannot_shut_ours(client: FlaskClient, site: str) -> None:
    """Browsers say where a request comes from."""
    response = client.post(LEAVE, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 400
    assert _cookies(response) == {}


@pytest.mark.parametrize(
    "origin",
    [
        "https://ond.example",
        "https://localhost.ond.example",
        "http://localhost",
        "https://localhost:8443",
        "null",
        "",
    ],
)
def test_another_site_cannot_shut_ours_in_an_older_browser(
    client: FlaskClient, origin: str
) -> None:
    """Safari before 16.4 says only in Origin where a request comes from."""
    response = client.post(LEAVE, headers={"Origin": origin}, base_url="https://localhost")
    assert response.status_code == 400
    assert _cookies(response) == {}


@pytest.mark.parametrize("headers", [{"Origin": "https://localhost"}, {}])
def test_our_own_button_leaves_in_an_older_browser(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """And in the oldest, which say nothing."""
    _assert_sent_away(client.post(LEAVE, headers=headers, base_url="https://localhost"))


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_button_leaves(client: FlaskClient, site: str) -> None:
    """From our pages, and from what the visitor did in the browser itself."""
    _assert_sent_away(client.post(LEAVE, headers={"Sec-Fetch-Site": site}))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_leaving_takes_a_press_of_the_button(client: FlaskClient, method: str) -> None:
    """A link followed in advance, or by a robot, shuts nothing."""
    response = client.open(LEAVE, method=method)
    assert response.status_code == 405
    assert _cookies(response) == {}
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("address", [address for address in PAGES if address != "/skriv/"])
def test_no_page_but_the_form_sets_a_cookie(client: FlaskClient, address: str) -> None:
    """Reading leaves nothing, wherever one reads."""
    response = client.get(address)
    assert response.status_code == 200
    assert _cookies(response) == {}


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_the_button(client: FlaskClient, address: str) -> None:
    """A form of its own that needs neither token nor script; the script finds it by its id."""
    html = client.get(address).get_data(as_text=True)
    forms = re.findall(
        r'<form method="post" action="/forlad/"(?: id="forlad")?>\s*'
        r'<button class="button leave-button">Forlad siden</button>\s*</form>',
        html,
    )
    assert len(forms) == html.count('action="/forlad/"') > 1
    assert html.count('id="forlad"') == 1


def test_error_pages_have_the_button(client: FlaskClient) -> None:
    """Nobody is stuck there."""
    assert 'action="/forlad/"' in client.get("/findes-ikke/").get_data(as_text=True)


def test_each_site_is_chosen_now_and_then() -> None:
    """At random, so that one site after ours does not become a sign of it."""
    leaving = Leaving(["https://a.dk/", "https://b.dk/"], 10, SESSION)
    chosen = {_Links(leaving.response().get_data(as_text=True)).links[0] for _ in range(100)}
    assert chosen == {*leaving.sites}


@pytest.mark.parametrize(
    "address", ["https://a.dk/?b=1&c='2'", 'https://a.dk/"><script>x</script>']
)
def test_an_address_is_written_as_html(address: str) -> None:
    """Whatever signs it has."""
    html = Leaving([address], 10, SESSION).response().get_data(as_text=True)
    page = _Links(html)
    assert page.links == [address]
    assert page.refresh == f"0; url={address}"
    assert html.count("<script>") == 1
