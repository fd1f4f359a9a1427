"""What the units of systemd switch on and off, read from the files that are shipped.

`systemd-analyze` says whether a unit is understood and shut in, not whether it does what the
program counts on: a service that is not started again is as well understood as one that is.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from support.checkout import CHECKOUT
from support.front import SHIPPED
from udvej import cli
from udvej.commands import drill
from udvej.outbox import mail
from udvej.publish import publishing, swap
from udvej.server import granian, metrics, processes, supervised

PROGRAM: Final = "/opt/udvej/current/.venv/bin/udvej"
RELOAD_NGINX: Final = "-+/usr/bin/systemctl --no-block reload-or-restart nginx.service"
UNITS: Final = {path.name: path for path in sorted((SHIPPED / "systemd").iterdir())}
RUNNING: Final = ("udvej-deliver.service", "udvej-metrics.service", "udvej-web@.service")
TELLING: Final = "telling@.service"
DAILY: Final = ("udvej-check", "udvej-drill")
# Asked for by an editor's push or a timer, and what lets nginx take it up.
PUBLISHING: Final = "udvej-publish.service"
UNPUBLISHING: Final = "udvej-unpublish.service"
PUBLISHED: Final = ("udvej-published.path", "udvej-published.service")
SPANS: Final = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}


# What nginx reads.
WRITES_PAGES: Final = ("udvej-web@.service", PUBLISHING, UNPUBLISHING)


def said(unit: str) -> Mapping[str, Sequence[str]]:
    """Every setting of a unit, with each value that is given to it."""
    values: dict[str, list[str]] = {}
    for line in UNITS[unit].read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            values.setdefault(key, []).append(value)
    return values


def one(unit: str, key: str) -> str:
    """What a unit says once, or ""."""
    values = said(unit).get(key, [""])
    assert len(values) == 1, (unit, key, values)
    return values[0]


def seconds(unit: str, key: str) -> float:
    """A span of time (systemd.time)."""
    number, span = re.fullmatch(r"([0-9]+)([a-z]*)", one(unit, key)).groups()  # type: ignore[union-attr]
    return float(number) * SPANS[span]


def test_every_unit_is_judged_here() -> None:
    """A new one has to be put into one of the lists."""
    daily = {f"{name}.{kind}" for name in DAILY for kind in ("service", "timer")}
    assert {*UNITS} == {
        *RUNNING,
        *daily,
        TELLING,
        PUBLISHING,
        UNPUBLISHING,
        *PUBLISHED,
    }


@pytest.mark.parametrize("unit", RUNNING)
def test_what_must_always_run_is_started_again_however_it_ended(unit: str) -> None:
    """Also when it ended well, and however often; and after the machine was."""
    assert one(unit, "Type") == "exec"
    assert one(unit, "Restart") == "always"
    assert 0 < seconds(unit, "RestartSec") <= 10
    assert one(unit, "StartLimitIntervalSec") == "0"
    assert one(unit, "RestartPreventExitStatus") == str(cli._WRONG)  # noqa: SLF001 (no other way)
    assert one(unit, "WantedBy") == "multi-user.target"


@pytest.mark.parametrize("unit", RUNNING)
def test_a_stop_reaches_the_first_process_alone_and_lets_it_end_what_it_has_in_hand(
    unit: str,
) -> None:
    """It tells the others; systemd kills only what is left when their own patience is over."""
    assert one(unit, "KillMode") == "mixed"
    assert "KillSignal" not in said(unit)
    longest = {
        "udvej-deliver.service": mail._TIMEOUT_SECONDS,  # noqa: SLF001 (no other way to see it)
        "udvej-metrics.service": metrics._TIMEOUT_SECONDS,  # noqa: SLF001
        "udvej-web@.service": granian._BEGIN_SECONDS + processes._WORKER_STOP_SECONDS,  # noqa: SLF001
    }[unit]
    assert seconds(unit, "TimeoutStopSec") > longest
    assert seconds(unit, "TimeoutStopSec") > supervised._STOP_SECONDS  # noqa: SLF001


def test_pages_are_frozen_before_the_site_starts_and_nginx_is_reloaded_or_started() -> None:
    """So that pages and headers change together; one that failed for want of them begins."""
    web = "udvej-web@.service"
    assert one(web, "ExecStartPre") == f"-{PROGRAM} build /var/cache/udvej/site"
    assert one(web, "ExecStartPost") == RELOAD_NGINX
    assert one(web, "Before") == "nginx.service"
    assert one(web, "CacheDirectory") == "udvej"


def test_a_reload_changes_form_errors_and_pages_or_none_of_them() -> None:
    """All is checked first, and a command that fails ends the reload; see `test_reload.py`."""
    assert said("udvej-web@.service")["ExecReload"] == [
        f"{PROGRAM} build --checked /var/cache/udvej/site",
        "/bin/kill -HUP $MAINPID",
        RELOAD_NGINX,
    ]


def test_one_service_delivers_and_the_other_does_not() -> None:
    """The web service can speak to nobody but nginx; the one that mails can."""
    assert "--without-delivery" in one("udvej-web@.service", "ExecStart")
    for unit in ("udvej-web@.service", "udvej-metrics.service"):
        assert one(unit, "IPAddressDeny") == "any"
        assert one(unit, "IPAddressAllow") == "localhost"
    assert one("udvej-deliver.service", "ExecStart") == f"{PROGRAM} deliver"
    for unit in ("udvej-deliver.service", "udvej-drill.service"):
        assert "IPAddressDeny" not in said(unit)


def test_who_publishes_is_not_root_and_nginx_takes_it_up_all_the_same() -> None:
    """What is written last, when all is changed, is watched by a unit that may reload nginx."""
    commands = {PUBLISHING: "publish", UNPUBLISHING: "publish --undo"}
    for unit, command in commands.items():
        assert one(unit, "ExecStart") == f"{PROGRAM} {command}"
        assert one(unit, "Type") == "oneshot"
        assert one(unit, "CacheDirectory") == "udvej"
        assert seconds(unit, "TimeoutStartSec") > publishing._PATIENCE_SECONDS  # noqa: SLF001
    path, service = PUBLISHED
    assert one(path, "WantedBy") == "multi-user.target"
    # "!": by root, shut in as the rest of the service; waited for, so that a failure is told.
    assert one(service, "ExecStart") == RELOAD_NGINX.replace("-+", "!").replace("--no-block ", "")
    assert one(service, "User") == one(service, "Group") == "udvej"


def test_nginx_takes_up_all_that_is_published_however_fast_it_comes() -> None:
    """What is watched is taken away before nginx is told: what comes after that starts it again."""
    path, service = PUBLISHED
    watched = f"/var/lib/udvej/{swap.PUBLISHED}"
    assert one(path, "PathExists") == watched
    assert one(service, "ExecStartPre") == f"/usr/bin/rm -f {watched}"
    assert one(service, "Type") == "oneshot"
    assert one(service, "StateDirectory") == "udvej"
    assert one(service, "StartLimitIntervalSec") == "0"


SERVICES: Final = [unit for unit in UNITS if unit.endswith(".service")]
# All but the one that tells, which must work while they do not.
OURS: Final = [unit for unit in SERVICES if unit not in (TELLING, *PUBLISHED)]


@pytest.mark.parametrize("unit", OURS)
def test_every_command_is_one_that_the_program_has(unit: str) -> None:
    """With the options that it is given there."""
    commands = [
        value
        for key in ("ExecStartPre", "ExecStart", "ExecReload")
        for value in (value.removeprefix("-") for value in said(unit).get(key, []))
        if value.startswith(PROGRAM)
    ]
    assert commands
    for command in commands:
        name, *arguments = shlex.split(command.replace("%i", "8000"))[1:]
        with cli.udvej.make_context("udvej", [name, *arguments]) as outer:
            found = cli.udvej.get_command(outer, name)
            assert found is not None
            found.make_context(name, arguments, parent=outer).close()


@pytest.mark.parametrize("unit", [*OURS, *PUBLISHED])
def test_a_service_that_fails_tells_somebody(unit: str) -> None:
    """By the one that must not tell of itself; its own mail or webhook is its only setting."""
    assert one(unit, "OnFailure") == f"{TELLING.replace('@', '@%N')}"
    assert "OnFailure" not in said(TELLING)
    assert one(TELLING, "EnvironmentFile") == "-/etc/udvej/telling"
    assert one(TELLING, "ExecStart") == "/opt/udvej/current/site/deploy/tell %i"
    assert "telling" in (SHIPPED / "README.md").read_text("utf-8")


@pytest.mark.parametrize("unit", OURS)
def test_what_a_service_writes_is_its_own_and_nobody_elses(unit: str) -> None:
    """Settings from the one file; a mask that lets nobody read, but for the pages of nginx."""
    assert one(unit, "User") == one(unit, "Group") == "udvej"
    assert one(unit, "EnvironmentFile") == "/etc/udvej/settings"
    assert one(unit, "StateDirectory") == "udvej"
    assert one(unit, "StateDirectoryMode") == "0700"
    assert one(unit, "UMask") == ("0022" if unit in WRITES_PAGES else "0077")
    settings = (SHIPPED / "settings.example").read_text("utf-8")
    assert "UDVEJ_STATE=/var/lib/udvej\n" in settings


@pytest.mark.parametrize("name", DAILY)
def test_what_is_done_daily_is_done_daily_and_made_up_for(name: str) -> None:
    """Once, without a restart, within its time; a day on which the machine was off is caught up."""
    timer, service = f"{name}.timer", f"{name}.service"
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", one(timer, "OnCalendar"))
    assert one(timer, "Persistent") == "yes"
    assert one(timer, "WantedBy") == "timers.target"
    assert "Unit" not in said(timer)
    assert one(service, "Type") == "oneshot"
    assert (
        one(service, "ExecStart")
        == {
            "udvej-check": f"{PROGRAM} status",
            "udvej-drill": f"{PROGRAM} drill",
        }[name]
    )
    assert "Restart" not in said(service)
    assert "SuccessExitStatus" not in said(service)
    patience = drill._PATIENCE_SECONDS + mail._TIMEOUT_SECONDS  # noqa: SLF001
    assert seconds(service, "TimeoutStartSec") > patience


def test_the_drill_has_arrived_or_failed_when_the_check_looks() -> None:
    """With what each may be late."""
    times = {}
    for name in DAILY:
        hour, minute = one(f"{name}.timer", "OnCalendar").split()[1].split(":")
        times[name] = int(hour) * 3600 + int(minute) * 60
    late = seconds("udvej-drill.timer", "RandomizedDelaySec")
    assert times["udvej-drill"] + late < times["udvej-check"]


def test_no_drill_nags_at_night() -> None:
    """It may ask the team for a code, so it comes when they are at work."""
    hour = int(one("udvej-drill.timer", "OnCalendar").split()[1][:2])
    assert 8 <= hour < 15


def test_the_guide_turns_on_every_unit_that_can_be() -> None:
    """A timer that is installed and never enabled does nothing."""
    guide = (SHIPPED / "README.md").read_text("utf-8")
    enabled = " ".join(re.findall(r"systemctl enable --now (.*)", guide))
    can_be = [unit for unit in UNITS if "WantedBy" in said(unit)]
    assert can_be
    for unit in can_be:
        assert unit.replace("@.", "@8000.") in enabled, unit


def test_the_program_stays_where_the_units_look_for_it() -> None:
    """The guide puts it there."""
    guide = (SHIPPED / "README.md").read_text("utf-8")
    assert f"ln -sfn VERSION {Path(PROGRAM).parents[2]}\n" in guide
    documented = {one(unit, "Documentation") for unit in SERVICES}
    assert documented == {"file:/opt/udvej/current/site/deploy/README.md"}
    assert (CHECKOUT / "site" / "deploy" / "README.md").is_file()
