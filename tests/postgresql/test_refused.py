"""What a server refuses is named by its setting and what to do, and passes or not."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import Pipe, get_context

import pytest
from support import postgres
from support.letters import draft
from support.patience import PATIENCE, until
from support.places import ON_POSTGRESQL, Place
from udvej.errors import ConfigError, StorageError, UdvejError
from udvej.intake.drafts import Drafts
from udvej.outbox.sealed import Sealed
from udvej.outbox.table import Outbox
from udvej.postgresql.connections import engine
from udvej.postgresql.kept import PostgreSQL

pytestmark = ON_POSTGRESQL

PASSWORD = "hemmeligt"


@pytest.fixture
def role(postgresql: postgres.Server, place: Place) -> Iterator[Callable[..., str]]:
    """Makes a user, and gives the URL for it."""
    assert place.url
    postgresql.ask("DROP DATABASE IF EXISTS theirs")
    postgresql.ask("DROP ROLE IF EXISTS theirs")

    def make(options: str = "", password: str = PASSWORD, *, owns: bool = True) -> str:
        postgresql.ask(f"CREATE ROLE theirs LOGIN PASSWORD '{PASSWORD}' {options}")
        postgresql.ask(f"CREATE DATABASE theirs {'OWNER theirs' if owns else ''}")
        return f"postgresql+psycopg://theirs:{password}@/theirs?host={postgresql.folder}"

    yield make
    for url in urls:
        engine(url).pool.dispose()
    urls.clear()


urls: set[str] = set()


def refusal(url: str, kind: type[UdvejError]) -> str:
    """What is said of a start with it, by a site that keeps its password to itself."""
    urls.add(url)
    with closing(PostgreSQL(url, "udvej")) as database, pytest.raises(UdvejError) as raised:
        Outbox(database)
    assert raised.type is kind
    causes = f"{raised.value!r}{raised.value.__cause__!r}"
    assert PASSWORD not in causes
    return str(raised.value)


def test_a_user_who_owns_the_database_keeps_things_in_it(role: Callable[..., str]) -> None:
    """With the password; the schema is made for them, and found the next time."""
    url = role()
    urls.add(url)
    for _ in range(2):
        with closing(PostgreSQL(url, "udvej")) as database:
            assert Outbox(database).status().last == 0


def test_a_wrong_password_is_named(role: Callable[..., str]) -> None:
    """Not the password."""
    told = refusal(role(password="forkert"), ConfigError)
    assert told == "UDVEJ_DATABASE: it does not take the password of this user"


def test_a_missing_password_is_named(role: Callable[..., str]) -> None:
    """And where it is written."""
    told = refusal(role().replace(f":{PASSWORD}", ""), ConfigError)
    assert told == "UDVEJ_DATABASE: it wants a password; write it as USER:PASSWORD@"


def test_a_missing_database_is_named(role: Callable[..., str]) -> None:
    """With the command that makes it."""
    told = refusal(role().replace("/theirs?", "/nobodys?"), ConfigError)
    assert told.startswith("UDVEJ_DATABASE: it has no such database; make it: createdb ")


def test_a_user_who_may_make_nothing_is_named(role: Callable[..., str]) -> None:
    """With the command that helps."""
    told = refusal(role(owns=False), ConfigError)
    assert "ALTER DATABASE … OWNER TO …" in told


def test_a_standby_is_named(role: Callable[..., str]) -> None:
    """Or whatever else can only be read."""
    url = role()
    with postgres.connect(url) as connection:
        connection.execute("ALTER ROLE theirs SET default_transaction_read_only = on")
    told = refusal(url, ConfigError)
    assert told.startswith("UDVEJ_DATABASE: it is read-only, as a standby is; name the primary")


@pytest.mark.parametrize("options", ["CONNECTION LIMIT 1", "", "SUPERUSER"])
def test_a_server_without_a_free_connection_is_named_and_may_have_one_later(
    options: str, role: Callable[..., str], postgresql: postgres.Server
) -> None:
    """When another process ends; by the user's limit, by the server's, and up to its reserve."""
    url = role(options)
    with postgresql.exhausted(url):
        told = refusal(url, StorageError)
    assert "it has no connection left; raise max_connections" in told
    with closing(PostgreSQL(url, "udvej")) as database:
        assert Outbox(database).status().waiting == 0


def test_a_server_that_is_not_there_is_named_and_may_come_later(place: Place) -> None:
    """By a socket that nobody listens on."""
    url = f"postgresql+psycopg://udvej:{PASSWORD}@/udvej?host={place.state}"
    assert "it cannot be reached; see that it runs" in refusal(url, StorageError)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_has_said_is_kept_is_refused(
    setting: str, place: Place, postgresql: postgres.Server
) -> None:
    """Nobody would be acknowledged in vain only as long as nothing crashes."""
    postgresql.ask(f"ALTER SYSTEM SET {setting} = off")
    postgresql.ask("SELECT pg_reload_conf()")
    try:
        until_it_is(postgresql, setting, "off")
        assert f"the server has {setting} = off" in refusal(place.url, ConfigError)
    finally:
        postgresql.ask(f"ALTER SYSTEM RESET {setting}")
        postgresql.ask("SELECT pg_reload_conf()")
        until_it_is(postgresql, setting, "on")


def until_it_is(server: postgres.Server, setting: str, value: str) -> None:
    """Wait until the server has read its configuration."""
    until(lambda: server.ask(f"SHOW {setting}") == [(value,)])


def test_a_newer_version_is_named_and_left_alone(place: Place, postgresql: postgres.Server) -> None:
    """A program that does not know what is in it could lose it."""
    with closing(place.open()) as database:
        Outbox(database)
    postgresql.ask("UPDATE udvej.versions SET version = 99 WHERE part = 'udvej'")
    told = refusal(place.url, ConfigError)
    assert told == "UDVEJ_DATABASE: a newer version of Udvej has made the database; run that one"
    assert postgresql.ask("SELECT version FROM udvej.versions") == [(99,)]


def by_default(url: str, name: str, value: str) -> None:
    """Set what the server sets for each connection of this user."""
    urls.add(url)
    with postgres.connect(url) as connection:
        connection.execute(f"ALTER ROLE theirs SET {name} = {value}")


@pytest.mark.parametrize("default", ["off", "local"])
def test_a_commit_is_durable_whatever_the_server_s_default(
    default: str, role: Callable[..., str]
) -> None:
    """And everything that waits has an end."""
    url = role()
    by_default(url, "synchronous_commit", default)
    shown = ("synchronous_commit", "lock_timeout", "statement_timeout")
    with closing(PostgreSQL(url, "udvej")) as database, database.transaction() as connection:
        found = [connection.exec_driver_sql(f"SHOW {each}").scalar() for each in shown]
    assert found == ["on", "5s", "8s"]


def test_many_at_once_get_their_numbers_whatever_the_server_s_default(
    role: Callable[..., str],
) -> None:
    """One behind the other, where a stricter isolation would refuse whoever had to wait."""
    url = role()
    by_default(url, "default_transaction_isolation", "serializable")
    with closing(PostgreSQL(url, "udvej")) as database, ThreadPoolExecutor(4) as people:
        theirs = Outbox(database)
        keys = [str(n) for n in range(40)]
        sent = people.map(
            lambda key: theirs.accept(key.encode(), key, lambda n: Sealed(b"x", str(n))),
            keys,
            timeout=PATIENCE,
        )
        assert [*sent] == keys
        assert theirs.status().last == len(keys)


def test_what_others_hold_is_waited_for_and_no_longer_than_that(
    outbox: Outbox, postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is kept, and nothing acknowledged."""
    outbox.accept(b"a", "AAA-AAA", lambda n: Sealed(b"x", str(n)))
    monkeypatch.setattr("udvej.postgresql.bounded._SETTINGS", "SET lock_timeout = '100ms'")
    outbox.close()
    with postgres.connect(postgresql.url) as other:
        other.execute("SELECT * FROM udvej.numbers FOR UPDATE")
        with pytest.raises(StorageError, match="another transaction held the rows for too long"):
            outbox.accept(b"b", "BBB-BBB", lambda n: Sealed(b"x", str(n)))
    assert outbox.status().last == 1
    assert outbox.accept(b"b", "BBB-BBB", lambda n: Sealed(b"x", str(n))) == "BBB-BBB"
    outbox.close()


