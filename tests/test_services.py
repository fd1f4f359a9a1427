"""The one composition: what settings become, and what they need for it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.services import Services


def test_state_folder_is_made_for_its_owner_only(config: Config, tmp_path: Path) -> None:
    """With the folders above it, and once."""
    state = tmp_path / "var" / "lib" / "udvej"
    Services.open(replace(config, state=state))
    assert state.stat().st_mode & 0o777 == 0o700
    (state / "fil").touch()
    Services.open(replace(config, state=state))
    assert (state / "fil").exists()


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
