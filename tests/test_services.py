"""The one composition: what settings become, and what they need for it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support import postgres
from support.letters import draft, referral
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.intake.drafts import Drafts
from udvej.outbox.keys import TeamKey
from udvej.outbox.mail import Relay
from udvej.outbox.moving import move
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.table import Outbox
from udvej.services import Services, load_content, referrals


def test_state_folder_is_made_for_its_owner_only(config: Config, tmp_path: Path) -> None:
    """With the folders above it, and once."""
    state = tmp_path / "var" / "lib" / "udvej"
    Services.open(replace(config, state=state))
    assert state.stat().st_mode & 0o777 == 0o700
    (state / "fil").touch()
    Services.open(replace(config, state=state))
    assert (state / "fil").exists()


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_a_state_folder_that_others_may_look_into_is_shut_to_them(
    config: Config, mode: int
) -> None:
    """It was made by hand; sealed referrals say when somebody wrote."""
    config.state.chmod(mode)
    Services.open(config)
    assert config.state.stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_shut_to_others_is_refused(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is somebody else's."""

    def refuse(*_: object) -> None:
        raise PermissionError

    config.state.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ConfigError) as refused:
        Services.open(config)
    assert str(refused.value) == "UDVEJ_STATE: others may look into it; chmod 700 it"


@pytest.mark.parametrize("name", ["fil", "fil/under", "x" * 300])
def test_a_state_folder_that_cannot_be_made_is_refused(
    config: Config, tmp_path: Path, name: str
) -> None:
    """By the setting's key, never its value."""
    (tmp_path / "fil").touch()
    with pytest.raises(ConfigError) as refused:
        Services.open(replace(config, state=tmp_path / name))
    assert str(refused.value).startswith("UDVEJ_STATE: the folder cannot be made (")
    assert str(tmp_path) not in str(refused.value)


