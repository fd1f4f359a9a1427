"""What an authority must have on paper says what the program does: its fields, cookies and times.

The papers are in `site/guides/`. A new field, cookie, table of the database or time fails here,
and is told what to write where.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final
from xml.etree import ElementTree as ET

import pytest
import udvej.intake
import udvej.outbox
import udvej.web
from flask.testing import FlaskClient
from limits import RateLimitItem
from support.checkout import CHECKOUT
from support.guides import (
    CASEWORKERS,
    PAPERS,
    TO_FILL_IN,
    drawings,
    html,
    names,
    said,
    table,
    text,
)
from support.municipality import FACTS
from support.visiting import Visitor
from udvej.check.readability import measure
from udvej.content.addresses import LEAVE
from udvej.intake import drafts, submission
from udvej.intake.form import ReferralForm
from udvej.outbox.schema import TABLES

WAY, RECORD = "datavejen.md", "fortegnelse.md"
# By the constant, the beginning of the row of »Hvor længe« that says how long.
KEPT: Final = {
    "udvej.intake.drafts.KEPT": "Kladde:",
    "udvej.outbox.drills._REMEMBERED": "Prøver:",
    "udvej.outbox.receipts.SENT_ONCE": "Aftryk",
    "udvej.outbox.table._GIVE_UP": "Besked, der venter",
    "udvej.web.referral._RECEIPT_SHOWN": "Kvittering i browseren",
    "udvej.web.app._SENDINGS": "Tælling af beskeder",
    "udvej.web.app._CORRECTIONS": "Tælling af beskeder",
    "udvej.web.app._POSTS": "Tælling af beskeder",
    "udvej.web.app._DRAFTS": "Tælling af kladder",
}
# For so long somebody waits, or it is no time at all; nothing is kept for it.
NOTHING_IS_KEPT: Final = {
    "udvej.outbox.delivery._FORGET_EVERY_SECONDS",
    "udvej.outbox.delivery._PAUSE_SECONDS",
    "udvej.outbox.drills._AHEAD",
    "udvej.outbox.drills._CODE_COUNTS",
    "udvej.outbox.mail._TIMEOUT_SECONDS",
    "udvej.outbox.table.PACE",
    "udvej.outbox.table._FIRST_RETRY",
    "udvej.outbox.table._LEASE",
    "udvej.outbox.table._LONGEST_RETRY",
    "udvej.outbox.table._SHARE_OF_PACED",
    "udvej.web.bodies._TURN_BEHIND_SECONDS",
    "udvej.web.bodies._TURN_SECONDS",
    "udvej.web.referral._LATE",
}
# What the law is named by; all else is for the municipality's own lawyers.
ARTICLES: Final = {"5", "6", "9", "10", "28", "30", "35"}
PARAGRAPHS: Final = {"8", "11"}


def modules() -> Iterator[ModuleType]:
    """Those that what a person wrote passes through."""
    for room in (udvej.intake, udvej.outbox, udvej.web):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            yield importlib.import_module(found.name)


@cache
def times() -> Mapping[str, float]:
    """Every constant of those modules that may be a time, in seconds."""
    found = {}
    for module in modules():
        assert module.__file__
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        own = {
            node.id
            for statement in tree.body
            if isinstance(statement, ast.Assign | ast.AnnAssign)
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name in own:
            value = vars(module).get(name)
            if isinstance(value, RateLimitItem):
                value = float(value.get_expiry())
            if isinstance(value, float):
                found[f"{module.__name__}.{name}"] = value
    return found


def how_long(begins: str) -> str:
    """What »Hvor længe« says in the row that begins so."""
    rows = [row for row in table(WAY, "Hvad", "Hvor") if row["Hvad"].startswith(begins)]
    assert len(rows) == 1, f"{WAY}: one row of »Hvad ligger hvor« should begin with »{begins}«"
    return rows[0]["Hvor længe"]


def test_every_time_is_known_to_the_papers() -> None:
    """A new one is either written down in them, or nothing is kept for it."""
    new = times().keys() - KEPT.keys() - NOTHING_IS_KEPT
    assert not new, (
        f"{sorted(new)}: if something is kept for that long, add a row for it to »Hvad ligger"
        f" hvor« of site/guides/{WAY}, and the row to KEPT here; tell it in content/privatliv.md,"
        " where it is what a person wrote. If not, add it to NOTHING_IS_KEPT"
    )
    assert (KEPT.keys() | NOTHING_IS_KEPT) <= times().keys()


@pytest.mark.parametrize("constant", KEPT)
def test_each_time_is_told_as_it_is(constant: str) -> None:
    """In the row of what is kept so long."""
    expected = said(times()[constant])
    assert expected in how_long(KEPT[constant]), (
        f"{constant} is {expected}: write that in the row »{KEPT[constant]}« of"
        f" site/guides/{WAY}, in its drawing, in konsekvensanalyse.md and in content/privatliv.md"
    )


@pytest.mark.parametrize("name", [*PAPERS, CASEWORKERS, *(path.name for path in drawings())])
def test_no_paper_tells_a_time_that_is_not_the_programs(name: str) -> None:
    """Nor does a drawing: an old one is found wherever it stands."""
    known = {said(times()[constant]) for constant in KEPT}
    told = {*re.findall(r"\d+ (?:sekunder|minutter|timer|døgn|dage|uger|måneder)", text(name))}
    assert told <= known, f"{name} tells a time that no constant of the program is"


def test_what_lies_in_the_databases_is_in_the_papers() -> None:
    """Each table by its own name, and those alone."""
    kept = {*TABLES.tables, *drafts._TABLES.tables}  # noqa: SLF001 (looked at and not used)
    told = {name for row in table(WAY, "Hvad", "Hvor") for name in names(row["Hvor"])}
    assert told == kept, (
        f"{sorted(told ^ kept)}: write in »Hvad ligger hvor« of site/guides/{WAY} what each table"
        " of the database holds, in clear or sealed, and for how long"
    )


def test_the_times_that_a_municipality_sets_are_asked_for() -> None:
    """They are facts of `kommune.toml`, which no paper of ours can know."""
    for key in FACTS["frister"]:
        assert f"`frister.{key}`" in how_long("Besked, som mailserveren har taget imod")


def test_every_question_of_the_form_is_in_the_record() -> None:
    """By its name, in the form's own words and order, with whom it is about and of what kind."""
    rows = table(RECORD, "Spørgsmål", "Felt")
    form = ReferralForm.unanswered()
    told = [(names(row["Felt"])[0], row["Spørgsmål"]) for row in rows]
    asked = [(name, form[name].label.text) for name in ReferralForm.names()]
    assert told == asked, (
        f"{sorted({*told} ^ {*asked})}: write in »Det spørger formularen om« of"
        f" site/guides/{RECORD} what is asked, of whom, and of what kind it is; then see whether"
        " content/privatliv.md still tells it, and whether konsekvensanalyse.md must weigh it"
    )
    assert all(row["Om hvem"] and row["Slags"] for row in rows)
    needed = {names(row["Felt"])[0] for row in rows if row["Skal svares"] == "ja"}
    assert needed == {name for name in ReferralForm.names() if form[name].required}


