"""`udvej serve` and `udvej deliver` told to stop, and two web processes at once."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import IO

import pytest
from support.mailserver import SENDER, TEAM, Authority, Faults, Hold, Server, serving
from support.municipality import places
from support.patience import PATIENCE, until
from support.road import SECRET_KEY, Browser, laid
from support.running import ended, started
from support.visiting import FILLED_IN, fields, unhurried
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.sqlite import SQLite


def settings(
    folder: Path, server: Server, authority: Authority, team: TeamKey
) -> Mapping[str, str]:
    """Of a site that mails to a server without a password."""
    certificate = folder / "team-certificate.pem"
    certificate.write_bytes(team.certificate_pem())
    return {
        **places(),
        "UDVEJ_STATE": str(folder / "state"),
        "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example",
        "UDVEJ_SECRET_KEY": SECRET_KEY,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "localhost",
        "UDVEJ_MAIL_PORT": str(server.port),
        "UDVEJ_MAIL_CA": str(authority.file),
        "UDVEJ_MAIL_TO": TEAM,
        "UDVEJ_MAIL_FROM": SENDER,
    }


def states(state: Path) -> list[tuple[int, str]]:
    """Number and state of every referral that is kept."""
    with closing(sqlite3.connect(state / "udvej.sqlite3")) as connection:
        return connection.execute("SELECT number, state FROM referrals ORDER BY number").fetchall()


@contextmanager
def delivering(environ: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """`udvej deliver`, in a process of its own."""
    others = {key: value for key, value in os.environ.items() if "UDVEJ_" not in key}
    command = [sys.executable, "-m", "udvej", "deliver"]
    process = started(command, env={**others, **environ}, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        ended(process)


def test_sigterm_amid_a_delivery_lets_the_mail_in_hand_end_and_mails_nothing_twice(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """The other referral waits for the next start."""
    hold, state = Hold(), tmp_path / "state"
    state.mkdir()
    database = SQLite(state)
    for number in (b"a", b"b"):
        Outbox(database).accept(number, "AAA-AAA", lambda n: Sealed(b"x" * 99, f"{n:032}"))
    database.close()
    with serving(authority.context(), faults=Faults(hold=hold)) as server:
        environ = settings(tmp_path, server, authority, team)
        with delivering(environ) as process:
            assert hold.arrived()
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            hold.end()
            assert process.wait(PATIENCE) == 0
        assert server.mails.qsize() == 1
        assert states(state) == [(1, "sent"), (2, "waiting")]
        with delivering(environ) as process:
            until(lambda: states(state) == [(1, "sent"), (2, "sent")])
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        mails = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
    ids = [message_from_bytes(mail.content)["Message-ID"] for mail in mails]
    assert ids == [f"<{number:032}@kommune.example>" for number in (1, 2)]


def takes(turn: IO[bytes]) -> bool:
    """Take a file lock, unless somebody has it; whether it was taken."""
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_waited_for(lock: Path) -> bool:
    """Whether somebody waits for a file lock; "->" says so in proc_locks(5)."""
    inode = f":{lock.stat().st_ino} "
    held = Path("/proc/locks").read_text("ascii").splitlines()
    return any("->" in line and inode in line for line in held)


def test_sigterm_amid_an_accept_lets_the_referral_in_hand_be_kept_and_acknowledged(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Its turn comes after the signal; it is kept, once."""
    with laid("starttls", tmp_path, authority, team) as road, ThreadPoolExecutor(2) as apart:
        browser = Browser(road.site.port)
        filled_in = {**fields(browser.ask("GET", FORM).text), **FILLED_IN}
        lock, all_of_them = tmp_path / "state" / "udvej.lock", road.site.children()
        with lock.open("ab") as turn:
            until(lambda: takes(turn))
            answer = apart.submit(browser.ask, "POST", FORM, unhurried(filled_in))
            until(lambda: is_waited_for(lock))
            assert not answer.done()
            stopped = apart.submit(road.site.stop)
            until(lambda: road.site.children() < all_of_them)  # the delivery is stopped first
            assert not answer.done()
        assert answer.result(PATIENCE).location == FORM
        assert stopped.result(PATIENCE) == 0
        assert road.site.processes() == []
        kept = states(tmp_path / "state")
        assert [number for number, _ in kept] == [1]
        assert road.server.mails.qsize() == [state for _, state in kept].count("sent")


# How often what may hang at one time only is done: two times in `make test`, five in `make bench`.
TIMES = [0, 1, *(pytest.param(time, marks=pytest.mark.slow) for time in (2, 3, 4))]


@pytest.mark.parametrize("_time", TIMES)
def test_serve_stopped_right_after_its_first_answer_leaves_no_process_behind(
    _time: int, tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Several times, for it may hang at one of them."""
    with laid("starttls", tmp_path, authority, team) as road:
        assert road.site.stop() == 0
        assert road.site.processes() == []


def test_two_web_processes_at_once_give_numbers_without_gaps_or_doubles(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Every receipt is a referral, and every referral a mail."""
    with laid("starttls", tmp_path, authority, team) as road:

        def send(_turn: int) -> bool:
            browser = Browser(road.site.port)
            return browser.is_taken(browser.send())

        with ThreadPoolExecutor(8) as people:
            taken = [*people.map(send, range(24), timeout=PATIENCE)]
        assert taken == [True] * 24
        subjects = [message_from_bytes(road.mail().content)["Subject"] for _ in range(24)]
        until(lambda: {state for _, state in states(tmp_path / "state")} == {"sent"})
        assert road.site.stop() == 0
        assert road.server.mails.empty()
    assert sorted(subjects) == sorted(f"Henvendelse nr. {n}" for n in range(1, 25))
