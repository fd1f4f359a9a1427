"""A folder of several municipalities: whose each setting is, and what is wrong with whom."""

import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from support.municipality import NORDBY
from udvej import cli
from udvej.errors import ConfigError
from udvej.installation import Installation, command_line, content_of, host_of, names_in, plain_host
from udvej.outbox.keys import TeamKey
from udvej.own_settings import SETTINGS_FILE, OwnSettings
from udvej.settings import SETTINGS, Owner

NAMES: Final = ("klitby", "sundby", "vesterby")
MARK: Final = "kvittering4711"


@pytest.fixture(scope="module")
def keys() -> Mapping[str, bytes]:
    """A certificate for each."""
    return {name: TeamKey.make(f"team@{name}.example").certificate_pem() for name in NAMES}


@pytest.fixture
def folder(tmp_path: Path, keys: Mapping[str, bytes]) -> Path:
    """Three that are right."""
    folder = tmp_path / "municipalities"
    for name in NAMES:
        shutil.copytree(NORDBY, folder / name)
        (folder / name / "team.pem").write_bytes(keys[name])
        write(folder / name)
    return folder


@pytest.fixture
def environ(folder: Path, tmp_path: Path) -> dict[str, str]:
    """What the processes are given."""
    return {
        "UDVEJ_MUNICIPALITIES": str(folder),
        "UDVEJ_STATE": str(tmp_path / "state"),
        "UDVEJ_MAIL_SERVER": "mail.example.dk",
    }


def write(folder: Path, *more: str, **changes: str) -> None:
    """Write one's settings, each line of them on its own; "" takes one out."""
    given = {
        "PUBLIC_ADDRESS": f"https://{folder.name}.example",
        "SECRET_KEY": secrets.token_hex(32),
        "TEAM_CERTIFICATE": "team.pem",
        **changes,
    }
    lines = [f"UDVEJ_{key}={value}" for key, value in given.items() if value]
    path = folder / "settings"
    path.write_text("\n".join([*lines, *more]) + "\n", "utf-8")
    path.chmod(0o640)


def refusal(environ: Mapping[str, str], name: str) -> str:
    """What keeps one out; the others are as they were."""
    installation = Installation.from_environ(environ)
    assert {*installation.kept_out} == {name}
    assert len(installation.configs) == len(installation.names) - 1
    with pytest.raises(ConfigError) as refused:
        installation.one(name)
    assert MARK not in str(refused.value)
    return str(refused.value)


def test_each_has_settings_content_and_state_of_its_own(
    environ: Mapping[str, str], folder: Path, tmp_path: Path
) -> None:
    """And the mail server, which is the installation's."""
    installation = Installation.from_environ(environ)
    assert installation.is_many
    assert [*installation.names] == [*NAMES]
    for name in NAMES:
        config = installation.one(name)
        assert (config.name, config.state) == (name, tmp_path / "state" / name)
        assert config.content == folder / name / "content"
        assert content_of(environ, name) == config.content
        assert config.live
        assert config.live.public_address == f"https://{name}.example"
        assert config.live.seal_for == folder / name / "team.pem"
        assert config.live.mail.host == "mail.example.dk"
    assert (
        len({config.live and config.live.secret_key for config in installation.configs.values()})
        == 3
    )


def test_one_that_is_alone_has_no_name() -> None:
    """And is what it was: a demonstration where nothing is given."""
    installation = Installation.from_environ({})
    assert not installation.is_many
    assert [*installation.names] == [""]
    assert installation.one("").live is None
    assert [*names_in({})] == []


@pytest.mark.parametrize(
    "key", [key for key, setting in SETTINGS.items() if setting.owner is Owner.MUNICIPALITY]
)
def test_a_setting_of_a_municipality_is_not_the_installations(
    environ: dict[str, str], key: str
) -> None:
    """By its key, and where to write it."""
    with pytest.raises(ConfigError) as refused:
        Installation.from_environ(environ | {key: MARK})
    assert str(refused.value) == f"{key}: is each municipality's own; write it in its settings file"


