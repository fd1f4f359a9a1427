"""Before a site is told of, each thing it needs is asked for; each failure is a real one here."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from support.clock import DAY, HOUR, Clock
from support.drilled import shown
from support.mailserver import Authority, Faults, serving
from support.municipality import FACTS, NORDBY
from support.patience import PATIENCE
from support.readiness import OF_THIS_MACHINE, Live, browsed
from support.redis_server import redis_server
from support.running import held_port
from support.spoiling import spoil
from udvej import cli
from udvej.errors import ContentError
from udvej.health import Answer, Level
from udvej.notes import Note, Notes
from udvej.outbox.drills import Drills
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.publish.freeze import PAGES
from udvej.ready.machine import file_system
from udvej.ready.questions import QUESTIONS
from udvej.server.checked import refuse
from udvej.sqlite import SQLite

pytestmark = pytest.mark.heavy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OK, WARNING, FAILURE = Level.OK, Level.WARNING, Level.FAILURE
# What Nordby, which does not exist, has not told.
OF_NORDBY = {"facts", "translations"}


def outbox_at(live: Live, moment: float) -> Outbox:
    """The site's outbox, as if it were then."""
    return Outbox(SQLite(live.state), lambda: moment)


def sealed(number: int) -> Sealed:
    """A stand-in."""
    return Sealed(b"forseglet", f"token{number}")


def test_a_site_that_is_ready_is_told_so_and_nothing_is_mailed(live: Live) -> None:
    """Each question once, in order; only what Nordby has not told is left."""
    answers = live.answers()
    assert [*answers] == [question.name for question in QUESTIONS]
    bad = {name for name, answer in answers.items() if answer.level is not OK}
    assert bad - OF_THIS_MACHINE <= OF_NORDBY
    failed = {name for name, answer in answers.items() if answer.level is FAILURE}
    assert failed <= OF_THIS_MACHINE
    assert live.mail.mails.empty()
    assert all(answers[name].advice for name in bad & OF_NORDBY)
    assert "facts" in bad


def test_asking_changes_nothing(live: Live) -> None:
    """Neither where nothing has been made: no folder, no database."""
    gone = live.state.with_name("gone")
    assert live.answer("state folder", STATE=str(gone)).level is FAILURE
    assert not gone.exists()


class TestSettings:
    """`settings`."""

    def test_each_one_that_is_missing_is_named_and_nothing_else_asked(self, live: Live) -> None:
        """Without them nobody knows what to ask."""
        answers = live.answers(MAIL_SERVER="", SECRET_KEY="kort")
        assert [*answers] == ["settings"]
        assert answers["settings"].level is FAILURE

    def test_a_secret_that_is_not_random_is_a_failure(self, live: Live) -> None:
        """Long, but typed."""
        answer = live.answer("settings", SECRET_KEY="hemmelig" * 8)
        assert (answer.level, "UDVEJ_SECRET_KEY" in answer.text) == (FAILURE, True)
        assert "hemmelig" not in str(answer)

    def test_a_demonstration_is_a_failure_and_asked_about_its_words_alone(
        self, live: Live, tmp_path: Path
    ) -> None:
        """Nobody receives what is sent."""
        for key in [*live.settings]:
            if key not in ("UDVEJ_CONTENT", "UDVEJ_TRANSLATIONS"):
                del live.settings[key]
        answers = live.answers(STATE=str(tmp_path / "state"))
        assert [*answers] == ["settings", "facts", "translations"]
        assert answers["settings"].level is FAILURE


