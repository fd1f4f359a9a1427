"""Publishing for several hosts by a real database: all of them show it, or none does.

What follows on each host runs in a thread here; `server/test_hosts.py` has it in real servers.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread

import pytest
from support.municipality import HEADING
from support.patience import PATIENCE, until
from support.postgres import Server
from support.road import furnish
from support.spoiling import spoil
from udvej.config import Config
from udvej.durations import MINUTE
from udvej.errors import ConfigError, StorageError, UdvejError
from udvej.publish import everywhere
from udvej.publish.freeze import freeze
from udvej.publish.generations import ALIVE_SECONDS, Generations
from udvej.publish.generations import Server as Known
from udvej.publish.hosts import servers_of, unwell
from udvej.publish.publishing import publish
from udvej.publish.sources import read, stamp
from udvej.publish.swap import PUBLISHED, Builds
from udvej.server.checked import Checked
from udvej.server.following import Follower, announced
from udvej.server.signalled import Signalled

CHANGED, LATER = "Her er hjælp", "Her er mere hjælp"


@dataclass
class Host:
    """A host whose servers would show what the link of its state folder leads to.

    Attributes:
        config: of its site.
        follower: answers and takes up what is published.
        looks: cleared while it hangs.
    """

    config: Config
    follower: Follower = field(init=False)
    looks: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        """With a name of its own."""
        self.follower = Follower(self.config, self.config.state.parent.name)
        self.looks.set()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Until the end, unless it hangs."""
        stop = Signalled()

        def follow() -> None:
            while not stop.wait(0.02):
                if self.looks.is_set():
                    self.follower.look()

        with announced([self.follower], stop):
            thread = Thread(target=follow, daemon=True)
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join(PATIENCE)

    def says(self, old: str, new: str) -> None:
        """Change the heading of a page in its content folder."""
        spoil(self.config.content / "om.md", f"# {old}", f"# {new}")

    def shown(self) -> str:
        """The heading that its servers show."""
        page = (Builds(self.config.state).current / "www" / "om" / "index.html").read_text("utf-8")
        return page.partition("<h1>")[2].partition("</h1>")[0]


@pytest.fixture
def hosts(
    settings: dict[str, str], content: Path, tmp_path: Path, postgresql: Server
) -> Iterator[tuple[Host, Host]]:
    """Two, which begin with the same."""
    postgresql.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    made: list[Host] = []
    for name in ("one", "other"):
        folder = tmp_path / name
        shutil.copytree(content, folder / "content")
        shutil.copytree(content.with_name("translations"), folder / "translations")
        environ = settings | {
            "UDVEJ_STATE": str(folder / "state"),
            "UDVEJ_CONTENT": str(folder / "content"),
            "UDVEJ_DATABASE": postgresql.url,
        }
        furnish(environ)
        made.append(Host(Config.from_environ(environ)))
        Checked.at_start(made[-1].config)
    yield made[0], made[1]
    Generations.of(made[0].config).close()


@pytest.fixture
def alive(hosts: tuple[Host, Host]) -> Iterator[tuple[Host, Host]]:
    """Both follow."""
    with ExitStack() as running:
        for host in hosts:
            running.enter_context(host.following())
        until(lambda: len([one for one in servers(hosts[0]) if one.shows]) == 2)
        yield hosts


def servers(host: Host) -> Sequence[Known]:
    """What the database knows."""
    return servers_of(host.config)[1]


def test_both_show_what_one_publishes_and_what_the_other_undoes(alive: tuple[Host, Host]) -> None:
    """And forward again; where nothing has changed nothing is done."""
    one, other = alive
    one.says(HEADING, CHANGED)
    outcome = publish(one.config)
    assert (outcome.done, outcome.changes.changed) == (True, ("/om/",))
    assert [host.shown() for host in alive] == [CHANGED] * 2
    assert not publish(one.config).done
    undone = publish(other.config, undo=True)
    assert (undone.done, undone.again) == (True, False)
    assert [host.shown() for host in alive] == [HEADING] * 2
    assert publish(one.config).withheld
    forward = publish(one.config, undo=True)
    assert (forward.done, forward.again) == (True, True)
    assert [host.shown() for host in alive] == [CHANGED] * 2
    assert [*unwell(*servers_of(one.config))] == []


