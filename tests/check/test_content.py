"""What `udvej check` finds in a folder: each thing by file and line, with what to write instead."""

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from support.municipality import CONTENT, HEADING, PAGES, PHONE
from support.spoiling import spoil
from udvej.check.content import check
from udvej.check.findings import Finding, Report
from udvej.check.kept import Kept
from udvej.content.beginning import begin
from udvej.content.editions import Content
from udvej.errors import ContentErrors

pytestmark = pytest.mark.heavy

# The day on which Nordby's pages were last read.
TODAY = max(page.reviewed for page in PAGES.values())


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Nordby's pages were measured to be, as somebody has who checks them again and again."""
    kept = tmp_path_factory.mktemp("measured") / "kept.json"
    check(CONTENT, TODAY, Kept(kept))
    return kept


@pytest.fixture
def report(content: Path, measured: Path, tmp_path: Path) -> Callable[..., Report]:
    """What is found in a copy of Nordby's content."""

    def report(today: date = TODAY) -> Report:
        kept = shutil.copyfile(measured, tmp_path / "kept.json")
        return check(content, today, Kept(kept))

    return report


def told(found: Report, path: Path, line: int) -> list[str]:
    """The warnings of one line."""
    return [one.words for one in found.warnings if (one.path, one.line) == (path, line)]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("| a | b |\n|---|---|\n| c | d |", "tabeller kan ikke vises"),
        ("Det er <b>vigtigt</b>.", "HTML bliver ikke til noget, men vises som <b>"),
        ("Se https://eksempel.dk/a, tak.", "skriv [ord](https://eksempel.dk/a)"),
        ("Se http://eksempel.dk", "skriv [ord](https://eksempel.dk)"),
        ("Se www.eksempel.dk.", "skriv [ord](https://www.eksempel.dk)"),
        ("Skriv til os@nordby.example.", "os@nordby.example kan ingen trykke på"),
        ("### For dybt", "overskriften springer et trin over; skriv ##"),
        (f"## {HEADING}", "overskriften står også på linje"),
        ("## Hej 🙂", "en emoji i en titel"),
        (f"Et {'meget ' * 25}langt.", "sætningen er på 27 ord; del den ved 25"),
    ],
)
def test_odd_writing_is_named_with_what_to_write(
    report: Callable[..., Report], content: Path, written: str, words: str
) -> None:
    """On its line; nobody is kept from publishing by it."""
    path = content / "om.md"
    line = spoil(path, f"# {HEADING}", f"# {HEADING}\n\n{written}") + 2
    found = report()
    assert found.mistakes == []
    assert any(words in said for said in told(found, path, line)), found.warnings


def test_what_can_be_pressed_is_no_bare_address(
    report: Callable[..., Report], content: Path
) -> None:
    """Links, facts and addresses with a scheme of their own."""
    written = (
        "Se [https://eksempel.dk](https://eksempel.dk) eller <https://eksempel.dk>: {team.mail}."
    )
    spoil(content / "om.md", f"# {HEADING}", f"# {HEADING}\n\n{written}")
    assert [one for one in report().warnings if "trykke" in one.words] == []


def test_titles_are_short_and_without_emoji(report: Callable[..., Report], content: Path) -> None:
    """A tab shows no more."""
    path = content / "om.md"
    text = path.read_text("utf-8")
    title = re.findall('titel = "(.*)"', text)[0]
    line = spoil(path, f'titel = "{title}"', f'titel = "{title} {"x" * 40} ☎"')
    said = told(report(), path, line)
    assert any("skriv højst 40" in words for words in said)
    assert any("emoji" in words for words in said)


def test_dates_that_are_old_or_to_come_are_named(
    report: Callable[..., Report], content: Path
) -> None:
    """Pages with who is to read them, and contacts; a year and a day, or tomorrow."""
    day = TODAY.isoformat()
    facts = content / "kommune.toml"
    line = spoil(facts, f'telefon = "{PHONE}"', f'telefon = "{PHONE}"\ngennemgaaet = {day}') + 1
    assert not [one for one in report().warnings if "gennemgaaet" in one.words]
    later = report(date(TODAY.year + 1, TODAY.month, TODAY.day + 1))
    owner = PAGES["/om/"].owner
    assert any(f"bed {owner} om at læse siden" in one.words for one in later.warnings)
    assert any("over et år siden; prøv numre" in words for words in told(later, facts, line))
    early = report(date(TODAY.year - 1, 1, 1))
    assert any("er ikke kommet endnu" in one.words for one in early.warnings)


