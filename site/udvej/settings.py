"""The `UDVEJ_…` settings there are: what `udvej --help` and the README tell of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Owner(StrEnum):
    """Whose a setting is, where one installation serves several municipalities."""

    INSTALLATION = "installation"  # in the environment, the same for all
    MUNICIPALITY = "municipality"  # in its own `settings` file


@dataclass(frozen=True)
class Setting:
    """One `UDVEJ_…` setting, as `udvej --help` and the README tell it.

    Attributes:
        key: its name.
        owner: whose it is.
        text: what it is.
        default: what counts where it is not given, or "".
        advice: how to come by one, where the live site may need it, else "".
        live: whether giving it ends the demonstration.
    """

    key: str
    owner: Owner
    text: str
    default: str = ""
    advice: str = ""
    live: bool = True


_INSTALLATION: Final = Owner.INSTALLATION
_MUNICIPALITY: Final = Owner.MUNICIPALITY

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.key: setting
    for setting in (
        Setting(
            "UDVEJ_STATE",
            _INSTALLATION,
            "folder for the database and what the site makes itself",
            default="./state",
            live=False,
        ),
        Setting(
            "UDVEJ_HOST", _INSTALLATION, "address to listen on", default="127.0.0.1", live=False
        ),
        Setting("UDVEJ_PORT", _INSTALLATION, "port to listen on", default="8000", live=False),
        Setting(
            "UDVEJ_CONTENT",
            _MUNICIPALITY,
            "folder with the Danish pages and kommune.toml; next to it lies translations/",
            default="./content, or the checkout's",
            live=False,
        ),
        Setting(
            "UDVEJ_PUBLIC_ADDRESS",
            _MUNICIPALITY,
            "the address people use",
            advice="https:// and the host name, such as https://example.dk",
        ),
        Setting(
            "UDVEJ_SECRET_KEY",
            _MUNICIPALITY,
            "signs the form's cookie: 32 random characters or more",
            advice="make one: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        ),
        Setting(
            "UDVEJ_TEAM_CERTIFICATE",
            _MUNICIPALITY,
            "PEM file with the certificates that may open referrals",
            advice="make one: udvej keys FOLDER",
        ),
        Setting(
            "UDVEJ_SEALING",
            _MUNICIPALITY,
            "smime, or transport only where the team cannot open S/MIME: see SECURITY.md first",
            default="smime",
        ),
        Setting(
            "UDVEJ_SERVER_KEY",
            _MUNICIPALITY,
            "for transport, in place of the team's certificate: PEM file with the server's own key",
            advice="make one: udvej keys FOLDER --server",
        ),
        Setting(
            "UDVEJ_MAIL_SERVER",
            _INSTALLATION,
            "host name of the mail server that takes the referrals",
            advice="ask your mail administrator",
        ),
        Setting(
            "UDVEJ_MAIL_PORT",
            _INSTALLATION,
            "its port",
            default="587, or 465 where UDVEJ_MAIL_TLS is tls",
        ),
        Setting(
            "UDVEJ_MAIL_TLS",
            _INSTALLATION,
            "starttls or tls; there is no setting without",
            default="starttls",
        ),
        Setting(
            "UDVEJ_MAIL_CA",
            _INSTALLATION,
            "PEM file with the authority that signed its certificate",
            default="the system's",
        ),
        Setting("UDVEJ_MAIL_USER", _INSTALLATION, "user name there, if it wants one"),
        Setting("UDVEJ_MAIL_PASSWORD", _INSTALLATION, "password there, if it wants one"),
        Setting(
            "UDVEJ_MAIL_TO",
            _MUNICIPALITY,
            "who receives the referrals, in place of those that kommune.toml names; several with"
            " commas between them",
            default="team.modtagere of kommune.toml, or team.mail",
        ),
        Setting(
            "UDVEJ_MAIL_FROM",
            _MUNICIPALITY,
            "sender of the mails",
            default="the first who receives them",
        ),
        Setting(
            "UDVEJ_DATABASE",
            _INSTALLATION,
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, where several hosts keep what they"
            " take in one place; see site/deploy/second-host.md",
            default="SQLite files in UDVEJ_STATE",
        ),
        Setting(
            "UDVEJ_PROXIES",
            _INSTALLATION,
            "how many web servers stand in front and name the client in X-Forwarded-For; rate"
            " limits need it to tell clients apart",
            default="0",
        ),
        Setting(
            "UDVEJ_LIMITS",
            _INSTALLATION,
            "where several hosts count together how often a client sends: Redis or Valkey, at"
            " rediss://USER:PASSWORD@HOST:PORT or unix:///PATH",
            default="each process counts by itself",
        ),
        Setting(
            "UDVEJ_CONFIRM_DAYS",
            _MUNICIPALITY,
            "how often the team shows, by the code of a drill, that it can open what is sent",
            default="7",
        ),
        Setting(
            "UDVEJ_SECURITY_CONTACT",
            _MUNICIPALITY,
            "mail or https:// address in /.well-known/security.txt, for who finds a weakness",
        ),
        Setting(
            "UDVEJ_MUNICIPALITIES",
            _INSTALLATION,
            "folder with a folder for each of several municipalities, its own settings in it; see"
            " site/deploy/many.md",
        ),
    )
}
