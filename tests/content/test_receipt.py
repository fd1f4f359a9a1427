"""`kvittering.md`: what follows, by the kind of writer, and what is wrong with one."""

from pathlib import Path

import pytest
from support.editions import BOXES
from support.spoiling import refusal, spoil
from udvej.content.pages import load_edition, messages
from udvej.content.receipt import RECEIPT_FILE, WRITERS

RECEIPT = """\
+++
ansvarlig = "Ida Holm"
gennemgaaet = 2026-10-01
+++
## Sådan går det videre

::: vej selv
1. ### Først

   Så ringer vi.
:::

::: paaroerende
For pårørende.
:::

::: fagperson
For fagfolk: [Se kontakt](/kontakt/).
:::
"""


@pytest.fixture
def receipt(content: Path) -> Path:
    """A receipt to spoil."""
    path = content / RECEIPT_FILE
    path.write_text(RECEIPT, "utf-8")
    return path


def test_each_writer_reads_what_is_theirs_and_what_is_for_all(content: Path, receipt: Path) -> None:
    """The road is a road, and what only chooses the reader leaves no trace."""
    made = load_edition(content, boxes=BOXES).receipt
    own, relative, professional = map(made.body, WRITERS)
    for body in (own, relative, professional):
        assert body.count("<h2 ") == 1
    assert '<div class="vej">' in own
    assert [name for name in (*WRITERS, "vej", ":::") if name in relative] == []
    assert ("<p>For pårørende.</p>" in relative, "For fagfolk" in relative) == (True, False)
    assert 'href="/kontakt/"' in professional
    assert (made.owner, receipt.name) == ("Ida Holm", made.path.name)


def test_a_receipt_is_no_page(content: Path, receipt: Path) -> None:
    """It stands under no address and in no menu."""
    edition = load_edition(content, boxes=BOXES)
    text = receipt.read_text("utf-8")
    menus = [*edition.bottom, *(page for group in edition.top for page in group)]
    assert text
    for page in (*edition.pages.values(), *menus):
        assert "Sådan går det videre" not in page.body


def test_all_of_a_receipt_is_translated(receipt: Path) -> None:
    """Each heading, paragraph and item, at its line; there is no title."""
    words = {message.words: message.line for message in messages(receipt)}
    assert [*words] == [
        "Sådan går det videre",
        "Først",
        "Så ringer vi.",
        "For pårørende.",
        "For fagfolk: [Se kontakt](/kontakt/).",
    ]
    lines = RECEIPT.splitlines()
    assert all(word in lines[line - 1] for word, line in words.items())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Sådan", "# Sådan", "begynd hver overskrift med ##"),
        ("::: vej selv", "::: vej seelv", "»vej seelv« er ikke en boks"),
        ("::: vej selv", "::: vejen selv", "»vejen selv« er ikke en boks"),
        ("/kontakt/", "/kontakten/", "»/kontakten/« fører ingen steder hen"),
        ("Så ringer vi.", "{team.tlf}", "{team.tlf} står ikke i kommune.toml"),
        ('ansvarlig = "Ida Holm"', 'adresse = "/tak/"', "adresse: kendes ikke"),
        ("gennemgaaet = 2026-10-01", 'gennemgaaet = "i går"', "gennemgaaet: skriv dagen som"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(
    old: str, new: str, said: str, content: Path, receipt: Path
) -> None:
    """As on a page."""
    line = spoil(receipt, old, new)
    told = refusal(content)
    assert told.startswith(f"{receipt}:{line}: ")
    assert said in told


def test_a_receipt_that_has_nothing_to_say_to_somebody_is_refused(
    content: Path, receipt: Path
) -> None:
    """By the name of the box that is missing."""
    text = RECEIPT.replace("## Sådan går det videre\n", "").replace(
        "For pårørende.", "{team.svartid}"
    )
    receipt.write_text(text, "utf-8")
    assert "::: paaroerende" in refusal(content)


def test_what_stands_at_the_button_has_no_place_on_a_receipt(content: Path, receipt: Path) -> None:
    """There is no form below it."""
    receipt.write_text(f"{RECEIPT}\n::: formular\nHej.\n:::\n", "utf-8")
    assert "::: formular" in refusal(content)


def test_without_a_receipt_the_site_does_not_start(content: Path, receipt: Path) -> None:
    """Named."""
    receipt.unlink()
    assert refusal(content).startswith(f"{receipt}:1: ")


@pytest.mark.parametrize("box", ["selv", "vej selv"])
def test_pages_know_no_writers(box: str, content: Path) -> None:
    """Who reads a page is not asked."""
    path = content / "om.md"
    path.write_text(f"{path.read_text('utf-8')}\n::: {box}\nHej.\n:::\n", "utf-8")
    assert f"»{box}« er ikke en boks" in refusal(content)