class TestLimits:
    """`limits`."""

    def test_processes_that_count_alone_are_well_where_they_are_to(self, live: Live) -> None:
        """One host needs nothing else."""
        assert live.answer("limits") == Answer(OK, "counted by each process")

    def test_hosts_that_count_together_are_well(self, live: Live) -> None:
        """Once the server is there."""
        with redis_server() as server:
            answer = live.answer("limits", LIMITS=server.url)
        assert answer == Answer(OK, "counted by all hosts together")

    def test_a_server_that_is_away_is_a_failure(self, live: Live, tmp_path: Path) -> None:
        """`ready` and `status` say the same, and where it is neither."""
        changed = {"LIMITS": f"unix://{tmp_path}/redis.sock"}
        answer = live.answer("limits", **changed)
        assert (answer.level, answer.advice) == (
            FAILURE,
            "UDVEJ_LIMITS: the server cannot be reached",
        )
        live.settings["UDVEJ_LIMITS"] = changed["LIMITS"]
        assert str(answer) in [*live.services.health.problems()]


class TestStateFolder:
    """`state folder`, `disk`, `backups`."""

    def test_one_that_others_may_look_into_is_a_failure(self, live: Live) -> None:
        """Until the next start, which shuts it."""
        live.state.chmod(0o750)
        answer = live.answer("state folder")
        assert (answer.level, "others may look into it" in answer.text) == (FAILURE, True)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_one_that_is_another_users_is_a_failure(self, live: Live) -> None:
        """Asked as root, what is made there would shut the site out."""
        os.chown(live.state, 65534, -1)
        answer = live.answer("state folder")
        assert (answer.level, "another user's" in answer.text) == (FAILURE, True)

    @pytest.fixture
    def in_memory(self, live: Live, tmp_path: Path) -> Iterator[Path]:
        """A state folder of two megabytes, in memory."""
        folder = tmp_path / "in memory"
        folder.mkdir(mode=0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)]
        try:
            subprocess.run(mount, check=True, capture_output=True, timeout=PATIENCE)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("may not mount a disk here")
        live.settings["UDVEJ_STATE"] = str(folder)
        yield folder
        subprocess.run(["umount", "-l", folder], check=True, timeout=PATIENCE)

    def test_one_in_memory_and_a_small_disk_are_failures(self, live: Live, in_memory: Path) -> None:
        """Gone with the power."""
        answers = live.answers()
        assert answers["state folder"].level is answers["disk"].level is FAILURE
        assert "is in memory (tmpfs)" in answers["state folder"].text
        assert "cannot be written" not in answers["state folder"].text
        assert in_memory.is_mount()

    def test_one_that_is_full_is_a_failure(self, live: Live, in_memory: Path) -> None:
        """Before a person is told so."""
        with (in_memory / "fyld").open("wb") as file, pytest.raises(OSError, match="No space"):
            file.write(bytes(3 * 2**20))
        assert "cannot be written (No space left" in live.answer("state folder").text

    @pytest.mark.parametrize(
        ("folder", "kind"),
        [
            ("/srv/udvej", "nfs4"),
            ("/srv", "ext4"),
            ("/srv/udvej kopi/a", "cifs"),
            ("/run/udvej", "tmpfs"),
            ("/", "overlay"),
        ],
    )
    def test_the_kind_of_file_system_is_that_of_the_innermost_mount(
        self, folder: str, kind: str
    ) -> None:
        """As proc_pid_mountinfo(5) writes it; of two in one place the later."""
        mounts = (
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:1 / / rw shared:1 - overlay overlay rw\n"
            "3 1 8:2 / /srv rw - ext4 /dev/sdb1 rw\n4 3 0:3 / /srv/udvej rw - nfs4 nas:/ rw\n"
            "5 3 0:4 / /srv/udvej\\040kopi rw - cifs //nas rw\n6 1 0:5 / /run rw - tmpfs tmpfs rw"
        )
        assert file_system(Path(folder), mounts) == kind

    def test_one_on_the_network_is_a_failure_and_one_in_a_container_a_warning(
        self, live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A network's disk cannot be had here, so what the kernel says of it is."""
        mounts = tmp_path / "mountinfo"
        monkeypatch.setattr("udvej.ready.machine._MOUNTS", mounts)
        for kind, level in (("nfs4", FAILURE), ("fuse.sshfs", FAILURE), ("overlay", WARNING)):
            mounts.write_text(f"1 0 8:1 / / rw - {kind} somewhere rw\n")
            assert live.answer("state folder").level is level
        mounts.write_text("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
        assert live.answer("state folder").level is OK

    def test_one_among_what_is_backed_up_is_a_warning(self, live: Live, filled_in: Path) -> None:
        """It holds what must be gone after its days; else it is told by name."""
        assert str(live.state) in live.answer("backups").text
        within = filled_in.parent / "state"
        answer = live.answer("backups", STATE=str(within))
        assert (answer.level, str(within) in answer.advice) == (WARNING, True)


class TestPrivateKeys:
    """`private keys`."""

    @pytest.mark.parametrize("place", ["keys", "live"])
    def test_the_teams_key_is_a_failure_wherever_it_lies(
        self, place: str, live: Live, team: TeamKey, tmp_path: Path
    ) -> None:
        """By the certificate, or in the state folder."""
        folder = tmp_path / "keys" if place == "keys" else live.state
        (folder / "glemt").write_bytes(team.private_pem())
        answer = live.answer("private keys")
        assert (answer.level, str(folder / "glemt") in answer.text) == (FAILURE, True)

    def test_a_key_that_is_locked_may_be_the_teams(
        self, live: Live, team: TeamKey, tmp_path: Path
    ) -> None:
        """A bundle for a mail program, or PEM with a passphrase."""
        (tmp_path / "keys" / "team.p12").touch()
        key = serialization.load_pem_private_key(team.private_pem(), None)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"hemmelig"),
        )
        (tmp_path / "keys" / "locked.pem").write_bytes(pem)
        answer = live.answer("private keys")
        assert (answer.level, answer.text.count("may open referrals")) == (FAILURE, 2)

    def test_another_key_is_none_of_them(self, live: Live, tmp_path: Path) -> None:
        """The web server has one of its own."""
        other = TeamKey.make("web@kommune.example")
        (tmp_path / "keys" / "tls-key.pem").write_bytes(other.private_pem())
        assert live.answer("private keys").level is OK

    def test_one_in_the_file_of_certificates_is_a_failure(self, live: Live, team: TeamKey) -> None:
        """The site would not start either."""
        with Path(live.settings["UDVEJ_TEAM_CERTIFICATE"]).open("ab") as file:
            file.write(team.private_pem())
        assert "holds a private key" in live.answer("private keys").text

    def test_a_key_of_the_servers_own_is_a_warning(
        self, live: Live, team: TeamKey, tmp_path: Path
    ) -> None:
        """Chosen with open eyes, and said all the same."""
        key = tmp_path / "server-key.pem"
        key.write_bytes(team.private_pem())
        del live.settings["UDVEJ_TEAM_CERTIFICATE"]
        answers = live.answers(SEALING="transport", SERVER_KEY=str(key))
        assert answers["private keys"].level is WARNING
        assert answers["who can open"].level is OK


