"""`udvej serve` and what stands before it, renewed and stopped while people use it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest
from faults.test_stopped import TIMES, settings, states
from support.front import Ports, standing
from support.mailserver import Authority, Faults, Hold, serving
from support.patience import PATIENCE, until
from support.road import Road, Site, furnish, laid
from support.running import ended, held_port, started
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.publish.freeze import freeze
from udvej.sqlite import SQLite

_VISITORS = 4
# Between two requests of a visitor, who would else take the processors from those who start.
_BREATH_SECONDS = 0.05


@dataclass
class Crowd:
    """Visitors who ask without end."""

    ask: Callable[[], int]
    answers: list[object] = field(default_factory=list)

    @contextmanager
    def coming(self) -> Iterator[None]:
        """All the while."""
        over = Event()

        def visit() -> None:
            while not over.is_set():
                try:
                    self.answers.append(self.ask())
                except OSError as error:
                    self.answers.append(error)
                over.wait(_BREATH_SECONDS)

        visitors = [Thread(target=visit, daemon=True) for _ in range(_VISITORS)]
        for visitor in visitors:
            visitor.start()
        try:
            yield
        finally:
            over.set()
            for visitor in visitors:
                visitor.join(PATIENCE)

    def more(self, number: int = 20) -> None:
        """Wait until so many more were answered."""
        wanted = len(self.answers) + number
        until(lambda: len(self.answers) >= wanted)


def behind_nginx(folder: Path, authority: Authority, team: TeamKey) -> AbstractContextManager[Road]:
    """The road as it is set up behind a web server: visitors of one network wait for each other."""
    return laid("starttls", folder, authority, team, UDVEJ_PROXIES="1")


def test_a_reload_under_load_loses_no_request(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """SIGHUP gives new workers, one after the other; each visitor is answered, senders too."""
    with behind_nginx(tmp_path, authority, team) as road, ExitStack() as running:
        pages = tmp_path / "site"
        freeze(Config.from_environ(road.site.settings), pages)
        ports = Ports.free(site=road.site.port)
        front = running.enter_context(standing(ports, pages, tmp_path / "nginx"))
        crowd = Crowd(lambda: front.ask("GET", FORM).status)
        senders = Crowd(lambda: front.ask("POST", FORM, b"x=y").status)
        with crowd.coming(), senders.coming():
            crowd.more()
            for _ in range(2):
                before = road.site.children()
                road.site.reload()
                until(lambda: len(before & road.site.children()) == 1)  # noqa: B023 (waited for)
                until(lambda: len(road.site.children()) == len(before))  # noqa: B023 (likewise)
                senders.more()
        assert {*crowd.answers} == {200}
        assert {*senders.answers} == {303}  # told about cookies by the application
        assert road.site.stop() == 0


def test_an_upgrade_behind_nginx_loses_no_request(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """A second site stands in while the first is stopped and started; what is sent too."""
    with behind_nginx(tmp_path, authority, team) as road, ExitStack() as running:
        config, ports = Config.from_environ(road.site.settings), Ports.free(site=road.site.port)
        pages = tmp_path / "site"
        freeze(config, pages)
        front = running.enter_context(standing(ports, pages, tmp_path / "nginx"))

        def started(port: int) -> Site:
            settings = {**road.site.settings, "UDVEJ_PORT": str(port)}
            site = Site(settings, tmp_path / f"printed{port}", "--without-delivery")
            running.callback(site.kill)
            assert len(site.children()) == 2  # the workers alone
            return site

        crowd = Crowd(lambda: front.ask("GET", FORM).status)
        senders = Crowd(lambda: front.ask("POST", "/forlad/", b"x=y").status)
        with crowd.coming(), senders.coming():
            crowd.more()
            spare = started(ports.spare)
            assert road.site.stop() == 0
            crowd.more()
            again = started(ports.site)
            assert spare.stop() == 0
            senders.more()
            assert again.stop() == 0  # now there is none, and they are told so
            crowd.more()
        statuses = [*crowd.answers, *senders.answers]
        assert {*statuses} == {200, 503}
        first = crowd.answers.index(503)
        assert {*crowd.answers[:first]} == {200}
        assert {*senders.answers} == {200}  # leaving works all the same


def test_a_delivery_in_hand_ends_when_the_stop_comes_right_after_the_start(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """Wherever the web workers are then; what waits is left for the next start."""
    hold, state = Hold(), tmp_path / "state"
    state.mkdir()
    database = SQLite(state)
    for number in (b"a", b"b"):
        Outbox(database).accept(number, "AAA-AAA", lambda n: Sealed(b"x" * 99, f"{n:032}"))
    database.close()
    with serving(authority.context(), faults=Faults(hold=hold)) as server:
        environ = {**settings(tmp_path, server, authority, team), "UDVEJ_PORT": str(held_port())}
        with serve(environ) as process:
            assert hold.arrived()
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            hold.end()
            assert process.wait(PATIENCE) == 0
        assert server.mails.qsize() == 1
    assert states(state) == [(1, "sent"), (2, "waiting")]


@contextmanager
def serve(environ: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """`udvej serve`, not waited for."""
    others = {key: value for key, value in os.environ.items() if "UDVEJ_" not in key}
    furnish(environ)
    command = [sys.executable, "-m", "udvej", "serve"]
    process = started(command, env={**others, **environ}, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        ended(process)


# A worker as the server makes them: forked from a process that takes SIGTERM in its own way.
_FORKED = """
import os, signal, sys, time
from udvej.server.granian import reset_signals_in_workers

signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
if "with" in sys.argv:
    reset_signals_in_workers()
for _ in range(200):
    ready, begun = os.pipe()
    if not (worker := os.fork()):
        signal.alarm(60)  # so that none is ever left behind
        os.write(begun, b"x")
        while True:  # a signal just before `signal.pause` is only noted, and the pause never ends
            time.sleep(0.01)
    if "later" in sys.argv:
        os.read(ready, 1)
    os.kill(worker, signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
    os.close(ready), os.close(begun)
"""


@pytest.mark.parametrize(
    ("arguments", "ends"),
    [(["with", "at once"], -signal.SIGTERM), (["with", "later"], -signal.SIGTERM), (["later"], 7)],
)
def test_a_worker_that_still_prepares_is_stopped_by_sigterm(
    arguments: list[str], ends: int
) -> None:
    """However soon it comes; without our doing it would be taken as the first process takes it."""
    ran = subprocess.run(
        [sys.executable, "-c", _FORKED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert ran.stdout.split() == [str(ends)] * 200


@pytest.mark.parametrize("_time", TIMES)
def test_a_stop_while_the_workers_begin_leaves_no_process_behind(
    _time: int, tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """As soon as there is one beside the delivery."""
    with serving(authority.context()) as server:
        environ = {**settings(tmp_path, server, authority, team), "UDVEJ_PORT": str(held_port())}
        with serve(environ) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            until(lambda: len(children.read_text("ascii").split()) > 1)
            made = children.read_text("ascii").split()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert [pid for pid in made if Path("/proc", pid).exists()] == []
