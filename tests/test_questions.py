"""A question added to the form is one field of it: it reaches the team, or nothing starts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.municipality import FACTS
from support.spoiling import spoil
from support.visiting import FILLED_IN, Visitor, fields, summary
from udvej.config import Config
from udvej.content.addresses import FORM
from udvej.errors import ContentError, FormError
from udvej.intake.form import ReferralForm
from udvej.intake.questions import Choice, Line, Option, Phone, Tick, Words
from udvej.intake.referral import Section
from udvej.outbox.delivery import Delivery
from udvej.outbox.demonstration import Demonstration
from udvej.outbox.table import Outbox
from udvej.services import Services, load_content
from udvej.sqlite import SQLite
from udvej.web.app import create_app
from udvej.web.reader import reader_app
from wtforms import Field, IntegerField

CPR = "010190-1234"
# A second question of each kind, what is typed there, and how the team reads it.
ASKED: dict[str, tuple[Field, str, str]] = {
    "age": (
        Line(
            "Hvor gammel er du?",
            longest=3,
            too_long="Alderen er for lang.",
            missing="Skriv din alder.",
            section=Section.WHO,
            letter="Alder",
        ),
        "30",
        "Alder:\n> 30\n",
    ),
    "hurry": (
        Tick("Det haster", section=Section.REPLY, letter="Haster", yes="JA", no="nej"),
        "y",
        "Haster: JA\n",
    ),
    "place": (
        Choice(
            "Hvor bor du?",
            options=[Option("here", "Her", "I kommunen"), Option("there", "Der", "Ude")],
            missing="Vælg, hvor du bor.",
            section=Section.WHO,
            letter="Bor",
        ),
        "there",
        "Bor: Ude\n",
    ),
    "fear": (
        Words(
            "Hvad er du bange for?",
            longest=500,
            too_long="Skriv kortere.",
            section=Section.MESSAGE,
            letter="Bange for",
        ),
        "Dem.\r\nOg ham.",
        "Bange for:\n> Dem.\n> Og ham.\n",
    ),
    "friend": (
        Phone("En vens telefon", section=Section.REPLY, letter="Vens telefon"),
        "20 30 40 50",
        "Vens telefon:\n> +45 20 30 40 50\n",
    ),
}


def asking(**questions: object) -> type[ReferralForm]:
    """The form with more questions."""
    return type("LongerForm", (ReferralForm,), questions)


@pytest.fixture
def visitor_of(
    config: Config,
) -> Callable[[type[ReferralForm]], Visitor]:
    """Somebody at a site with another form."""

    def at(form: type[ReferralForm]) -> Visitor:
        services = Services.open(config)
        services.form = form
        client = create_app(services).test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        return Visitor(client)

    return at


@pytest.fixture
def letters(config: Config) -> Iterator[Callable[[], list[str]]]:
    """What has reached the team, opened."""
    database = SQLite(config.state)

    def opened() -> list[str]:
        demonstration = Demonstration.prepare(config.state)
        while Delivery(Outbox(database), demonstration).next():
            pass
        return [*demonstration.letters()]

    yield opened
    database.close()


@pytest.mark.parametrize("name", ASKED)
def test_a_new_question_is_followed_to_the_letter(
    name: str,
    visitor_of: Callable[[type[ReferralForm]], Visitor],
    letters: Callable[[], list[str]],
) -> None:
    """From the page, over a draft of a form that is refused for something else."""
    question, typed, told = ASKED[name]
    visitor = visitor_of(asking(**{name: question}))
    assert visitor.is_refused(visitor.send(**{name: typed, "phone": "20"}))
    page = visitor.look()
    assert fields(page)[name] == typed
    assert visitor.is_taken(visitor.press({**fields(page), "phone": FILLED_IN["phone"]}))
    (letter,) = letters()
    assert told in letter


def test_all_new_questions_reach_the_letter_together(
    visitor_of: Callable[[type[ReferralForm]], Visitor], letters: Callable[[], list[str]]
) -> None:
    """Each in its part."""
    visitor = visitor_of(asking(**{name: asked[0] for name, asked in ASKED.items()}))
    assert visitor.is_taken(visitor.send(**{name: asked[1] for name, asked in ASKED.items()}))
    (letter,) = letters()
    assert not [name for name, asked in ASKED.items() if asked[2] not in letter]


CPR_FOUND = "Ved »Hvad er du bange for?« stod noget, der ligner et CPR-nummer. Vi har slettet det."


@pytest.mark.parametrize(
    ("name", "typed", "place", "words"),
    [
        ("age", "", "age", "Skriv din alder."),
        ("age", "3000", "age", "Alderen er for lang."),
        ("place", "", "place-0", "Vælg, hvor du bor."),
        ("place", "elsewhere", "place-0", "Vælg, hvor du bor."),
        ("fear", "x" * 501, "fear", "Skriv kortere."),
        ("fear", f"her {CPR} slut", "fear", CPR_FOUND),
    ],
)
def test_what_is_wrong_with_a_new_question_is_said(
    name: str,
    typed: str,
    place: str,
    words: str,
    visitor_of: Callable[[type[ReferralForm]], Visitor],
) -> None:
    """Above and at the question; it is not sent."""
    visitor = visitor_of(asking(**{name: ASKED[name][0]}))
    assert visitor.is_refused(visitor.send(**{name: typed}))
    page = visitor.look()
    assert summary(page) == [(place, words)]
    assert CPR not in page


def test_the_drill_holds_every_question() -> None:
    """Unanswered, so that it is seen to be no referral."""
    form = asking(**{name: asked[0] for name, asked in ASKED.items()})
    letter = form.unanswered().referral(datetime.now(UTC)).letter(1)
    assert "Alder: (ikke skrevet)\n" in letter
    assert "Bor: (ikke valgt)\n" in letter
    assert "Haster: nej\n" in letter


def test_a_field_that_the_letter_does_not_know_stops_the_start(
    visitor_of: Callable[[type[ReferralForm]], Visitor],
) -> None:
    """Named, with what to do."""
    with pytest.raises(FormError, match=r"age .* IntegerField.*intake/questions\.py"):
        visitor_of(asking(age=IntegerField()))


def test_a_question_that_the_page_does_not_show_stops_the_start(
    visitor_of: Callable[[type[ReferralForm]], Visitor],
) -> None:
    """Named, with what to do."""

    class Number(Line):
        """A kind of question without a look."""

    options: dict[str, Any] = ASKED["age"][0].kwargs  # type: ignore[attr-defined]
    with pytest.raises(FormError, match=r"question age .* Number.*question\.html"):
        visitor_of(asking(age=Number("Hvor gammel er du?", **options)))


QUESTIONS = (
    "who", "name", "phone", "mail", "prefer", "times",
    "may_leave_message", "may_say_from", "interpreter", "adult", "inside", "resident",
    "knows", "agrees", "workplace", "title", "message",
)  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "/en", "/ar"])
def test_the_page_asks_every_question(prefix: str, client: FlaskClient) -> None:
    """In the order of the form, in each language."""
    asked = re.findall(r'<(?:input|textarea) [^>]*name="(\w+)"', client.get(prefix + FORM).text)
    assert [*dict.fromkeys(name for name in asked if name in QUESTIONS)] == [*QUESTIONS]


def test_the_names_of_the_questions_are_those_of_the_form() -> None:
    """In order, and without the tokens."""
    assert ReferralForm.names() == QUESTIONS


def left_out(config: Config, names: str) -> Path:
    """Leave questions out of the form of a site; the file that says so."""
    path = config.content / "kommune.toml"
    spoil(path, "uden = []", f"uden = {names}")
    return path


LEFT_OUT = {"tolk": "interpreter", "bor_her": "resident", "titel": "title", "navn": "name"}


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_question_that_the_municipality_leaves_out_is_asked_nowhere(
    prefix: str, config: Config, letters: Callable[[], list[str]]
) -> None:
    """Not on the page, in a draft, in the letter or in the drill; nor is it read when sent."""
    left_out(config, str([*LEFT_OUT]))
    services = Services.open(config)
    client = create_app(services).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client, prefix)
    assert not {*LEFT_OUT.values()} & {*visitor.open()}
    assert [*services.form.names()] == [name for name in QUESTIONS if name not in LEFT_OUT.values()]
    assert visitor.is_refused(visitor.send(phone="46", interpreter="y", title="Lærer"))
    assert "Lærer" not in visitor.look(visitor.form)
    assert visitor.is_taken(visitor.send(interpreter="y", title="Lærer"))
    (letter,) = letters()
    drill = services.form.unanswered().referral(datetime.now(UTC)).letter(1)
    for text in (letter, drill):
        for label in ("Tolk", "Bor i kommunen", "Titel", "Vil kaldes", "Lærer"):
            assert label not in text
        assert "Over 18 år: (intet kryds)" in text


def test_a_whole_group_can_be_left_out(config: Config) -> None:
    """With its heading."""
    left_out(config, '["over_18", "sidder_inde", "bor_her"]')
    html = create_app(Services.open(config)).test_client().get(FORM).text
    assert "Vil du fortælle mere?" not in html
    assert "Skriver du for en anden?" in html


@pytest.mark.parametrize("name", ["telefon", "interpreter", "besked", "hvem", "over 18"])
def test_what_cannot_be_left_out_is_refused_by_line_and_key(name: str, config: Config) -> None:
    """Whether there is no such question or the team cannot do without; with those that can be."""
    path = left_out(config, f'["tolk", "{name}"]')
    line = path.read_text("utf-8").split("uden =")[0].count("\n") + 1
    with pytest.raises(ContentError) as refused:
        create_app(Services.open(config))
    assert str(refused.value).startswith(f"{path}:{line}: uden: »{name}« ")
    assert "tolk" in str(refused.value)
    with pytest.raises(ContentError, match="uden: "):
        reader_app(load_content(config), config.address)


def test_what_stands_at_the_button_is_the_municipalitys_and_the_letter_repeats_it(
    client: FlaskClient, letters: Callable[[], list[str]]
) -> None:
    """So that the team knows what was read."""
    said = FACTS.text("formular.ved_knappen")
    visitor = Visitor(client)
    assert said in visitor.look()
    assert visitor.is_taken(visitor.send())
    (letter,) = letters()
    assert f"Ved knappen stod, før den blev sendt: »{said}«" in letter