class TestMailServer:
    """`mail server`."""

    @pytest.mark.parametrize(
        ("faults", "words"),
        [
            (Faults({"RCPT": "550 5.1.1 no such user"}), "RCPT 550 5.1.1: it takes no mail for"),
            (Faults({"RCPT": "450 4.7.1 later"}), "RCPT 450 4.7.1"),
            (Faults({"MAIL": "553 5.1.8 not you"}), "SMTPSenderRefused 553 5.1.8"),
            (Faults(login=True), "530 5.7.0"),
            (Faults({"greeting": "421 4.3.2 busy"}), "SMTPConnectError 421 4.3.2"),
        ],
    )
    def test_what_it_refuses_is_a_failure_with_its_codes(self, words: str, live: Live) -> None:
        """And never its words, which may quote a person."""
        answer = live.answer("mail server")
        assert (answer.level, words in answer.text) == (FAILURE, True)
        said = {"no such user", "later", "not you", "busy"}
        assert not [one for one in said if one in answer.text]

    def test_one_of_another_authority_is_a_failure(self, live: Live, tmp_path: Path) -> None:
        """Nothing is said to it."""
        answer = live.answers(MAIL_CA=str(Authority(tmp_path).file))["mail server"]
        assert (answer.level, "certificate not accepted" in answer.text) == (FAILURE, True)

    def test_one_whose_certificate_has_expired_is_a_failure(
        self, live: Live, authority: Authority
    ) -> None:
        """Since yesterday."""
        expired = authority.context(until=datetime.now(UTC) - timedelta(days=1))
        with serving(expired) as server:
            answer = live.answer("mail server", MAIL_PORT=str(server.port))
        assert (answer.level, "certificate has expired" in answer.text) == (FAILURE, True)

    def test_one_that_is_not_there_or_speaks_no_tls_is_a_failure(self, live: Live) -> None:
        """By its host name."""
        answer = live.answers(MAIL_PORT=str(held_port()))["mail server"]
        assert (answer.level, answer.text) == (FAILURE, "localhost: ConnectionRefusedError")
        with serving(None) as server:
            answer = live.answer("mail server", MAIL_PORT=str(server.port))
        assert (answer.level, "SMTPNotSupportedError" in answer.text) == (FAILURE, True)