@pytest.mark.parametrize(
    "key", [key for key, setting in SETTINGS.items() if setting.owner is Owner.INSTALLATION]
)
def test_a_setting_of_the_installation_is_not_a_municipalitys(
    environ: Mapping[str, str], folder: Path, key: str
) -> None:
    """By file, line and key, never the value."""
    write(folder / "sundby", f"{key}={MARK}")
    path = folder / "sundby" / "settings"
    problem = f"{path}:4: {key}: belongs to the installation; give it to the services instead"
    assert refusal(environ, "sundby") == problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"UDVEJ_SECRET_KEI={MARK}", "4: UDVEJ_SECRET_KEI: no such setting; see `udvej --help`"),
        (f"{MARK}", "4: write KEY=VALUE"),
        (f"OTHER={MARK}", "4: no setting of ours"),
        ("UDVEJ_CONFIRM_DAYS=mange", "4: UDVEJ_CONFIRM_DAYS: give a number from 1 to 90"),
        ("UDVEJ_MAIL_FROM=nej", "4: UDVEJ_MAIL_FROM: not a mail address"),
        (f"UDVEJ_SECRET_KEY={MARK}", "4: UDVEJ_SECRET_KEY: stands in line 2 too; leave one out"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named_by_its_line(
    environ: Mapping[str, str], folder: Path, line: str, problem: str
) -> None:
    """And keeps out nobody else."""
    write(folder / "klitby", line)
    assert refusal(environ, "klitby") == f"{folder / 'klitby' / 'settings'}:{problem}"


def test_everything_wrong_with_one_is_said_at_once(
    environ: Mapping[str, str], folder: Path
) -> None:
    """What is missing by the file, the rest by its line too."""
    write(folder / "klitby", "UDVEJ_MAIL_FROM=nej", PUBLIC_ADDRESS="", SECRET_KEY="kort")
    path = folder / "klitby" / "settings"
    lines = refusal(environ, "klitby").splitlines()
    assert [line.partition("; ")[0] for line in lines] == [
        f"{path}: UDVEJ_PUBLIC_ADDRESS: missing",
        f"{path}:1: UDVEJ_SECRET_KEY: too short",
        f"{path}:3: UDVEJ_MAIL_FROM: not a mail address",
    ]


def test_a_file_is_read_as_systemd_reads_it(environ: Mapping[str, str], folder: Path) -> None:
    """Comments, empty lines, quotes, spaces around."""
    write(folder / "klitby", "", "# UDVEJ_MAIL_TO=nej", "; nej", '  UDVEJ_MAIL_FROM = "a@b.dk" ')
    live = Installation.from_environ(environ).one("klitby").live
    assert live
    assert live.mail.sender == "a@b.dk"


def test_a_municipality_without_settings_is_named(environ: Mapping[str, str], folder: Path) -> None:
    """Once, and not by each setting that is missing."""
    (folder / "klitby" / "settings").unlink()
    assert refusal(environ, "klitby") == f"{folder / 'klitby' / 'settings'}: there is no such file"


def test_a_file_that_others_may_read_is_shut_to_them(
    environ: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds a secret key; where that cannot be done, it is refused."""
    path = folder / "klitby" / "settings"
    path.chmod(0o644)
    assert not Installation.from_environ(environ).kept_out
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o644)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    assert refusal(environ, "klitby").endswith(": others may read it; chmod 640 it")


@pytest.mark.parametrize("name", ["Klitby", "klit by", "-klitby", "klitby.dk", "øby", "x" * 64])
def test_what_is_no_name_is_named(environ: Mapping[str, str], folder: Path, name: str) -> None:
    """It is a folder of the state folder, and may be a database's schema."""
    (folder / "klitby").rename(folder / name)
    write(folder / name, PUBLIC_ADDRESS="https://klitby.example")
    assert "small letters, digits and dashes" in refusal(environ, name)


def test_hidden_folders_and_plain_files_are_no_municipalities(
    environ: Mapping[str, str], folder: Path
) -> None:
    """An editor's, a git's, a note."""
    (folder / ".git").mkdir()
    (folder / "LÆS.txt").touch()
    assert [*Installation.from_environ(environ).names] == [*NAMES] == [*names_in(environ)]


def test_a_folder_that_holds_none_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    """Or is not there."""
    (tmp_path / "tom").mkdir()
    for name, problem in (("tom", "holds no municipality"), ("borte", "cannot be read (")):
        with pytest.raises(ConfigError) as refused:
            Installation.from_environ(environ | {"UDVEJ_MUNICIPALITIES": str(tmp_path / name)})
        assert str(refused.value).startswith(f"UDVEJ_MUNICIPALITIES: {problem}")


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        ("host", "1: UDVEJ_PUBLIC_ADDRESS: has the host name of {}"),
        ("secret", "2: UDVEJ_SECRET_KEY: is that of {}; each makes its own"),
        ("key", "3: UDVEJ_TEAM_CERTIFICATE: has the key of {}; each makes its own"),
        ("folder", " UDVEJ_CONTENT: is the folder of {}"),
    ],
)
def test_what_only_one_may_have_keeps_out_both_who_have_it(
    environ: dict[str, str], folder: Path, spoilt: str, problem: str
) -> None:
    """But not the one that was served before the other came, nor a third."""
    one, other = folder / "klitby", folder / "sundby"
    if spoilt == "host":
        write(other, PUBLIC_ADDRESS="https://KLITBY.example:8443")
    if spoilt == "secret":
        for path in (one, other):
            write(path, SECRET_KEY=MARK * 3)
    if spoilt == "key":
        shutil.copy(one / "team.pem", other / "team.pem")
    if spoilt == "folder":
        shutil.rmtree(other / "content")
        (other / "content").symlink_to(one / "content")
    kept_out = Installation.from_environ(environ).kept_out
    assert {*kept_out} == {"klitby", "sundby"}
    for name, theirs in (("klitby", "sundby"), ("sundby", "klitby")):
        error = kept_out[name].error
        assert str(error) == f"{folder / name / 'settings'}:{problem.format(theirs)}"
    (Path(environ["UDVEJ_STATE"]) / "klitby").mkdir(parents=True)
    assert {*Installation.from_environ(environ).kept_out} == {"sundby"}


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Klitby.Example", "klitby.example"),
        ("klitby.example.", "klitby.example"),
        ("klitby.example:443", "klitby.example"),
        ("klitby.example.:8443", "klitby.example"),
        ("klitby.example:", "klitby.example"),
        ("", ""),
        (":80", ":80"),
        ("[::1]:80", "[::1]"),
        ("a, b", "a, b"),
    ],
)
def test_a_host_name_is_compared_without_what_does_not_tell_hosts_apart(
    written: str, host: str
) -> None:
    """Port, case and the root's dot."""
    assert plain_host(written) == host
    assert host_of("https://" + written) == host or not host.isascii() or "," in written


