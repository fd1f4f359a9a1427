import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markupsafe import Markup
from support.municipality import FACTS, PHONE
from support.speaking import speaking
from udvej.content.facts import Facts
from udvej.content.markdown import Reader, Text
from udvej.errors import ContentError
from udvej.languages import Untranslated

TEL = FACTS.link("team.telefon")
TEAM, MAIL, POST = (FACTS.text(f"team.{key}") for key in ("navn", "mail", "postnr_by"))


def _with(**team: str) -> Facts:
    return Facts({**FACTS.tables, "team": {**FACTS["team"], **team}})


def _read(
    markdown: str, facts: Facts = FACTS, translate: Callable[[str], str] = lambda message: message
) -> Text:
    reader = Reader(Path("side.md"), 9, facts, speaking(translate))
    text = Text(reader, f"# Overskrift\n\n{markdown}\n")
    assert text.links
    return text


def _body(
    markdown: str, facts: Facts = FACTS, translate: Callable[[str], str] = lambda message: message
) -> str:
    """The HTML below the heading, without line breaks."""
    html = _read(markdown, facts, translate).body
    return html.replace("\n", "").partition("</h1>")[2]


class TestMarkdown:
    """What an editor may write."""

    @pytest.mark.parametrize(
        ("markdown", "html"),
        [
            ("Et afsnit.", "<p>Et afsnit.</p>"),
            ("**fed** og *skrå*", "<p><strong>fed</strong> og <em>skrå</em></p>"),
            ("en\\\nto", "<p>en<br>to</p>"),
            ("- en\n- to", "<ul><li>en</li><li>to</li></ul>"),
            ("3. tre\n4. fire", '<ol start="3"><li>tre</li><li>fire</li></ol>'),
            ("> citat", "<blockquote><p>citat</p></blockquote>"),
            ("---", "<hr>"),
            ("## Hvad nu?", '<h2 id="hvad-nu">Hvad nu?</h2>'),
            ("### Får jeg svar?", '<h3 id="får-jeg-svar">Får jeg svar?</h3>'),
            ("[ord](/om/)", '<p class="videre"><a href="/om/">ord</a></p>'),
            (
                "[ord](https://a.dk/b_(c))",
                '<p class="videre"><a href="https://a.dk/b_(c)">ord</a></p>',
            ),
            ("Se [ord](/om/)", '<p>Se <a href="/om/">ord</a></p>'),
            ("[ord](/om/) og [to](/om/)", '<p><a href="/om/">ord</a> og <a href="/om/">to</a></p>'),
            ("Fisk & <skaldyr>", "<p>Fisk &amp; &lt;skaldyr&gt;</p>"),
            ("    rykket ind", "<p>rykket ind</p>"),
        ],
    )
    def test_becomes_html(self, markdown: str, html: str) -> None:
        """Paragraphs, lists, headings, links, emphasis."""
        assert _body(markdown) == html

    @pytest.mark.parametrize("name", ["fare", "knapper", "vej", "boks", "kontakt"])
    def test_a_box_becomes_a_div_of_its_name(self, name: str) -> None:
        """Each box has its class."""
        box = f'<div class="{name}"><p>tekst</p></div>'
        assert _body(f"::: {name}\ntekst\n:::") == box
        assert _body(f":::{name}\ntekst\n:::\n\n::: {name}\ntekst\n:::") == box * 2

    def test_a_folded_box_shows_its_heading_until_it_is_pressed(self) -> None:
        """HTML's own `details`, which needs no script."""
        assert _body("::: foldet\n### Telefon\n\ntekst\n:::\n\nefter") == (
            '<details class="foldet"><summary id="telefon">Telefon</summary><p>tekst</p></details>'
            "<p>efter</p>"
        )

    def test_a_folded_box_without_a_heading_is_refused(self) -> None:
        """Nothing would say what is in it."""
        with pytest.raises(ContentError, match="::: foldet begynder med en overskrift"):
            _body("::: foldet\ntekst\n:::")

    def test_what_stands_beside_the_form_is_kept_apart(self) -> None:
        """The form stands between the text above and the box."""
        text = _read("Over.\n\n::: formular\nVed siden af.\n:::")
        assert text.body == "<h1>Overskrift</h1>\n<p>Over.</p>\n"
        assert text.at_send_button == "<p>Ved siden af.</p>\n"
        assert _read("Over.").at_send_button == ""

    def test_links_and_anchors_are_told(self) -> None:
        """Every link with the line it stands on, and where links may lead."""
        text = _read("## Hvad får jeg?\n\nen [a](/om/)\nto [b](#hvad-får-jeg)\n\n- [c](tel:112)")
        assert text.links.targets == [(14, "/om/"), (15, "#hvad-får-jeg"), (17, "tel:112")]
        assert text.links.anchors == {"hvad-får-jeg"}