class TestWhoCanOpen:
    """`who can open`."""

    def test_who_it_is_and_until_when_is_told(self, live: Live, team: TeamKey) -> None:
        """For whose address, too."""
        answer = live.answer("who can open")
        until = f"{team.certificate.not_valid_after_utc:%Y-%m-%d}"
        assert answer.text == f"CN=team@exit.example (team@exit.example), until {until}"

    def test_a_certificate_that_soon_expires_is_a_failure(self, live: Live) -> None:
        """In time to make a new one."""
        made = datetime.now(UTC) - timedelta(days=2 * 365 - 29)
        soon = TeamKey.make("team@exit.example", made)
        Path(live.settings["UDVEJ_TEAM_CERTIFICATE"]).write_bytes(soon.certificate_pem())
        answer = live.answer("who can open")
        assert (answer.level, "expires within 30 days" in answer.text) == (FAILURE, True)

    def test_a_certificate_of_another_address_is_a_warning(self, live: Live) -> None:
        """The mails go to somebody who may not have the key."""
        answer = live.answer("who can open", MAIL_TO="anden@exit.example")
        assert (answer.level, "anden@exit.example" in answer.text) == (WARNING, True)

    def test_a_file_that_is_no_certificate_is_a_failure(self, live: Live) -> None:
        """For everything that needs it, and the rest is asked all the same."""
        Path(live.settings["UDVEJ_TEAM_CERTIFICATE"]).write_text("intet")
        answers = live.answers()
        assert answers["who can open"].level is FAILURE
        assert answers["pages"].level is OK