def test_a_state_folder_that_cannot_be_written_is_refused(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first referral is lost."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigError) as refused:
        Services.open(config)
    assert str(refused.value) == "UDVEJ_STATE: the folder cannot be written; give it to this user"


def test_nothing_is_made_before_it_is_asked_for(config: Config, tmp_path: Path) -> None:
    """A delivery needs no certificate, and a site that only seals no mail server."""
    state = tmp_path / "ny"
    Services.open(replace(config, state=state, content=tmp_path / "er her ikke"))
    assert [*state.iterdir()] == []


def test_each_part_is_made_once(config: Config) -> None:
    """Web, health and drafts of a process share one connection."""
    services = Services.open(config)
    assert services.outbox is services.outbox
    assert services.health.outbox is services.outbox
    assert services.health.sealer is services.sealer


def test_a_live_site_has_no_demonstration(settings: dict[str, str]) -> None:
    """Neither its keys nor its inbox."""
    services = Services.open(Config.from_environ(settings))
    with pytest.raises(ConfigError, match="only a demonstration has an inbox here"):
        _ = services.demonstration
    assert services.secret_key == settings["UDVEJ_SECRET_KEY"]
    assert [path.name for path in Path(settings["UDVEJ_STATE"]).iterdir()] == []


def pragmas(part: Outbox | Drafts) -> Mapping[str, int]:
    """What SQLite says of the very connection that a part writes by."""
    names = ("synchronous", "secure_delete", "max_page_count", "page_size")
    with part.database.transaction(growing=True) as connection:
        return {
            name: int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in names
        }


OFF, FULL = 0, 2


def test_a_referral_that_is_acknowledged_is_on_the_disk(config: Config) -> None:
    """The composed outbox waits for the disk; drafts, which are typed again, do not."""
    services = Services.open(config)
    assert pragmas(services.outbox)["synchronous"] == FULL
    assert pragmas(services.drafts)["synchronous"] == OFF


def test_what_is_deleted_is_overwritten_in_both_databases(config: Config) -> None:
    """A draft is encrypted under a key of its own, and overwritten all the same."""
    services = Services.open(config)
    assert pragmas(services.outbox)["secure_delete"] == 1
    assert pragmas(services.drafts)["secure_delete"] == 1


def test_a_flood_is_bounded_in_both_databases_and_crowds_out_nothing_of_the_other(
    config: Config,
) -> None:
    """256 MiB of referrals and 64 MiB of drafts, in a file each."""
    services = Services.open(config)
    for part, mebibytes in ((services.outbox, 256), (services.drafts, 64)):
        said = pragmas(part)
        assert said["max_page_count"] * said["page_size"] == mebibytes * 2**20
    services.outbox.accept(b"key", "AAA-AAA", lambda _: Sealed(b"mark of a referral", "token"))
    services.drafts.keep(draft(name="Sofie"))
    files = {path.name: path.read_bytes() for path in config.state.glob("*.sqlite3*")}
    with_referrals = {name for name, content in files.items() if b"mark of a referral" in content}
    with_drafts = {name for name, content in files.items() if b"gAAAAA" in content}
    assert {name.partition(".")[0] for name in with_referrals} == {"udvej"}
    assert {name.partition(".")[0] for name in with_drafts} == {"drafts"}


@pytest.fixture
def transport(settings: dict[str, str], team: TeamKey, tmp_path: Path) -> dict[str, str]:
    """The settings of a site that seals for itself."""
    key = tmp_path / "server-key.pem"
    key.write_bytes(team.private_pem())
    others = {key: value for key, value in settings.items() if key != "UDVEJ_TEAM_CERTIFICATE"}
    return others | {"UDVEJ_SEALING": "transport", "UDVEJ_SERVER_KEY": str(key)}


def opener_of(services: Services) -> Opener | None:
    """What the carrier opens with."""
    carrier = services.carrier
    assert isinstance(carrier, Relay)
    return carrier._opener  # noqa: SLF001 (it is shown nowhere)


def test_each_way_of_sealing_reaches_every_part(
    settings: dict[str, str], transport: dict[str, str], team: TeamKey
) -> None:
    """Sealer, carrier and pages agree: what the one seals the other opens, or cannot."""
    smime = Services.open(Config.from_environ(settings))
    assert smime.sealer.scheme is smime.sealer.seal(referral(), 1).scheme is Scheme.SMIME
    assert opener_of(smime) is None
    both = Services.open(Config.from_environ(transport))
    sealed = both.sealer.seal(referral(), 1)
    assert both.sealer.scheme is sealed.scheme is Scheme.TRANSPORT
    opener = opener_of(both)
    assert opener is not None
    assert b"Henvendelse nr. 1" in opener.open(sealed)
    assert both.sealer.recipients.certificates == [team.certificate]


def test_a_live_site_seals_for_each_certificate_of_its_file(
    settings: dict[str, str], team: TeamKey
) -> None:
    """None is left out, and none of the demonstration's is among them."""
    deputy = TeamKey.make("vikar@exit.example")
    file = Path(settings["UDVEJ_TEAM_CERTIFICATE"])
    file.write_bytes(team.certificate_pem() + deputy.certificate_pem())
    sealer = Services.open(Config.from_environ(settings)).sealer
    assert sealer.recipients.certificates == [team.certificate, deputy.certificate]


def test_no_site_begins_in_a_database_while_referrals_are_left_in_the_file(
    settings: dict[str, str], postgresql: postgres.Server
) -> None:
    """Nobody would mail them, and their numbers would be given twice; `udvej move` takes them."""
    postgresql.ask("DROP SCHEMA IF EXISTS udvej CASCADE")
    before = Services.open(Config.from_environ(settings)).outbox
    now = Config.from_environ(settings | {"UDVEJ_DATABASE": postgresql.url})
    Services.open(now).outbox.close()  # nothing has ever been kept in the file
    before.accept(b"key", "reference", lambda number: Sealed(b"", f"{number:032}"))
    before.close()
    with pytest.raises(ConfigError, match=r"referrals are .* udvej move postgresql"):
        _ = Services.open(now).outbox
    move(referrals(Config.from_environ(settings)), referrals(now), "PostgreSQL")
    assert Services.open(now).outbox.status().last == 1


def test_health_looks_at_the_folder_that_is_written_to(config: Config) -> None:
    """Another disk may have room when this one has none."""
    assert Services.open(config).health.state == config.state


BOX = """

::: {name}
Kun for {name}.
:::
"""


def test_the_pages_speak_of_the_way_of_sealing_that_is_set(
    settings: dict[str, str], transport: dict[str, str], config: Config
) -> None:
    """In whatever pages name a box for it; a demonstration seals as S/MIME does."""
    page = Path(settings["UDVEJ_CONTENT"]) / "privatliv.md"
    text = page.read_text("utf-8") + "".join(BOX.format(name=scheme) for scheme in Scheme)
    page.write_text(text, "utf-8")
    for made, scheme in (
        (Config.from_environ(settings), Scheme.SMIME),
        (Config.from_environ(transport), Scheme.TRANSPORT),
        (config, Scheme.SMIME),
    ):
        body = load_content(made).editions["da"].pages["/privatliv/"].body
        assert [each for each in Scheme if f"Kun for {each}." in body] == [scheme]
