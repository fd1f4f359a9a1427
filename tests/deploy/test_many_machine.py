"""Several municipalities on one machine under a real systemd, set up as `many.md` says."""

import shutil
from pathlib import Path
from typing import Final

import pytest
from support.machine import DELIVERY, NGINX, WEB, Machine, block, booted, guide, make, why_not
from support.many import PHONES, Municipality, municipality
from support.patience import until

NAMES: Final = ("klitby", "sundby")
OF_ALL: Final = """\
UDVEJ_MUNICIPALITIES=/srv/udvej/municipalities
UDVEJ_STATE=/var/lib/udvej
UDVEJ_PROXIES=1
UDVEJ_MAIL_SERVER=localhost
"""
# What asks others than this machine, or somebody at it.
ELSEWHERE: Final = ("certbot", "ln -sfn /etc/letsencrypt", "editor", "systemctl status")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_two_municipalities_live_under_systemd_as_the_guide_says(tmp_path: Path) -> None:
    """Each has pages, drills and publishing of its own; what is wrong with one stops no other."""
    root = tmp_path / "machine"
    make(root)
    klitby, sundby = (municipality(name, tmp_path / "made") for name in NAMES)
    with booted(root) as machine:
        set_up(machine, klitby, sundby)
        for unit in (WEB, DELIVERY, NGINX):
            machine.becomes(unit, "active")
        each_has_pages_of_its_own(machine)
        each_has_commands_of_its_own(machine)
        one_that_is_wrong_keeps_nothing_from_the_other(machine, klitby)
        one_that_is_gone_is_served_no_more(machine)


def set_up(machine: Machine, *municipalities: Municipality) -> None:
    """The guide's steps after the program is there."""
    settings = machine.root / "etc" / "udvej" / "settings"
    settings.write_text(OF_ALL, "utf-8")
    settings.chmod(0o600)
    for one in municipalities:
        folders = machine.root / "srv" / "folders" / one.name
        shutil.copytree(one.folder, folders)
        machine.run(
            f"cd /srv/folders/{one.name} && git init --quiet && git add content translations"
            " && git -c user.name=Redaktør -c user.email=r@example commit --quiet --message Første"
        )
        run(machine, block("many.md", "install -d -m 755 /srv/udvej"), one.name)
        its = machine.root / "srv" / "udvej" / "municipalities" / one.name / "settings"
        its.write_text((folders / "settings").read_text("utf-8"), "utf-8")
    for command in guide(4):
        run(machine, command, "")
    run(machine, block("many.md", "mv /etc/nginx/sites-enabled/default"), "")
    for name in NAMES:
        run(machine, block("many.md", "install -d -m 700 /etc/udvej/tls/"), name)


def run(machine: Machine, commands: str, name: str) -> None:
    """Run what the guide says of one of them, but for what asks elsewhere."""
    lines = commands.replace("nordby", name).splitlines()
    here = [line for line in lines if not line.startswith(ELSEWHERE)]
    words = "\n".join(here).replace("FOLDERS", f"/srv/folders/{name}")
    machine.run(f"set -e; cd /srv/folders/{name}\n{words}" if name else words)


def asked(machine: Machine, name: str, address: str) -> str:
    """What nginx answers for one."""
    return machine.asked(address, host=f"{name}.example")


def status(machine: Machine, name: str, address: str) -> str:
    """The status of an answer."""
    return machine.status(address, host=f"{name}.example")


def each_has_pages_of_its_own(machine: Machine) -> None:
    """Files and form; a host that is nobody's gets no handshake."""
    for name, other in (NAMES, NAMES[::-1]):
        until(lambda name=name: status(machine, name, "/skriv/") == "200")  # type: ignore[misc]
        for address in ("/kontakt/", "/skriv/"):
            page = asked(machine, name, address)
            assert PHONES[name] in page
            assert PHONES[other] not in page
    machine.run(
        "curl --silent --insecure --resolve nobody.example:443:127.0.0.1 https://nobody.example/",
        well=False,
    )


def each_has_commands_of_its_own(machine: Machine) -> None:
    """By hand, and as units."""
    for line in block("many.md", "udvej drill nordby --confirm").splitlines():
        told = machine.run(line.replace("nordby", "nobody"), well=False)
        assert "klitby" in told, line
    for name in NAMES:
        run(machine, block("many.md", "cd /opt/udvej/current/site/deploy/systemd"), name)
    # Nobody here takes the mail, for which it waits.
    machine.run("systemctl start --no-block udvej-drill-klitby.service")
    until(lambda: "klitby: waiting: 1" in machine.run("udvej status || true"))
    said = machine.run("udvej status || true")
    assert "sundby: waiting: 0" in said
    assert "udvej drill klitby --code CODE" in said
    machine.run(f"{append('En god linje.')} && systemctl start udvej-publish-klitby.service")
    until(lambda: "En god linje." in asked(machine, "klitby", "/om/"))
    assert "En god linje." not in asked(machine, "sundby", "/om/")
    machine.run("systemctl start udvej-unpublish-klitby.service")
    until(lambda: "En god linje." not in asked(machine, "klitby", "/om/"))


def append(line: str, name: str = "klitby") -> str:
    """The command that adds a line to a page."""
    return f"printf '\\n{line}\\n' >> /srv/udvej/municipalities/{name}/content/om.md"


def one_that_is_wrong_keeps_nothing_from_the_other(machine: Machine, klitby: Municipality) -> None:
    """At a reload, and at a start."""
    settings = f"/srv/udvej/municipalities/{klitby.name}/settings"
    machine.run(f"echo UDVEJ_MAIL_FROM=x >> {settings}")
    machine.run(f"{append('En ny linje.', 'sundby')} && {append('En ny linje.')}")
    machine.run(f"systemctl reload {WEB}")
    until(lambda: "En ny linje." in asked(machine, "sundby", "/om/"))
    assert "En ny linje." not in asked(machine, "klitby", "/om/")
    assert "a change was refused (settings:" in asked(machine, "klitby", "/sundhed")
    machine.run(f"systemctl restart {WEB}")
    until(lambda: status(machine, "sundby", "/skriv/") == "200")
    assert status(machine, "klitby", "/skriv/") == "503"
    assert status(machine, "klitby", "/om/") == "200"
    machine.run(f"sed -i /MAIL_FROM/d {settings} && systemctl reload {WEB}")
    until(lambda: status(machine, "klitby", "/skriv/") == "200")
    until(lambda: "En ny linje." in asked(machine, "klitby", "/om/"))


def one_that_is_gone_is_served_no_more(machine: Machine) -> None:
    """Neither by the application nor by nginx; the other is."""
    run(machine, block("many.md", "systemctl disable --now udvej-drill-nordby"), "klitby")
    host = "--header 'Host: klitby.example' http://127.0.0.1:8000/skriv/"
    form = f"curl --silent --output /dev/null --write-out '%{{http_code}}' {host}"
    until(lambda: {machine.run(form) for _ in range(9)} == {"421"})  # by either worker
    resolved = "--resolve klitby.example:443:127.0.0.1 https://klitby.example/om/"
    machine.run(f"curl --silent --insecure {resolved}", well=False)
    for unit in (WEB, DELIVERY, NGINX):
        machine.becomes(unit, "active")
    assert status(machine, "sundby", "/om/") == "200"
    until(lambda: status(machine, "sundby", "/skriv/") == "200")