class TestDelivery:
    """`delivery`, `drills`, `team opens`."""

    def test_one_that_has_stopped_is_a_failure(self, live: Live) -> None:
        """It says that it is at work each minute."""
        outbox_at(live, time.time() - HOUR).heartbeat()
        answer = live.answer("delivery")
        assert (answer.level, "nothing delivers" in answer.text) == (FAILURE, True)

    def test_the_last_error_is_told(self, live: Live) -> None:
        """Of what waits as a warning, of what has failed as a failure."""
        outbox = outbox_at(live, time.time())
        outbox.accept(b"a", "REF-ERE", sealed)
        leased = outbox.lease()
        assert leased is not None
        outbox.retry(leased, "mail.example: gaierror")
        answer = live.answer("delivery")
        assert (answer.level, "mail.example: gaierror" in answer.text) == (WARNING, True)
        outbox.failed(leased, "mail.example: DATA 554")
        answer = live.answer("delivery")
        assert answer.level is FAILURE
        assert "number 1: mail.example: DATA 554" in answer.text

    def test_a_database_that_cannot_be_read_is_a_failure(self, live: Live) -> None:
        """And keeps nothing else from being asked."""
        (live.state / "udvej.sqlite3").write_bytes(b"no database at all" * 1000)
        answers = live.answers()
        assert answers["delivery"].level is answers["drills"].level is FAILURE
        assert answers["mail server"].level is OK

    def test_no_drill_within_two_days_and_no_code_within_a_week_are_failures(
        self, live: Live
    ) -> None:
        """Each by itself; a site that never had one begins so."""
        name = live.services.sealer.recipients.fingerprint
        for days, drilled, opened in ((1, OK, OK), (3, FAILURE, OK), (8, FAILURE, FAILURE)):
            (live.state / "udvej.sqlite3").unlink()
            clock = Clock()
            clock.now = time.time() - days * DAY
            outbox = Outbox(SQLite(live.state), clock)
            shown(outbox, Drills(outbox.database, clock=clock), name)
            outbox.close()
            answers = live.answers()
            assert (answers["drills"].level, answers["team opens"].level) == (drilled, opened)
        (live.state / "udvej.sqlite3").unlink()
        answers = live.answers()
        assert answers["drills"].level is answers["team opens"].level is FAILURE

    def test_a_new_certificate_is_not_shown_to_be_opened(self, live: Live) -> None:
        """Until a code that was sealed for it has been told; the setting says how often."""
        assert live.answer("team opens", CONFIRM_DAYS="1").level is OK
        other = TeamKey.make("team@exit.example")
        Path(live.settings["UDVEJ_TEAM_CERTIFICATE"]).write_bytes(other.certificate_pem())
        answer = live.answer("team opens")
        assert (answer.level, "udvej drill --code CODE" in answer.advice) == (FAILURE, True)


