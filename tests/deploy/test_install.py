"""`site/deploy/install`: what it says is the guide's, and it does it on an empty machine."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import trustme
from support.front import HOST, SHIPPED
from support.machine import Machine, booted, checkout, debian, guide, inside, why_not
from support.mailserver import TEAM, Server, serving
from support.municipality import NORDBY
from support.opening import opened
from support.patience import PATIENCE, until
from support.running import ended, started
from udvej.outbox.keys import TeamKey

INSTALL: Final = SHIPPED / "install"
SHORT: Final = "In ten commands"
# Of sections 1 to 6: what a person gives, decides or reads.
LEFT_TO_A_PERSON: Final = (
    "apt-get update",
    "git clone REPOSITORY /opt/udvej/VERSION",
    "git -C /opt/udvej/VERSION checkout VERSION",
    "/opt/udvej/VERSION/.venv/bin/udvej check",
    "install -m 644 team-certificate.pem /etc/udvej/team-certificate.pem",
    "editor /etc/udvej/settings",
    "install -m 640 -g udvej server-key.pem /etc/udvej/server-key.pem",
    "install -m 644 mail-authority.pem /etc/udvej/mail-authority.pem",
    "systemctl status udvej-web@8000.service udvej-deliver.service",
    "udvej drill --code CODE",
    "install -m 600 /opt/udvej/current/site/deploy/telling.example /etc/udvej/telling",
    "editor /etc/udvej/telling",
    "systemctl start telling@a-trial.service",
    "systemctl enable --now udvej-metrics.service",
)
# What it does by another command to the same end: with host and secret filled in.
OTHERWISE: Final = (
    "install -m 600 /opt/udvej/current/site/deploy/settings.example /etc/udvej/settings",
    (
        "sed 's/udvej\\.example/HOST/' /opt/udvej/current/site/deploy/nginx/udvej.conf"
        " > /etc/nginx/sites-available/udvej"
    ),
)
# What only who has several versions, or turns back to one, does.
ITS_OWN: Final = (
    "ln -sfn $before /opt/udvej/previous",
    "systemctl reload udvej-web@8000.service",
)


def done() -> list[str]:
    """The commands that the script prints and runs, with the guide's words for what varies."""
    text = re.sub(r" *\\\n *", " ", INSTALL.read_text("utf-8"))
    found = re.findall(r"^ *(?:\*\) )?run (.*)$", text, re.MULTILINE)
    commands = [re.sub(r" (\|\||;;).*$", "", command).replace('"', "") for command in found]
    for ours, guides in {"$version": "VERSION", "$host": "HOST", "sfn $1": "sfn VERSION"}.items():
        commands = [command.replace(ours, guides) for command in commands]
    return [command.replace(" --yes --no-upgrade -qq", "") for command in commands]


def offered() -> list[str]:
    """The guide's commands of sections 1 to 6 without the firewall, which is another's."""
    commands = [command for section in range(1, 7) for command in guide(section)]
    first = commands.index("apt-get install --no-install-recommends nftables")
    return commands[:first] + commands[first + 5 :]


def test_ten_commands_or_fewer_lead_to_a_live_site() -> None:
    """By the guide, to the command that says whether all is there; README.md names it."""
    commands = guide(SHORT)
    assert 0 < len(commands) <= 10
    assert commands[-1] == "udvej ready"
    assert not [command for command in commands if re.search(r"[;&|`]|\$\(", command)]


def test_it_runs_the_guide_word_for_word() -> None:
    """Each command of sections 1 to 6 but for what is left to a person; so for the others."""
    text = INSTALL.read_text("utf-8")
    commands = done()
    for command in offered():
        if command.startswith("python3 -c"):
            assert command in text
        elif command not in (*LEFT_TO_A_PERSON, *OTHERWISE):
            assert command.replace('"', "") in commands, command
    for section in ("Upgrade without losing a request", "Remove it"):
        assert {command.replace('"', "") for command in guide(section)} <= {*commands}


