from datetime import date
from pathlib import Path

import pytest
from support.editions import BOXES
from support.municipality import FACTS, HEADING, PAGES, PHONE, TITLE
from support.speaking import speaking
from support.spoiling import refusal, spoil
from udvej.content.pages import load_edition
from udvej.content.titles import tell_tale
from udvej.languages import DANISH

FOOT = "\n\n## Sidst på siden\n\n"


def _append(path: Path, markdown: str) -> int:
    """Write below everything else; tell the line."""
    text = path.read_text("utf-8") + FOOT
    path.write_text(f"{text}{markdown}\n", "utf-8")
    return text.count("\n") + 1


def _page(address: str, title: str, body: str = "Tekst.") -> str:
    return (
        f'+++\nadresse = "{address}"\ntitel = "{title}"\nresume = "Kort."\n'
        f'ansvarlig = "Teamet"\ngennemgaaet = 2026-11-22\n+++\n# Overskrift\n\n{body}\n'
    )


def test_content_is_loaded_whole(content: Path) -> None:
    """Every file but the receipt is a page, at the address it says, with what its header says."""
    site = load_edition(content, boxes=BOXES)
    assert len(site.pages) == len([*content.glob("*.md")]) - 1
    page = site.pages["/om/"]
    assert (page.title, page.menu, page.order) == (TITLE, "top", 2)
    assert (page.owner, page.reviewed) == ("Ida Holm", date(2026, 10, 1))
    assert page.summary.startswith("Læs, hvem vi er")
    assert page.body.startswith(f"<h1>{HEADING}</h1>")
    assert page.at_send_button == ""
    assert "sikker post" in site.pages["/skriv/"].at_send_button
    assert site.facts["kommune"]["navn"] == FACTS.text("kommune.navn")


def test_each_ten_of_the_order_is_a_group_of_the_menu(content: Path) -> None:
    """An editor groups pages by numbers alone."""
    for name, order in (("a", 899), ("b", 900), ("c", 909), ("d", 910)):
        header = f'menu = "top"\norden = {order}\n+++\n#'
        page = _page(f"/{name}/", name.upper()).replace("+++\n#", header)
        (content / f"{name}.md").write_text(page)
    groups = [[page.address for page in group] for group in load_edition(content, boxes=BOXES).top]
    assert groups[-3:] == [["/a/"], ["/b/", "/c/"], ["/d/"]]


def test_menus_are_in_their_order(content: Path) -> None:
    """By `orden`, and by address where that is the same or left out."""
    (content / "b.md").write_text(_page("/b/", "B").replace("+++\n#", 'menu = "top"\n+++\n#'))
    (content / "a.md").write_text(_page("/a/", "A").replace("+++\n#", 'menu = "top"\n+++\n#'))
    site = load_edition(content, boxes=BOXES)
    top = [page for group in site.top for page in group]
    orders = [page.order for page in top]
    assert orders == sorted(orders)
    assert [page.address for page in top][-2:] == ["/a/", "/b/"]
    assert {page.menu for page in top} == {"top"}
    assert {page.menu for page in site.bottom} == {"bund"}
    assert next(iter(site.pages)) == "/"


def test_headers_are_translated_but_addresses_are_not(content: Path) -> None:
    """A translated page keeps its address and owner."""
    pages = load_edition(content, speaking(lambda message: f"{message}!"), boxes=BOXES).pages
    assert pages["/om/"].title == f"{TITLE}!"
    assert pages["/om/"].summary.endswith("tager.!")
    assert pages["/om/"].owner == "Ida Holm"


def test_a_page_gives_a_contact_who_has_both_name_and_number_on_it(content: Path) -> None:
    """A number alone is nobody's, and the foot of such a page says whose it is."""
    body = "{team.navn}: {team.telefon}\n\n[Ring til politiet]({politi.telefon})"
    (content / "a.md").write_text(_page("/a/", "A", body))
    page = load_edition(content, boxes=BOXES).pages["/a/"]
    team, police = FACTS["team"], FACTS.each("politi")[0]["politi"]
    assert page.gives([team])
    assert not page.gives([police])
    assert not page.gives([team, police])
    assert page.gives([{**police, "navn": ""}])


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><b onclick=x>', "&lt;"])
def test_headers_hold_words_and_no_html(content: Path, words: str) -> None:
    """Titles and summaries are plain text; templates escape them."""
    page = load_edition(content, speaking(lambda message: message + words), boxes=BOXES).pages[
        "/om/"
    ]
    assert page.title == f"{TITLE}{words}"
    assert page.summary.endswith(words)
    assert not hasattr(page.title, "__html__")
    assert not hasattr(page.summary, "__html__")


