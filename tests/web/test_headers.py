import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.municipality import places
from udvej.config import Config
from udvej.content.addresses import AGAIN, FORM
from udvej.outbox.keys import TeamKey
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

EXPECTED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@pytest.fixture
def client(passer_by: FlaskClient) -> FlaskClient:
    """A visitor of the site that other tests visit too."""
    return passer_by


@pytest.fixture(scope="module")
def live_site(team: TeamKey, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The real site at https://udvej.example.dk."""
    state = tmp_path_factory.mktemp("live")
    certificate = state / "team.pem"
    certificate.write_bytes(team.certificate_pem())
    environ = {
        **places(),
        "UDVEJ_STATE": str(state),
        "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example.dk",
        "UDVEJ_SECRET_KEY": "x" * 32,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "mail.example.dk",
    }
    return create_app(Services.open(Config.from_environ(environ)))


@pytest.fixture
def live_client(live_site: Flask) -> FlaskClient:
    """A visitor there."""
    client = live_site.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


def _policy(response: TestResponse) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (text.partition(" ") for text in directives)}


def _hashes(html: str, element: str) -> set[str]:
    """What a browser computes over the inline elements of a page."""
    texts = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


def _send(message: str, client: FlaskClient) -> TestResponse:
    """What no browser would send."""
    client.get(FORM)  # for its cookie, without which nothing is read
    return client.post(FORM, data={"message": message})


# Status -> a request that gets it.
ANSWERS: dict[int, Callable[[FlaskClient], TestResponse]] = {
    200: lambda client: client.get("/"),
    303: lambda client: client.post(FORM),
    308: lambda client: client.get("/om"),
    400: partial(_send, ""),
    404: lambda client: client.get("/findes-ikke/"),
    405: lambda client: client.post("/om/"),
    413: lambda client: client.post(AGAIN, data={"message": "x" * 2**20}),
}


def _assert_headers(response: Response) -> None:
    for name, value in EXPECTED.items():
        assert response.headers.getlist(name) == [value]
    for name in ("Content-Security-Policy", "Permissions-Policy"):
        assert len(response.headers.getlist(name)) == 1
    for name in ("Access-Control-Allow-Origin", "Server", "X-Powered-By"):
        assert name not in response.headers


@pytest.mark.parametrize("status", ANSWERS)
def test_every_kind_of_answer_has_the_headers(client: FlaskClient, status: int) -> None:
    """Pages, redirects and errors alike."""
    response = ANSWERS[status](client)
    assert response.status_code == status
    _assert_headers(response)
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("broken", [ValueError, KeyboardInterrupt])
def test_what_breaks_has_the_headers_too(app: Flask, broken: type[BaseException]) -> None:
    """A page of ours for what we foresaw; nothing at all for what stops the process."""

    @app.get("/i-stykker/")
    def view() -> str:
        raise broken

    if issubclass(broken, Exception):
        response = app.test_client().get("/i-stykker/")
        assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        _assert_headers(response)
    else:
        with pytest.raises(broken):
            app.test_client().get("/i-stykker/")


@pytest.mark.parametrize("address", ["/sundhed", "/static/leave.js"])
def test_what_is_no_page_has_the_headers_too(client: FlaskClient, address: str) -> None:
    """Whatever the address and the kind of answer."""
    with client.get(address) as response:
        _assert_headers(response)


def test_policy_is_strict(client: FlaskClient) -> None:
    """Nothing is allowed but what is named."""
    policy = _policy(client.get("/"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["img-src"] == "data:"
    assert not re.search(r"unsafe|\*|http", " ".join(policy.values()))


@pytest.mark.parametrize("address", ["/", FORM, "/findes-ikke/"])
def test_policy_allows_the_inline_style_and_script_by_hash(
    client: FlaskClient, address: str
) -> None:
    """Each by the hash of its text as it stands in the page."""
    response = client.get(address)
    html, policy = response.get_data(as_text=True), _policy(response)
    assert _hashes(html, "style") == {*policy["style-src"].split()}
    script = _hashes(html, "script")
    assert len(script) == 1
    assert script < {*policy["script-src"].split()}
    assert len(policy["script-src"].split()) == 2, "this one, and that of the blank page"


def test_policy_allows_the_blank_pages_script_by_hash(client: FlaskClient) -> None:
    """The page that leads away."""
    response = client.post("/forlad/")
    script = _hashes(response.get_data(as_text=True), "script")
    assert len(script) == 1
    assert script < {*_policy(response)["script-src"].split()}


def test_no_page_styles_or_scripts_by_attribute(client: FlaskClient) -> None:
    """A hash does not allow those."""
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", client.get("/").get_data(as_text=True))


def test_no_feature_of_the_device_is_asked_for(client: FlaskClient) -> None:
    """Camera, microphone, place and the rest are off."""
    features = client.get("/").headers["Permissions-Policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()"} < {*features}
    assert all(feature.endswith("=()") for feature in features)


@pytest.mark.parametrize("status", ANSWERS)
def test_live_insists_on_https(live_client: FlaskClient, status: int) -> None:
    """A year (RFC 6797), on every answer."""
    response = ANSWERS[status](live_client)
    assert response.status_code == status
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


FORGED = {"Host": "ond.example", "X-Forwarded-Host": "ond.example", "Forwarded": "host=ond.example"}


@pytest.mark.parametrize("address", ["/om", "/om?a=b", "/skriv", "/skriv/kort", "//ond.example/om"])
def test_a_forged_host_leads_nowhere(live_client: FlaskClient, address: str) -> None:
    """Redirects lead to the public address whatever host was asked for."""
    response = live_client.get(address, headers=FORGED)
    location = response.headers.get("Location", "/")
    assert location.startswith(("https://udvej.example.dk/", "/"))
    assert not location.startswith("//")


def test_redirects_use_the_public_address(live_client: FlaskClient) -> None:
    """Over HTTPS though the proxy in front speaks HTTP to us."""
    live_client.environ_base["wsgi.url_scheme"] = "http"
    response = live_client.get("/om", headers=FORGED)
    assert response.status_code == HTTPStatus.PERMANENT_REDIRECT
    assert response.headers["Location"] == "https://udvej.example.dk/om/"


@pytest.mark.parametrize("host", ["ond.example", "ond.example:1", "<script>", ""])
def test_a_forged_host_changes_no_page(live_client: FlaskClient, host: str) -> None:
    """The same bytes for everybody."""
    honest = live_client.get("/", headers={"Host": "udvej.example.dk"})
    forged = live_client.get("/", headers={"Host": host})
    assert (forged.status_code, forged.data) == (honest.status_code, honest.data)
    assert forged.headers == honest.headers
