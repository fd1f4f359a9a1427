from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from support.checkout import CHECKOUT
from udvej.config import Config
from udvej.errors import ConfigError
from udvej.outbox.scheme import Scheme
from udvej.settings import SETTINGS
from udvej.settings_reader import content_folder

REQUIRED = (
    "UDVEJ_PUBLIC_ADDRESS",
    "UDVEJ_SECRET_KEY",
    "UDVEJ_TEAM_CERTIFICATE",
    "UDVEJ_MAIL_SERVER",
)
FREE = ("UDVEJ_STATE", "UDVEJ_HOST", "UDVEJ_PORT", "UDVEJ_CONTENT")
SECRET = "0123456789abcdef" * 4
PASSWORD = "kodeord til mailserveren"
# Stands in bad values, and may stand in no error.
MARK = "kvittering4711"

Environ = dict[str, str]


@pytest.fixture
def environ(tmp_path: Path) -> Environ:
    """The fewest settings of a live site."""
    certificate = tmp_path / "team.pem"
    certificate.touch()  # opened by who seals
    return {
        "UDVEJ_PUBLIC_ADDRESS": "https://example.dk",
        "UDVEJ_SECRET_KEY": SECRET,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "mail.example.dk",
    }


def _refusal(environ: Environ) -> str:
    with pytest.raises(ConfigError) as refused:
        Config.from_environ(environ)
    return str(refused.value)


