"""The whole road, live: from the browser over the site to the mail that the team opens."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime
from support.mailserver import PASSWORD, SENDER, TEAM, Authority
from support.municipality import FACTS
from support.others import names_of_others
from support.patience import until
from support.road import SECRET_KEY, Browser, Road, laid
from support.searching import found
from support.visiting import FILLED_IN, TYPED, reference
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey

pytestmark = pytest.mark.heavy

CPR = "010190-1234"

AT_SENDING = FACTS.text("formular.ved_knappen")
HEADERS = {
    "From": re.escape(f"{FACTS.text('team.afsender')} <{SENDER}>"),
    "To": re.escape(TEAM),
    "Reply-To": re.escape(FACTS.text("team.mail")),
    "Subject": r"Henvendelse nr\. \d+",
    "Date": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d -0000",
    "Message-ID": r"<[0-9a-f]{32}@kommune\.example>",
    "Auto-Submitted": "auto-generated",
    "MIME-Version": r"1\.0",
    "Content-Type": r'application/pkcs7-mime; smime-type="enveloped-data"; name="smime\.p7m"',
    "Content-Transfer-Encoding": "base64",
    "Content-Disposition": r'attachment; filename="smime\.p7m"',
}

LETTER = """\
Henvendelse nr. {number}
Reference: {reference}
Modtaget: {time}
Siden var på: dansk
Tolk: ikke ønsket
Svar ikke på denne mail. Svaret når ikke den, der har skrevet.

HVEM SKRIVER
En, der selv vil ud
Vil kaldes:
> Sofie

OM DEN, DER VIL UD
Over 18 år: (intet kryds)
Sidder inde: (intet kryds)
Bor i kommunen: (intet kryds)

SÅDAN ER DET SIKKERT AT SVARE
Helst: Sms
Telefon:
> +45 20 12 34 56
Mail:
> sofie@eksempel.dk
Hvornår:
> hverdage efter kl. 16
Læg en besked: ja, det må I gerne
Sig, hvor I ringer fra: NEJ

BESKED
> Jeg vil gerne ud.
> Ring ikke, når min bror er hjemme.