GIVEN, OTHER = f'titel = "{TITLE}"', PAGES["/kontakt/"].title

# In om.md: what is put in place of what -> how many lines below it the problem is, what is told.
BAD: list[tuple[str, str, int, str]] = [
    (GIVEN, 'titel = ""', 0, "titel: mangler"),
    (GIVEN, 'titel = "  "', 0, "titel: mangler"),
    (GIVEN, "titel = 7", 0, "titel: skriv ord mellem to anførselstegn"),
    (GIVEN, f"titel = {TITLE}", 0, "her står noget, der ikke kan læses"),
    (GIVEN, f'title = "{TITLE}"', 0, "title: kendes ikke; slet linjen"),
    (GIVEN, f'titel = "{OTHER}"', 0, "titel: bruges også i kontakt.md"),
    (GIVEN, f'titel = "{OTHER.upper()}"', 0, "titel: bruges også i kontakt.md"),
    ('adresse = "/om/"', 'adresse = "/moedet/"', 0, "adresse: bruges også i moedet.md"),
    ('adresse = "/om/"', 'adresse = "/om"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "om/"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "/Om/"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "/pårørende2/"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "/om/<x>/"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "//om/"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "/../"', 0, "adresse: skriv små bogstaver mellem"),
    ('adresse = "/om/"', 'adresse = "/forlad/"', 0, "adresse: bruges af programmet selv"),
    ('adresse = "/om/"', 'adresse = "/sundhed/"', 0, "adresse: bruges af programmet selv"),
    ('adresse = "/om/"', 'adresse = "/skriv/kort/"', 0, "adresse: bruges af programmet selv"),
    ('adresse = "/om/"', 'adresse = "/skriv/forfra/"', 0, "adresse: bruges af programmet selv"),
    ('menu = "top"', 'menu = "venstre"', 0, 'menu: skriv "top" eller "bund", eller slet linjen'),
    ("orden = 2", 'orden = "2"', 0, "orden: skriv et helt tal"),
    ("orden = 2", "orden = true", 0, "orden: skriv et helt tal"),
    ("orden = 2", "orden = 2\norden = 3", 1, "orden: står der to gange"),
    ("2026-10-01", '"22. november"', 0, "gennemgaaet: skriv dagen som 2026-11-22"),
    ("2026-10-01", "2026-10-01T10:00:00", 0, "gennemgaaet: skriv dagen som 2026-11-22"),
    ("2026-10-01", "2026-13-01", 0, "gennemgaaet: skriv en dag, der findes"),
    ("2026-10-01", "1/10-2026", 0, "gennemgaaet: skriv en dag, der findes"),
    (GIVEN, f"titel = ”{TITLE}”", 0, 'titel: skriv lige anførselstegn ("), og ikke ”'),
    (GIVEN, f'titel = "{TITLE}', 0, "titel: skriv ét lige anførselstegn"),
    (GIVEN, f'titel = "et "{TITLE}""', 0, "titel: skriv ét lige anførselstegn"),
    (f"# {HEADING}", HEADING, 0, "siden skal have præcis én"),
    (f"# {HEADING}", "# A\n\n# B", 2, "siden skal have præcis én overskrift"),
]


@pytest.mark.parametrize(("old", "new", "below", "told"), BAD)
def test_a_wrong_page_is_named_by_file_line_and_key(
    content: Path, old: str, new: str, below: int, told: str
) -> None:
    """The editor is told where it is and what to do."""
    path = content / "om.md"
    line = spoil(path, old, new) + below
    assert refusal(content).startswith(f"{path}:{line}: {told}")


@pytest.mark.parametrize("key", ["adresse", "titel", "resume", "ansvarlig", "gennemgaaet"])
def test_a_missing_key_is_named_where_the_header_begins(content: Path, key: str) -> None:
    """Every page says what it is, who answers for it and when they last read it."""
    path = content / "om.md"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(key)), "utf-8")
    assert refusal(content) == f"{path}:2: {key}: mangler; skriv den mellem de to linjer med +++"