class TestDemonstration:
    """With nothing configured the site is a demonstration on this machine."""

    def test_nothing_given(self) -> None:
        """Nothing at all is a demonstration, on loopback."""
        assert Config.from_environ({}) == Config(
            Path("state").absolute(), CHECKOUT / "content", "127.0.0.1", 8000, live=None
        )

    def test_state_host_and_port_given(self, tmp_path: Path) -> None:
        """The three free settings leave it one."""
        config = Config.from_environ(
            {"UDVEJ_STATE": str(tmp_path), "UDVEJ_HOST": "::1", "UDVEJ_PORT": "65535"}
        )
        assert (config.state, config.host, config.port) == (tmp_path, "::1", 65535)
        assert config.live is None

    def test_a_folder_of_ones_own_can_be_tried_out(self, content: Path) -> None:
        """What is said does not make it live."""
        config = Config.from_environ({"UDVEJ_CONTENT": str(content)})
        assert config.content == content
        assert config.live is None

    def test_a_folder_is_named_from_where_one_stands(
        self, content: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its translations are found next to it all the same."""
        monkeypatch.chdir(content)
        assert Config.from_environ({"UDVEJ_CONTENT": "."}).content == content

    @pytest.mark.parametrize("key", FREE)
    def test_empty_counts_as_not_given(self, key: str) -> None:
        """An empty free setting has its default."""
        assert Config.from_environ({key: ""}) == Config.from_environ({})

    def test_settings_of_others_are_none_of_ours(self) -> None:
        """Only names that begin with UDVEJ_ count."""
        others = {"PATH": "/bin", "udvej_mail_server": "x", "UDVEJ": "x", "MY_UDVEJ_KEY": "x"}
        assert Config.from_environ(others) == Config.from_environ({})

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
    def test_listens_on_loopback(self, host: str) -> None:
        """Loopback, by each of its names."""
        assert Config.from_environ({"UDVEJ_HOST": host}).host == host

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.dk", "127.0.0.1.nip"])
    def test_listens_nowhere_else(self, host: str) -> None:
        """A demonstration that others could reach would swallow a real referral."""
        message = _refusal({"UDVEJ_HOST": host})
        assert message.startswith("UDVEJ_HOST: a demonstration listens on this machine only")
        assert host not in message.replace("(127.0.0.1)", "")

    @pytest.mark.parametrize("value", ["", "x"])
    @pytest.mark.parametrize("key", [*sorted(SETTINGS.keys() - {*FREE}), "UDVEJ_MAIL_SEVER"])
    def test_any_other_setting_ends_it(self, key: str, value: str) -> None:
        """A settings file that lost its values, or its spelling, is no demonstration."""
        message = _refusal({key: value})
        for missing in {*REQUIRED} - {key}:
            assert f"{missing}: missing" in message


class TestLive:
    """The real site."""

    def test_fewest_settings(self, environ: Environ) -> None:
        """What is not given has its default."""
        config = Config.from_environ(environ)
        assert config.live is not None
        assert config.live.public_address == "https://example.dk"
        assert config.live.secret_key == SECRET
        mail = config.live.mail
        assert (mail.host, mail.port, mail.tls) == ("mail.example.dk", 587, "starttls")
        assert {mail.ca, mail.user, mail.password, mail.sender} == {None}
        assert not mail.recipients
        assert (config.live.sealing, config.live.proxies) == (Scheme.SMIME, 0)

    def test_all_settings(self, environ: Environ, content: Path, tmp_path: Path) -> None:
        """Each setting arrives where it belongs."""
        ca = tmp_path / "ca.pem"
        trustme.CA().cert_pem.write_to_path(ca)
        everything = environ | {
            "UDVEJ_STATE": str(tmp_path / "state"),
            "UDVEJ_HOST": "0.0.0.0",
            "UDVEJ_PORT": "80",
            "UDVEJ_CONTENT": str(content),
            "UDVEJ_MAIL_PORT": "2525",
            "UDVEJ_MAIL_TLS": "tls",
            "UDVEJ_MAIL_CA": str(ca),
            "UDVEJ_MAIL_USER": "udvej",
            "UDVEJ_MAIL_PASSWORD": PASSWORD,
            "UDVEJ_MAIL_TO": "team@example.dk, vagt@example.dk",
            "UDVEJ_MAIL_FROM": "exit@example.dk",
            "UDVEJ_SEALING": "smime",
            "UDVEJ_DATABASE": f"postgresql+psycopg://udvej:{PASSWORD}@127.0.0.1/udvej",
            "UDVEJ_PROXIES": "2",
            "UDVEJ_LIMITS": f"rediss://udvej:{PASSWORD}@example.dk:6380/0",
            "UDVEJ_CONFIRM_DAYS": "14",
            "UDVEJ_SECURITY_CONTACT": "sikkerhed@example.dk",
        }
        assert everything.keys() == SETTINGS.keys() - {"UDVEJ_SERVER_KEY", "UDVEJ_MUNICIPALITIES"}
        config = Config.from_environ(everything)
        assert config.live is not None
        mail = config.live.mail
        assert (config.state, config.content) == (tmp_path / "state", content)
        assert (config.host, config.port) == ("0.0.0.0", 80)
        assert (config.live.sealing, config.live.seal_for) == (Scheme.SMIME, tmp_path / "team.pem")
        assert config.database == everything["UDVEJ_DATABASE"]
        assert config.live.proxies == 2
        assert config.limits == everything["UDVEJ_LIMITS"]
        assert config.live.confirm_days == 14
        assert config.live.security_contact == "mailto:sikkerhed@example.dk"
        assert (mail.port, mail.tls, mail.ca) == (2525, "tls", ca)
        assert (mail.user, mail.password) == ("udvej", PASSWORD)
        assert mail.recipients == ["team@example.dk", "vagt@example.dk"]
        assert mail.sender == "exit@example.dk"

    def test_transport_is_sealed_for_the_server(self, environ: Environ) -> None:
        """Its key takes the place of the team's certificate."""
        key = environ.pop("UDVEJ_TEAM_CERTIFICATE")
        transport = environ | {"UDVEJ_SEALING": "transport"}
        assert _refusal(transport).startswith("UDVEJ_SERVER_KEY: missing; ")
        live = Config.from_environ(transport | {"UDVEJ_SERVER_KEY": key}).live
        assert live is not None
        assert (live.sealing, live.seal_for) == (Scheme.TRANSPORT, Path(key))

    @pytest.mark.parametrize(
        ("sealing", "key"),
        [("smime", "UDVEJ_SERVER_KEY"), ("transport", "UDVEJ_TEAM_CERTIFICATE")],
    )
    def test_the_key_of_the_other_sealing_has_no_use(
        self, environ: Environ, sealing: str, key: str
    ) -> None:
        """Who gives both may believe that both are used."""
        given = environ | {"UDVEJ_SERVER_KEY": environ["UDVEJ_TEAM_CERTIFICATE"]}
        message = _refusal(given | {"UDVEJ_SEALING": sealing})
        assert message == f"{key}: has no use with this UDVEJ_SEALING; leave it out"

    def test_implicit_tls_has_a_port_of_its_own(self, environ: Environ) -> None:
        """465 where TLS comes first (RFC 8314)."""
        live = Config.from_environ(environ | {"UDVEJ_MAIL_TLS": "tls"}).live
        assert live is not None
        assert live.mail.port == 465

    @pytest.mark.parametrize(
        "address",
        [
            "redis://127.0.0.1",
            "redis://:kode@localhost:6379/1",
            "redis://[::1]:6379/0",
            "rediss://udvej:kode@redis.example.dk:6380/0",
            "rediss://192.0.2.1",
            "unix:///run/redis/redis.sock",
            "unix://udvej:kode@/run/redis/redis.sock?db=2",
        ],
    )
    def test_limits_are_counted_where_nobody_listens(self, environ: Environ, address: str) -> None:
        """Over TLS, or on this machine."""
        assert Config.from_environ(environ | {"UDVEJ_LIMITS": address}).limits == address

    def test_slash_after_the_public_address_does_not_matter(self, environ: Environ) -> None:
        """People copy addresses from the browser."""
        live = Config.from_environ(environ | {"UDVEJ_PUBLIC_ADDRESS": "https://example.dk/"}).live
        assert live is not None
        assert live.public_address == "https://example.dk"

    def test_every_missing_setting_is_named_at_once_with_how_to_make_it(self) -> None:
        """Nobody should have to start the site four times to be told."""
        lines = _refusal({"UDVEJ_MAIL_USER": "", "UDVEJ_HOST": "0.0.0.0"}).splitlines()
        assert [line.split(": missing; ")[0] for line in lines] == [
            "UDVEJ_PUBLIC_ADDRESS",
            "UDVEJ_SECRET_KEY",
            "UDVEJ_TEAM_CERTIFICATE",
            "UDVEJ_MAIL_SERVER",
        ]
        assert "https://example.dk" in lines[0]
        assert "python3 -c 'import secrets; print(secrets.token_hex(32))'" in lines[1]
        assert "udvej keys FOLDER" in lines[2]
        assert "ask your mail administrator" in lines[3]

    @pytest.mark.parametrize("key", REQUIRED)
    def test_empty_is_missing(self, environ: Environ, key: str) -> None:
        """An empty required setting is as good as none."""
        assert _refusal(environ | {key: ""}).startswith(f"{key}: missing; ")

    @pytest.mark.parametrize("value", ["", MARK])
    def test_unknown_setting_is_named(self, environ: Environ, value: str) -> None:
        """A misspelt setting is not passed over, not even an empty one."""
        message = _refusal(environ | {"UDVEJ_MAIL_SEVER": value})
        assert message == "UDVEJ_MAIL_SEVER: no such setting; see `udvej --help`"


# Key -> values it must refuse.
BAD: dict[str, list[str]] = {
    "UDVEJ_PORT": [MARK, "0", "65536", "-1", "8000 ", "8e3", "٨٠٠٠", "8.0", "1" * 5000],
    "UDVEJ_CONTENT": [f"/{MARK}", MARK * 300],
    "UDVEJ_PUBLIC_ADDRESS": [
        MARK,
        f"http://{MARK}.dk",
        f"https://{MARK}.dk/exit",
        f"https://{MARK}.dk?a",
        f"https://{MARK}.dk#a",
        f"https://{MARK}@example.dk",
        f"https://:{MARK}@example.dk",
        f"https://{MARK}.dk:port",
        f"https://{MARK} .dk",
        f"https://<{MARK}>.dk",
        f"https://{MARK}ø.dk",
        "https://",
        "https://[::1",
    ],
    "UDVEJ_SECRET_KEY": [MARK, "x" * 31],
    "UDVEJ_TEAM_CERTIFICATE": [
        f"/{MARK}",
        f"-----BEGIN CERTIFICATE-----{MARK * 300}",
    ],
    "UDVEJ_MAIL_SERVER": [
        f"{MARK}.dk:587",
        f"smtp://{MARK}.dk",
        f"{MARK} .dk",
        f"{MARK}ø.dk",
    ],
    "UDVEJ_MAIL_PORT": [MARK, "0", "65536", "-25", "smtp"],
    "UDVEJ_MAIL_TLS": [MARK, "none", "no", "STARTTLS", "ssl"],
    "UDVEJ_MAIL_CA": [f"/{MARK}", MARK * 300, __file__],
    "UDVEJ_SEALING": [MARK, "SMIME", "none", "smime,transport"],
    "UDVEJ_SERVER_KEY": [f"/{MARK}"],
    "UDVEJ_PROXIES": [MARK, "-1", "10", "1.0", "\u0661"],
    "UDVEJ_LIMITS": [
        MARK,
        f"redis://:{MARK}@example.dk",
        f"redis://:{MARK}@192.0.2.1:6379/0",
        f"redis://:{MARK}@127.0.0.1:port",
        f"redis://:{MARK}@127.0.0.1/db",
        f"redis://:{MARK}@127.0.0.1?db=0",
        f"redis://:{MARK}@127.0.0.1#a",
        f"redis://:{MARK}@",
        f"redis://[{MARK}",
        f"rediss://:{MARK}@example.dk?ssl_cert_reqs=none",
        f"rediss://:{MARK}@example.dk?ssl_check_hostname=no",
        f"rediss://example.dk?ssl_ca_certs=/{MARK}",
        f"rediss://example.dk?ssl_ca_certs={MARK * 300}",
        f"rediss://example.dk?{MARK}",
        f"unix://{MARK}/redis.sock",
        f"unix:{MARK}",
        f"valkey://:{MARK}@127.0.0.1",
        f"http://{MARK}.dk",
    ],
    "UDVEJ_CONFIRM_DAYS": [MARK, "0", "91", "100", "7.0", "\u0661"],
    "UDVEJ_SECURITY_CONTACT": [
        MARK,
        f"http://{MARK}.dk/",
        f"https://{MARK} .dk",
        f"https:///{MARK}",
        f"mailto:{MARK}@a.dk",
        f"{MARK}@",
    ],
    "UDVEJ_MAIL_USER": [MARK],
    "UDVEJ_MAIL_PASSWORD": [MARK],
    "UDVEJ_MAIL_TO": [
        MARK,
        f"{MARK}@",
        f"@{MARK}.dk",
        f"{MARK}@a@b.dk",
        f"Team <{MARK}@b.dk>",
        f"{MARK}@b.dk; c@d.dk",
        f"c@d.dk, {MARK}",
        f"{MARK}ø@b.dk",
    ],
    "UDVEJ_MAIL_FROM": [MARK, f"<{MARK}@b.dk>"],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in BAD.items() for value in values]
)
def test_bad_value_is_refused_by_its_key_and_never_printed(
    environ: Environ, key: str, value: str
) -> None:
    """Values may be secrets pasted into the wrong place, and errors end up in logs."""
    message = _refusal(environ | {key: value})
    assert key in message
    assert "\n" not in message, "one problem, one line"
    assert MARK not in message


