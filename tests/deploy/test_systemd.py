"""The units under a real systemd, installed as the guide says, on a Debian of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.front import HOST
from support.machine import Machine, booted, guide, make, why_not
from support.patience import until
from udvej.outbox.keys import TeamKey

SETTINGS = f"""\
UDVEJ_STATE=/var/lib/udvej
UDVEJ_PUBLIC_ADDRESS=https://{HOST}
UDVEJ_SECRET_KEY={"hemmelig" * 8}
UDVEJ_TEAM_CERTIFICATE=/etc/udvej/team-certificate.pem
UDVEJ_MAIL_SERVER=localhost
UDVEJ_MAIL_TO=team@exit.example
UDVEJ_PROXIES=1
"""
PAGE = "/opt/udvej/current/content/om.md"
WEB, DELIVERY = "udvej-web@8000.service", "udvej-deliver.service"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_site_lives_under_systemd_as_the_guide_says(tmp_path: Path, team: TeamKey) -> None:
    """Installed, reloaded with a good and wrong changes, stopped, and booted without a cache."""
    root = tmp_path / "machine"
    make(root)
    with booted(root) as machine:
        install(machine, team)
        for unit in (WEB, DELIVERY, "nginx.service"):
            machine.becomes(unit, "active")
        assert asked(machine, "/sundhed") == "ok\n"
        good_changes_show_and_wrong_ones_change_nothing(machine, team)
        pages_and_leaving_outlive_the_application(machine)
        wrong_settings_are_not_tried_for_ever(machine)
    machine.run  # noqa: B018
    with emptied(root / "var" / "cache" / "udvej"), booted(root) as machine:
        for unit in (WEB, DELIVERY, "nginx.service"):
            machine.becomes(unit, "active")
        until(lambda: "Ny linje" in asked(machine, "/om/"))
        until(lambda: asked(machine, "/sundhed") == "ok\n")