def test_it_runs_nothing_that_the_guide_does_not_say() -> None:
    """But for what turns back."""
    sections = ("Upgrade without losing a request", "Remove it")
    guides = {*offered(), *(command for section in sections for command in guide(section))}
    extra = {*done()} - {command.replace('"', "") for command in guides}
    assert extra == {*ITS_OWN}


def test_what_is_left_to_a_person_is_in_the_guide() -> None:
    """The lists of this file name no command that is gone."""
    assert {*LEFT_TO_A_PERSON, *OTHERWISE} <= {*offered()}


@pytest.mark.parametrize("name", ["install", "post-receive", "tell", "udvej"])
def test_each_script_is_good_posix_shell(name: str) -> None:
    """By ShellCheck, which finds what is not quoted, or only bash understands."""
    looked = subprocess.run(
        ["shellcheck", "--shell=sh", SHIPPED / name],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (looked.returncode, looked.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--help"], "install HOST [FOLDER], or alone, or with --undo or --remove"),
        (["udvej.example"], "clone the program to /opt/udvej/VERSION first"),
    ],
)
def test_it_does_nothing_where_it_does_not_know_what_to_do(
    arguments: list[str], told: str, tmp_path: Path
) -> None:
    """From a folder where no version lies; it says what it wants."""
    copy = tmp_path / "site" / "deploy" / "install"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(INSTALL.read_bytes())
    command = ["sh", str(copy), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ran.returncode == 2
    assert ran.stderr in (f"install: {told}\n", "install: run it as root\n")


# Long: it restarts all services one after the other, or waits for one that never answers.
LONG: Final = 300.0
WEB: Final = "udvej-web@8000.service"
AGAIN: Final = "/opt/udvej/current/site/deploy/install"
SPELT: Final = {"REPOSITORY": "/srv/repository", "FOLDERS": "/srv/folders", "HOST": HOST}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_ten_commands_lead_from_an_empty_debian_to_a_live_site(
    tmp_path: Path, team: TeamKey
) -> None:
    """And one to the next version, back, and away; the guide's own, word for word."""
    root = tmp_path / "machine"
    debian(root)
    published(root)
    commands = [spelt(command, "v1") for command in guide(SHORT)]
    before_booting = commands.index(f"/opt/udvej/v1/site/deploy/install {HOST} /srv/udvej/folder")
    for command in commands[:before_booting]:
        inside(root, command)
    # The network of the machine it is made on ends here, so that all is fetched now.
    told = inside(root, commands[before_booting], status=2)
    assert "give what only you can give, then run it again:" in told
    assert "UDVEJ_MAIL_SERVER in /etc/udvej/settings" in told
    assert "/etc/udvej/team-certificate.pem: made on a machine you trust" in told
    assert (root / "etc" / "udvej" / "settings").stat().st_mode & 0o777 == 0o600
    inside(root, spelt(guide(SHORT)[2], "v2"))
    inside(root, "make -C /opt/udvej/v2 setup")
    nginx = (root / "etc" / "nginx" / "nginx.conf").read_bytes()
    authority = trusted(root)
    with booted(root) as machine, mail(machine, authority) as server:
        given(machine, team, authority, server)
        *rest, code, ready = commands[before_booting + 1 :]
        for command in rest:
            machine.run(f"cd / && {command}", patience=LONG)
        until(lambda: machine.asked("/sundhed").startswith("nobody has shown"))
        machine.run(code.replace("CODE", drilled(server, team, tmp_path)))
        machine.run(ready)
        machine.run("systemctl start udvej-drill.service udvej-check.service")
        assert machine.asked("/sundhed") == "ok\n"
        a_certificate_that_is_wanted_is_asked_for(machine)
        an_upgrade_that_does_not_answer_changes_nothing(machine)
        an_upgrade_loses_no_request_and_is_undone(machine)
        what_is_removed_is_gone_and_referrals_stay(machine, nginx)


def published(root: Path) -> None:
    """Two versions of the program, and a municipality's folder, each in its git on the machine."""
    checkout(root / "srv" / "repository")
    shutil.copytree(NORDBY, root / "srv" / "folders")
    for folder in ("repository", "folders"):
        git = ["git", "-C", str(root / "srv" / folder), "-c", "user.name=x", "-c", "user.email=x"]
        for command in (
            ["init", "--quiet"],
            ["add", "--all", "--force"],
            ["commit", "--quiet", "--message=v1"],
            ["tag", "v1"],
            ["commit", "--quiet", "--allow-empty", "--message=v2"],
            ["tag", "v2"],
        ):
            subprocess.run([*git, *command], check=True, timeout=PATIENCE)


def spelt(command: str, version: str) -> str:
    """A command of the guide with names in place of its capitals."""
    for word, name in {**SPELT, "VERSION": version}.items():
        command = command.replace(word, name)
    return command


def trusted(root: Path) -> trustme.CA:
    """An authority that the machine trusts, as it does those of Debian."""
    authority = trustme.CA()
    place = root / "usr" / "local" / "share" / "ca-certificates" / "test.crt"
    authority.cert_pem.write_to_path(str(place))
    inside(root, "update-ca-certificates")
    return authority


@contextmanager
def mail(machine: Machine, authority: trustme.CA) -> Iterator[Server]:
    """The municipality's mail server, on the machine's own network."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with machine.network(), serving(context) as server:
        yield server


def given(machine: Machine, team: TeamKey, authority: trustme.CA, server: Server) -> None:
    """What only a person can give: two certificates, and an editor that knows the mail server."""
    (machine.root / "team-certificate.pem").write_bytes(team.certificate_pem())
    made = authority.issue_cert(HOST)
    tls = machine.root / "etc" / "udvej" / "tls"
    made.private_key_pem.write_to_path(str(tls / "key.pem"))
    for link in made.cert_chain_pems:
        link.write_to_path(str(tls / "certificate.pem"), append=True)
    with (machine.root / "etc" / "hosts").open("a", encoding="ascii") as hosts:
        hosts.write(f"127.0.0.1 localhost {HOST}\n")
    editor = machine.root / "usr" / "local" / "bin" / "editor"
    editor.write_text(
        "#!/bin/sh\nset -e\n"
        'sed -i "s/^UDVEJ_MAIL_SERVER=$/UDVEJ_MAIL_SERVER=localhost/" "$1"\n'
        f'printf "UDVEJ_MAIL_PORT={server.port}\\nUDVEJ_MAIL_TO={TEAM}\\n" >> "$1"\n',
        "ascii",
    )
    editor.chmod(0o755)


def drilled(server: Server, team: TeamKey, folder: Path) -> str:
    """The code that the team reads in the drill."""
    read = opened(server.mails.get(timeout=PATIENCE).content, team, folder, form="SMIME")
    found = re.search(r"\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b", read.get_content())
    assert found
    return found[0]


def in_use(machine: Machine) -> str:
    """The version that answers."""
    process = machine.run(f"systemctl show --property MainPID --value {WEB}").strip()
    path = machine.run(f"tr '\\0' ' ' < /proc/{process}/cmdline")
    return path.split("/opt/udvej/")[1].split("/")[0]


def a_certificate_that_is_wanted_is_asked_for(machine: Machine) -> None:
    """Of certbot, which finds nobody here; the site answers meanwhile, and the next run goes on."""
    machine.run("mkdir /root/own && mv /etc/udvej/tls/* /root/own/")
    told = machine.run(f"{AGAIN} 2>&1 && exit 1 || echo status $?", patience=LONG)
    assert told.endswith("status 1\n")
    assert f"install: no certificate for {HOST} yet" in told
    assert machine.status("/om/") == "200"
    machine.run(f"mv /root/own/* /etc/udvej/tls/ && {AGAIN}", patience=LONG)
    assert machine.run("udvej ready")


def an_upgrade_that_does_not_answer_changes_nothing(machine: Machine) -> None:
    """The version before stays in use; one whose settings it does not know is not even begun."""
    serve = "/opt/udvej/v2/site/udvej/commands/serve.py"
    machine.run(f"echo 'raise SystemExit(3)' >> {serve}")
    first = machine.run(f"systemctl show --property MainPID --value {WEB}")
    told = machine.run("/opt/udvej/v2/site/deploy/install 2>&1 || echo status $?", patience=LONG)
    assert told.endswith("status 1\n")
    assert "install: v1 runs as before" in told
    assert machine.run(f"systemctl show --property MainPID --value {WEB}") == first
    assert machine.run("readlink /opt/udvej/current") == "v1\n"
    machine.run("git -C /opt/udvej/v2 checkout --quiet .")
    machine.run("echo UDVEJ_MAIL_PORT=x >> /etc/udvej/settings")
    told = machine.run("/opt/udvej/v2/site/deploy/install 2>&1 || echo status $?", patience=LONG)
    assert told.endswith("status 2\n")
    assert "UDVEJ_MAIL_PORT: not a port" in told
    assert "systemctl" not in told
    machine.run("sed -i /UDVEJ_MAIL_PORT=x/d /etc/udvej/settings")
    until(lambda: machine.asked("/sundhed") == "ok\n")


def an_upgrade_loses_no_request_and_is_undone(machine: Machine) -> None:
    """By one command each, while others ask; what was changed by hand at nginx is kept."""
    machine.run("echo '# by hand' >> /etc/nginx/sites-available/udvej")
    with asking(machine) as answers:
        told = machine.run("/opt/udvej/v2/site/deploy/install", patience=LONG)
        assert "sites-available/udvej was changed by hand, and is left as it is" in told
        assert in_use(machine) == "v2"
        machine.run(f"{AGAIN} --undo", patience=LONG)
        assert in_use(machine) == "v1"
    got = answers.read_text("ascii").split()
    assert len(got) > 50
    assert {*got} == {"200"}
    assert machine.run("tail -n 1 /etc/nginx/sites-available/udvej") == "# by hand\n"
    assert machine.run("readlink /opt/udvej/previous") == "v2\n"
    assert machine.asked("/sundhed") == "ok\n"


@contextmanager
def asking(machine: Machine) -> Iterator[Path]:
    """Ask for the form again and again; the file has the status of each answer."""
    said = machine.root.parent / "answers"
    ask = (
        f"while curl --silent --insecure --resolve {HOST}:443:127.0.0.1 --output /dev/null"
        f" --write-out '%{{http_code}}\\n' https://{HOST}/skriv/ || echo 000; do sleep 0.2; done"
    )
    with said.open("wb") as out:
        process = started(["nsenter", "-t", str(machine.first), "-a", "sh", "-c", ask], stdout=out)
        try:
            yield said
        finally:
            ended(process)


def what_is_removed_is_gone_and_referrals_stay(machine: Machine, nginx: bytes) -> None:
    """Services and files; not what waits, nor settings and keys, of which it speaks."""
    machine.run("udvej status | grep -q '^waiting: 0'")
    told = machine.run(f"{AGAIN} --remove", patience=LONG)
    assert "Left for you to delete: /var/lib/udvej" in told
    units = "systemctl list-units --all --plain --no-legend 'udvej-*' 'telling@*'"
    assert "running" not in machine.run(units)
    left = "ls -d /etc/systemd/system/*udvej* /etc/systemd/system/*.wants/*udvej* /opt/udvej"
    left += " /etc/systemd/system/telling* /etc/nginx/*/udvej /usr/local/sbin/udvej"
    assert machine.run(f"{left} /var/cache/udvej 2>/dev/null || true") == ""
    assert (machine.root / "etc" / "nginx" / "nginx.conf").read_bytes() == nginx
    machine.run("ls /var/lib/udvej/*.sqlite* /etc/udvej/settings /etc/udvej/team-certificate.pem")
    machine.becomes("nginx.service", "active")