@pytest.mark.parametrize("spoilt", [f"{MARK}\n", f"{MARK}\0", f"{MARK}\x1b[2J", f"{MARK}\udcff"])
@pytest.mark.parametrize("key", SETTINGS)
def test_characters_that_do_not_print_are_refused_everywhere(
    environ: Environ, key: str, spoilt: str
) -> None:
    """Every setting, whatever it is for."""
    message = _refusal(environ | {key: spoilt})
    assert f"{key}: holds a line break or another character that does not print" in message
    assert MARK not in message


def test_everything_wrong_is_said_at_once(environ: Environ) -> None:
    """A bad setting hides no other."""
    bad = environ | {key: values[0] for key, values in BAD.items() if key != "UDVEJ_MAIL_USER"}
    message = _refusal(bad | {"UDVEJ_X": MARK})
    for key in (*BAD, "UDVEJ_X"):
        assert key in message
    assert MARK not in message


@pytest.mark.parametrize("shown", [repr, str])
def test_neither_secret_nor_password_shows(
    environ: Environ, shown: Callable[[object], str]
) -> None:
    """A config that is printed or logged tells no secret."""
    config = Config.from_environ(
        environ
        | {
            "UDVEJ_MAIL_USER": "udvej",
            "UDVEJ_MAIL_PASSWORD": PASSWORD,
            "UDVEJ_DATABASE": f"postgresql+psycopg://udvej:{PASSWORD}@localhost/udvej",
            "UDVEJ_LIMITS": f"redis://:{PASSWORD}@127.0.0.1/0",
        }
    )
    assert config.live is not None
    for part in (config, config.live, config.live.mail):
        assert SECRET not in shown(part)
        assert PASSWORD not in shown(part)


