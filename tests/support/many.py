"""Three municipalities in one `udvej serve`, each made by `udvej new` with facts of its own."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

import brotli
from support.contents import begun
from support.mailserver import PASSWORD, USER, Authority, Faults, Server, Taken, serving
from support.municipality import as_shipped
from support.opening import opened
from support.patience import PATIENCE
from support.road import Browser, Site
from support.running import held_port
from udvej.installation import Installation
from udvej.outbox.keys import TeamKey
from udvej.publish.freeze import PAGES, freeze
from udvej.services import Services

# Each with the number of its team. None is a part of another.
PHONES: Final = {"klitby": "71 11 22 33", "sundby": "72 44 55 66", "vesterby": "73 77 88 99"}
NAMES: Final = tuple(PHONES)
# The last that each was given; the same is copied rather than made once more.
_FROZEN: Final[dict[str, Path]] = {}


@dataclass(frozen=True)
class Municipality:
    """One of them.

    Attributes:
        name: its folder's.
        folder: its own.
        team: who may open what is sent to it.
        secret_key: signs its cookie.
    """

    name: str
    folder: Path
    team: TeamKey
    secret_key: str

    @property
    def host(self) -> str:
        """The name that people ask for."""
        return f"{self.name}.example"

    @property
    def content(self) -> Path:
        """Its pages and facts."""
        return self.folder / "content"

    @property
    def mail(self) -> str:
        """The team's address."""
        return f"team@{self.host}"

    @property
    def marks(self) -> list[str]:
        """What nobody else may ever show: its name, number, addresses and key."""
        phone = PHONES[self.name]
        return [self.name, phone, phone.replace(" ", "-"), phone.replace(" ", ""), self.secret_key]

    def settings(self, **changes: str) -> None:
        """Write its `settings`; "" takes one out."""
        given = {
            "PUBLIC_ADDRESS": f"https://{self.host}",
            "SECRET_KEY": self.secret_key,
            "TEAM_CERTIFICATE": "team-certificate.pem",
            **changes,
        }
        lines = [f"UDVEJ_{key}={value}\n" for key, value in given.items() if value]
        path = self.folder / "settings"
        path.write_text("# Egne indstillinger\n" + "".join(lines), "utf-8")
        path.chmod(0o640)

    def certify(self, team: TeamKey | None = None) -> None:
        """Put the team's certificate in its place, or another's."""
        pem = (team or self.team).certificate_pem()
        (self.folder / "team-certificate.pem").write_bytes(pem)


def municipality(name: str, folder: Path) -> Municipality:
    """Make one.

    Args:
        name: one of `NAMES`.
        folder: of all.
    """
    content = begun(folder / name)
    content.parent.rename(folder / "made")
    (folder / name).rmdir()
    (folder / "made").rename(folder / name)
    path = folder / name / "content" / "kommune.toml"
    text = path.read_text("utf-8").replace("30 40 50 60", PHONES[name])
    for own, theirs in (("Egen", name.capitalize()), ("egen.example", f"{name}.example")):
        text = text.replace(own, theirs)
    path.write_text(text, "utf-8")
    made = Municipality(name, folder / name, _key(name), secrets.token_hex(32))
    made.settings()
    made.certify()
    return made


@cache
def _key(name: str) -> TeamKey:
    return TeamKey.make(f"team@{name}.example")


@dataclass(frozen=True)
class Many:
    """All of them, running.

    Attributes:
        site: `udvej serve`.
        server: the mail server that takes the referrals of all.
        all: each, by name.
        settings: what the processes are given.
        folder: for whatever else a test makes.
    """

    site: Site
    server: Server
    all: Mapping[str, Municipality]
    settings: Mapping[str, str]
    folder: Path

    def browser(self, name: str) -> Browser:
        """A visitor of one."""
        return Browser(self.site.port, self.all[name].host)

    def mail(self) -> Taken:
        """The next mail that the server takes."""
        return self.server.mails.get(timeout=PATIENCE)

    def letter(self, mail: Taken, name: str) -> str:
        """What one's team reads in it."""
        inside = opened(mail.content, self.all[name].team, self.folder, form="SMIME")
        return str(inside.get_content())

    def state(self, name: str) -> Path:
        """Where one's referrals are."""
        return Path(self.settings["UDVEJ_STATE"]) / name


def furnish(settings: Mapping[str, str]) -> None:
    """Give each its frozen pages, less well compressed than in earnest, which takes a while."""
    with patch("brotli.compress", partial(brotli.compress, quality=1)):
        for name, config in Installation.from_environ(settings).configs.items():
            Services.open(config)
            _FROZEN[name] = freeze(config, config.state / PAGES, like=_FROZEN.get(name))


@contextmanager
def running(
    folder: Path,
    authority: Authority,
    faults: Faults | None = None,
    names: tuple[str, ...] = NAMES,
    **others: str,
) -> Iterator[Many]:
    """Let them run.

    Args:
        folder: for all of it.
        authority: signs the mail server's certificate.
        faults: what that server does wrong.
        names: which of them.
        others: settings besides.
    """
    with as_shipped(folder / "shipped"):
        everybody = {name: municipality(name, folder / "municipalities") for name in names}
    with serving(authority.context(), faults=faults or Faults(login=True)) as server:
        settings = {
            "UDVEJ_STATE": str(folder / "state"),
            "UDVEJ_PORT": str(held_port()),
            "UDVEJ_MUNICIPALITIES": str(folder / "municipalities"),
            "UDVEJ_MAIL_SERVER": "localhost",
            "UDVEJ_MAIL_PORT": str(server.port),
            "UDVEJ_MAIL_CA": str(authority.file),
            "UDVEJ_MAIL_USER": USER,
            "UDVEJ_MAIL_PASSWORD": PASSWORD,
            **others,
        }
        furnish(settings)
        site = Site(settings, folder / "printed")
        try:
            yield Many(site, server, everybody, settings, folder)
        finally:
            site.kill()