class TestFacts:
    """`{table.key}`."""

    @pytest.mark.parametrize(
        ("markdown", "without", "with_it"),
        [
            (
                "{mangler team.svartid} Spørg os.\n\n{team.svartid}",
                "<p> Spørg os.</p>",
                "<p>i dag</p>",
            ),
            (
                "- en\n- {mangler team.svartid} to",
                "<ul><li>en</li><li> to</li></ul>",
                "<ul><li>en</li></ul>",
            ),
            (
                "{mangler team.svartid} Hos {team.aabningstider}.\n\nefter",
                "<p>efter</p>",
                "<p>efter</p>",
            ),
        ],
    )
    def test_words_may_stand_until_a_fact_is_filled_in(
        self, markdown: str, without: str, with_it: str
    ) -> None:
        """So that a page asks what it cannot answer yet, and never does both."""
        assert _body(markdown, _with(svartid="", aabningstider="")) == without
        assert _body(markdown, _with(svartid="i dag", aabningstider="")) == with_it

    def test_an_unknown_fact_that_should_be_missing_is_refused(self) -> None:
        """A misspelt name would show its words for ever."""
        with pytest.raises(ContentError, match=r"står ikke i kommune\.toml"):
            _body("{mangler team.svartidd} Spørg os.")

    @pytest.mark.parametrize(
        ("markdown", "without"),
        [
            ("## En\n\n{team.svartid}\n\n## To\n\nto", '<h2 id="to">To</h2><p>to</p>'),
            ("en\n\n## To\n\n{team.svartid}\n\n{team.svartid}", "<p>en</p>"),
            ("## En\n\n### To\n\n- {team.svartid}", ""),
            (
                "## En\n\n{team.svartid}\n\n### To\n\nto",
                '<h2 id="en">En</h2><h3 id="to">To</h3><p>to</p>',
            ),
            ("## En\n\n{team.svartid}\n\ntil", '<h2 id="en">En</h2><p>til</p>'),
            ("## En\n\n## To\n\nto", '<h2 id="en">En</h2><h2 id="to">To</h2><p>to</p>'),
        ],
    )
    def test_a_heading_goes_with_the_last_that_stood_below_it(
        self, markdown: str, without: str
    ) -> None:
        """A question without its answer; one that the editor left bare stays."""
        assert _body(markdown, _with(svartid="")) == without

    @pytest.mark.parametrize(
        ("markdown", "html"),
        [
            ("Ring {team.telefon}.", f'<p>Ring <a href="{TEL}">{PHONE}</a>.</p>'),
            (
                "{team.mail}",
                f'<p class="videre"><a href="mailto:{MAIL}">{MAIL}</a></p>',
            ),
            (
                "{sikkerpost.adresse}",
                '<p class="videre"><a href="https://www.sikkerpost.example/">sikkerpost.example</a></p>',
            ),
            (
                "[Ring til os]({team.telefon})",
                f'<p class="videre"><a href="{TEL}">Ring til os</a></p>',
            ),
            (
                "[Ring til {team.navn}]({team.telefon})",
                f'<p class="videre"><a href="{TEL}">Ring til {TEAM}</a></p>',
            ),
            (
                "[Ring {team.telefon}](/om/)",
                f'<p class="videre"><a href="/om/">Ring {PHONE}</a></p>',
            ),
            ("{team.gade}, {team.postnr_by}", f"<p>{FACTS.text('team.gade')}, {POST}</p>"),
            ("I {forlad.minutter}", f"<p>I {FACTS.text('forlad.minutter')} minutter</p>"),
            ("I {frister.gemmes_dage}", f"<p>I {FACTS.text('frister.gemmes_dage')} dage</p>"),
            ("**{team.navn}**", f"<p><strong>{TEAM}</strong></p>"),
            ("## {team.navn}", f'<h2 id="teamnavn">{TEAM}</h2>'),
        ],
    )
    def test_is_shown_and_leads_where_it_should(self, markdown: str, html: str) -> None:
        """Numbers can be called, addresses written to, the rest read."""
        assert _body(markdown) == html

    @pytest.mark.parametrize(
        ("markdown", "without"),
        [
            ("før\n\nsvar: {team.svartid}\n\nefter", "<p>før</p><p>efter</p>"),
            ("- en\n- {team.svartid}\n- to", "<ul><li>en</li><li>to</li></ul>"),
            ("- en\n\n- {team.svartid}\n\n- to", "<ul><li><p>en</p></li><li><p>to</p></li></ul>"),
            ("- {team.svartid}\n- {team.aabningstider}\n\nefter", "<p>efter</p>"),
            ("::: boks\n{team.svartid}\n:::\n\nefter", "<p>efter</p>"),
            ("::: boks\n- {team.svartid}\n\n{team.svartid}\n:::\n\nefter", "<p>efter</p>"),
            ("::: boks\nen\n\n{team.svartid}\n:::", '<div class="boks"><p>en</p></div>'),
            ("- en\n\n  {team.svartid}\n- to", "<ul><li><p>en</p></li><li><p>to</p></li></ul>"),
            ("- ydre\n  - {team.svartid}\n- to", "<ul><li>ydre</li><li>to</li></ul>"),
            ("## {team.svartid}\n\nefter", "<p>efter</p>"),
            ("> {team.svartid}\n\nefter", "<p>efter</p>"),
            ("[ord]({tilgaengelighed.erklaering})\n\nefter", "<p>efter</p>"),
            ("[{team.svartid}](/om/)\n\nefter", "<p>efter</p>"),
            ("{team.navn} svarer {team.svartid}\n\nefter", "<p>efter</p>"),
        ],
    )
    def test_not_filled_in_leaves_out_exactly_what_names_it(
        self, markdown: str, without: str
    ) -> None:
        """The paragraph or list item, and the list or box that is left empty."""
        assert _body(markdown) == without
        filled = Facts(
            {
                **_with(svartid="to dage", aabningstider="kl. 9-14").tables,
                "tilgaengelighed": {"erklaering": "https://www.was.digst.dk/x", "test": ""},
            }
        )
        shown = _body(markdown, filled)
        assert "to dage" in shown or "https://www.was.digst.dk/x" in shown

    def test_a_number_that_is_nought_is_filled_in(self) -> None:
        """Only "" means not yet known."""
        assert _body("{team.svartid}", _with(svartid="0")) == "<p>0</p>"

    @pytest.mark.parametrize(
        "value",
        [
            "*stjerner* og _streger_",
            "[ord](/adresse/)",
            "a](b",
            "{team.telefon}",
            "{hej}",
            "# 1. - `kode`",
            "<script>alert(1)</script>",
            "Fisk &amp; skaldyr",
            "::: boks",
        ],
    )
    @pytest.mark.parametrize("markdown", ["{team.navn}", "[{team.navn}]({team.telefon})"])
    def test_is_shown_as_it_is_written(self, value: str, markdown: str) -> None:
        """Neither Markdown nor HTML nor the name of another fact in a value means anything."""
        body = _body(markdown, _with(navn=value))
        assert Markup(re.sub(r"</?(?:p|a)\b[^>]*>", "", body)).unescape() == value

    @pytest.mark.parametrize(
        "address",
        [
            "https://a.dk/b_(c)",
            "https://a.dk/b)c",
            "https://a.dk/?b=1&copy;=*2*",
            "https://a.dk/!~'",
        ],
    )
    def test_an_address_leads_where_it_says(self, address: str) -> None:
        """Signs that mean something in Markdown mean nothing in a fact's address."""
        facts = Facts({**FACTS.tables, "sikkerpost": {"adresse": address}})
        text = _read("{sikkerpost.adresse}, [ord]({sikkerpost.adresse})", facts)
        targets = re.findall(r'<a href="([^"]*)"', text.body)
        assert [Markup(target).unescape() for target in targets] == [address, address]

    @pytest.mark.parametrize(
        ("number", "words"), [(1, "1 minut, 1 dag"), (2, "2 minutter, 2 dage"), (60, "60 m")]
    )
    def test_a_time_has_its_unit_in_the_form_that_its_number_asks_for(
        self, number: int, words: str
    ) -> None:
        """Languages have up to six forms, of which an editor's sentence can hold but one."""
        times = {"forlad": {"minutter": number}, "frister": {"gemmes_dage": number}}
        shown = _body("{forlad.minutter}, {frister.gemmes_dage}", Facts({**FACTS.tables, **times}))
        assert shown.startswith(f"<p>{words}")

    def test_names_that_follow_each_other_keep_one_order(self) -> None:
        """From right to left the title would else stand behind the name; a comma parts them."""
        facts = FACTS.each("politi")[-1]
        title, name = facts.text("politi.titel"), facts.text("politi.navn")
        arabic = speaking(lambda message: message, "ar")
        text = "# !\n\n{politi.titel} {politi.navn}، {team.navn} {team.telefon}\n"
        assert (
            f"""
<p><bdi lang="da" dir="ltr">{title} {name}</bdi>، <bdi lang="da" dir="ltr">{TEAM}</bdi> \
<a href="{TEL}"><bdi dir="ltr">{PHONE}</bdi></a></p>"""
            in Text(Reader(Path("side.md"), 0, facts, arabic), text).body
        )


