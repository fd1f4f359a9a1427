"""`udvej new`: a folder that is complete, neutral, and good in every language that we ship."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from babel.messages.pofile import read_po
from support.spoiling import spoil
from udvej import cli
from udvej.check.content import check
from udvej.config import Config
from udvej.content.beginning import begin
from udvej.content.catalogue import CONTENT
from udvej.content.editions import Content, translations_of
from udvej.content.kommune_toml import FACTS_FILE, examples, load_facts
from udvej.content.schema import SCHEMA
from udvej.errors import ContentError
from udvej.server.checked import Checked
from udvej.services import load_content
from udvej.web.reader import reader_app

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("commented")]

EXAMPLES: Final = {
    f"{table}.{key}": kind.example
    for table, kinds in SCHEMA.items()
    for key, kind in kinds.items()
    if kind.example
}


@pytest.fixture
def commented(shipped: Path) -> Path:
    """What comes with the program: each fact is explained above it."""
    path = shipped / FACTS_FILE
    facts = re.sub("(?m)^#.*\n", "", path.read_text("utf-8"))
    path.write_text(re.sub(r"(?m)^(\w+) = ", r"# Om \1.\n\g<0>", facts), "utf-8")
    return shipped


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The content of a new folder."""
    assert cli.main(["new", str(tmp_path / "ny")]) == 0
    assert "udvej serve" in capsys.readouterr().out
    return tmp_path / "ny" / "content"


def test_it_is_good_and_asks_for_what_is_to_be_filled_in(made: Path) -> None:
    """Every page, in each language, without a fault; examples and what is missing are named."""
    report = check(made, date(2026, 12, 1))
    assert report.mistakes == []
    asked = "\n".join(map(str, report.missing))
    for name, example in EXAMPLES.items():
        key = name.partition(".")[2]
        assert re.search(rf"{FACTS_FILE}:\d+: {key}: er kun et eksempel \(»{example}«\)", asked)
    for name in load_facts(made / FACTS_FILE).missing():
        assert f": {name}" in asked


def test_every_fact_is_at_its_example_or_empty_with_what_we_say_of_it(
    commented: Path, made: Path
) -> None:
    """What is good anywhere stays, such as where one is led when one leaves."""
    facts, ours = load_facts(made / FACTS_FILE), load_facts(commented / FACTS_FILE)
    for table, kinds in SCHEMA.items():
        for key, kind in kinds.items():
            expected = ours[table][key] if kind.example is None else kind.example
            assert facts[table][key] == expected, f"{table}.{key}"
    comments = re.findall("(?m)^#.*", (commented / FACTS_FILE).read_text("utf-8"))
    written = (made / FACTS_FILE).read_text("utf-8").splitlines()
    assert comments
    assert [line for line in comments if line not in written] == []


def test_it_says_in_every_language_what_we_ship(commented: Path, made: Path) -> None:
    """Each text with its translation, and without a fault."""
    content = Content.load(made, {"smime": True, "transport": False})
    assert {"da", "en", "ar"} <= {*content.editions}
    assert [found.faults for found in content.catalogues if found.faults] == []
    for tag in ("en", "ar"):
        ours, theirs = (
            read_po(BytesIO((translations_of(folder) / tag / "LC_MESSAGES" / CONTENT).read_bytes()))
            for folder in (commented, made)
        )
        said = [message for message in ours if message.string and message.id in theirs]
        assert len(said) > 50
        for message in said:
            assert theirs[message.id].string == message.string
            assert not theirs[message.id].fuzzy


def test_nothing_in_it_is_another_municipality_s(commented: Path, made: Path) -> None:
    """No name, number or address of the one whose pages are copied."""
    ours = load_facts(commented / FACTS_FILE)
    names = {
        str(entry[table][key])
        for table in ("kommune", "team", "politi")
        for entry in (ours.each(table) if table == "politi" else [ours])
        for key, kind in SCHEMA[table].items()
        if kind.example is not None and isinstance(entry[table][key], str) and entry[table][key]
    }
    assert len(names) > 10
    files = [path for path in made.parent.rglob("*") if path.is_file()]
    assert {path.suffix or path.name for path in files} == {".md", ".toml", ".po", ".gitignore"}
    for path in files:
        text = path.read_text("utf-8")
        assert [name for name in names if name in text] == [], path


def test_several_contacts_of_ours_leave_one_example(commented: Path, tmp_path: Path) -> None:
    """With the comments of the first; nor do our own facts go along."""
    assert len(load_facts(commented / FACTS_FILE).each("politi")) == 2
    spoil(commented / FACTS_FILE, "[egne]", '[egne]\nvores = "Vores eget"')
    made = begin(tmp_path / "ny") / FACTS_FILE
    text = made.read_text("utf-8")
    assert len(load_facts(made).each("politi")) == 1
    assert text.count("# Om hvem.") == text.count("# Om enhed.") == 1
    assert 'vores = ""' in text


