"""The score that Mozilla's HTTP Observatory would give the live site."""

from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.house import live as live_config
from support.municipality import CONTENT
from support.observatory import RULES, cross_origin_opener_policy, score
from udvej.content.addresses import FORM
from udvej.services import Services
from udvej.web.app import create_app
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse


@pytest.fixture(scope="module")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The live site."""
    state = tmp_path_factory.mktemp("live")
    return create_app(Services.open(live_config(state, CONTENT)))


@pytest.fixture
def live(live_site: Flask) -> FlaskClient:
    """A visitor of it, over HTTPS."""
    client = live_site.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


def spoilt(response: TestResponse, **changes: str) -> Headers:
    """The headers of an answer, some of them changed, or left out where they are ""."""
    headers = Headers(response.headers)
    for name, value in changes.items():
        header = name.replace("_", "-")
        headers.remove(header)
        if value:
            headers[header] = value
    return headers


@pytest.mark.parametrize("address", ["/", "/kontakt/", "/findes-ikke/", "/forlad"])
def test_every_answer_scores_140(live: FlaskClient, address: str) -> None:
    """140 of the 140 that a site without cookies and preloading can have; 130 by the old rules."""
    response = live.get(address)
    old = [rule for rule in RULES if rule is not cross_origin_opener_policy]
    assert score(response.headers, response.text) == 140
    assert score(response.headers, response.text, old) == 130


def test_form_scores_more_for_its_cookie(live: FlaskClient) -> None:
    """A cookie that is locked in every way gives five points."""
    response = live.get(FORM)
    assert score(response.headers, response.text) == 145


POLICY = "Content_Security_Policy"


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({POLICY: ""}, 75 - 20),
        ({POLICY: "default-src 'self'; frame-ancestors 'none'"}, 135),
        ({POLICY: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}, 130),
        ({POLICY: "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'"}, 80),
        ({POLICY: "default-src 'none'; script-src 'unsafe-eval'; frame-ancestors 'none'"}, 120),
        ({POLICY: "default-src 'none'; connect-src http://a.dk; frame-ancestors 'none'"}, 80),
        ({POLICY: "default-src 'none'; img-src http://a.dk; frame-ancestors 'none'"}, 120),
        ({POLICY: "default-src 'none'"}, 80),
        ({"Referrer_Policy": ""}, 135),
        ({"Referrer_Policy": "unsafe-url"}, 130),
        ({"Strict_Transport_Security": ""}, 80),
        ({"Strict_Transport_Security": "max-age=3600"}, 130),
        ({"X_Content_Type_Options": ""}, 135),
        ({"Cross_Origin_Resource_Policy": ""}, 130),
        ({"Cross_Origin_Resource_Policy": "nej"}, 125),
        ({"Cross_Origin_Opener_Policy": ""}, 130),
        ({"Access_Control_Allow_Credentials": "true"}, 50),
        ({"Set_Cookie": "session=1; Secure; SameSite=Lax"}, 70),
        ({"Set_Cookie": "a=1; SameSite=Lax"}, 80),
        ({"Set_Cookie": "csrf=1; Secure"}, 80),
    ],
)
def test_weaker_headers_score_less(
    live: FlaskClient, changes: Mapping[str, str], points: int
) -> None:
    """Each rule can take points, and where too much is lost nothing extra counts."""
    response = live.get("/")
    assert score(spoilt(response, **changes), response.text) == points


@pytest.mark.parametrize(
    ("script", "points"),
    [
        ("<script src='https://andre.dk/x.js'></script>", 135),
        ("<script src='//andre.dk/x.js'></script>", 50),
        ("<script src='https://andre.dk/x.js' integrity='sha256-x'></script>", 145),
    ],
)
def test_scripts_of_others_are_noticed(live: FlaskClient, script: str, points: int) -> None:
    """The rule about others' scripts sees one."""
    assert score(live.get("/").headers, script) == points