@pytest.mark.parametrize("key", ["menu", "orden"])
def test_a_page_need_not_be_in_a_menu(content: Path, key: str) -> None:
    """Menu and order may be left out."""
    path = content / "om.md"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(key)), "utf-8")
    page = load_edition(content, boxes=BOXES).pages["/om/"]
    assert (page.menu, page.order) in {("", 2), ("top", 1000)}


# Written at the foot of moedet.md -> how many lines below, advice.
BAD_TEXT: list[tuple[str, int, str]] = [
    ("Ring {team.telefn}", 0, "{team.telefn} står ikke i kommune.toml; ret navnet"),
    ("- en\n- Ring {politi.fax}", 1, "{politi.fax} står ikke i kommune.toml"),
    ("[ord](/findes-ikke/)", 0, "linket »/findes-ikke/« fører ingen steder hen; ret adressen"),
    ("en\n[ord](/om)", 1, "linket »/om« fører ingen steder hen"),
    ("[ord](om/)", 0, "linket »om/« fører ingen steder hen"),
    ("[ord](//example.dk/)", 0, "linket »//example.dk/« fører ingen steder hen"),
    ("[ord](http://example.dk/)", 0, "»http://example.dk/« er ikke sikker; skriv https://"),
    ("[ord](/om/?a=b)", 0, "linket »/om/?a=b« fører ingen steder hen"),
    ("[ord](/om/#findes-ikke)", 0, "linket »/om/#findes-ikke« fører ingen steder hen"),
    ("[ord](#findes-ikke)", 0, "linket »#findes-ikke« fører ingen steder hen"),
    ("[ord](/moedet/pårørende/)", 0, "linket »/moedet/pårørende/« fører ingen steder hen"),
    ("[ord]()", 0, "linket »« fører ingen steder hen"),
    ("[ord](#)", 0, "linket »#« fører ingen steder hen"),
    ("[ord]({team.navn})", 0, "linket »{team.navn}« fører ingen steder hen"),
    ("[ord]({forlad.sider})", 0, "linket »{forlad.sider}« fører ingen steder hen"),
    ("- en\n- ![et billede](/billede.png)", 1, "en tegning står først og hedder ![](navn)"),
    ("[ord](/om/", 0, "et link er ikke skrevet rigtigt; skriv [ord](/adresse/)"),
    ("::: boks\nen", 0, "hver boks begynder med ::: og sit navn og slutter med :::"),
    ("en\n\n::: advarsel\nen\n:::", 2, "»advarsel« er ikke en boks; skriv et af fare, knapper"),
    ("# En overskrift til", 0, "siden skal have præcis én overskrift med ét #"),
]


@pytest.mark.parametrize(("markdown", "below", "advice"), BAD_TEXT)
def test_a_wrong_text_is_named_by_file_and_line(
    content: Path, markdown: str, below: int, advice: str
) -> None:
    """The editor is told where it is and what to do."""
    path = content / "moedet.md"
    line = _append(path, markdown) + below
    assert refusal(content).startswith(f"{path}:{line}: {advice}")


@pytest.mark.parametrize(
    "markdown",
    [
        "[ord](/)",
        "[ord](/om/)",
        "[ord](#sidst-på-siden)",
        "[ord](/moedet/#sidst-på-siden)",
        "[ord](/moedet/#to-veje-ind)",
        "[ord](https://www.borger.dk/)",
        "[ord](mailto:nogen@example.dk)",
        "[ord](tel:112)",
        "[ord]({team.mail})",
    ],
)
def test_links_that_lead_somewhere_are_fine(content: Path, markdown: str) -> None:
    """Pages, anchors with Danish letters, and the world outside over HTTPS."""
    _append(content / "moedet.md", markdown)
    assert (
        markdown.partition("](")[0].strip("[")
        in load_edition(content, boxes=BOXES).pages["/moedet/"].body
    )


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        *((TITLE, f"Om{word.upper()}er", word) for word in tell_tale(DANISH)),
        *(("/om/", f"/om-{word}/", word) for word in tell_tale(DANISH) if word.isascii()),
    ],
)
def test_a_tell_tale_title_or_address_is_refused(
    content: Path, old: str, new: str, word: str
) -> None:
    """The browser writes both down, where whoever picks up the phone can read them."""
    path, key = content / "om.md", "adresse" if "/" in old else "titel"
    line = spoil(path, f'{key} = "{old}"', f'{key} = "{new}"')
    assert refusal(content) == (
        f"{path}:{line}: {key}: »{word}« kan afsløre læseren, for browseren gemmer den; "
        "vælg et andet ord"
    )


