"""The units under a real systemd, installed as the guide says, on a Debian of their own."""

import shutil
from pathlib import Path

import pytest
from support.front import HOST
from support.machine import DELIVERY, NGINX, WEB, Machine, booted, guide, make, why_not
from support.patience import until
from udvej.outbox.keys import TeamKey
from udvej.publish.swap import PUBLISHED

SETTINGS = f"""\
UDVEJ_STATE=/var/lib/udvej
UDVEJ_PUBLIC_ADDRESS=https://{HOST}
UDVEJ_SECRET_KEY={"hemmelig" * 8}
UDVEJ_TEAM_CERTIFICATE=/etc/udvej/team-certificate.pem
UDVEJ_MAIL_SERVER=localhost
UDVEJ_MAIL_TO=team@exit.example
UDVEJ_PROXIES=1
"""
CONTENT = "/opt/udvej/current/tests/support/nordby/content"
# Of the guide's steps: what asks others than this machine, or somebody at it, or wants a
# certificate that browsers accept.
ELSEWHERE = (
    "certbot",
    "--deploy-hook",
    "ln -sfn /etc/letsencrypt",
    "apt-get",
    "systemctl status",
    "curl --fail --silent --show-error",
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_site_lives_under_systemd_as_the_guide_says(tmp_path: Path, team: TeamKey) -> None:
    """Installed, reloaded with a good and wrong changes, stopped, and booted without a cache."""
    root = tmp_path / "machine"
    make(root)
    with booted(root) as machine:
        install(machine, team)
        for unit in (WEB, DELIVERY, NGINX):
            machine.becomes(unit, "active")
        until(lambda: is_well(machine))
        good_changes_show_and_wrong_ones_change_nothing(machine, team)
        nginx_is_told_however_fast_it_is_published(machine)
        pages_and_leaving_outlive_the_application(machine)
        wrong_settings_wait_for_a_person(machine)
    shutil.rmtree(root / "var" / "cache" / "udvej")
    with booted(root) as machine:
        for unit in (WEB, DELIVERY, NGINX):
            machine.becomes(unit, "active")
        until(lambda: "En god linje." in machine.asked("/om/"))
        until(lambda: is_well(machine))
    # What fails here leaves no machine behind.
    with pytest.raises(ZeroDivisionError), booted(root) as machine:
        raise ZeroDivisionError
    until(lambda: not Path(f"/proc/{machine.first}").exists())


def is_well(machine: Machine) -> bool:
    """Whether nothing is wrong but that nobody opens a drill here, where no mail server is."""
    said = machine.asked("/sundhed").splitlines()
    return len(said) == 1 and said[0].startswith("nobody has shown")


def install(machine: Machine, team: TeamKey) -> None:
    """The guide's steps from the settings on."""
    place = machine.root / "etc" / "udvej"
    (place / "team-certificate.pem").write_bytes(team.certificate_pem())
    (place / "settings").write_text(f"{SETTINGS}UDVEJ_CONTENT={CONTENT}\n", "utf-8")
    (place / "settings").chmod(0o600)
    for command in (*guide(4), *guide(5)):
        if command.startswith("apt-get install --no-install-recommends nftables"):
            break  # an offer for machines without rules of their own
        if not command.startswith(ELSEWHERE):
            machine.run(command.replace("HOST", HOST))


def good_changes_show_and_wrong_ones_change_nothing(machine: Machine, team: TeamKey) -> None:
    """By `systemctl reload`, in nginx's pages and in the application."""
    page = machine.root / "etc" / "udvej" / "team-certificate.pem"
    machine.run(f"printf '\\nEn god linje.\\n' >> {CONTENT}/om.md && systemctl reload {WEB}")
    until(lambda: "En god linje." in machine.asked("/om/"))
    first = machine.run(f"systemctl show --property MainPID --value {WEB}")
    page.write_text("-----BEGIN PUBLIC KEY-----\n")
    machine.run(f"printf '\\nEn linje til.\\n' >> {CONTENT}/om.md")
    machine.run(f"systemctl reload {WEB}", well=False)
    assert "a change was refused (UDVEJ_TEAM_CERTIFICATE)" in machine.asked("/sundhed")
    page.write_bytes(team.certificate_pem())
    machine.run(f"printf '\\n[x](/findes-ikke/)\\n' >> {CONTENT}/om.md")
    machine.run(f"systemctl reload {WEB}", well=False)
    assert "a change was refused (om.md:" in machine.asked("/sundhed")
    assert "En linje til." not in machine.asked("/om/")
    assert machine.run(f"systemctl show --property MainPID --value {WEB}") == first
    # Wrong content keeps it from nothing: started again it serves the last good one.
    machine.run(f"systemctl restart {WEB} {DELIVERY}")
    until(lambda: "a change was refused (om.md:" in machine.asked("/sundhed"))
    machine.run(f"sed -i -e '/findes-ikke/d' -e '/En linje til/d' {CONTENT}/om.md")
    machine.run(f"systemctl reload {WEB}")
    until(lambda: is_well(machine))


def nginx_is_told_however_fast_it_is_published(machine: Machine) -> None:
    """More often than systemd starts a service unless it is told to; where it refuses is told."""
    state = machine.root / "var" / "lib" / "udvej"
    wrong = machine.root / "etc" / "nginx" / "conf.d" / "wrong.conf"
    told, service = "telling@udvej-published.service", "udvej-published.service"
    for _ in range(12):
        machine.run(f"touch /var/lib/udvej/{PUBLISHED}")
    until(lambda: not (state / PUBLISHED).exists())
    machine.becomes(service, "inactive")
    wrong.write_text("wrong;\n", "ascii")
    machine.run(f"touch /var/lib/udvej/{PUBLISHED}")
    machine.becomes(service, "failed")
    until(lambda: told in machine.run(f"journalctl --no-pager --unit {told}"))
    wrong.unlink()
    machine.run(f"touch /var/lib/udvej/{PUBLISHED}")
    machine.becomes(service, "inactive")
    machine.becomes("udvej-published.path", "active")


def pages_and_leaving_outlive_the_application(machine: Machine) -> None:
    """While it is stopped; the form says so."""
    machine.run(f"systemctl stop {WEB}")
    assert machine.status("/om/") == "200"
    assert machine.status("/forlad/", "--data x") == "200"
    assert machine.status("/skriv/") == "503"
    machine.run(f"systemctl start {WEB}")
    until(lambda: machine.status("/skriv/") == "200")


def wrong_settings_wait_for_a_person(machine: Machine) -> None:
    """The service stays stopped, and starts once they are mended."""
    settings = "/etc/udvej/settings"
    machine.run(f"echo UDVEJ_MAIL_PORT=x >> {settings} && systemctl restart {WEB} || true")
    machine.becomes(WEB, "failed")
    told = machine.run(f"systemctl show --property ExecMainStatus --property NRestarts {WEB}")
    assert set(told.split()) == {"ExecMainStatus=2", "NRestarts=0"}
    assert "UDVEJ_MAIL_PORT: not a port" in machine.run(f"journalctl --unit {WEB} --lines 20")
    assert machine.status("/om/") == "200"
    machine.run(f"sed -i /UDVEJ_MAIL_PORT/d {settings} && systemctl start {WEB}")
    until(lambda: machine.status("/skriv/") == "200")