def test_a_misspelt_exit_is_named_with_the_site_that_was_meant(
    report: Callable[..., Report], content: Path
) -> None:
    """An error page would tell whoever stands by; a site that we do not know is no slip."""
    path = content / "kommune.toml"
    text = path.read_text("utf-8")
    changed = re.sub(
        r"sider = \[.*?\]",
        'sider = ["https://www.dmi.kd/", "https://www.dr.dk/", "https://zzqqxxyy.example/"]',
        text,
        count=1,
        flags=re.DOTALL,
    )
    assert changed != text
    path.write_text(changed, "utf-8")
    [found] = [one for one in report().warnings if one.words.startswith("sider:")]
    assert found.path == path
    assert found.words == "sider: mente du dmi.dk, hvor der står dmi.kd?"
    assert found.line == 1 + changed[: changed.index("dmi.kd")].count("\n")


def test_a_page_that_nothing_leads_to_is_named(
    report: Callable[..., Report], content: Path
) -> None:
    """Until a link does."""
    page = (content / "om.md").read_text("utf-8")
    page = re.sub('adresse = ".*"', 'adresse = "/skjult/"', page)
    page = re.sub('titel = ".*"', 'titel = "Skjult"', page)
    path = content / "skjult.md"
    path.write_text(re.sub("menu = .*\n", "", page), "utf-8")
    assert any("intet fører hertil" in words for words in told(report(), path, 2))
    spoil(content / "om.md", f"# {HEADING}", f"# {HEADING}\n\n[Mere](/skjult/)")
    assert not any("intet fører hertil" in one.words for one in report().warnings)


def test_what_other_languages_now_show_in_danish_is_named_by_line(
    report: Callable[..., Report], content: Path
) -> None:
    """Because of this change: with the languages that wait for it."""
    path = content / "om.md"
    before = [one.words for one in report().warnings if one.path == path]
    assert not any("engelsk" in words for words in before)  # Arabic has a few pages only
    line = spoil(path, f"# {HEADING}", f"# {HEADING}\n\nDet er nyt.") + 2
    [words] = told(report(), path, line)
    assert "engelsk" in words
    assert words.endswith(": Det er nyt.")


@pytest.mark.parametrize("name", ["om.txt", "Mærke.svg", "maerke.png", "ny.MD", "mappe/x.md"])
def test_a_file_that_nobody_reads_is_named(
    report: Callable[..., Report], content: Path, name: str
) -> None:
    """Its editor thinks that it is a page, or the mark."""
    (content / name).parent.mkdir(exist_ok=True)
    (content / name).write_text("x", "utf-8")
    found = report()
    assert found.mistakes == []
    path = content / Path(name).parts[0]
    assert any("filen bliver ikke brugt" in words for words in told(found, path, 1))


def test_what_editors_leave_behind_is_not_named(
    report: Callable[..., Report], content: Path
) -> None:
    """Copies and locks of the program that they write with, and what git keeps."""
    for name in ("om.md~", ".om.md.swp", ".gitkeep"):
        (content / name).write_text("x", "utf-8")
    assert [one for one in report().warnings if "ikke brugt" in one.words] == []


def test_a_question_that_cannot_be_left_out_is_a_mistake_like_others(
    report: Callable[..., Report], content: Path
) -> None:
    """With all that is found otherwise."""
    line = spoil(content / "kommune.toml", "uden = []", 'uden = ["cpr"]')
    [found] = report().mistakes
    assert (found.path, found.line) == (content / "kommune.toml", line)
    assert "uden: »cpr« er ikke et spørgsmål, I kan undvære" in found.words


def test_all_mistakes_are_named_and_the_start_is_refused_with_all(
    report: Callable[..., Report], content: Path
) -> None:
    """Of pages and facts, each once, in the order of the files; warnings of the rest with them."""
    spoil(content / "om.md", f"# {HEADING}", f"# {HEADING}\n\n[x](/nej/) {{team.tlf}} [y](tel:abc)")
    (content / "kontakt.md").write_text("intet hoved\n", "utf-8")
    spoil(content / "kommune.toml", f'telefon = "{PHONE}"', f'telfon = "{PHONE}"')
    spoil(content / "moedet.md", "orden = ", "ordne = ")
    found = report()
    words = [one.words for one in found.mistakes]
    assert [one for one in words if "mente du telefon?" in one]
    assert [one for one in words if "mente du {team.telefon}?" in one]
    assert [one for one in words if "mente du orden?" in one]
    assert [one for one in words if "»abc« er ikke et telefonnummer" in one]
    assert [one for one in words if "begynd filen med +++" in one]
    assert len(words) == 5, words
    assert (len(found.fine), found.later != "") == (0, True)
    with pytest.raises(ContentErrors) as refused:
        Content.load(content, {"smime": True, "transport": False})
    assert str(refused.value).splitlines() == [
        f"{one.path}:{one.line}: {one.words}" for one in found.mistakes
    ]


