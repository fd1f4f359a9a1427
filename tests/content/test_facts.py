import re
from datetime import date
from pathlib import Path

import pytest
from support.municipality import FACTS, PHONE
from support.spoiling import spoil
from udvej.contacts import phone_link
from udvej.content.facts import Facts, site_name
from udvej.content.kinds import Kind
from udvej.content.kommune_toml import examples, load_facts, messages
from udvej.content.schema import OWN, SCHEMA
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
    assert _kind(name).may_be(value)
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
    empty = [name for name in NAMES if FACTS.text(name) == "" and _kind(name).is_asked_for]
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
        'svartid: skriv en tekst i anførselstegn, eller "" indtil I ved det',
    ),
    ('svartid = ""', 'modtagere = "a"\nsvartid = ""', 0, "modtagere: skriv mindst én mailadr"),
    ('svartid = ""', "modtagere = []\nsvartid = ''", 0, "modtagere: skriv mindst én mailadresse"),
    (
        'svartid = ""',
        'modtagere = ["a@b.dk", "b.dk"]\nsvartid = ""',
        0,
        "modtagere: skriv mindst én mailadresse",
    ),
    ('"lone.ravn@nordby.example"', '"Lone"', 0, "mail: skriv en mailadresse"),
    ('"mia.krogh@oeerne.example"', '"Mia"', 0, "mail: skriv en mailadresse"),
    ('telefon = "30 40 50 70"', 'tlf = "30 40 50 70"', 0, "tlf: kendes ikke; slet linjen, eller"),
    ('"80 70 60 40"', '""', 0, "telefon: skriv et telefonnummer"),
    ('"80 70 60 50"', '"80 70"', 0, "telefon: skriv et telefonnummer"),
    ("[dpo]", "[[dpo]]", 0, "dpo: skriv [dpo] på en linje for sig"),
    ("indgang = ", "indgang = 3 # ", 0, "indgang: skriv en tekst i anførselstegn"),
    ("indgang = ", '"Ind gang" = ', 0, "Ind gang: skriv navnet med små bogstaver og _"),
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
        f'erklaering: {WEB}, eller "" indtil I ved',
    ),
    (f"minutter = {MINUTES}", "minutter = 0", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", "minutter = 121", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", "minutter = true", 0, "minutter: skriv et helt antal minutter"),
    (f"minutter = {MINUTES}", 'minutter = "ti"', 0, "minutter: skriv et helt antal minutter"),
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
    (f'center = "{CENTER}"', f"center = »{CENTER}«", 0, 'center: skriv lige anførselstegn (")'),
    (f'center = "{CENTER}"', f'center = "{CENTER}"\n[team]', 1, "[team]: står der to gange"),
    (f'center = "{CENTER}"', 'center = "{team.navn}"', 0, "center: { og } kan kun bruges på"),
    ("[sikkerpost]\n", "politi = []\n[sikkerpost]\n", 0, "politi: flyt linjen op over den første"),
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
        ("privatliv", 'hjemmel = ""', "skriv en tekst i anførselstegn, eller"),
        ("dpo", 'telefon = ""', "skriv et telefonnummer, som"),
    ],
)
def test_a_missing_fact_is_named_at_its_table(
    content: Path, table: str, line: str, advice: str
) -> None:
    """Where the line should be put back."""
    path, key = content / "kommune.toml", line.partition(" ")[0]
    spoil(path, f"\n{line}\n", "\n")
    place = spoil(path, f"[{table}]", f"[{table}]")
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    assert str(refused.value).startswith(
        f"{path}:{place}: {key}: mangler under [{table}]; {advice}"
    )


def test_a_key_whose_table_lost_its_line_is_not_to_be_deleted(content: Path) -> None:
    """The line of the table is what is missing; the key is as it should be."""
    path = content / "kommune.toml"
    line = spoil(path, "[sikkerpost]\n", "")
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    told = f"{path}:{line}: adresse: skal stå under [sikkerpost]; skriv den linje over"
    assert told in str(refused.value).splitlines()