def test_what_one_refuses_none_shows(
    alive: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named; and what all find good is shown after that."""
    one, other = alive
    monkeypatch.setattr(other.follower, "_judged", lambda _: "UDVEJ_TEAM_CERTIFICATE: gone")
    one.says(HEADING, CHANGED)
    with pytest.raises(UdvejError, match="UDVEJ_TEAM_CERTIFICATE: gone"):
        publish(one.config)
    assert [host.shown() for host in alive] == [HEADING] * 2
    monkeypatch.undo()
    assert publish(one.config).done
    assert [host.shown() for host in alive] == [CHANGED] * 2


def test_while_one_does_not_answer_none_shows_it(
    alive: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it lives, and nothing else."""
    monkeypatch.setattr(everywhere, "_PATIENCE_SECONDS", 0.5)
    one, other = alive
    other.looks.clear()
    one.says(HEADING, CHANGED)
    with pytest.raises(UdvejError, match="svarer ikke"):
        publish(one.config)
    assert [host.shown() for host in alive] == [HEADING] * 2


def test_whoever_is_silent_or_shows_something_else_is_named() -> None:
    """As `status` and `ready` say it; who shows what is published is not."""
    well = Known("1", "a:8000", shows="new")
    other = replace(well, name="b:8000", shows="old")
    silent = replace(well, name="c:8000", silent=ALIVE_SECONDS)
    assert [answer.text for answer in unwell("new", [well, other, silent])] == [
        "b:8000 does not show what is published",
        f"c:8000 has not been heard for {ALIVE_SECONDS / MINUTE:.0f} minutes",
    ]


def test_a_host_whose_web_server_shows_something_else_does_not_say_that_it_shows_it(
    hosts: tuple[Host, Host],
) -> None:
    """It lets the web server take it up, also where only its own pages had changed so far."""
    one, other = hosts
    front, builds = other.config.state.with_name("front"), Builds(other.config.state)
    freeze(other.config, front)
    builds.note_front(front)
    one.says(HEADING, CHANGED)
    with one.following():
        until(lambda: bool(servers(one)))
        publish(one.config)
    Checked.of(other.config)
    assert other.shown() == CHANGED
    assert not builds.are_at(builds.asked(everywhere.served(other.config), ""))
    other.follower.look()
    assert builds.are_at(builds.asked(everywhere.served(other.config), ""))
    assert (other.config.state / PUBLISHED).exists()
    assert {each.id: each.shows for each in servers(one)}["other"] == stamp(read(one.config))


def test_a_host_on_which_nginxs_pages_cannot_be_read_goes_on_answering(
    hosts: tuple[Host, Host],
) -> None:
    """What is published next is there for nginx again."""
    one, other = hosts
    front = other.config.state.with_name("front")
    freeze(other.config, front)
    Builds(other.config.state).note_front(front)
    (front / "sources" / "content" / "large").write_bytes(bytes(17 * 2**20))
    with one.following(), other.following():
        until(lambda: len(servers(one)) == 2)
        one.says(HEADING, CHANGED)
        assert publish(one.config).done
    assert f"<h1>{CHANGED}</h1>" in (front / "www" / "om" / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_one_that_is_silent_of_a_sudden_stops_it_and_then_is_left_out(
    alive: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its host lost its power amid it; `status` says who has not been heard."""
    one, other = alive
    other.looks.clear()
    heard = []
    servers = Generations.servers

    def silent(self: Generations) -> Sequence[Known]:
        heard.append(1)
        gone = ALIVE_SECONDS if len(heard) > 2 else 0.0
        return [
            replace(each, silent=gone) if each.id == "other" else each for each in servers(self)
        ]

    monkeypatch.setattr(Generations, "servers", silent)
    one.says(HEADING, CHANGED)
    with pytest.raises(UdvejError, match="svarer ikke"):
        publish(one.config)
    (told,) = unwell(*servers_of(one.config))
    assert "has not been heard" in told.text
    assert one.shown() == HEADING
    assert publish(one.config).done
    assert one.shown() == CHANGED
    assert other.shown() == HEADING


@pytest.mark.slow
def test_a_host_that_was_away_begins_with_what_is_published(hosts: tuple[Host, Host]) -> None:
    """Whatever its own folder says; and so does nginx's copy."""
    one, other = hosts
    one.says(HEADING, CHANGED)
    other.says(HEADING, LATER)
    with one.following():
        until(lambda: bool(servers(one)))
        publish(one.config)
    assert Checked.at_start(other.config).services.content
    assert other.shown() == CHANGED
    assert stamp(read(everywhere.served(other.config))) == stamp(read(one.config))


def test_a_server_that_was_lost_and_is_back_is_named_no_more(
    hosts: tuple[Host, Host], postgresql: Server
) -> None:
    """Another that is lost still is; of two that live under one name neither hides the other."""
    with closing(Generations.of(hosts[0].config)) as generations:
        for before in (Known("a", "one:8000"), Known("b", "other:8000")):
            generations.announce(before)
        postgresql.ask(f"UPDATE udvej.servers SET seen = seen - {2 * ALIVE_SECONDS}")
        for back in (Known("c", "other:8000"), Known("d", "other:8000")):
            generations.announce(back)
        assert {one.id: one.lives for one in generations.servers()} == {
            "a": False,
            "c": True,
            "d": True,
        }


def test_one_publishes_at_a_time_and_what_a_killed_one_asked_lapses(
    alive: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one waits for its turn; nothing that was not agreed to is shown."""
    monkeypatch.setattr("udvej.publish.generations.ALIVE_SECONDS", PATIENCE)
    one, _ = alive
    generations = Generations.of(one.config)
    one.says(HEADING, CHANGED)
    assert generations.ask(read(one.config), "killed")
    monkeypatch.setattr(everywhere, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(StorageError, match="en anden er i gang"):
        publish(one.config)
    generations.withdraw("killed")  # as ten seconds do
    with pytest.raises(StorageError, match="took too long"):
        generations.agree("killed", "")
    assert [host.shown() for host in alive] == [HEADING] * 2
    monkeypatch.undo()
    assert publish(one.config).done


def test_what_one_municipality_publishes_no_other_is_asked(
    settings: dict[str, str], postgresql: Server
) -> None:
    """They share a database, and each has a schema of its own."""
    config = Config.from_environ(settings | {"UDVEJ_DATABASE": postgresql.url})
    for name in ("nordby", "sydby"):
        postgresql.ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")
    one, other = (Generations.of(replace(config, name=name)) for name in ("nordby", "sydby"))
    sources = read(config)
    one.begin_with(sources)
    assert one.ask(sources, "number")
    one.announce(Known("id", "host:8000", stamp(sources)))
    assert (one.published().current, one.published().number) == (stamp(sources), "number")
    assert (other.published().current, other.published().number) == ("", "")
    assert not other.servers()
    one.close()


def test_what_cannot_be_published_is_said(hosts: tuple[Host, Host]) -> None:
    """There is nothing to go back to; or somebody put a film into the folder."""
    config = hosts[0].config
    with pytest.raises(ConfigError, match="ikke noget at gå tilbage til"):
        publish(config, undo=True)
    (config.content / "stor.md").write_bytes(bytes(17 * 2**20))
    with pytest.raises(ConfigError, match="take more than 16 MiB"):
        publish(config)
