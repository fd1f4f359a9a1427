from pathlib import Path

import pytest
from udvej.content.located_toml import LocatedToml, read_text
from udvej.errors import ContentError

FILE = Path("kommune.toml")
TOML = """\
# navn = "en kommentar"
orden = 1

[team]
navn = "A"
"telefon" = "1"

[ politi ]  # med en kommentar
  navn="B"
"""


@pytest.mark.parametrize(
    ("key", "table", "line"),
    [
        ("orden", "", 2),
        ("navn", "team", 5),
        ("telefon", "team", 6),
        ("navn", "politi", 9),
        ("team", "team", 4),
        ("mail", "team", 4),
        ("mail", "politi", 8),
        ("navn", "", 1),
        ("mail", "frister", 1),
        ("nav", "team", 4),
        (".*", "team", 4),
    ],
)
def test_error_names_the_line_of_the_key_or_else_of_its_table(
    key: str, table: str, line: int
) -> None:
    """The editor is led to where there is something to do."""
    source = LocatedToml.parse(FILE, TOML)
    assert str(source.error("gør noget", key, table)) == f"kommune.toml:{line}: {key}: gør noget"


@pytest.mark.parametrize(
    ("key", "table", "words"),
    [
        ("svartid", "team", "Hvor hurtigt svarer I? Skriv kun, hvad I kan holde."),
        ("navn", "team", ""),
        ("mail", "team", ""),
        ("mail", "politi", ""),
    ],
)
def test_what_is_asked_above_a_key_is_found(key: str, table: str, words: str) -> None:
    """All of it, and nothing that stands above another."""
    toml = """\
# Om hele filen.

[team]
navn = "A"
# Hvor hurtigt svarer I?
# Skriv kun, hvad I kan holde.
svartid = ""
mail = ""
"""
    assert LocatedToml.parse(FILE, toml).comment(key, table) == words


def test_lines_above_the_toml_count() -> None:
    """A page's header begins on the second line of its file."""
    source = LocatedToml.parse(FILE, TOML, above=1)
    assert str(source.error("gør noget", "navn", "team")).startswith("kommune.toml:6: ")
    assert str(source.error("gør noget", "mail", "frister")).startswith("kommune.toml:2: ")


UNREADABLE = 'her står noget, der ikke kan læses; skriv: navn = "værdi"'
QUOTES = 'skriv ét lige anførselstegn (") i hver ende og ingen inde i teksten'


@pytest.mark.parametrize(
    ("toml", "line", "told"),
    [
        ("navn", 1, UNREADABLE),
        ('a = 1\nnavn = "x\nb = 2\n', 2, f"navn: {QUOTES}"),
        ('navn = "x "y" z"\n', 1, f"navn: {QUOTES}"),
        ("navn = “x”\n", 1, 'navn: skriv lige anførselstegn ("), og ikke “'),
        ("a = 1\n\nnavn = x\n", 3, UNREADABLE),
        ("a = 1\na = 2\n", 2, "a: står der to gange; slet den ene"),
        ("[a]\n[b]\n[a]\n", 3, "[a]: står der to gange; slet den ene"),
        ("a = [\n1,\n2,\n", 3, UNREADABLE),
        ('a = 1\nb = """\nuden ende\n', 3, UNREADABLE),
        ("a = 1\r\nb = x\r\n", 2, UNREADABLE),
    ],
)
def test_toml_that_cannot_be_read_is_named_by_line(toml: str, line: int, told: str) -> None:
    """Whatever is wrong with the TOML, it is told where, and how it should be."""
    with pytest.raises(ContentError) as refused:
        LocatedToml.parse(FILE, toml, above=10)
    assert str(refused.value) == f"kommune.toml:{10 + line}: {told}"


@pytest.mark.parametrize(
    "written",
    [b"\xef\xbb\xbfbl\xc3\xa5b\xc3\xa6r\ngr\xc3\xb8d\n", "blåbær\r\ngrød\r\n".encode()],
    ids=["a mark first", "line ends of Windows"],
)
def test_files_are_read_whatever_editor_wrote_them(tmp_path: Path, written: bytes) -> None:
    """Editors put marks first and end lines in their own ways."""
    path = tmp_path / "side.md"
    path.write_bytes(written)
    assert read_text(path) == "blåbær\ngrød\n"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (b"bl\xe5b\xe6r\n", 1),
        (b"en\nto\nbl\xe5b\xe6r\n", 3),
        (b"\xef\xbb\xbfen\nbl\xe5b\xe6r\n", 2),
        (b"en\n\xff", 2),
    ],
)
def test_a_file_that_is_not_utf8_is_named_by_line(
    tmp_path: Path, written: bytes, line: int
) -> None:
    """The line of the first letter that was saved another way."""
    path = tmp_path / "side.md"
    path.write_bytes(written)
    with pytest.raises(ContentError) as refused:
        read_text(path)
    assert str(refused.value) == f"{path}:{line}: filen er ikke gemt som UTF-8; gem den sådan"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing files, and folders in their place; in the editors' words, with what to do."""
    for path, words in (
        (tmp_path, "det er en mappe og ikke en fil; giv den et andet navn"),
        (tmp_path / "mangler.md", "filen findes ikke; læg den tilbage"),
        (tmp_path / ("x" * 300), "filen kan ikke læses ("),
    ):
        with pytest.raises(ContentError) as refused:
            read_text(path)
        assert str(refused.value).startswith(f"{path}:1: {words}")