def test_a_fact_of_one_s_own_has_no_braces(content: Path) -> None:
    """They would be shown as they are."""
    path = content / "kommune.toml"
    line = spoil(path, "[egne]\n", '[egne]\nporten = "ved {egne.indgang}"\n') + 1
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    told = f"{path}:{line}: porten: {{ og }} kan kun bruges på en side"
    assert str(refused.value).startswith(told)


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


def _appended(content: Path, toml: str, above: str = "") -> Path:
    """Nordby's facts with more of them."""
    path = content / "kommune.toml"
    path.write_text(f"{above}{path.read_text('utf-8')}{toml}", "utf-8")
    return path


def _without(content: Path, table: str) -> Path:
    """Nordby's facts without the tables of a list."""
    path = content / "kommune.toml"
    text = re.sub(rf"(?ms)^\[\[{table}\]\]\n.*?(?=^\[|\Z)", "", path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    return path


def test_the_entries_of_a_list_come_one_by_one() -> None:
    """The name of a fact means the first, until another is asked for."""
    names = [entry.text("politi.navn") for entry in FACTS.each("politi")]
    assert names == ["Bo Lind", "Mia Krogh"]
    assert FACTS.text("politi.navn") == names[0]
    assert [entry.link("raadgivning.telefon") for entry in FACTS.each("raadgivning")] == [
        "tel:+45-80-70-60-50",
        "tel:+45-80-70-60-40",
    ]


@pytest.mark.parametrize("table", ["politi", "raadgivning"])
def test_a_list_may_be_empty(content: Path, table: str) -> None:
    """Then each of its facts is unknown, and nobody asks for what the municipality says is none."""
    path = _without(content, table)
    asked = load_facts(path)
    path.write_text(f"{table} = []\n{path.read_text('utf-8')}", "utf-8")
    none = load_facts(path)
    for facts in (asked, none):
        assert facts.each(table) == []
        assert {facts.text(f"{table}.{key}") for key in SCHEMA[table]} == {""}
    assert f"{table}.navn" in asked.missing()
    assert f"{table}.navn" not in none.missing()


def test_an_entry_in_which_nothing_is_given_is_none(content: Path) -> None:
    """It waits to be filled in."""
    path = _appended(content, '\n[[raadgivning]]\nnavn = ""\ntelefon = ""\naabningstider = ""\n')
    facts = load_facts(path)
    assert len(facts.each("raadgivning")) == len(FACTS.each("raadgivning"))
    assert "raadgivning.telefon" in facts.missing()


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("politi = 3\n", "politi: skriv [[politi]] på en linje for sig, én for hver"),
        ('politi = ["Bo Lind"]\n', "politi: skriv [[politi]] på en linje for sig, én for hver"),
        ("politi = [{ navn = 'Bo' }]\n", "titel: mangler under [[politi]]; skriv en tekst"),
        ("egne = 3\n", "egne: skriv [egne] på en linje for sig"),
    ],
)
def test_what_is_no_list_of_tables_is_named(content: Path, above: str, told: str) -> None:
    """At the line of its name."""
    table = above.partition(" ")[0]
    path = _without(content, table)
    text = path.read_text("utf-8").replace('[egne]\nindgang = "Se efter den røde dør."\n', "")
    path.write_text(f"# Nordby\n{above}{text}", "utf-8")
    with pytest.raises(ContentError) as refused:
        load_facts(path)
    assert str(refused.value).startswith(f"{path}:2: {told}")


@pytest.mark.parametrize(
    ("value", "link", "is_words"),
    [
        ("Gå ind fra gården.", "", True),
        ("", "", True),
        ("20 30 40 50", "tel:+45-20-30-40-50", False),
        ("20 30 40 50 hele døgnet", "", True),
        ("tolk@nordby.example", "mailto:tolk@nordby.example", False),
        ("https://www.nordby.example/kort", "https://www.nordby.example/kort", False),
    ],
)
def test_a_fact_of_ones_own_is_what_it_looks_like(
    content: Path, value: str, link: str, *, is_words: bool
) -> None:
    """Any name, a string: a number or an address leads somewhere, words are translated."""
    facts = load_facts(_appended(content, f'tolk_2 = "{value}"\n'))
    name = f"{OWN}.tolk_2"
    assert facts.has(name)
    assert (facts.link(name), facts.is_words(name)) == (link, is_words)
    assert name not in facts.missing()


