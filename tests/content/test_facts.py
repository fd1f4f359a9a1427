import re
from pathlib import Path

import pytest
from support.municipality import FACTS, PHONE
from support.spoiling import spoil
from udvej.contacts import phone_link
from udvej.content.facts import SCHEMA, Facts, Kind, load_facts, site_name
from udvej.errors import ContentError

NAMES = [f"{table}.{key}" for table, keys in SCHEMA.items() for key in keys]


def _with(table: str, key: str, value: object) -> Facts:
    return Facts({**FACTS.tables, table: {**FACTS[table], key: value}})


def _kind(name: str) -> Kind:
    table, key = name.split(".")
    return SCHEMA[table][key]


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_has_a_value_that_fits(name: str) -> None:
    """What stands in kommune.toml is whole, and is found by name."""
    table, key = name.split(".")
    value = FACTS[table][key]
    assert _kind(name).fits(value) or value == ""
    assert FACTS.has(name)
    assert (FACTS.text(name) == "") == (value == "")


@pytest.mark.parametrize("name", ["", ".", "team", "team.", ".navn", "team.fax", "hold.navn"])
def test_no_fact_of_that_name(name: str) -> None:
    """What is not there is told, never guessed."""
    assert not FACTS.has(name)
    with pytest.raises(KeyError):
        FACTS.text(name)
    with pytest.raises(KeyError):
        FACTS.link(name)


def test_facts_cannot_be_changed() -> None:
    """Content is frozen once it is loaded."""
    with pytest.raises(TypeError):
        FACTS["team"]["navn"] = "x"  # type: ignore[index]


def test_missing_names_exactly_the_empty_facts() -> None:
    """What is to be filled in before the site goes live."""
    empty = [name for name in NAMES if FACTS.text(name) == ""]
    assert [*FACTS.missing()] == empty
    filled = _with("team", "svartid", "inden for to hverdage")
    assert [*filled.missing()] == [name for name in empty if name != "team.svartid"]


# Values as they stand in the file.
CENTER = FACTS.text("team.center")
NAME, NUMBER, MAIL, POST = (
    f'"{FACTS[table][key]}"'
    for table, key in (
        ("kommune", "navn"),
        ("team", "telefon"),
        ("team", "mail"),
        ("sikkerpost", "adresse"),
    )
)
MINUTES, DAYS = FACTS["forlad"]["minutter"], FACTS["frister"]["gemmes_dage"]
WEB = 'skriv en adresse, der begynder med "https://"'

