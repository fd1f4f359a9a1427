"""What tests share: a copy of the content to spoil, and the site on top of it, and a browser."""

import gc
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from support import memoized, postgres
from support.browser import Served, chromium, served
from support.clock import Clock
from support.mailserver import SENDER, TEAM, Authority
from support.municipality import NORDBY, as_shipped, demonstration
from support.patience import PATIENCE
from support.places import ENGINES, Place
from udvej.config import Config
from udvej.content.editions import Content
from udvej.database import Database
from udvej.languages import DANISH, set_language
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.keys import TeamKey
from udvej.outbox.table import Outbox
from udvej.publish.freeze import freeze
from udvej.publish.turns import turn
from udvej.services import Services, load_content
from udvej.web.app import create_app
from xdist.workermanage import NodeManager

_SLOW_SECONDS: Final = 3600
_NETWORKS: Final = count()
_LONG: Final = frozenset(("browser", "deploy", "faults", "ready", "real_content", "server"))
_MEMORY: Final = Path("/dev/shm")
_MEMORY_BYTES: Final = 2 * 2**30


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does: what fixtures have begun they end.

    A worker that is asked to end is interrupted after five seconds, and killed by pytest-xdist
    after ten: too early for fixtures on a busy machine. Processes that a shell starts in the
    background inherit an ignored SIGINT, which this undoes.
    """
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    NodeManager.EXIT_TIMEOUT = int(PATIENCE)
    if "TMPDIR" not in os.environ and _has_room(_MEMORY):
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


def _has_room(memory: Path) -> bool:
    """Whether a run can have its files in memory; on a disk they take a sixth of its time."""
    if not os.access(memory, os.W_OK):
        return False
    there = os.statvfs(memory)
    runs_programs = not there.f_flag & os.ST_NOEXEC
    return runs_programs and there.f_bavail * there.f_frsize > _MEMORY_BYTES


def pytest_xdist_auto_num_workers() -> int:
    """Five workers for two cores: more than a third of the time a test waits for a process."""
    return 5 * len(os.sched_getaffinity(0)) // 2


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whatever asks for a PostgreSQL server is heavy."""
    if isinstance(item, pytest.Function) and "postgresql" in item.fixturenames:
        item.add_marker(pytest.mark.heavy)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, and end with what takes moments.

    So no worker is left alone with a long one. Within each of the three all come in any order.

    What is marked as slow has its time however it is called, and not the two minutes of the others.
    """
    heavy = {item.path for item in items if item.get_closest_marker("heavy")}
    items.sort(key=lambda item: (_LONG.isdisjoint(item.path.parts), item.path not in heavy))
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, bool | None, bool | None]:
    """Keep the collected tests, which stay, out of garbage collection: 5 % of a run."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees what another has set: environment, language, and the logging of a command."""
    set_language(DANISH)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    cache = tmp_path_factory.getbasetemp() / "cache"
    with patch.dict(os.environ, {"LANG": "C.UTF-8", "XDG_CACHE_HOME": str(cache)}):
        for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
            os.environ.pop(name, None)
        yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all workers of a run, for what any of them makes and none changes."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def the_same_once(shared: Path) -> Iterator[None]:
    """What is the same for many tests is worked out once in each of their processes."""
    with memoized.the_same(shared):
        yield


@pytest.fixture(autouse=True)
def keys_made_once(shared: Path) -> Iterator[None]:
    """A new key takes a second; no two of one test are the same."""
    with memoized.keys_made(shared):
        yield


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of Nordby's pages and facts that a test may change, its translations next to it."""
    shutil.copytree(NORDBY, tmp_path, dirs_exist_ok=True)
    return tmp_path / "content"


@pytest.fixture
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pages that `udvej new` copies, which are Nordby's."""
    with as_shipped(tmp_path_factory.mktemp("shipped")) as content:
        yield content


@pytest.fixture(scope="session")
def furnished(shared: Path) -> Path:
    """A state folder with a demonstration's keys, which take a while to make."""
    state = shared / "furnished"
    with turn(shared / "furnished.lock"):
        state.mkdir(exist_ok=True)
        Demonstration.prepare(state)
    return state


@pytest.fixture
def config(tmp_path: Path, content: Path, furnished: Path) -> Config:
    """A demonstration in a folder of its own."""
    state = Path(shutil.copytree(furnished, tmp_path / "state"))
    return demonstration(state, content)


@pytest.fixture
def settings(tmp_path: Path, content: Path, team: TeamKey) -> dict[str, str]:
    """The settings of a live site, whose mail server is not started yet."""
    state, certificate = tmp_path / "live", tmp_path / "team-certificate.pem"
    state.mkdir()
    certificate.write_bytes(team.certificate_pem())
    return {
        "UDVEJ_STATE": str(state),
        "UDVEJ_CONTENT": str(content),
        "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example",
        "UDVEJ_SECRET_KEY": "hemmelig" * 8,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "localhost",
        "UDVEJ_MAIL_TO": TEAM,
        "UDVEJ_MAIL_FROM": SENDER,
    }


@pytest.fixture(scope="session")
def unchanged() -> Content:
    """What Nordby's pages say, read and rendered once."""
    return load_content(demonstration(Path()))


@pytest.fixture(scope="session")
def frozen_pages(furnished: Path, shared: Path) -> Path:
    """The same as files, made by the worker that asks first; to be read only."""
    return freeze(demonstration(furnished), shared / "pages")


@pytest.fixture
def services(config: Config, unchanged: Content) -> Services:
    """The site's parts; what a test changes in `content` they do not take up."""
    services = Services.open(config)
    services.content = unchanged
    return services


@pytest.fixture
def app(services: Services) -> Flask:
    """The site."""
    return create_app(services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor, over HTTPS as cookies want it."""
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


@pytest.fixture(scope="session")
def standing(
    furnished: Path, unchanged: Content, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    """One site for all tests that take no notice of what others send it; it takes long to make."""
    state = Path(shutil.copytree(furnished, tmp_path_factory.mktemp("standing") / "state"))
    services = Services.open(demonstration(state))
    services.content = unchanged
    return create_app(services)


@pytest.fixture
def passer_by(standing: Flask) -> FlaskClient:
    """A visitor there, in a network of their own: nothing that is counted of others is theirs."""
    client = standing.test_client()
    client.environ_base |= {
        "wsgi.url_scheme": "https",
        "REMOTE_ADDR": str(ip_address("10.0.0.1") + 256 * next(_NETWORKS)),
    }
    return client


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server for all tests of a worker."""
    with postgres.serving() as server:
        yield server


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where nothing is kept yet: once for each engine."""
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    server.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    place = Place(tmp_path, server.url)
    yield place
    place.forget()


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """An empty database, once for each engine."""
    database = place.open()
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that a test moves."""
    return Clock()


@pytest.fixture
def outbox(database: Database, clock: Clock) -> Outbox:
    """An empty outbox, on the clock that the test moves."""
    return Outbox(database, clock)


@pytest.fixture(scope="session")
def team() -> TeamKey:
    """The key that opens referrals."""
    return TeamKey.make("team@exit.example")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of the mail servers' certificates."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def site(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site over HTTPS, which takes whatever all tests of a worker send from one address."""
    state = shutil.copytree(furnished, tmp_path_factory.mktemp("site") / "state")
    with served(Path(state), limits=("1000/hour", "1000/hour")) as site:
        yield site
