"""The processes of `udvej serve`: each that is killed is made again, and what they print."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.municipality import places
from support.patience import until
from support.road import Browser, Site
from support.running import held_port, lives
from support.visiting import FILLED_IN, TYPED, reference
from udvej.content.addresses import FORM


@pytest.fixture
def site(furnished: Path, tmp_path: Path) -> Iterator[Site]:
    """A demonstration that runs."""
    state = shutil.copytree(furnished, tmp_path / "state")
    settings = {**places(), "UDVEJ_STATE": str(state), "UDVEJ_PORT": str(held_port())}
    site = Site(settings, tmp_path / "printed")
    try:
        yield site
        assert site.stop() == 0
    finally:
        site.kill()


def test_each_process_that_is_killed_is_made_again(site: Site) -> None:
    """Two that answer and one that delivers; meanwhile the others go on."""
    (serving,) = {psutil.Process(int(child)).ppid() for child in site.children()}

    def running() -> set[int]:
        """Whatever thread made them."""
        children = psutil.Process(serving).children()
        return {each.pid for each in children if lives(each)}

    until(lambda: len(running()) == 3)
    for killed in sorted(running()):
        os.kill(killed, signal.SIGKILL)
        until(lambda killed=killed: len(running() - {killed}) == 3)  # type: ignore[misc]
        assert Browser(site.port).ask("GET", "/om/").status == 200
    browser = Browser(site.port)
    assert browser.send().location == FORM
    assert reference(browser.ask("GET", FORM).text)


LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ [\w.]+ event=.*")
TOLD = ("Udvej: ", "Demonstration: ", "It is kept in ")


def test_nothing_is_printed_but_what_begins_and_events(site: Site) -> None:
    """No line for a request, of ours or of a library; none that has another form."""
    browser = Browser(site.port)
    browser.ask("GET", "/findes-ikke/?ord=kvittering4711")
    assert browser.send(who="").location == FORM
    assert browser.send().location == FORM
    until(lambda: "event=sent" in site.printed())
    lines = site.printed().splitlines()
    assert [line for line in lines if not (line.startswith(TOLD) or LINE.fullmatch(line))] == []
    printed = site.printed()
    known = [FILLED_IN[name].split("\r\n")[0] for name in TYPED]
    assert [
        word for word in ("127.0.0.1 ", "kvittering4711", "GET", *known) if word in printed
    ] == []
