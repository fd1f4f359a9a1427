import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from importlib import import_module
from itertools import count
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from support.checkout import CHECKOUT
from support.drilled import confirm
from support.letters import referral
from support.mailserver import Authority, Faults, Server, serving
from support.municipality import FACTS, HEADING, PHONE, TITLE, places
from support.opening import opened
from support.patience import PATIENCE
from support.running import held_port
from support.spoiling import spoil
from udvej import cli, commands
from udvej.config import Config
from udvej.health import Answer, Level, certificate_shown
from udvej.intake.sealing import Sealer
from udvej.outbox.delivery import Delivery
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services
from udvej.settings import SETTINGS
from udvej.sqlite import SQLite

# Each file of the folder that holds one.
COMMANDS = [
    module.name
    for module in iter_modules(commands.__path__)
    if hasattr(import_module(f"{commands.__name__}.{module.name}"), "command")
]
MARK = "kvittering4711"
WELL = Answer(Level.OK, "")


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Udvej:
    """Runs `udvej` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object, **settings: object) -> Outcome:
        """Run it with `UDVEJ_…` settings, Nordby's content, and no others."""
        for key in os.environ:
            if key.startswith("UDVEJ_"):
                self.monkeypatch.delenv(key)
        named = {f"UDVEJ_{key}": str(value) for key, value in settings.items()}
        for key, value in {**places(), **named}.items():
            self.monkeypatch.setenv(key, value)
        try:
            status = cli.main([*map(str, arguments)])
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Outcome(status, *self.capsys.readouterr())