Ved knappen stod, før den blev sendt: »{at_sending}«
"""


@pytest.fixture(scope="module", params=["starttls", "tls"])
def road(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    authority: Authority,
    team: TeamKey,
) -> Iterator[Road]:
    """A road that tests share."""
    with laid(request.param, tmp_path_factory.mktemp("road"), authority, team) as road:
        yield road


def decoded(header: str) -> str:
    """A header as mail programs show it (RFC 2047)."""
    return str(make_header(decode_header(header)))


def danish_time() -> str:
    """The present minute, as the letter writes it."""
    now = datetime.now(ZoneInfo("Europe/Copenhagen"))
    return format_datetime(now, "EEEE 'den' d. MMMM y 'kl.' HH.mm", locale="da")


def test_a_referral_travels_from_the_browser_to_the_team(road: Road) -> None:
    """Every field, the number, the reference of the receipt, the time and the language."""
    browser, before = Browser(road.site.port), danish_time()
    answer = browser.send()
    assert browser.is_taken(answer)
    receipt = browser.ask("GET", FORM)
    assert receipt.status == 200
    mail = road.mail()
    number = message_from_bytes(mail.content)["Subject"].rpartition(" ")[2]
    letters = [
        LETTER.format(
            number=number, reference=reference(receipt.text), time=moment, at_sending=AT_SENDING
        )
        for moment in (before, danish_time())
    ]
    assert road.letter(mail) in letters
    assert (mail.sender, mail.recipients) == (SENDER, [TEAM])


def test_nothing_of_it_is_outside_of_the_seal(road: Road) -> None:
    """The headers are these and no others; the server is told nothing before TLS."""
    Browser(road.site.port).send()
    content = road.mail().content
    mail = message_from_bytes(content)
    headers = {name: " ".join(decoded(value).split()) for name, value in mail.items()}
    assert [*headers] == [*HEADERS]
    assert not [name for name in HEADERS if not re.fullmatch(HEADERS[name], headers[name])]
    sealed = mail.get_payload(decode=True)
    assert isinstance(sealed, bytes)
    seen = content + sealed + road.server.clear
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0].encode() in seen]
    once = b"ehlo kommune.example\r\nSTARTTLS\r\n"
    assert not road.server.clear.replace(once, b"")


def test_nobody_is_named_in_it_but_the_municipality_and_who_wrote(road: Road) -> None:
    """Neither in the mail, in the letter, nor in what the mail server was told before TLS."""
    Browser(road.site.port).send()
    mail = road.mail()
    places = {
        "mail": mail.content,
        "letter": road.letter(mail).encode(),
        "before TLS": bytes(road.server.clear),
    }
    assert found(names_of_others(), places) == set()


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script> & <b>fed</b>",
        "{{7*7}} {% raw %} ${7*7} #{7*7} %(phone)s {0}",
        "Sofie\r\nBcc: alle@andet.example\r\n\r\n.\r\nQUIT\r\n",
        "Sofie\u2028Bcc: alle@andet.example",
        "--skel\nContent-Type: text/html\n\n<h1>hej</h1>",
        "=?utf-8?q?Sofie?= \\0 \\u0000 'OR 1=1;--",
    ],
)
def test_what_means_something_elsewhere_arrives_as_harmless_text(words: str, road: Road) -> None:
    """In every field that takes free text, on one mail to one recipient."""
    assert Browser(road.site.port).send(name=words, times=words, message=words).status == 303
    mail = road.mail()
    letter = road.letter(mail).splitlines()
    assert mail.recipients == [TEAM]
    assert [*message_from_bytes(mail.content).keys()] == [*HEADERS]
    assert letter.count(f"> {' '.join(words.split())}") >= 2
    for line in words.strip().splitlines():
        assert f"> {line}" in letter or line == ""


def test_a_team_that_cannot_open_smime_reads_a_plain_mail(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """By the explicit setting alone; neutral headers, every field, nothing before TLS or in a log.

    The privacy page says so.
    """
    key = tmp_path / "server-key.pem"
    key.write_bytes(team.private_pem())
    instead = {"UDVEJ_SEALING": "transport", "UDVEJ_SERVER_KEY": str(key)}
    with laid("tls", tmp_path, authority, team, UDVEJ_TEAM_CERTIFICATE="", **instead) as road:
        browser, before = Browser(road.site.port), danish_time()
        assert browser.is_taken(browser.send())
        shown = reference(browser.ask("GET", FORM).text)
        mail = message_from_bytes(road.mail().content, policy=policy.default)
        assert "Serveren har nøglen." in browser.ask("GET", "/privatliv/").text
        until(lambda: "event=sent" in road.site.printed())
        printed = road.site.printed()
    letters = [
        LETTER.format(number=1, reference=shown, time=moment, at_sending=AT_SENDING)
        for moment in (before, danish_time())
    ]
    assert mail.get_content().replace("\r\n", "\n") in letters
    assert mail.get_content_type() == "text/plain"
    assert {*mail.keys()} == {*HEADERS} - {"Content-Disposition"}
    assert not [
        name for name in [*HEADERS][:6] if not re.fullmatch(HEADERS[name], decoded(mail[name]))
    ]
    assert road.server.clear == b""
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0] in printed]


def test_stopping_ends_every_process_and_nothing_personal_was_printed(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Neither what was sent nor refused, nor a secret of the settings."""
    with laid("starttls", tmp_path, authority, team) as road:
        browser = Browser(road.site.port)
        assert browser.is_refused(browser.send(message=f"her {CPR}"))
        assert CPR not in browser.ask("GET", FORM).text
        assert browser.is_taken(browser.send(name="a\0b"))
        road.mail()
        assert browser.ask("GET", "/Sofie/?navn=Sofie").status == 404
        another = Browser(road.site.port)
        assert another.is_taken(another.send())
        road.mail()
        until(lambda: "event=sent" in road.site.printed())
        assert len(road.site.processes()) >= 4  # the first, two for the web, one for delivery
        assert road.site.stop() == 0
        assert road.site.processes() == []
        printed = road.site.printed()
    assert "event=sent number=1" in printed
    secrets = [SECRET_KEY, PASSWORD, CPR, *(FILLED_IN[name].split("\r\n")[0] for name in TYPED)]
    assert not [secret for secret in secrets if secret in printed]