def test_what_was_measured_is_not_measured_again(
    report: Callable[..., Report], monkeypatch: pytest.MonkeyPatch, content: Path
) -> None:
    """Until a page, a fact or the program has changed; then that page alone."""
    first = report()
    import udvej.web.reader  # noqa: PLC0415 (what must not be needed)

    monkeypatch.setattr(udvej.web.reader, "reader_app", None)
    assert report() == first
    spoil(content / "om.md", f"# {HEADING}", f"# {HEADING} nu")
    with pytest.raises(TypeError):
        report()


def test_a_cache_that_is_broken_or_cannot_be_written_costs_time_only(
    content: Path, tmp_path: Path
) -> None:
    """All is found again."""
    (tmp_path / "kept.json").write_text("[1", "utf-8")
    (tmp_path / "file").write_text("", "utf-8")
    found = [
        check(content, TODAY, Kept(path))
        for path in (tmp_path / "kept.json", tmp_path / "file" / "kept.json")
    ]
    assert found[0] == found[1]


def test_the_report_begins_with_what_is_most_urgent() -> None:
    """And ends with the sum."""
    finding = Finding(Path("a.md"), 1, "x")
    lines = [*Report([finding], [finding], [finding], ["y"]).lines()]
    headings = [line for line in lines if line.endswith(":")]
    assert [heading.partition(",")[0] for heading in headings] == [
        "Fejl", "Advarsler", "Oplysninger", "I orden:",
    ]  # fmt: skip
    assert lines[-1] == "1 fejl, 1 advarsler, 1 manglende oplysninger."


def test_a_wrong_fact_hides_no_other_mistake(report: Callable[..., Report], content: Path) -> None:
    """Colour, mark and questions are looked at as far as they can be, and what is missing named."""
    facts = content / "kommune.toml"
    spoil(facts, f'telefon = "{PHONE}"', 'telefon = "nej"')
    line = spoil(facts, 'farve = "#004f98"', 'farve = "#ffff00"')
    asked = spoil(facts, "uden = []", 'uden = ["cpr"]')
    (content / "maerke.svg").write_text("<svg", "utf-8")
    (content / "om.md").write_text(
        re.sub(r'ansvarlig = ".*"', 'ansvarlig = "Team Eksempel"', (content / "om.md").read_text()),
        "utf-8",
    )
    found = report()
    places = {(one.path, one.line) for one in found.mistakes}
    assert {(facts, line), (facts, asked)} <= places
    assert content / "maerke.svg" in {path for path, _ in places}
    assert len(places) == 4
    assert [one.words.split(":")[0] for one in found.missing] == ["ansvarlig"]
    lines = [*found.lines()]
    assert "I orden:" not in lines
    assert found.later in lines


@pytest.mark.usefixtures("shipped")
def test_each_page_whose_owner_is_an_example_is_named(tmp_path: Path) -> None:
    """With the facts that are; by file and line."""
    content = begin(tmp_path / "kommune")
    found = check(content, TODAY, Kept(tmp_path / "kept.json"))
    owners = {one.path for one in found.missing if one.words.startswith("ansvarlig:")}
    assert owners == {*content.glob("*.md")}


def test_what_only_the_program_says_is_no_editors_to_shorten(
    report: Callable[..., Report], content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a label of the form, though the page that holds it is too hard."""
    monkeypatch.setattr("udvej.check.measured.ceiling", lambda _: 0)
    found = [one.words for one in report().warnings if one.path == content / "skriv.md"]
    assert not [words for words in found if "Hvem skriver?" in words]
    assert [words for words in found if words.startswith("skriv kortere")]


def test_it_says_what_brings_new_texts_to_the_translators(
    report: Callable[..., Report], content: Path
) -> None:
    """At the file that is behind, which is not called complete any more."""
    spoil(content / "om.md", f"# {HEADING}", f"# {HEADING}\n\nDet er nyt.")
    found = report()
    file = content.parent / "translations" / "en" / "LC_MESSAGES" / "content.po"
    [words] = told(found, file, 1)
    assert "kør »udvej translations«" in words
    assert not [line for line in found.fine if str(file) in line]


def test_a_path_keeps_its_first_slash_from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a service or `sudo` asks, in no folder of anybody's."""
    monkeypatch.chdir("/")
    assert str(Finding(Path("/srv/content/om.md"), 3, "x")) == "/srv/content/om.md:3: x"