def test_every_field_that_asks_nothing_is_in_the_record() -> None:
    """The form's tokens, and the field that robots fill in."""
    hidden = {field.name for field in ReferralForm.unanswered()} - {*ReferralForm.names()}
    hidden |= {"csrf_token", submission._TRAP}  # noqa: SLF001 (looked at and not used)
    told = {names(row["Felt"])[0] for row in table(RECORD, "Felt", "Hvad det er til")}
    assert told == hidden, (
        f"{sorted(told ^ hidden)}: write in »Disse felter stiller ingen spørgsmål« of"
        f" site/guides/{RECORD} what the field is for"
    )


def test_every_cookie_is_in_the_papers(client: FlaskClient) -> None:
    """Those that a visitor is given on every road, and those that the source names."""
    given: dict[str, str] = {}

    def meet(*cookies: str) -> None:
        given.update({cookie.partition("=")[0]: cookie for cookie in cookies})

    visitor = Visitor(client)
    for answer in (
        client.get("/"),
        client.get(visitor.form),
        visitor.send(phone=""),
        visitor.send(),
        client.get(visitor.form),
        client.get("/sundhed"),
        client.post(LEAVE),
    ):
        for cookie in answer.headers.getlist("Set-Cookie"):
            if "Max-Age=0" not in cookie:  # which takes one away
                meet(cookie)
    rows = {names(row["Cookie"])[0]: row for row in table(WAY, "Cookie", "Formål")}
    source = "\n".join(
        path.read_text("utf-8") for path in (CHECKOUT / "site" / "udvej").rglob("*.py")
    )
    there = {*given, *re.findall(r'"(__Host-\w+)"', source)}
    assert rows.keys() == there, (
        f"{sorted(rows.keys() ^ there)}: write in »Cookies« of site/guides/{WAY} what each cookie"
        " is for and how long it lasts, and tell it in content/privatliv.md"
    )
    assert given.keys() == there
    for name, row in rows.items():
        lasts = "Max-Age=" in given[name]
        assert ("`forlad.minutter`" if lasts else "til browseren lukker") in row["Hvor længe"]
        assert row["Formål"]
    assert f"Max-Age={FACTS['forlad']['minutter'] * 60};" in given["__Host-videre"]