# What is put in place of what -> how many lines below it the problem is, what is told.
BAD: list[tuple[str, str, int, str]] = [
    ('center = "', 'centr = "', 0, "centr: kendes ikke; slet linjen, eller ret stavningen"),
    ("[frister]", "[frist]", 0, "frist: kendes ikke; slet den, eller ret stavningen"),
    ("[frister]\n", "[frister]\nuger = 2\n", 1, "uger: kendes ikke; slet linjen"),
    (NAME, "4320", 0, "navn: skriv en tekst i anførselstegn"),
    (NAME, '""', 0, "navn: skriv en tekst i anførselstegn"),
    (NAME, '"  "', 0, "navn: skriv en tekst i anførselstegn"),
    (NAME, r'"Nordby\nKommune"', 0, "navn: skriv en tekst i anførselstegn"),
    (NAME, '["Nordby"]', 0, "navn: skriv en tekst i anførselstegn"),
    (
        'svartid = ""',
        "svartid = 2",
        0,
        'svartid: skriv en tekst i anførselstegn, eller "" indtil',
    ),
    (NUMBER, '"99 88 77"', 0, "telefon: skriv et telefonnummer"),
    (NUMBER, '"ring til os"', 0, "telefon: skriv et telefonnummer"),
    (NUMBER, f'"{PHONE} <b>"', 0, "telefon: skriv et telefonnummer"),
    (NUMBER, PHONE.replace(" ", ""), 0, "telefon: skriv et telefonnummer"),
    (NUMBER, '""', 0, "telefon: skriv et telefonnummer"),
    (MAIL, '"kapitel"', 0, "mail: skriv en mailadresse"),
    (MAIL, '"Job <job@a.dk>"', 0, "mail: skriv en mailadresse"),
    (MAIL, '"jøb@a.dk"', 0, "mail: skriv en mailadresse"),
    (MAIL, "1", 0, "mail: skriv en mailadresse"),
    (
        POST,
        '"http://www.borger.dk/"',
        0,
        f"adresse: {WEB}",
    ),
    (
        POST,
        '"javascript:alert(1)"',
        0,
        f"adresse: {WEB}",
    ),
    (
        POST,
        '"https://"',
        0,
        f"adresse: {WEB}",
    ),
    (
        POST,
        '"https://[::1"',
        0,
        f"adresse: {WEB}",
    ),
    (
        POST,
        """'https://b.dk/"><b>'""",
        0,
        f"adresse: {WEB}",
    ),
    (
        'erklaering = ""',
        'erklaering = "was.digst.dk"',
        0,
        f'erklaering: {WEB}, eller "" indtil I har',
    ),
    (f"minutter = {MINUTES}", "minutter = 0", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", "minutter = 121", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", "minutter = true", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", 'minutter = "10"', 0, "minutter: skriv et helt antal minutter"),
    (
        f"gemmes_dage = {DAYS}",
        f"gemmes_dage = {DAYS}.0",
        0,
        "gemmes_dage: skriv et helt antal dage",
    ),
    (
        '  "https://www.vejret.example/",\n',
        '  "vejret.example",\n',
        -1,
        "sider: skriv mindst én adresse",
    ),
    ("[sikkerpost]", "[sikkerpost", 0, "her står noget, der ikke kan læses"),
    (f"minutter = {MINUTES}", "minutter = ti", 0, "her står noget, der ikke kan læses"),
]


@pytest.mark.parametrize(("old", "new", "below", "told"), BAD)
def test_a_wrong_fact_is_named_by_file_line_and_key(
    content: Path, old: str, new: str, below: int, told: str
) -> None:
    """The editor is told where it is and what to do."""
    path = content / "kommune.toml"
    line = spoil(path, old, new) + below
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    assert str(refused.value).startswith(f"{path}:{line}: {told}")


@pytest.mark.parametrize(
    ("table", "line", "advice"),
    [
        ("team", f'center = "{CENTER}"', "skriv en tekst"),
        ("frister", f"gemmes_dage = {DAYS}", "skriv et helt antal dage"),
        ("privatliv", 'dpo = ""', "skriv en tekst i anførselstegn, eller"),
    ],
)
def test_a_missing_fact_is_named_at_its_table(
    content: Path, table: str, line: str, advice: str
) -> None:
    """Where the line should be put back."""
    path, key = content / "kommune.toml", line.partition(" ")[0]
    spoil(path, f"{line}\n", "")
    place = spoil(path, f"[{table}]", f"[{table}]")
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    assert str(refused.value).startswith(
        f"{path}:{place}: {key}: mangler under [{table}]; {advice}"
    )


def test_an_answer_may_be_left_out(content: Path) -> None:
    """A folder made before the program knew the question stays good, and is asked for it."""
    path = content / "kommune.toml"
    text = re.sub(r"(?ms)^\[svar\]\n.*?(?=^\[|\Z)", "", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    facts = load_facts(path)
    assert facts.text("svar.spoerg") == ""
    assert "svar.spoerg" in facts.missing()


@pytest.mark.parametrize(
    ("above", "line", "key", "advice"),
    [
        ('team = "Team Nyt Kapitel"\n', 1, "team", "skriv [team] på en linje for sig"),
        ("fritekst = 1\n", 1, "fritekst", "kendes ikke"),
    ],
)
def test_what_stands_above_the_first_table(
    tmp_path: Path, above: str, line: int, key: str, advice: str
) -> None:
    """Only tables may stand at the outermost level."""
    path = tmp_path / "kommune.toml"
    path.write_text(above, "utf-8")
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    assert str(refused.value).startswith(f"{path}:{line}: {key}: {advice}")


def test_no_address_to_leave_for_is_refused(content: Path) -> None:
    """Who leaves must have somewhere to go."""
    path = content / "kommune.toml"
    text = path.read_text("utf-8")
    before, rest = text.split("sider = [", 1)
    path.write_text(f"{before}sider = []{rest.split(']', 1)[1]}", "utf-8")
    with pytest.raises(ContentError, match="sider: skriv mindst én adresse"):
        load_facts(path)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("team.telefon", f"tel:+45-{PHONE.replace(' ', '-')}"),
        ("team.mail", f"mailto:{FACTS['team']['mail']}"),
        ("sikkerpost.adresse", FACTS["sikkerpost"]["adresse"]),
        ("team.navn", ""),
        ("frister.gemmes_dage", ""),
        ("tilgaengelighed.erklaering", ""),
    ],
)
def test_numbers_and_addresses_lead_somewhere(name: str, link: str) -> None:
    """Phone, mail and web addresses become links, other facts do not."""
    assert FACTS.link(name) == link


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("20 12 34 56", "tel:+45-20-12-34-56"),
        ("20123456", "tel:+45-20-12-34-56"),
        ("+45 20 12 34 56", "tel:+45-20-12-34-56"),
        ("+46 8 123 456 78", "tel:+46-8-123-456-78"),
    ],
)
def test_a_phone_number_is_dialled_in_international_form(number: str, link: str) -> None:
    """RFC 3966, whatever way it is written."""
    assert phone_link(number) == link


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.borger.dk/", "borger.dk"),
        ("https://post.borger.dk:443/a?b", "post.borger.dk"),
        ("HTTPS://WWW.DMI.DK", "dmi.dk"),
        ("ingen adresse", "ingen adresse"),
    ],
)
def test_a_site_is_called_by_its_host(address: str, name: str) -> None:
    """What people call it."""
    assert site_name(address) == name
    assert FACTS.text("sikkerpost.adresse") == "sikkerpost.example"
