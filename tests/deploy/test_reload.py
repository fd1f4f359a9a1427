"""`systemctl reload`: the commands of the shipped unit, on real processes, with nginx in front.

Form and pages change together, or, whatever is wrong, neither does.
"""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.test_units import PROGRAM, RELOAD_NGINX, said
from server.test_last_good import CHANGED, exchanged_certificate, mend, no_facts, odd_order
from support.command_line import typed
from support.front import Front, Ports, standing
from support.mailserver import Authority
from support.municipality import CONTENT, HEADING
from support.patience import PATIENCE, until
from support.road import Browser, Road, laid
from support.spoiling import spoil
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import freeze


@contextmanager
def deployed(
    folder: Path, authority: Authority, team: TeamKey
) -> Iterator[tuple[Road, Front, Path]]:
    """A live site, nginx in front of it, and the link to nginx's pages."""
    content, pages = shutil.copytree(CONTENT, folder / "content"), folder / "site"
    others = {"UDVEJ_CONTENT": str(content), "UDVEJ_PROXIES": "1"}
    with laid("starttls", folder, authority, team, **others) as road:
        freeze(Config.from_environ(road.site.settings), pages)
        with standing(Ports.free(site=road.site.port), pages, folder / "nginx") as front:
            yield road, front, pages


def reload(road: Road, front: Front, pages: Path, **settings: str) -> int:
    """Run the unit's commands until one fails, as systemd does; the exit status of the last."""
    for command in said("udvej-web@.service")["ExecReload"]:
        if command == RELOAD_NGINX:
            front.reload()
            continue
        told = command.replace("$MAINPID", str(road.site.pid))
        told = told.replace("/var/cache/udvej/site", str(pages))
        program, *arguments = shlex.split(told)
        if program == PROGRAM:
            status = typed(arguments, {**road.site.settings, **settings}).returncode
        else:
            status = subprocess.run([program, *arguments], check=False, timeout=PATIENCE).returncode
        if status:
            return status
    return 0


def test_whatever_is_wrong_a_reload_changes_neither_form_nor_pages_and_says_so(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """A good change of the content is made with each slip: nginx must not take it up alone."""
    with deployed(tmp_path, authority, team) as (road, front, pages):
        before, workers = pages.readlink(), road.site.children()
        visitor = Browser(road.site.port)

        def nothing_changed(place: str) -> None:
            assert pages.readlink() == before
            assert road.site.children() == workers
            assert HEADING in front.ask("GET", "/om/").body.decode()
            assert f"a change was refused ({place}" in front.ask("GET", "/sundhed").body.decode()

        for slip in (odd_order, no_facts, exchanged_certificate):
            spoil(tmp_path / "content" / "om.md", f"# {HEADING}", f"# {HEADING}\n\n{CHANGED}")
            place = slip(tmp_path)
            assert reload(road, front, pages) == 2
            nothing_changed(place)
            mend(tmp_path, team)
        spoil(tmp_path / "content" / "om.md", f"# {HEADING}", f"# {CHANGED}")
        assert reload(road, front, pages, UDVEJ_MAIL_PORT="x") == 2
        nothing_changed("UDVEJ_MAIL_PORT")
        assert reload(road, front, pages) == 0
        until(lambda: CHANGED in front.ask("GET", "/om/").body.decode())
        until(lambda: not workers & road.site.children())
        (left,) = front.ask("GET", "/sundhed").body.splitlines()
        assert left.startswith(b"nobody has shown")  # that the team can open what is sent
        assert front.ask("GET", FORM).status == 200
        assert visitor.is_taken(visitor.send())


def test_pages_are_built_for_nginx_before_there_is_a_certificate(
    tmp_path: Path, authority: Authority, team: TeamKey
) -> None:
    """As the service starts: pages, leaving and the phone number need none; a reload does."""
    with deployed(tmp_path, authority, team) as (road, front, _):
        (tmp_path / "team-certificate.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
        assert reload(road, front, tmp_path / "other") == 2
        assert not (tmp_path / "other").exists()
        built = typed(["build", str(tmp_path / "other")], road.site.settings)
        assert built.returncode == 0, built.stderr
        assert (tmp_path / "other" / "www" / "index.html").is_file()