class TestLists:
    """`::: kontakt politi`: the box once for each."""

    BOX = """\
## Før

::: kontakt politi
### {politi.navn}

- Mobil {politi.telefon}
:::

## Efter

x"""

    def test_each_has_its_own_facts_and_no_two_the_same_id(self) -> None:
        """A box of a class that its styles know."""
        html = _body(self.BOX)
        boxes = html.split('<div class="kontakt">')[1:]
        assert len(boxes) == len(FACTS.each("politi")) == 2
        for number, (box, facts) in enumerate(zip(boxes, FACTS.each("politi"), strict=True), 1):
            suffix = "" if number == 1 else f"-{number}"
            link, phone = facts.link("politi.telefon"), facts.text("politi.telefon")
            assert box.startswith(
                f'<h3 id="politinavn{suffix}">{facts.text("politi.navn")}</h3>'
                f'<ul><li>Mobil <a href="{link}">{phone}</a></li></ul></div>'
            )

    def test_where_there_is_none_the_box_and_its_heading_are_left_out(self) -> None:
        """Also what names no fact in it, and a paragraph elsewhere that names one."""
        facts = Facts({**FACTS.tables, "politi": ()})
        assert _body(self.BOX, facts) == '<h2 id="efter">Efter</h2><p>x</p>'
        assert _body("Ring til {politi.navn}.\n\nx", facts) == "<p>x</p>"

    def test_what_one_of_them_does_not_say_is_left_out_there(self) -> None:
        """The others keep theirs."""
        first, second = FACTS.each("raadgivning")
        silent = {**first["raadgivning"], "aabningstider": ""}
        facts = Facts({**FACTS.tables, "raadgivning": (silent, second["raadgivning"])})
        html = _body(
            "::: kontakt raadgivning\n{raadgivning.navn}\n\nÅbent {raadgivning.aabningstider}\n:::",
            facts,
        )
        assert html == (
            f'<div class="kontakt"><p>{silent["navn"]}</p></div>'
            f'<div class="kontakt"><p>{second.text("raadgivning.navn")}</p>'
            f"<p>Åbent {second.text('raadgivning.aabningstider')}</p></div>"
        )

    def test_a_box_of_what_is_no_list_is_refused(self) -> None:
        """The lists there are told."""
        with pytest.raises(ContentError, match=r"»kontakt team« er ikke en boks; .*kontakt politi"):
            _body("::: kontakt team\nx\n:::")

    def test_words_are_translated_and_names_are_not(self) -> None:
        """What no translation has is Danish, and marked."""
        item = "{politi.titel} {politi.navn}"
        said = {"Exit-koordinator": "Exit coordinator", item: item}
        english = speaking(lambda message: said.get(message, Untranslated(message)), "en")
        text = f"# !\n\n::: kontakt politi\n- {item}\n:::\n"
        assert re.findall(
            "<li>.*</li>", Text(Reader(Path("x.md"), 0, FACTS, english), text).body
        ) == [
            '<li>Exit coordinator <bdi lang="da" dir="ltr">Bo Lind</bdi></li>',
            '<li><bdi lang="da" dir="ltr">Kontaktbetjent Mia Krogh</bdi></li>',
        ]


HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</main><h1 onclick=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    '[x](/om/ "titel" onclick=alert(1))',
    "<https://x.dk/<script>>",
    "![x](https://ond.dk/spor.gif)",
    "\x00\x1b\u202e",
    "# en overskrift\n\n::: boks\n\n- liste",
    "*" * 2_000,
    "[" * 2_000,
    "ord " * 20_000,
]
_ALLOWED_TAG = re.compile(r'</?(?:p|h1|ul|li|em|strong|br)>|<a href="[^"<>]*">|</a>')


class TestHarm:
    """HTML and addresses from anywhere arrive harmless."""

    @pytest.mark.parametrize("words", HARMFUL, ids=lambda words: words[:20])
    def test_in_translations(self, words: str) -> None:
        """Translators can change words, not the page."""
        text = _read("Et afsnit.\n\n- et punkt", translate=lambda _: words if _ else "")
        tags = re.findall(r"<[^>]*>", text.body)
        assert [tag for tag in tags if not _ALLOWED_TAG.fullmatch(tag)] == []
        assert not re.search(r"(?i)href=\"?(?:javascript|data|vbscript)", text.body)
        assert text.body.count("<h1>") == 1

    @pytest.mark.parametrize("words", HARMFUL[:3])
    def test_in_the_pages_themselves(self, words: str) -> None:
        """An editor's HTML is shown, not obeyed."""
        assert Markup(_body(f"a {words}").removeprefix("<p>")).striptags() == f"a {words}"
        assert "<script" not in _body(words)

    def test_in_the_name_of_a_box(self) -> None:
        """A box has its name and no more."""
        with pytest.raises(ContentError, match="er ikke en boks"):
            _read('::: fare" onclick="alert(1)\ntekst\n:::')