@pytest.fixture
def udvej(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Udvej:
    """The command line."""
    return Udvej(monkeypatch, capsys)


class TestHelp:
    """`udvej --help`."""

    @pytest.mark.parametrize("word", [*COMMANDS, *SETTINGS])
    def test_names_every_command_and_setting(self, udvej: Udvej, word: str) -> None:
        """Each on a line that begins with it and says what it is."""
        outcome = udvej("--help")
        assert outcome.status == 0
        assert re.search(rf"^ +{word} +\w", outcome.out, re.MULTILINE)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_has_each_command_in_the_readme_too(self, command: str) -> None:
        """What it is for, or by which other it is begun."""
        assert f"udvej {command}" in (CHECKOUT / "README.md").read_text("utf-8")

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_each_command_says_what_it_does(self, udvej: Udvej, command: str) -> None:
        """A sentence a person understands."""
        outcome = udvej(command, "--help")
        assert outcome.status == 0
        assert re.search(r"^ +[A-Z`][^.]+\.$", outcome.out, re.MULTILINE | re.DOTALL)

    @pytest.mark.parametrize("arguments", [(), ("servér",), ("serve", "--prot", "1"), ("keys",)])
    def test_is_pointed_to_where_a_command_is_not_understood(
        self, udvej: Udvej, arguments: tuple[str, ...]
    ) -> None:
        """Usage on stderr, status 2."""
        outcome = udvej(*arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("Usage: udvej")

    def test_is_there_as_a_module_too(self) -> None:
        """`python -m udvej`."""
        finished = subprocess.run(
            [sys.executable, "-m", "udvej", "--help"],
            capture_output=True,
            check=True,
            text=True,
            timeout=PATIENCE,
        )
        assert all(command in finished.stdout for command in COMMANDS)
        assert finished.stderr == ""


class TestKeys:
    """`udvej keys FOLDER`."""

    def test_makes_what_server_and_mail_program_need(self, udvej: Udvej, tmp_path: Path) -> None:
        """A certificate that seals; a PKCS#12 file, its owner's only, that opens."""
        folder = tmp_path / "ny" / "mappe"
        outcome = udvej("keys", folder)
        assert (outcome.status, outcome.err) == (0, "")
        certificate, bundle = folder / "team-certificate.pem", folder / "team.p12"
        assert {*folder.iterdir()} == {certificate, bundle}
        assert bundle.stat().st_mode & 0o777 == 0o600
        assert str(certificate) in outcome.out
        assert str(bundle) in outcome.out
        sealer = Sealer.for_team(certificate)
        valid_until = sealer.recipients.certificates[0].not_valid_after_utc
        assert f"valid until {valid_until:%Y-%m-%d}" in outcome.out
        assert valid_until > datetime.now(UTC)
        assert b"PRIVATE" not in certificate.read_bytes()

        passphrase = outcome.out.strip().rpartition(" ")[2]
        assert re.fullmatch(r"(?:[a-z2-9]{5}-){4}[a-z2-9]{5}", passphrase)
        key, inside, _ = pkcs12.load_key_and_certificates(bundle.read_bytes(), passphrase.encode())
        assert key is not None
        assert inside == sealer.recipients.certificates[0]
        for word, status in ((passphrase, 0), ("en anden", 1)):
            opened = subprocess.run(
                ["openssl", "pkcs12", "-in", bundle, "-noenc", "-passin", f"pass:{word}"],
                capture_output=True,
                check=False,
                text=True,
                timeout=PATIENCE,
            )
            assert opened.returncode == status
            assert ("BEGIN PRIVATE KEY" in opened.stdout) == (status == 0)

    @pytest.mark.parametrize(
        ("given", "mail"),
        [((), FACTS.text("team.mail")), (("--mail", "exit@example.dk"), "exit@example.dk")],
    )
    def test_certificate_is_for_the_teams_address(
        self, udvej: Udvej, tmp_path: Path, given: tuple[str, ...], mail: str
    ) -> None:
        """That of kommune.toml, unless another is named."""
        assert udvej("keys", tmp_path / "ny", *given).status == 0
        sealer = Sealer.for_team(tmp_path / "ny" / "team-certificate.pem")
        (certificate,) = sealer.recipients.certificates
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert name.value == mail

    def test_makes_a_bundle_for_older_programs_when_asked(
        self, udvej: Udvej, tmp_path: Path
    ) -> None:
        """Locked by 3DES (pbeWithSHAAnd3-KeyTripleDES-CBC, RFC 7292, appendix C) and not by AES."""
        bundles = []
        for name, options in (("ny", []), ("gammel", ["--older"])):
            assert udvej("keys", tmp_path / name, *options).status == 0
            bundles.append((tmp_path / name / "team.p12").read_bytes())
        triple_des = bytes.fromhex("060a2a864886f70d010c0103")
        assert [triple_des in bundle for bundle in bundles] == [False, True]

    def test_makes_the_servers_own_key_for_the_other_sealing(
        self, udvej: Udvej, tmp_path: Path
    ) -> None:
        """One file, its owner's only, that seals and opens; nothing secret is shown."""
        outcome = udvej("keys", tmp_path / "ny", "--server")
        assert (outcome.status, outcome.err) == (0, "")
        (key,) = (tmp_path / "ny").iterdir()
        assert key.name == "server-key.pem"
        assert key.stat().st_mode & 0o777 == 0o600
        assert str(key) in outcome.out
        assert "for UDVEJ_SERVER_KEY; valid until 2" in outcome.out
        assert "PRIVATE" not in outcome.out
        sealed = Sealer.for_transport(key).seal(referral(), 1)
        assert b"Henvendelse nr. 1" in Opener.from_file(key).open(sealed)
        again = udvej("keys", tmp_path / "ny", "--server")
        assert again.status == 2
        assert again.err.endswith("holds a key already; name an empty folder\n")

    @pytest.mark.parametrize("name", ["team-certificate.pem", "team.p12"])
    def test_overwrites_nothing(self, udvej: Udvej, tmp_path: Path, name: str) -> None:
        """A lost key opens nothing any more."""
        (tmp_path / name).write_text("den gamle", "ascii")
        outcome = udvej("keys", tmp_path)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.endswith("holds a key already; name an empty folder\n")
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert (tmp_path / name).read_text("ascii") == "den gamle"

    @pytest.mark.parametrize("folder", ["fil", "fil/under", "x" * 300])
    def test_says_so_where_it_cannot_write(self, udvej: Udvej, tmp_path: Path, folder: str) -> None:
        """No key without a place for it."""
        (tmp_path / "fil").touch()
        outcome = udvej("keys", tmp_path / folder)
        assert (outcome.status, outcome.out) == (2, "")
        assert "cannot be written (" in outcome.err

    @pytest.mark.parametrize("mail", ["intet", "jøb@a.dk", "Job <job@a.dk>", "a@b\n.dk"])
    def test_refuses_what_is_no_address(self, udvej: Udvej, tmp_path: Path, mail: str) -> None:
        """Mail programs would not find the certificate."""
        outcome = udvej("keys", tmp_path / "ny", "--mail", mail)
        assert (outcome.status, outcome.err) == (2, "udvej: --mail: not a mail address\n")
        assert not (tmp_path / "ny").exists()


class TestCheck:
    """`udvej check`."""

    @pytest.fixture(autouse=True)
    def _kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What it keeps goes into a folder of the test's own."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def test_is_content_with_the_content(self, udvej: Udvej, content: Path) -> None:
        """Each page with its LIX, and the facts that are still missing with what is asked there."""
        path = content / "kommune.toml"
        line = spoil(path, 'svartid = ""', '# Hvor hurtigt svarer I?\nsvartid = ""') + 1
        outcome = udvej("check", CONTENT=content)
        assert (outcome.status, outcome.err) == (0, "")
        assert re.search(
            r"^  /skriv/ har LIX \d+,\d af højst 26 og \d+ ord\.$", outcome.out, re.MULTILINE
        )
        assert f"  {path}:{line}: team.svartid: Hvor hurtigt svarer I?" in outcome.out.splitlines()
        assert "team.navn" not in outcome.out
        assert outcome.out.splitlines()[-1].startswith("0 fejl, ")

    def test_names_no_fact_that_is_filled_in(self, udvej: Udvej, content: Path) -> None:
        """One thing less to do."""
        spoil(content / "kommune.toml", 'svartid = ""', 'svartid = "inden for to dage"')
        assert "team.svartid" not in udvej("check", CONTENT=content).out

    def test_names_the_three_hardest_sentences_of_a_page_by_their_lines(
        self, udvej: Udvej, content: Path
    ) -> None:
        """So that they can be put right; words alone keep nobody from publishing."""
        path = content / "om.md"
        before = len(path.read_text("utf-8").splitlines())
        hard = [f"Socialforvaltningens {number}sagsbehandlingsprocedurer." for number in range(4)]
        for sentence in hard * 8:
            path.write_text(f"{path.read_text('utf-8')}\n{sentence}\n", "utf-8")
        outcome = udvej("check", CONTENT=content)
        assert outcome.status == 0
        named = re.findall(rf"{path}:(\d+): skriv kortere.*: Social", outcome.out)
        assert len(named) == 3
        assert all(int(line) > before for line in named)
        assert re.search(rf"{path}:\d+: siden har LIX \d+,\d og må højst have 30", outcome.out)

    def test_names_every_mistake_of_every_file(self, udvej: Udvej, content: Path) -> None:
        """The editor is led to all of them in one go."""
        path, other = content / "om.md", content / "kontakt.md"
        line = spoil(path, f'titel = "{TITLE}"', 'titel = "Exit"')
        spoil(path, f"# {HEADING}", f"# {HEADING}\n\nRing til {{team.tlf}}.")
        menu = spoil(other, 'menu = "top"', 'menu = "midt"')
        fact = spoil(content / "kommune.toml", f'telefon = "{PHONE}"', 'telefon = "99"')
        outcome = udvej("check", CONTENT=content)
        assert outcome.status == 1
        assert f"{path}:{line}: titel: »exit« kan afsløre læseren" in outcome.out
        assert "mente du {team.telefon}?" in outcome.out
        assert f"{other}:{menu}: menu: " in outcome.out
        assert f"kommune.toml:{fact}: telefon: skriv et telefonnummer" in outcome.out
        assert outcome.out.splitlines()[-1].startswith("4 fejl, ")

    def test_speaks_english_where_the_machine_does(
        self, udvej: Udvej, content: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And Danish where it says nothing, or only C."""
        for locale, words in (
            ("en_GB.UTF-8", "Fine:"),
            ("de_DE.UTF-8", "Fine:"),
            ("da_DK.UTF-8", "I orden:"),
            ("C.UTF-8", "I orden:"),
            ("", "I orden:"),
        ):
            monkeypatch.setenv("LANG", locale)
            assert words in udvej("check", CONTENT=content).out.splitlines()

    def test_needs_content(self, udvej: Udvej) -> None:
        """A wrong folder is told by the setting's key."""
        outcome = udvej("check", CONTENT=f"/{MARK}")
        assert outcome.status == 2
        assert outcome.err.startswith("udvej: UDVEJ_CONTENT: der er ingen kommune.toml")
        assert MARK not in outcome.err


class TestInbox:
    """`udvej inbox`."""

    def test_is_empty_at_first(self, udvej: Udvej, tmp_path: Path) -> None:
        """And says so."""
        outcome = udvej("inbox", STATE=tmp_path / "state")
        assert (outcome.status, outcome.out) == (0, "Nothing has arrived yet.\n")

    def test_is_only_for_a_demonstration(self, udvej: Udvej, tmp_path: Path, content: Path) -> None:
        """A live site cannot open what it sends."""
        assert udvej("keys", tmp_path / "keys").status == 0
        outcome = udvej(
            "inbox",
            STATE=tmp_path / "state",
            CONTENT=content,
            PUBLIC_ADDRESS="https://example.dk",
            SECRET_KEY="x" * 32,
            TEAM_CERTIFICATE=tmp_path / "keys" / "team-certificate.pem",
            MAIL_SERVER="mail.example.dk",
        )
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("udvej: only a demonstration has an inbox here")


@pytest.fixture
def live(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A live site's settings as `Udvej` takes them, on a disk with room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**40))
    return {key.removeprefix("UDVEJ_"): value for key, value in settings.items()}


@pytest.fixture
def outbox(live: dict[str, str]) -> Outbox:
    """Its outbox."""
    return Outbox(SQLite(Path(live["STATE"])))


def accept(outbox: Outbox, *keys: bytes) -> None:
    """Accept a referral for each key."""
    for key in keys:
        outbox.accept(key, "REF-ERE", lambda n: Sealed(b"indhold" * 9, f"{n:032}"))


def services(live: dict[str, str]) -> Services:
    """The parts of a site."""
    settings = {f"UDVEJ_{key}": value for key, value in live.items()}
    return Services.open(Config.from_environ(settings))


def at(server: Server, authority: Authority, live: dict[str, str]) -> dict[str, str]:
    """The settings with this mail server."""
    return live | {"MAIL_PORT": str(server.port), "MAIL_CA": str(authority.file)}


def deliver(outbox: Outbox, settings: dict[str, str]) -> None:
    """Mail what is due, as the delivery process does."""
    carrier = services(settings).carrier
    while Delivery(outbox, carrier).next():
        pass


def mails(server: Server) -> list[Message]:
    """What a mail server took."""
    return [
        message_from_bytes(server.mails.get_nowait().content) for _ in range(server.mails.qsize())
    ]


class TestStatus:
    """`udvej status`."""

    @pytest.fixture(autouse=True)
    def _shown(self, live: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Its mail is read; nobody outside this machine is asked for the certificate."""
        monkeypatch.setattr("udvej.commands.status.certificate_shown", lambda _: WELL)
        confirm(services(live))

    @pytest.fixture
    def who(self, team: TeamKey) -> str:
        """The line that says who can open referrals."""
        until = f"{team.certificate.not_valid_after_utc:%Y-%m-%d}"
        return f"can be opened by: CN=team@exit.example (team@exit.example), until {until}"

    def test_is_content_with_a_new_site(self, udvej: Udvej, live: dict[str, str], who: str) -> None:
        """Nothing waits; status 0."""
        outcome = udvej("status", **live)
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.splitlines() == [
            "waiting: 0",
            "sent and still kept: 0",
            "failed: 0",
            "last number given: 0",
            who,
        ]

    def test_counts_what_waits_and_is_content_for_a_while(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox, who: str
    ) -> None:
        """And shows nothing of it."""
        accept(outbox, b"a", b"b")
        outcome = udvej("status", **live)
        assert outcome.status == 0
        assert outcome.out.startswith("waiting: 2, the oldest for ")
        assert outcome.out.endswith(f"last number given: 2\n{who}\n")
        assert "indhold" not in outcome.out

    def test_names_what_is_not_well_with_status_1(
        self,
        udvej: Udvej,
        live: dict[str, str],
        outbox: Outbox,
        who: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A failure with its number and reason, and the disk."""
        accept(outbox, b"a")
        leased = outbox.lease()
        assert leased is not None
        outbox.failed(leased, "DATA 554")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        outcome = udvej("status", **live)
        assert outcome.status == 1
        assert outcome.out.splitlines() == [
            "waiting: 0",
            "sent and still kept: 0",
            "failed: 1",
            "    number 1: DATA 554; try again with: udvej deliver --again 1",
            "last number given: 1",
            who,
            "NOT WELL: a delivery has failed for good; see: udvej status",
            "NOT WELL: the disk of the state folder is nearly full",
        ]

    def test_of_settings_that_name_no_site_makes_none(self, udvej: Udvej, tmp_path: Path) -> None:
        """Asked without its settings, as root in any folder: no demonstration begins."""
        outcome = udvej("status", STATE=tmp_path / "state")
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("udvej: UDVEJ_STATE: there is no such folder")
        assert not (tmp_path / "state").exists()

    def test_says_what_is_wrong_with_the_certificate_that_visitors_are_shown(
        self, udvej: Udvej, live: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Or that it could not look, which alone is no trouble."""
        monkeypatch.setattr(
            "udvej.commands.status.certificate_shown",
            lambda address: Answer(Level.FAILURE, f"gammel: {address}"),
        )
        outcome = udvej("status", **live)
        assert outcome.status == 1
        assert outcome.out.endswith("NOT WELL: gammel: https://udvej.example\n")
        monkeypatch.setattr("udvej.commands.status.certificate_shown", certificate_shown)
        outcome = udvej("status", **live | {"PUBLIC_ADDRESS": f"https://127.0.0.1:{held_port()}"})
        assert outcome.status == 0
        assert outcome.out.endswith(" cannot be asked from here (ConnectionRefusedError)\n")


class TestFlood:
    """`udvej flood`."""

    def test_sets_numbers_aside_and_brings_them_back(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox
    ) -> None:
        """What waits is listed after; status counts it apart."""
        for key in (b"a", b"b", b"c"):
            accept(outbox, key)
        listed = r"20\d\d-\d\d-\d\d \d\d:00 UTC, numbers 1 to 3: 3 of 0 KiB, "
        outcome = udvej("flood", **live)
        assert (outcome.status, outcome.err) == (0, "")
        assert re.fullmatch(listed + r"0 behind the others, 0 set aside\n", outcome.out)
        outcome = udvej("flood", "--aside", 2, 3, **live)
        assert outcome.err == "Set aside: 2\n"
        assert re.fullmatch(listed + r"0 behind the others, 2 set aside\n", outcome.out)
        assert "set aside, behind all others: 2; see: udvej flood\n" in udvej("status", **live).out
        outcome = udvej("flood", "--back", 1, 9, **live)
        assert outcome.err == "Brought back: 2\n"
        assert outbox.status().waiting == 3

    def test_of_nothing_says_nothing(self, udvej: Udvej, live: dict[str, str]) -> None:
        """As a list does."""
        assert udvej("flood", **live).out == ""


class TestNumber:
    """`udvej number LAST`."""

    def test_the_next_referral_goes_on_from_there(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox
    ) -> None:
        """After the state folder was lost; the gap in the numbers is then a real one."""
        assert udvej("number", 41, **live).err == "The next referral gets number 42.\n"
        accept(outbox, b"a")
        assert outbox.status().last == 42
        outcome = udvej("number", 41, **live)
        assert outcome.status == 2
        assert outcome.err == "udvej: 42 was given already; a number is never given twice\n"

    @pytest.mark.parametrize("last", ["-1", "en", ""])
    def test_what_is_no_number_is_refused(self, udvej: Udvej, last: str) -> None:
        """Usage on stderr."""
        assert udvej("number", "--", last).status == 2


class TestDrill:
    """`udvej drill`."""

    def test_says_that_250_came(
        self,
        udvej: Udvej,
        live: dict[str, str],
        authority: Authority,
        team: TeamKey,
        tmp_path: Path,
    ) -> None:
        """The mail and the letter in it say that it was a drill; no code was due."""
        confirm(services(live))
        with serving(authority.context()) as server:
            outcome = udvej("drill", **at(server, authority, live))
        assert (outcome.status, outcome.out) == (0, "Drill 2: sent\n")
        mail = message_from_bytes(server.mails.get_nowait().content, policy=policy.default)
        letter = opened(mail.as_bytes(), team, tmp_path, form="SMIME").get_content()
        assert mail["Subject"] == "PRØVE nr. 2"
        assert letter.startswith("PRØVE nr. 2\n")
        assert "BEMÆRK: Det her er en prøve af hele vejen. Ingen venter på svar.\n" in letter
        assert "Koden er" not in letter

    def test_with_a_code_shows_that_the_team_can_open_what_is_sent(
        self,
        udvej: Udvej,
        live: dict[str, str],
        authority: Authority,
        team: TeamKey,
        tmp_path: Path,
    ) -> None:
        """Only who opens the mail can tell it; then status and log say so, and none is due."""
        with serving(authority.context()) as server:
            settings = at(server, authority, live)
            outcome = udvej("drill", "--confirm", **settings)
            mail = server.mails.get_nowait().content
            letter = opened(mail, team, tmp_path, form="SMIME").get_content()
            (code,) = re.findall(r"^BEMÆRK: Koden er (\S{14})\. ", letter, re.MULTILINE)
            assert (outcome.status, code in outcome.out + outcome.err) == (0, False)
            assert outcome.out.endswith("enter it: udvej drill --code CODE\n")
            assert "nobody has shown of late" in udvej("status", **settings).out
            wrong = udvej("drill", "--code", "7KD4-RM9P-XYAC", **settings)
            assert (wrong.status, wrong.out) == (1, "")
            assert wrong.err.startswith("udvej: no drill of the last seven days has that code")
            right = udvej("drill", "--code", code.lower(), **settings)
            assert (right.status, right.out) == (0, "Drill 1 was opened by the team.\n")
            assert "nobody has shown of late" not in udvej("status", **settings).out
            assert udvej("drill", **settings).out == "Drill 2: sent\n"
            assert "It holds a code" in udvej("drill", "--confirm", **settings).out
        log = udvej("drill", "--log", **settings)
        moment = r"20\d\d-\d\d-\d\d \d\d:\d\d UTC"
        began = rf"made {moment}, sent {moment}"
        assert re.fullmatch(
            rf"drill 1: {began}, opened by the team {moment}\ndrill 2: {began}\n"
            rf"drill 3: {began}, its code was not entered\n",
            log.out,
        )

    def test_with_the_code_of_another_certificate_shows_nothing(
        self,
        udvej: Udvej,
        live: dict[str, str],
        authority: Authority,
        team: TeamKey,
        tmp_path: Path,
    ) -> None:
        """It was mailed before the key was exchanged, and all would seem to be well."""
        with serving(authority.context()) as server:
            settings = at(server, authority, live)
            udvej("drill", "--confirm", **settings)
            letter = opened(server.mails.get_nowait().content, team, tmp_path, form="SMIME")
        (code,) = re.findall(r"Koden er (\S{14})\. ", letter.get_content())
        exchanged = tmp_path / "exchanged.pem"
        exchanged.write_bytes(TeamKey.make("team@exit.example").certificate_pem())
        settings |= {"TEAM_CERTIFICATE": str(exchanged)}
        outcome = udvej("drill", "--code", code, **settings)
        assert outcome.status == 1
        assert "another certificate than today's" in outcome.err
        assert "nobody has shown of late" in udvej("status", **settings).out

    def test_says_why_it_was_refused(
        self, udvej: Udvej, live: dict[str, str], authority: Authority
    ) -> None:
        """Status 1, so that a timer tells somebody."""
        with serving(authority.context(), faults=Faults({"DATA": "554 5.7.1 no"})) as server:
            outcome = udvej("drill", **at(server, authority, live))
        assert (outcome.status, outcome.out) == (
            1,
            "Drill 1: failed: localhost: DATA 554 5.7.1\n",
        )

    def test_says_what_it_waits_for(
        self,
        udvej: Udvej,
        live: dict[str, str],
        authority: Authority,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """No server is there; its patience is over at the second look."""
        looks = count(0, 45)
        monkeypatch.setattr(
            "udvej.commands.drill.time", SimpleNamespace(monotonic=lambda: float(next(looks)))
        )
        with serving(authority.context()) as server:
            pass
        outcome = udvej("drill", **at(server, authority, live))
        assert outcome.status == 1
        assert outcome.out == "Drill 1: waiting: localhost: ConnectionRefusedError\n"


class TestDeliverAgain:
    """`udvej deliver --again NUMBER`."""

    def test_mails_what_was_sent_once_more_as_a_new_mail(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox, authority: Authority
    ) -> None:
        """The same number and bytes; another Message-ID, else a server drops it as seen."""
        accept(outbox, b"a", b"b")
        with serving(authority.context()) as server:
            settings = at(server, authority, live)
            deliver(outbox, settings)
            first = mails(server)[0]
            assert udvej("deliver", "--again", 1, **settings).status == 0
            deliver(outbox, settings)
            (again,) = mails(server)
        assert again["Subject"] == first["Subject"] == "Henvendelse nr. 1"
        assert again.get_payload() == first.get_payload()
        assert again["Message-ID"] != first["Message-ID"]
        assert re.fullmatch(r"<[0-9a-f]{32}@kommune\.example>", again["Message-ID"])
        assert outbox.status().sent == 2

    def test_mails_what_had_failed(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox, authority: Authority
    ) -> None:
        """When what was wrong is mended; it no longer counts as failed."""
        accept(outbox, b"a")
        with serving(authority.context(), faults=Faults({"RCPT": "550 5.1.1 no"})) as server:
            deliver(outbox, at(server, authority, live))
        assert outbox.status().failed == [(1, "localhost: RCPT 550 5.1.1")]
        with serving(authority.context()) as server:
            settings = at(server, authority, live)
            assert udvej("deliver", "--again", 1, **settings).status == 0
            deliver(outbox, settings)
            assert len(mails(server)) == 1
        assert (outbox.status().sent, outbox.status().failed) == (1, [])

    @pytest.mark.parametrize("number", [0, 2, -1, 10**15])
    def test_refuses_a_number_that_is_not_kept(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox, number: int
    ) -> None:
        """Status 2, and what to look at; nothing is changed."""
        accept(outbox, b"a")
        outcome = udvej("deliver", f"--again={number}", **live)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith(f"udvej: number {number} is not kept, or is waiting already")
        assert "udvej status" in outcome.err

    def test_refuses_what_waits_already(
        self, udvej: Udvej, live: dict[str, str], outbox: Outbox
    ) -> None:
        """Its days of trying do not begin anew, nor is it mailed twice at once."""
        accept(outbox, b"a")
        assert udvej("deliver", "--again", 1, **live).status == 2
        assert outbox.lease() is not None
        assert udvej("deliver", "--again", 1, **live).status == 2
        assert outbox.lease() is None

    @pytest.mark.parametrize("number", ["", "en", "1.5"])
    def test_refuses_what_is_no_number(self, udvej: Udvej, number: str) -> None:
        """Usage on stderr."""
        outcome = udvej("deliver", f"--again={number}")
        assert outcome.status == 2
        assert outcome.err.startswith("Usage: udvej deliver")


class TestBadSettings:
    """Whatever the command, it does not begin."""

    @pytest.mark.parametrize("command", ["serve", "deliver", "inbox"])
    def test_every_one_is_named_and_none_printed(self, udvej: Udvej, command: str) -> None:
        """Status 2, and no traceback."""
        outcome = udvej(command, SECRET_KEY=MARK, MAIL_PORT=MARK, TYPO=MARK)
        assert (outcome.status, outcome.out) == (2, "")
        for key in ("SECRET_KEY", "MAIL_PORT", "TYPO", "PUBLIC_ADDRESS", "MAIL_SERVER"):
            assert f"UDVEJ_{key}: " in outcome.err
        assert MARK not in outcome.err
        assert "Traceback" not in outcome.err

    @pytest.mark.parametrize(
        ("arguments", "key"),
        [(("--port", MARK), "UDVEJ_PORT"), (("--host", "0.0.0.0"), "UDVEJ_HOST")],
    )
    def test_arguments_of_serve_are_settings_too(
        self, udvej: Udvej, tmp_path: Path, arguments: tuple[str, ...], key: str
    ) -> None:
        """And are checked like them."""
        outcome = udvej("serve", *arguments, STATE=tmp_path / "state")
        assert outcome.status == 2
        assert outcome.err.startswith(f"udvej: {key}: ")
        assert MARK not in outcome.err

    def test_a_certificate_that_cannot_seal_is_told_by_its_key(
        self, udvej: Udvej, tmp_path: Path
    ) -> None:
        """The file is there, but is no certificate."""
        certificate = tmp_path / MARK
        certificate.write_text("ikke et certifikat", "ascii")
        outcome = udvej(
            "serve",
            STATE=tmp_path / "state",
            PORT=1,
            HOST="127.0.0.1",
            PUBLIC_ADDRESS="https://example.dk",
            SECRET_KEY="x" * 32,
            TEAM_CERTIFICATE=certificate,
            MAIL_SERVER="mail.example.dk",
        )
        assert outcome.status == 2
        assert "UDVEJ_TEAM_CERTIFICATE: no certificate could be read" in outcome.err
        assert MARK not in outcome.err