def test_a_server_that_says_nothing_is_given_up(
    outbox: Outbox, postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs, or its network is gone; when it answers again all goes on."""
    monkeypatch.setattr("udvej.postgresql.bounded.PATIENCE", 0.3)
    with postgresql.paused(), pytest.raises(StorageError):
        outbox.accept(b"a", "AAA-AAA", lambda n: Sealed(b"x", str(n)))
    monkeypatch.undo()
    assert outbox.accept(b"a", "AAA-AAA", lambda n: Sealed(b"x", str(n))) == "AAA-AAA"
    assert (outbox.status().waiting, outbox.status().last) == (1, 1)


def test_drafts_are_in_no_log_and_gone_after_a_crash(
    place: Place, postgresql: postgres.Server
) -> None:
    """Referrals are not."""
    drafts = Drafts(place.open("drafts", durable=False))
    outbox = Outbox(place.open())
    outbox.accept(b"a", "AAA-AAA", lambda n: Sealed(b"x", str(n)))
    key = drafts.keep(draft(name="Sofie"))
    assert drafts.open(key) == draft(name="Sofie")
    postgresql.kill()
    postgresql.start()
    assert drafts.open(key) is None
    assert outbox.status().waiting == 1
    for persistence, names in (("u", {"drafts"}), ("p", {"referrals", "numbers", "receipts"})):
        found = postgresql.ask(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            f" AND relnamespace = 'udvej'::regnamespace AND relpersistence = '{persistence}'"
        )
        assert names <= {name for (name,) in found}


def test_hosts_that_start_together_make_one_schema_and_one_series(place: Place) -> None:
    """Each of them finds it made, or makes it."""
    with ThreadPoolExecutor(8) as hosts:
        kept = [*hosts.map(lambda key: first(place, key), range(8), timeout=PATIENCE)]
    assert len({*kept}) == 8
    with closing(place.open()) as database:
        assert Outbox(database).status().last == 8


def first(place: Place, key: int) -> str:
    """Start, and keep one."""
    return Outbox(place.open()).accept(b"%d" % key, f"{key}", lambda n: Sealed(b"x", str(n)))


def test_no_connection_lives_through_a_fork(outbox: Outbox, postgresql: postgres.Server) -> None:
    """A child connects by itself, and the parent's answers are not read by it."""

    def answers() -> int:
        with outbox.database.reading() as connection:
            return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

    parent = answers()
    here, there = Pipe(duplex=False)
    with here, there:
        # It never returns into this test, even where it fails.
        child = get_context("fork").Process(target=lambda: there.send(answers()))
        child.start()
        try:
            child.join(PATIENCE)
            assert child.exitcode == 0
        finally:
            child.kill()
        assert here.recv() != parent
    assert answers() == parent
    assert postgresql.process.poll() is None