def test_config_is_frozen() -> None:
    """Nothing changes a setting after the start."""
    config = Config.from_environ({})
    with pytest.raises(AttributeError):
        config.port = 1  # type: ignore[misc]
    assert replace(config, port=1).port == 1


def test_content_is_the_checkouts_unless_named(content: Path) -> None:
    """The content folder, with and without its setting."""
    assert content_folder({}) == content_folder({"UDVEJ_CONTENT": ""}) == CHECKOUT / "content"
    assert content_folder({"UDVEJ_CONTENT": str(content)}) == content


@pytest.mark.parametrize("key", SETTINGS)
def test_readme_tells_every_setting_as_the_help_does(key: str) -> None:
    """One table is the source of both."""
    setting = SETTINGS[key]
    otherwise = setting.default or ("**needed**" if setting.advice else "")
    row = f"| `{key}` | {setting.text} | {otherwise} | {setting.owner} |"
    assert row in (CHECKOUT / "README.md").read_text("utf-8").splitlines()


def test_the_example_of_settings_names_all_that_is_needed_and_none_that_there_is_not() -> None:
    """Whoever fills it in has a live site; transport sealing is chosen by its own guide."""
    example = (CHECKOUT / "site" / "deploy" / "settings.example").read_text("utf-8")
    named = {line.lstrip("#").partition("=")[0] for line in example.splitlines() if "=" in line}
    needed = {key for key, setting in SETTINGS.items() if setting.advice} - {"UDVEJ_SERVER_KEY"}
    assert needed <= named <= SETTINGS.keys()