def dropping(name: str) -> "Callable[[WSGIApplication], WSGIApplication]":
    """A web server that leaves a header out."""

    def wrap(application: "WSGIApplication") -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            def without(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
                return start(status, [one for one in headers if one[0] != name], *rest)  # type: ignore[arg-type]

            return application(environ, without)  # type: ignore[arg-type]

        return answer

    return wrap


def answering(
    path: str, status: str, body: bytes
) -> "Callable[[WSGIApplication], WSGIApplication]":
    """A web server that answers something else at one address."""

    def wrap(application: "WSGIApplication") -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            if environ["PATH_INFO"] != path:
                return application(environ, start)
            start(status, [("Content-Length", str(len(body)))])
            return [body]

        return answer

    return wrap


class TestOutside:
    """`certificate`, `headers`, `pages`, `form`, `proxies`."""

    def test_the_last_day_of_the_certificate_is_told(self, live: Live, origin: str) -> None:
        """By the address that people use."""
        answer = live.answer("certificate")
        assert answer.text.startswith(f"the certificate of {origin} expires on ")

    @pytest.mark.parametrize("fault", ["expired", "soon", "unknown", "wrong name"])
    def test_a_certificate_that_browsers_refuse_or_soon_will_is_a_failure(
        self, fault: str, live: Live, authority: Authority, tmp_path: Path
    ) -> None:
        """One that certbot should have renewed, too."""
        signer = Authority(tmp_path) if fault == "unknown" else authority
        left = {"expired": timedelta(days=-1), "soon": timedelta(days=13)}.get(fault)
        until = datetime.now(UTC) + left if left else None
        host = "elsewhere.example" if fault == "wrong name" else "localhost"
        port = held_port()
        with browsed(lambda *_: [], port, signer.context(host, until=until)):
            answer = live.answer("certificate", PUBLIC_ADDRESS=f"https://localhost:{port}")
        assert answer.level is FAILURE
        assert ("was not renewed" if fault == "soon" else "do not accept") in answer.text

    def test_a_site_that_is_not_there_is_a_failure(self, live: Live) -> None:
        """For each question that a browser would ask."""
        answers = live.answers(PUBLIC_ADDRESS=f"https://localhost:{held_port()}")
        for name in ("certificate", "headers", "pages", "form"):
            assert answers[name].level is FAILURE
            assert "refused" in answers[name].text

    def test_what_speaks_no_http_is_a_failure(self, live: Live, authority: Authority) -> None:
        """TLS, and then nonsense."""
        with serving(authority.context(), "tls") as server:
            answer = live.answer("headers", PUBLIC_ADDRESS=f"https://localhost:{server.port}")
        assert (answer.level, "does not speak HTTP" in answer.text) == (FAILURE, True)

    @pytest.mark.parametrize("name", ["Content-Security-Policy", "Strict-Transport-Security"])
    def test_a_header_that_does_not_arrive_is_a_failure(self, name: str, live: Live) -> None:
        """By its name."""
        live.changed = dropping(name)
        answer = live.answer("headers")
        assert (answer.level, answer.text.rpartition(": ")[2]) == (FAILURE, name)

    def test_a_page_that_is_another_is_a_failure(self, live: Live) -> None:
        """By its address: a web server before the site still has the old one."""
        live.changed = answering("/om/", "200 OK", b"<p>gammel")
        answer = live.answer("pages")
        assert (answer.level, answer.text) == (FAILURE, "not as they were built: /om/")

    def test_a_site_that_has_built_no_pages_is_a_failure(self, live: Live) -> None:
        """It has never been started."""
        (live.state / PAGES).unlink()
        answers = live.answers()
        assert answers["pages"].level is answers["headers"].level is FAILURE

    def test_a_form_behind_which_nobody_answers_is_a_failure(self, live: Live) -> None:
        """The pages are there all the same."""
        live.changed = answering("/skriv/", "503 Service Unavailable", b"<p>Ring")
        answers = live.answers()
        assert (answers["form"].level, answers["form"].text) == (FAILURE, "/skriv/ answers 503")
        assert answers["pages"].level is OK

    def test_requests_that_come_otherwise_are_a_failure_and_no_proxy_a_warning(
        self, live: Live
    ) -> None:
        """As the site has seen them."""
        assert live.answer("proxies", PROXIES="0").level is WARNING
        Notes(live.state).write(Note.PROXIES)
        assert live.answer("proxies").level is FAILURE


class TestWords:
    """`changes`, `facts`, `translations`."""

    def test_a_change_that_was_refused_is_a_failure(self, live: Live) -> None:
        """By file and line."""
        refuse(ContentError(Path("/srv/content/om.md"), 3, "orden"), live.state)
        answer = live.answer("changes")
        assert (answer.level, "om.md:3" in answer.text) == (FAILURE, True)

    def test_each_fact_that_is_to_be_filled_in_is_named(self, live: Live) -> None:
        """A warning: the site hides what names it."""
        answer = live.answer("facts")
        assert (answer.level, answer.text.partition(": ")[2]) == (
            WARNING,
            ", ".join(FACTS.missing()),
        )

    def test_a_translation_that_is_behind_or_unread_is_a_warning(
        self, live: Live, tmp_path: Path
    ) -> None:
        """How much of it, in which language."""
        shutil.copytree(NORDBY, tmp_path / "behind")
        content = str(tmp_path / "behind" / "content")
        for file in (tmp_path / "behind" / "translations").glob("*/LC_MESSAGES/content.po"):
            read = file.read_text("utf-8").replace("# Reviewed by: nobody yet", "")
            file.write_text(f"# Reviewed by: Anna, 2026\n{read}", "utf-8")
        before = live.answer("translations", CONTENT=content)
        assert "content.po: reviewed by nobody" not in before.text
        file = tmp_path / "behind" / "translations" / "en" / "LC_MESSAGES" / "content.po"
        more = '\nmsgid "Ny"\nmsgstr ""\n\nmsgid "Gå [her](/om/)"\nmsgstr "Go"\n'
        file.write_text(file.read_text("utf-8") + more, "utf-8")
        answer = live.answer("translations", CONTENT=content)
        assert answer.level is WARNING
        assert "en, content.po: 1 left out, since they would break a page, " in answer.text
        assert " are shown in Danish" in answer.text
        unread = live.answer("translations", CONTENT=str(NORDBY / "content"))
        assert "reviewed by nobody" in unread.text

    def test_wrong_content_is_a_failure(self, live: Live, tmp_path: Path) -> None:
        """With file and line."""
        folder = Path(shutil.copytree(live.settings["UDVEJ_CONTENT"], tmp_path / "content"))
        (folder / "kommune.toml").write_text("[kommune\n")
        answers = live.answers(CONTENT=str(folder))
        assert answers["facts"].level is FAILURE
        assert "kommune.toml:1: " in answers["facts"].text


class TestCommand:
    """`udvej ready`."""

    def test_prints_a_line_a_question_and_ends_with_1_where_one_fails(
        self, live: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Level, what it is about, what was found and what to do."""
        for key, value in live.settings.items():
            monkeypatch.setenv(key, value)
        live.changed = answering("/skriv/", "503 Service Unavailable", b"<p>Ring")
        assert cli.main(["ready"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(QUESTIONS)
        assert all(line.split()[0] in ("ok", "warning", "failure") for line in lines)
        assert [line for line in lines if line.startswith("failure  form          /skriv/ answers")]

    def test_gives_the_same_to_programs(
        self, live: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """As JSON; warnings alone end with 0."""
        monkeypatch.setattr("udvej.health._LEAST_FREE_BYTES", 0)
        monkeypatch.setattr("udvej.ready.machine._VOLATILE", ())
        for key, value in live.settings.items():
            monkeypatch.setenv(key, value)
        assert cli.main(["ready", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [one["question"] for one in found] == [question.name for question in QUESTIONS]
        assert {*found[0]} == {"question", "level", "text", "advice"}


def test_a_fact_that_is_an_example_fails(live: Live, content: Path) -> None:
    """No live site starts with it; it is counted where facts are asked for, and named."""
    path = content / "kommune.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace(FACTS.text("team.gade"), "Eksempelvej 1"), "utf-8")
    answer = live.answer("facts", CONTENT=str(content))
    assert (answer.level, answer.text) == (FAILURE, "1 are examples")
    assert f"{path}:" in answer.advice
    assert "gade: er kun et eksempel" in answer.advice


def test_who_receives_is_asked_of_what_is_published(live: Live, tmp_path: Path) -> None:
    """Referrals go there, until another content is published."""
    content = Path(shutil.copytree(live.settings["UDVEJ_CONTENT"], tmp_path / "own" / "content"))
    spoil(content / "kommune.toml", "[team]\n", '[team]\nmodtagere = ["ny@kommune.example"]\n')
    answer = live.answer("who can open", CONTENT=str(content), MAIL_TO="")
    assert f"the mails go to {FACTS['team']['mail']}" in answer.text


@pytest.mark.parametrize(
    ("written", "level"),
    [
        (None, WARNING),
        ("TELL_WEBHOOK=\nTELL_MAIL_TO=\n", WARNING),
        ("TELL_MAIL_TO=drift@kommune.example\n", OK),
    ],
)
def test_nobody_to_be_told_of_failures_is_a_warning(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str | None, level: Level
) -> None:
    """Else a service fails, and nobody hears of it."""
    path = tmp_path / "telling"
    monkeypatch.setattr("udvej.ready.machine.TELLING", path)
    if written is not None:
        path.write_text(written, "ascii")
    answer = live.answer("telling")
    assert (answer.level, bool(answer.advice)) == (level, level is WARNING)
