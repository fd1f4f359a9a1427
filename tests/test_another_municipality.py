"""Another municipality's whole way: from `udvej new` to a caseworker who has opened a referral.

It gets consent before it tells the police. All that it does is done as its people would do it:
files edited as text, commands in processes of their own, and the team's `.p12`.
"""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from support.contents import own_examples
from support.mailserver import SENDER, Authority, Taken
from support.opening import opened
from support.others import names_of_others
from support.patience import PATIENCE, until
from support.readiness import OF_THIS_MACHINE
from support.road import Browser, Road, laid
from support.running import held_port
from support.searching import found
from support.visiting import FILLED_IN, TYPED, fields, reference
from udvej.content.addresses import FORM
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.located_toml import LocatedToml, read_text
from udvej.outbox.keys import TeamKey

pytestmark = pytest.mark.heavy

# What `udvej ready` asks of the site as the world sees it: no such address answers here.
NEED_A_PUBLIC_ADDRESS: Final = {"certificate", "headers", "pages", "form"}

AT_SENDING: Final = "Vi ringer først til politiet, når du har skrevet under. Du kan altid sige nej."
RECIPIENTS: Final = ("anna@klitby.example", "bent@klitby.example")
FACTS: Final = {
    "kommune.navn": '"Klitby Kommune"',
    "team.navn": '"Fyrtårnet"',
    "team.mail": '"fyr@klitby.example"',
    "team.modtagere": json.dumps(RECIPIENTS),
    "team.svartid": '"inden for tre dage"',
    "team.afsender": '"Fyrtårnets hjemmeside"',
    "udseende.navn": '"Ny Kurs"',
    "udseende.farve": '"#6b1d3f"',
    "udseende.farve_moerk": '"#f2b8cf"',
    "formular.ved_knappen": f'"{AT_SENDING}"',
    "formular.uden": '["tolk"]',
}
MARK: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M9 22l2-15h2l2 15z"/></svg>
"""
HEADER: Final = 'ansvarlig = "Fyrtårnet"\ngennemgaaet = 2026-11-20\n+++\n'
PAGE: Final = f"""\
+++
adresse = "/foerst/"
titel = "Først dit ja"
resume = "Læs, hvornår politiet hører om dig."
menu = "top"
{HEADER}# Du siger ja, før vi ringer

Politiet hører først om dig, når du har skrevet under. {{egne.indgang}} [Ring]({{team.telefon}}).
"""
RECEIPT: Final = f"""\
+++
{HEADER}Beskeden binder ingen.

::: vej selv
1. ### Vi ringer til dig {{team.svartid}}

2. ### Du skriver under, eller du lader være

   Først derefter ringer vi til politiet.
:::
"""


@dataclass(frozen=True)
class Municipality:
    """The one whose live site runs.

    Attributes:
        road: its site and the mail server.
        desk: a folder on a caseworker's machine, who alone has the `.p12`.
        checked: what `udvej check` said before.
    """

    road: Road
    desk: Path
    checked: str

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command, with the settings of the site."""
        return run(self.road.folder, *arguments, **self.road.site.settings)

    def opened(self, mail: Taken) -> str:
        """What a caseworker reads who has taken the `.p12` into the mail program."""
        return str(opened(mail.content, self.road.team, self.desk, form="SMIME").get_content())

    def ready(self) -> Mapping[str, str]:
        """What `udvej ready` answers: the level of each question."""
        answers = json.loads(self.run("ready", "--json").stdout)
        return {answer["question"]: answer["level"] for answer in answers}