def test_a_page_of_it_is_served(made: Path, tmp_path: Path) -> None:
    """As a demonstration, which needs no other setting."""
    config = Config.from_environ({"UDVEJ_CONTENT": str(made), "UDVEJ_STATE": str(tmp_path)})
    client = reader_app(load_content(config), config.address).test_client()
    for prefix, word in (("", "Ring"), ("/en", "Call"), ("/ar", "الهاتف")):
        html = client.get(f"{prefix}/kontakt/").text
        assert word in html
        assert EXAMPLES["team.telefon"] in html


def test_no_live_site_starts_until_every_example_is_replaced(
    made: Path, settings: dict[str, str]
) -> None:
    """All that are left are named at once, by file, line and key."""
    live = settings | {"UDVEJ_CONTENT": str(made)}
    path = made / FACTS_FILE
    replaced = 0
    while left := [*examples(path)]:
        with pytest.raises(ContentError) as refused:
            Checked.at_start(Config.from_environ(live))
        assert str(refused.value).splitlines() == [*map(str, left)]
        told = re.fullmatch(
            rf"{re.escape(str(path))}:(\d+): \w+: er kun et eksempel \(»(.*)«\).*", str(left[0])
        )
        assert told
        lines = path.read_text("utf-8").splitlines()
        own = told[2].replace("eksempel", "nordby").replace("00 00 00 0", "30 40 50 6")
        lines[int(told[1]) - 1] = lines[int(told[1]) - 1].replace(
            told[2], own if own != told[2] else f"{own} i Nordby"
        )
        path.write_text("\n".join(lines) + "\n", "utf-8")
        replaced += 1
    assert replaced == len(EXAMPLES)
    assert Checked.at_start(Config.from_environ(live)).services.config.live


def test_a_slip_in_a_new_folder_is_named_before_its_examples(
    made: Path, settings: dict[str, str]
) -> None:
    """A misspelt table is no fact that could be an example."""
    spoil(made / FACTS_FILE, "[frister]", "[frist]")
    with pytest.raises(ContentError, match="frist: kendes ikke"):
        Checked.at_start(Config.from_environ(settings | {"UDVEJ_CONTENT": str(made)}))


@pytest.mark.parametrize("held", ["content", "translations"])
def test_a_folder_that_is_there_is_left_as_it_is(
    held: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is somebody's work."""
    (tmp_path / held).mkdir()
    assert cli.main(["new", str(tmp_path)]) == 2
    assert f"{tmp_path / held} er der i forvejen; vælg en" in capsys.readouterr().err
    assert [*tmp_path.rglob("*")] == [tmp_path / held]


@pytest.mark.parametrize("held", ["content", "translations"])
def test_a_link_is_not_followed_to_somebody_else_s_folder(
    held: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is a link that leads nowhere made to lead somewhere."""
    (tmp_path / held).symlink_to(tmp_path / "andre")
    assert cli.main(["new", str(tmp_path)]) == 2
    assert "er der i forvejen" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == [tmp_path / held]


def test_a_folder_that_cannot_be_made_is_said_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands in its place."""
    (tmp_path / "fil").write_text("", "utf-8")
    assert cli.main(["new", str(tmp_path / "fil")]) == 2
    assert capsys.readouterr().err == f"udvej: {tmp_path / 'fil'} er en fil; vælg en anden mappe\n"


@pytest.mark.parametrize("found", ["/usr/bin/udvej", None])
def test_what_to_type_next_is_found_by_the_shell(
    found: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also where the folder has spaces in it, and the command is not on the path."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "udvej").write_text("", "utf-8")
    monkeypatch.setattr("udvej.commands.new.which", lambda _: found)
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    assert cli.main(["new", str(tmp_path / "vores mappe på nettet")]) == 0
    typed = [line.strip() for line in capsys.readouterr().out.splitlines() if line[0] == " "]
    program = "udvej" if found else str(tmp_path / "bin" / "udvej")
    place = f"cd '{tmp_path}/vores mappe på nettet'"
    git = ["git init --initial-branch=main", "git add --all", "git commit"]
    assert typed == [place, f"{program} serve", f"{program} check", *git]


def test_what_no_git_may_hold_is_left_out_of_it(tmp_path: Path) -> None:
    """A preview's state and the team's key; a list that is there already stays."""
    for name, given in (("ny", None), ("vores", "*.bak\n")):
        (tmp_path / name).mkdir()
        ignored = tmp_path / name / ".gitignore"
        if given:
            ignored.write_text(given, "utf-8")
        assert cli.main(["new", str(tmp_path / name)]) == 0
        assert ignored.read_text("utf-8") == (given or "/state/\n*.p12\n*.pem\n")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A git that was just begun."""
    assert cli.main(["new", str(tmp_path)]) == 0
    assert translations_of(tmp_path / "content").is_dir()