def test_the_heading_may_say_what_the_title_may_not(content: Path) -> None:
    """Only the browser's own lists are dangerous."""
    assert (
        "rockerklubben" in load_edition(content, boxes=BOXES).pages["/"].body.partition("</h1>")[0]
    )


@pytest.mark.parametrize(
    "text",
    ["", "# Overskrift\n", "+++\n", "---\ntitel: A\n---\n# A\n", '\n+++\ntitel = "A"\n+++\n# A\n'],
)
def test_a_page_without_a_header_is_refused(content: Path, text: str) -> None:
    """A text alone is no page."""
    path = content / "ny.md"
    path.write_text(text, "utf-8")
    assert refusal(content) == f"{path}:1: begynd filen med +++, sidens oplysninger og +++ igen"


def test_a_page_that_is_not_utf8_is_refused(content: Path) -> None:
    """The line of the first letter saved another way."""
    path = content / "om.md"
    path.write_bytes(path.read_bytes().replace(HEADING.encode(), HEADING.encode("latin-1")))
    line = 10
    assert refusal(content) == f"{path}:{line}: filen er ikke gemt som UTF-8; gem den sådan"


@pytest.mark.parametrize("address", ["/", "/kontakt/", "/skriv/", "/paaroerende/", "/sikker-brug/"])
def test_pages_that_the_program_links_to_must_be_there(content: Path, address: str) -> None:
    """A missing page is told by its address."""
    for path in content.glob("*.md"):
        if f'adresse = "{address}"' in path.read_text("utf-8"):
            path.unlink()
    told = refusal(content).splitlines()
    assert f'{content}:1: der mangler en side med adresse = "{address}"' in told


def test_the_forms_page_says_what_stands_beside_the_form(content: Path) -> None:
    """Not to write CPR numbers, who gets to know: nobody may send without having met it."""
    path = content / "skriv.md"
    text = path.read_text("utf-8")
    path.write_text(text.partition("::: formular")[0], "utf-8")
    assert refusal(content) == f"{path}:2: adresse: ::: formular skal stå på /skriv/, og kun dér"


def test_no_other_page_has_a_form(content: Path) -> None:
    """The form stands in one place."""
    path = content / "moedet.md"
    _append(path, "::: formular\nen\n:::")
    assert refusal(content) == f"{path}:2: adresse: ::: formular skal stå på /skriv/, og kun dér"


def test_a_copied_page_is_refused(content: Path) -> None:
    """The copy is named, for it comes later in the folder."""
    path = content / "zzz.md"
    path.write_text((content / "om.md").read_text("utf-8"), "utf-8")
    assert refusal(content).splitlines() == [
        f"{path}:2: adresse: bruges også i om.md",
        f"{path}:3: titel: bruges også i om.md",
    ]


def test_a_wrong_fact_stops_the_site_too(content: Path) -> None:
    """kommune.toml is content like the pages."""
    path = content / "kommune.toml"
    line = spoil(path, f'telefon = "{PHONE}"', 'telefon = "99 88"')
    assert refusal(content).startswith(f"{path}:{line}: telefon: skriv et telefonnummer")


def test_a_filled_in_fact_shows_and_an_empty_one_does_not(content: Path) -> None:
    """Nothing is made up."""
    assert "Så hurtigt svarer vi" not in load_edition(content, boxes=BOXES).pages["/kontakt/"].body
    spoil(content / "kommune.toml", 'svartid = ""', 'svartid = "inden for to hverdage"')
    assert (
        "<li>Så hurtigt svarer vi: inden for to hverdage</li>"
        in load_edition(content, boxes=BOXES).pages["/kontakt/"].body
    )


@pytest.mark.parametrize("name", ["._om.md", ".#om.md", ".om.md.swp"])
def test_hidden_files_are_no_pages(content: Path, name: str) -> None:
    """Systems and editors leave them beside the real ones."""
    (content / name).write_bytes(b"\x00\xff")
    assert load_edition(content, boxes=BOXES).pages