@pytest.mark.parametrize("name", [*PAPERS, CASEWORKERS])
def test_what_is_to_be_filled_in_is_marked_the_same_way_everywhere(name: str) -> None:
    """As `[udfyld: hvad]`, so that one search finds all of it."""
    written = text(name)
    assert TO_FILL_IN.search(written)
    rest = TO_FILL_IN.sub("", written)
    links = re.sub(r"!?\[[^]]*\]\([^)]*\)", "", rest)
    assert "[" not in links
    assert "]" not in links
    assert not re.search(r"udfyld:|TODO|XXX|_{3,}|\.{4,}", rest)


@pytest.mark.parametrize("name", PAPERS)
def test_the_law_is_named_only_where_the_program_rests_on_it(name: str) -> None:
    """What else applies is for the municipality's lawyers to say."""
    written = text(name)
    articles = re.findall(r"[Aa]rtikel (\d+)((?:(?:, | og )\d+\b)*)", written)
    named = {number for first, more in articles for number in (first, *re.findall(r"\d+", more))}
    assert named <= ARTICLES
    assert {*re.findall(r"§+ (\d+)", written)} <= PARAGRAPHS


def test_together_they_name_all_that_the_program_rests_on() -> None:
    """So that nobody looks for it in vain."""
    written = " ".join(map(text, PAPERS))
    for number in ARTICLES:
        assert re.search(rf"[Aa]rtikel (?:\d+(?:, | og ))*{number}\b", written), number
    for number in PARAGRAPHS:
        assert f"§ {number}" in written


def test_the_assessment_has_the_four_parts_of_article_35() -> None:
    """Description, necessity, risks and measures (GDPR, article 35(7)(a) to (d))."""
    headings = re.findall(r"^## .*litra ([a-d])\)$", text("konsekvensanalyse.md"), re.MULTILINE)
    assert headings == [*"abcd"]
    risks = [row["Nr."] for row in table("konsekvensanalyse.md", "Nr.", "Det kan ske")]
    measures = table("konsekvensanalyse.md", "Nr.", "Det gør programmet", "Det bliver tilbage")
    assert risks
    assert [row["Nr."] for row in measures] == risks
    assert all(row["Det bliver tilbage"] for row in measures)


def test_the_record_and_the_agreement_have_every_part_that_the_law_lists() -> None:
    """GDPR, article 30(1)(a) to (g) and article 28(3)(a) to (h)."""
    point = "Punkt i artikel 30, stk. 1"
    record = [row[point][0] for row in table(RECORD, point)]
    assert "".join(dict.fromkeys(record)) == "abcdefg"
    agreement = [row["Aftalen siger"] for row in table("roller.md", "Aftalen siger")]
    assert "".join(part[0] for part in agreement if part[1] == ")") == "abcdefgh"


@pytest.mark.parametrize("name", [*PAPERS, CASEWORKERS])
def test_the_guides_are_plain_danish(name: str) -> None:
    """LIX 30 for those who answer people, 38 where the law speaks."""
    filled_in = TO_FILL_IN.sub("noget", html(name))
    assert measure(filled_in).lix <= (30 if name == CASEWORKERS else 38)


@pytest.mark.parametrize("drawing", drawings(), ids=lambda path: path.name)
def test_a_drawing_is_text_that_anybody_can_read(drawing: Path) -> None:
    """In words for a screen reader, light and dark, without a font or anything from elsewhere."""
    tree = ET.fromstring(drawing.read_text("utf-8"))
    parts = [part.tag.rpartition("}")[2] for part in tree.iter()]
    assert parts[1:3] == ["title", "desc"]
    assert {*parts} <= {"svg", "title", "desc", "style", "text", "rect", "path"}
    written = drawing.read_text("utf-8")
    assert "prefers-color-scheme: dark" in written
    assert not re.search(r"@font-face|url\(|href|data:|<!", written)
    assert any(f"]({drawing.name})" in text(name) for name in PAPERS)