class TestCommands:
    """Whom a command is about."""

    @pytest.fixture(autouse=True)
    def _set(self, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        for key in os.environ:
            if key.startswith("UDVEJ_"):
                monkeypatch.delenv(key)
        for key, value in environ.items():
            monkeypatch.setenv(key, value)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("publish",),
            ("drill", "--confirm"),
            ("number", "17"),
            ("flood",),
            ("inbox",),
            ("translations",),
            ("keys", "team-key"),
            ("status", "andenby"),
        ],
    )
    def test_one_that_is_not_named_or_not_known_is_asked_for(
        self, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With the names there are; nothing is done."""
        assert cli.main(arguments) == 2
        told = capsys.readouterr().err
        assert all(name in told for name in NAMES)

    def test_a_number_is_somebodys(self, capsys: pytest.CaptureFixture[str]) -> None:
        """To mail another's again would be worse than none."""
        assert cli.main(["deliver", "--again", "1"]) == 2
        assert "say whose that number is" in capsys.readouterr().err

    def test_status_tells_of_all_by_name_and_ends_with_the_worst(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One that is kept out is said to be; the others are looked at all the same."""
        write(folder / "sundby", "UDVEJ_CONFIRM_DAYS=mange")
        for name in ("klitby", "vesterby"):
            assert cli.main(["number", name, "41" if name == "klitby" else "7"]) == 0
        capsys.readouterr()
        assert cli.main(["status"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert all(line.partition(": ")[0] in NAMES for line in lines)
        assert "klitby: last number given: 41" in lines
        assert "vesterby: last number given: 7" in lines
        path = folder / "sundby" / "settings"
        assert [line for line in lines if line.startswith("sundby: ")] == [
            f"sundby: NOT WELL: {path}:4: UDVEJ_CONFIRM_DAYS: give a number from 1 to 90"
        ]
        cli.main(["status", "klitby"])
        lines = capsys.readouterr().out.splitlines()
        assert {line.partition(": ")[0] for line in lines} == {"klitby"}

    @pytest.mark.heavy
    def test_check_and_ready_are_of_all_or_of_one(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What is wrong with one fails the whole, and is found by its name."""
        (folder / "sundby" / "content" / "om.md").write_text("ingenting", "utf-8")
        assert cli.main(["check", "klitby"]) == 0
        assert cli.main(["check"]) == 1
        told = capsys.readouterr().out
        assert all(f"\n{name}:\n" in f"\n{told}" for name in NAMES)
        cli.main(["ready", "klitby"])
        lines = capsys.readouterr().out.splitlines()
        assert {line.partition(": ")[0] for line in lines} == {"klitby"}


@pytest.mark.heavy
def test_what_is_wrong_with_one_keeps_a_reload_from_no_other(
    environ: Mapping[str, str],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only once `udvej build --checked` has ended well does the application hear of a reload."""
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    (folder / "klitby" / "content" / "om.md").write_text("Uden overskrift", "utf-8")
    write(folder / "sundby", MAIL_FROM="x")
    pages = tmp_path / "site"
    assert cli.main(["build", "--checked", str(pages)]) == 0
    said = capsys.readouterr().err
    assert re.search("^udvej: klitby: .*om.md:", said, re.MULTILINE)
    assert re.search("^udvej: sundby: .*settings:", said, re.MULTILINE)
    assert [path.name for path in pages.iterdir() if path.is_symlink()] == ["vesterby"]
    assert cli.main(["build", str(pages)]) == 2
    (folder / "vesterby" / "team.pem").unlink()
    assert cli.main(["build", "--checked", str(pages)]) == 2


def test_a_command_is_named_as_it_is_typed_for_one() -> None:
    """Its name comes first."""
    assert command_line("drill", "nordby", "--confirm") == "udvej drill nordby --confirm"
    assert command_line("drill", "", "--confirm") == "udvej drill --confirm"


def test_no_secret_shows_where_own_settings_are_printed(tmp_path: Path) -> None:
    """As in a traceback that shows what a function was given."""
    path = tmp_path / SETTINGS_FILE
    path.write_text("UDVEJ_SECRET_KEY=hemmeligt\n", "utf-8")
    path.chmod(0o600)
    own = OwnSettings.read(tmp_path)
    assert own.values == {"UDVEJ_SECRET_KEY": "hemmeligt"}
    assert "hemmeligt" not in repr(own)