def test_referrals_go_to_the_team_unless_others_are_named(content: Path) -> None:
    """One address, or several."""
    assert FACTS.recipients == [FACTS.text("team.mail")]
    path = content / "kommune.toml"
    spoil(path, 'svartid = ""', 'svartid = ""\nmodtagere = ["en@nordby.example", "to@a.dk"]')
    assert load_facts(path).recipients == ["en@nordby.example", "to@a.dk"]


@pytest.mark.parametrize(
    ("tilbyd", "offered"), [("", {"en", "ar"}), ('["ar"]', {"ar"}), ("[]", set())]
)
def test_the_languages_offered_are_all_or_those_named(
    content: Path, tilbyd: str, offered: set[str]
) -> None:
    """Of those that there are translations for."""
    facts = load_facts(_appended(content, f"\n[sprog]\ntilbyd = {tilbyd}\n" if tilbyd else ""))
    assert {tag for tag in ("en", "ar") if facts.offers(tag)} == offered


def test_what_is_words_is_brought_to_the_translators(content: Path) -> None:
    """With its line and what is asked above it; no name, number or address."""
    path = content / "kommune.toml"
    at = spoil(path, 'svartid = ""', '# Hvor hurtigt svarer I?\nsvartid = "inden for to dage"') + 1
    said = {message.words: message for message in messages(path)}
    assert (said["inden for to dage"].line, said["inden for to dage"].comment) == (
        at,
        "Hvor hurtigt svarer I?",
    )
    assert {"Kontaktbetjent", "Politiet på øerne", "alle dage kl. 12-20"} < {*said}
    line = path.read_text("utf-8").splitlines()[said["Kontaktbetjent"].line - 1]
    assert line == 'titel = "Kontaktbetjent"'
    names = {FACTS.text(name) for name in ("team.navn", "politi.navn", "team.telefon", "dpo.mail")}
    assert names.isdisjoint(said)


def test_an_example_that_was_never_replaced_is_named(content: Path) -> None:
    """By file, line and key, in the second entry of a list too."""
    path = content / "kommune.toml"
    assert [*examples(path)] == []
    example = SCHEMA["politi"]["navn"].example
    lines = {
        "navn": spoil(path, '"Mia Krogh"', f'"{example}"'),
        "telefon": spoil(path, NUMBER, f'"{SCHEMA["team"]["telefon"].example}"'),
    }
    told = [str(error) for error in examples(path)]
    assert sorted(told) == sorted(
        f"{path}:{line}: {key}: er kun et eksempel (»{value}«); skriv jeres eget"
        for key, line, value in (
            ("navn", lines["navn"], example),
            ("telefon", lines["telefon"], "00 00 00 00"),
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_of_its_kind(name: str) -> None:
    """A new folder loads."""
    kind = _kind(name)
    assert not kind.example or kind.fits(kind.example)


@pytest.mark.parametrize(
    ("fact", "written", "taken"),
    [
        ("team.gennemgaaet", '"2026-11-27"', date(2026, 11, 27)),
        ("team.modtagere", '"vagt@nordby.example"', ["vagt@nordby.example"]),
        ("forlad.minutter", '"12"', 12),
        ("frister.gemmes_dage", '"7"', 7),
        ("forlad.sider", '"https://www.dr.dk/"', ["https://www.dr.dk/"]),
        ("sprog.tilbyd", '"en"', ["en"]),
        ("formular.uden", '"tolk"', ["tolk"]),
    ],
)
def test_what_says_the_same_in_another_way_is_taken_for_it(
    content: Path, fact: str, written: str, taken: object
) -> None:
    """A date or a number in quotation marks, and one for a list of one; "" stays nothing."""
    table, _, key = fact.partition(".")
    path = content / "kommune.toml"
    text = re.sub(rf"^{key} = (\[[^]]*\]|.*)$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    lines = text.splitlines()
    if f"[{table}]" not in lines:
        lines.append(f"[{table}]")
    lines.insert(lines.index(f"[{table}]") + 1, f"{key} = {written}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    assert load_facts(path)[table][key] == taken