def test_every_heading_paragraph_and_list_item_is_translated() -> None:
    """Block by block, with the names of facts in it."""
    seen: list[str] = []

    def translate(message: str) -> str:
        seen.append(message)
        return {"en {team.telefon}": "one {team.telefon}"}.get(message, f"({message})")

    body = _body("## to\n\nen {team.telefon}\n\n- tre\n- **fire**", translate=translate)
    assert [*dict.fromkeys(seen)] == ["Overskrift", "to", "en {team.telefon}", "tre", "**fire**"]
    assert body == (
        f'<h2 id="to">(to)</h2><p>one <a href="{TEL}">{PHONE}</a></p>'
        "<ul><li>(tre)</li><li>(<strong>fire</strong>)</li></ul>"
    )


BOX = "hver boks begynder med ::: og sit navn og slutter med ::: på en linje for sig"
LINK = "et link er ikke skrevet rigtigt; skriv [ord](/adresse/)"

# What is written from line 12 on -> line, what to do.
BAD: list[tuple[str, int, str]] = [
    ("{team.fax}", 12, "{team.fax} står ikke i kommune.toml; ret navnet, eller tilføj det dér"),
    ("en\nto {team.navn}\ntre {team.fax}", 14, "{team.fax} står ikke i kommune.toml"),
    ("- en\n- to {hold.navn}", 13, "{hold.navn} står ikke i kommune.toml"),
    ("{team.svartid} {team.fax}", 12, "{team.fax} står ikke i kommune.toml"),
    ("[ord]({team.fax})", 12, "{team.fax} står ikke i kommune.toml"),
    ("[{team.fax}](/om/)", 12, "{team.fax} står ikke i kommune.toml"),
    ("{}", 12, "{} står ikke i kommune.toml"),
    ("{{ config }}", 12, "{ config } står ikke i kommune.toml"),
    ("en {% raw %}", 12, "{% raw %} står ikke i kommune.toml"),
    ("[ord](/om/", 12, LINK),
    ("en\nto [ord](/om/", 13, LINK),
    ("[ord] (/om/)", 12, LINK),
    ("[ord](/om mig/)", 12, LINK),
    ("[ord](javascript:alert(1))", 12, LINK),
    ("[ring](tel:{team.telefon})", 12, LINK),
    ("en\n\n#### fire", 14, "en overskrift har højst tre #"),
    ("en\n\n# to", 14, "siden skal have præcis én overskrift med ét #"),
    ("::: fare\nen", 12, BOX),
    ("en\n\n::: fare\nen\n\n::: boks\nto", 14, BOX),
    ("::: fare\n::: boks\nen\n:::\n:::", 12, BOX),
    ("en\n:::\nto", 13, BOX),
    ("::: fare\nen\n:::\n:::", 15, BOX),
    ("- en\n\n  ::: fare\n  to", 14, BOX),
    ("en\n\n::: advarsel\nto\n:::", 14, "»advarsel« er ikke en boks; skriv et af fare, "),
    (":::: fare\nen\n::::", 12, "»: fare« er ikke en boks"),
    ("::: fare her\nen\n:::", 12, "»fare her« er ikke en boks"),
    ("::: formular\nen\n:::\n\nto", 16, "efter ::: formular må der ikke stå mere"),
    ("::: formular\nen\n:::\n::: formular\nto\n:::", 15, "efter ::: formular må der ikke stå mere"),
]


@pytest.mark.parametrize(("markdown", "line", "advice"), BAD)
def test_what_is_wrong_is_named_by_file_and_line(markdown: str, line: int, advice: str) -> None:
    """The editor is told where it is and what to do."""
    with pytest.raises(ContentError) as refused:
        _read(markdown)
    assert str(refused.value).startswith(f"side.md:{line}: {advice}")


@pytest.mark.parametrize("markdown", ["Tekst.", "## Overskrift", "", "#", "# {team.svartid}"])
def test_a_page_without_its_heading_is_refused(markdown: str) -> None:
    """Every page has an h1 with words in it."""
    with pytest.raises(ContentError) as refused:
        Reader(Path("side.md"), 9, FACTS).check(markdown)
    assert str(refused.value) == "side.md:10: siden skal have præcis én overskrift med ét #"