def run(
    folder: Path, *arguments: str | Path, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """`udvej`, typed in a folder."""
    others = {key: value for key, value in os.environ.items() if "UDVEJ_" not in key}
    given = {key: value for key, value in settings.items() if value}
    return subprocess.run(
        [sys.executable, "-m", "udvej", *arguments],
        cwd=folder,
        env={**others, "LC_ALL": "C.UTF-8", **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def well(outcome: "subprocess.CompletedProcess[str]") -> str:
    """What a command has printed that ended well."""
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def edit(content: Path) -> None:
    """What its editors write."""
    path = content / FACTS_FILE
    own_examples(path)
    for name, value in FACTS.items():
        table, _, key = name.partition(".")
        lines = read_text(path).splitlines()
        at = LocatedToml.parse(path, "\n".join(lines)).line(key, table) - 1
        assert lines[at].startswith(f"{key} = ")
        lines[at] = f"{key} = {value}"
        path.write_text("\n".join(lines) + "\n", "utf-8")
    text = path.read_text("utf-8")
    path.write_text(text.replace("[egne]\n", '[egne]\nindgang = "Gå ind fra havnen."\n'), "utf-8")
    for page in content.glob("*.md"):
        text = page.read_text("utf-8").replace('"Team Eksempel"', '"Fyrtårnet"')
        page.write_text(text, "utf-8")
    (content / "maerke.svg").write_text(MARK, "utf-8")
    (content / "foerst.md").write_text(PAGE, "utf-8")
    (content / "kvittering.md").write_text(RECEIPT, "utf-8")


def key_of(folder: Path, printed: str) -> TeamKey:
    """What a mail program takes out of the `.p12`, with the passphrase that was printed."""
    passphrase = printed.rpartition("passphrase, shown only now: ")[2].strip()
    bundle = (folder / "team.p12").read_bytes()
    key, certificate, _ = pkcs12.load_key_and_certificates(bundle, passphrase.encode())
    assert isinstance(key, RSAPrivateKey)
    assert certificate is not None
    return TeamKey(certificate, key)


@pytest.fixture(scope="module")
def klitby(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Municipality]:
    """Klitby Kommune, which does not exist, from an empty folder to a site that runs."""
    home, desk = tmp_path_factory.mktemp("klitby"), tmp_path_factory.mktemp("desk")
    folder = home / "vores side"
    well(run(home, "new", folder.name))
    edit(folder / "content")
    checked = well(run(folder, "check"))
    team = key_of(desk, well(run(folder, "keys", desk)))
    settings = {
        "UDVEJ_CONTENT": str(folder / "content"),
        "UDVEJ_PUBLIC_ADDRESS": f"https://localhost:{held_port()}",
        "UDVEJ_SECRET_KEY": secrets.token_hex(32),
        "UDVEJ_MAIL_TO": "",
    }
    with laid("tls", home, authority, team, **settings) as road:
        yield Municipality(road, desk, checked)


def mail_of(taken: Taken) -> EmailMessage:
    """As it lies in the mailbox."""
    return message_from_bytes(taken.content, policy=policy.default)


def test_a_referral_is_opened_and_says_what_the_municipality_says(klitby: Municipality) -> None:
    """Mailed to each caseworker from its own sender; its sentence, and no question left out."""
    browser = Browser(klitby.road.site.port)
    form = browser.ask("GET", FORM).text
    assert AT_SENDING in form
    assert "interpreter" not in fields(form)
    assert browser.is_taken(browser.send())
    receipt = browser.ask("GET", FORM).text
    assert "Vi ringer til dig inden for tre dage" in receipt
    assert "Først derefter ringer vi til politiet." in receipt

    taken = klitby.road.mail()
    mail, letter = mail_of(taken), klitby.opened(taken)
    assert {*taken.recipients} == {*RECIPIENTS}
    assert mail["From"] == f"Fyrtårnets hjemmeside <{SENDER}>"
    assert mail["Reply-To"] == "fyr@klitby.example"
    assert re.fullmatch(r"Henvendelse nr\. \d+", mail["Subject"])
    assert f"Reference: {reference(receipt)}" in letter
    assert f"»{AT_SENDING}«" in letter
    assert "Tolk" not in letter
    # Phone and mail are written in a form of the letter's own.
    for line in FILLED_IN["message"].split("\r\n"):
        assert f"> {line}\n" in letter
    sealed = taken.content.decode("latin-1")
    assert not [name for name in TYPED if FILLED_IN[name].split("\r\n")[0] in sealed]


def test_every_page_has_its_face_and_names_nobody_else(klitby: Municipality) -> None:
    """Name, colours and mark; its own page, with a fact of its own."""
    browser = Browser(klitby.road.site.port)
    pages = {address: browser.ask("GET", address) for address in addresses(klitby)}
    assert "/foerst/" in pages
    for address, page in pages.items():
        assert page.status == 200, address
        for shown in ("Ny Kurs", "#6b1d3f", "#f2b8cf", 'd="M9 22l2-15h2l2 15z"'):
            assert shown in page.text, address
    assert "Gå ind fra havnen." in pages["/foerst/"].text
    assert found(names_of_others(), {a: page.text.encode() for a, page in pages.items()}) == set()


def addresses(klitby: Municipality) -> list[str]:
    """Of all Danish pages, as their files say."""
    content = Path(klitby.road.site.settings["UDVEJ_CONTENT"])
    text = "\n".join(path.read_text("utf-8") for path in content.glob("*.md"))
    return re.findall(r'^adresse = "(.+)"', text, re.MULTILINE)


def test_its_editors_were_told_of_no_mistake(klitby: Municipality) -> None:
    """Nor of an example that is left; only of what nobody but they can answer."""
    assert "0 fejl" in klitby.checked
    assert "eksempel (»" not in klitby.checked


def test_the_team_shows_that_it_opens_what_is_sent_and_the_site_is_ready(
    klitby: Municipality,
) -> None:
    """The code of a drill is entered; what fails then is what only the world can show."""
    assert "udvej drill --code CODE" in well(klitby.run("drill", "--confirm"))
    letter = klitby.opened(klitby.road.mail())
    [code] = re.findall(r"Koden er (\S+)\.", letter)
    wrong = klitby.run("drill", "--code", "AAAA-AAAA-AAAA")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "was opened by the team" in well(klitby.run("drill", "--code", code.lower()))
    answers: dict[str, str] = {}

    def delivers() -> bool:
        answers.update(klitby.ready())
        return answers["delivery"] == "ok"

    until(delivers)
    assert answers["team opens"] == "ok"
    failed = {question for question, level in answers.items() if level == "failure"}
    assert NEED_A_PUBLIC_ADDRESS <= failed <= NEED_A_PUBLIC_ADDRESS | OF_THIS_MACHINE
