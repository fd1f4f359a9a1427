"""The form and the bar as HTML, before any browser shows them.

What browsers make of it stands in `tests/browser`; a run without one must notice all the same when
a field that nobody sees shows, or when one that carries the form is gone.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.municipality import CONTENT, FACTS, demonstration
from support.visiting import FILLED_IN, Visitor
from udvej.contacts import phone_link
from udvej.content.addresses import AGAIN, FORM, LEAVE, TOO_LONG, WITHOUT_COOKIE
from udvej.content.editions import Content
from udvej.intake.cpr import find
from udvej.intake.form import ReferralForm
from udvej.intake.questions import Choice, Line, Mail, Phone, Question, Tick
from udvej.languages import Language, set_language
from udvej.outbox.scheme import Scheme, boxes_for
from udvej.services import Services
from udvej.web.app import create_app

TRAP: Final = "website"
TOKENS: Final = ("csrf_token", "sure", "token")
# Danish, and the languages that the program itself is translated into.
TAGS: Final = ("da", "en", "ar")


@pytest.fixture
def client(passer_by: FlaskClient) -> FlaskClient:
    """A visitor of the site that other tests visit too."""
    return passer_by


@pytest.fixture(scope="module")
def app(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A site that these tests share: none changes it."""
    state = Path(shutil.copytree(furnished, tmp_path_factory.mktemp("form") / "state"))
    return create_app(Services.open(demonstration(state)))


@pytest.fixture(scope="module")
def said() -> Content:
    """What the site says."""
    return Content.load(CONTENT, boxes_for(Scheme.SMIME))


@pytest.fixture(params=TAGS)
def language(request: pytest.FixtureRequest, said: Content) -> Language:
    """Each language that the form is in, spoken by this test too."""
    spoken = said.editions[request.param].language
    set_language(spoken)
    return spoken


def tree(html: str) -> Element:
    """A page as a browser reads it."""
    root: Element = html5lib.parse(html, namespaceHTMLElements=False)
    return root


def form_of(root: Element, action: str) -> Element:
    """The one form that posts to an address."""
    (form,) = (form for form in root.iter("form") if form.get("action") == action)
    return form


def words(element: Element) -> str:
    """The words of an element."""
    return " ".join("".join(element.itertext()).split())


def controls(form: Element) -> Iterator[Element]:
    """What a browser would send."""
    return (element for element in form.iter() if element.tag in ("input", "textarea", "select"))


def hidden(form: Element) -> set[str]:
    """The names of the controls that nobody sees."""
    within = {
        control.get("name", "")
        for element in form.iter()
        if element.get("hidden") is not None
        for control in controls(element)
    }
    typed = {each.get("name", "") for each in controls(form) if each.get("type") == "hidden"}
    return within | typed


def by_id(root: Element) -> Mapping[str, Element]:
    """The elements that can be referred to."""
    return {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}


def control_of(root: Element, question: Question) -> Element:
    """What is described by a question's hint: the field, or the group of its options."""
    if isinstance(question, Choice):
        first = by_id(root)[question.first_id]
        (group,) = (
            group
            for group in root.iter("fieldset")
            if any(element is first for element in group.iter())
        )
        return group
    return by_id(root)[question.id]


def named(root: Element, group: Element) -> str:
    """What a group of questions is called, "" for anything else."""
    if group.tag == "fieldset":
        return words(group[0])
    if group.get("role") == "group":
        return words(by_id(root)[group.attrib["aria-labelledby"]])
    return ""


def described(root: Element, control: Element) -> str:
    """What is read aloud with a control, after its label."""
    return " ".join(
        words(by_id(root)[name]) for name in control.get("aria-describedby", "").split()
    )


def test_the_form_posts_to_its_own_address_and_no_browser_judges_or_remembers_it(
    client: FlaskClient, language: Language
) -> None:
    """A browser's own words would come in its own language, and its memory tells who wrote."""
    form = form_of(tree(client.get(language.at(FORM)).text), language.at(FORM))
    assert form.get("method") == "post"
    assert "novalidate" in form.attrib
    assert form.get("autocomplete") == "off"
    typed_in = [
        each
        for each in controls(form)
        if each.tag == "textarea" or each.get("type") not in ("hidden", "radio", "checkbox")
    ]
    assert len(typed_in) >= 5
    for control in typed_in:
        assert control.get("autocomplete") == "off", control.get("name")
        if control.get("name") != TRAP:
            assert control.get("spellcheck") == "false", control.get("name")


def test_what_nobody_sees_is_the_tokens_and_the_trap_and_nothing_else(
    client: FlaskClient, language: Language
) -> None:
    """A question that is hidden is never answered; a trap that shows is filled in by people."""
    form = form_of(tree(client.get(language.at(FORM)).text), language.at(FORM))
    assert hidden(form) == {*TOKENS, TRAP}
    sent = {control.get("name"): control for control in controls(form)}
    for name in TOKENS:
        assert sent[name].get("type") == "hidden"
        assert len(sent[name].get("value", "")) >= (0 if name == "sure" else 32)
    asked = {question.name for question in ReferralForm.unanswered().questions}
    assert {*sent} - {*TOKENS, TRAP} == asked


def test_the_trap_looks_like_a_field_to_a_robot_and_like_nothing_to_a_person(
    client: FlaskClient, language: Language
) -> None:
    """Hidden from sight and from what reads aloud, out of the keyboard's way, and empty."""
    root = tree(client.get(language.at(FORM)).text)
    (around,) = (
        element
        for element in form_of(root, language.at(FORM)).iter("div")
        if TRAP in [control.get("name") for control in controls(element)]
    )
    assert "hidden" in around.attrib
    (trap,) = controls(around)
    assert trap.get("type", "text") == "text"
    assert trap.get("tabindex") == "-1"
    assert trap.get("autocomplete") == "off"
    assert trap.get("value", "") == ""
    (label,) = around.iter("label")
    assert label.get("for") == trap.get("id")
    assert words(label)


def test_every_hint_is_on_the_page_and_read_with_its_question(
    client: FlaskClient, language: Language
) -> None:
    """In the page's own language; a hint that is not referred to is heard by nobody."""
    root = tree(client.get(language.at(FORM)).text)
    said = language.catalogue.gettext
    hints = 0
    for question in ReferralForm.unanswered().questions:
        if question.hint:
            hints += 1
            shown = words(by_id(root)[f"{question.id}-hint"])
            assert shown == " ".join(said(question.hint).split())
            assert shown in described(root, control_of(root, question))
        if question.group:
            heading = said(question.group.legend)
            (group,) = (each for each in root.iter() if named(root, each) == heading)
            assert described(root, group) == said(question.group.hint)
    assert hints >= 3


def test_where_people_write_freely_they_are_told_to_write_no_cpr_number(
    client: FlaskClient, language: Language
) -> None:
    """With the field itself, where it is heard too; the word is the same in every language."""
    root = tree(client.get(language.at(FORM)).text)
    (message,) = root.iter("textarea")
    assert "CPR" in described(root, message)


def test_a_refused_cpr_number_is_told_with_the_words_before_it(
    client: FlaskClient, language: Language
) -> None:
    """In every language, without a digit of it; quoted words keep their own direction."""
    visitor = Visitor(client, language.prefix)
    visitor.send(message="født 010190, de sidste fire er 1234")
    root = tree(visitor.look(visitor.form))
    (message,) = root.iter("textarea")
    told = described(root, message)
    for after in ("født", "de sidste fire er"):
        assert f"\u2068{after}\u2069" in told
        assert after in (message.text or "")
    assert not [digits for digits in ("010190", "1234") if digits in words(root)]


def test_what_is_no_cpr_number_can_be_written_as_the_page_says(
    client: FlaskClient, language: Language
) -> None:
    """It is left alone, beside a birth date and other numbers too."""
    visitor = Visitor(client, language.prefix)
    visitor.send(message="010190-1234")
    root = tree(visitor.look(visitor.form))
    (ways,) = (each for each in root.iter("ul") if "+45 12 34 56 78" in words(each))
    said = [words(way) for way in ways]
    examples = [way.partition(": ")[2] for way in said]
    assert len(examples) == len(list(filter(None, examples))) == 4  # one of each kind
    for one, other in product([*said, *examples], examples):
        for typed in (one, f"født 010190. {one}", f"1. januar 1990, {one}, {other}"):
            assert find(typed) == []


def test_each_kind_of_field_brings_the_right_keyboard_and_direction(
    client: FlaskClient, language: Language
) -> None:
    """A number and an address run from left to right in every language."""
    root = tree(client.get(language.at(FORM)).text)
    for question in ReferralForm.unanswered().questions:
        if isinstance(question, Choice | Tick):
            continue
        control = by_id(root)[question.id]
        if isinstance(question, Phone):
            expected = {"type": "tel", "inputmode": "tel", "dir": "ltr"}
        elif isinstance(question, Mail):
            expected = {"type": "email", "inputmode": "email", "dir": "ltr"}
            assert control.get("autocapitalize") == "none"
        else:
            assert isinstance(question, Line)
            expected = {"dir": "auto"}
        assert {name: control.get(name) for name in expected} == expected


def test_what_is_wrong_is_marked_and_read_with_its_field(client: FlaskClient) -> None:
    """And what is right is not."""
    visitor = Visitor(client)
    visitor.send(who="", phone="46", message="x" * 2000)
    root = tree(visitor.look())
    marked = set()
    for question in ReferralForm.unanswered().questions:
        control = control_of(root, question)
        if control.get("aria-invalid") == "true":
            marked.add(question.name)
            assert words(by_id(root)[f"{question.id}-error"]) in described(root, control)
    assert marked == {"who", "phone", "message"}


def test_what_is_sent_and_to_whom_is_said_with_the_button(
    client: FlaskClient, language: Language
) -> None:
    """Right before it, and heard with it."""
    root = tree(client.get(language.at(FORM)).text)
    (button,) = form_of(root, language.at(FORM)).iter("button")
    said = language.catalogue.gettext
    assert words(button) == said("Send til kommunen")
    at_button = language.content.gettext(FACTS["formular"]["ved_knappen"])
    assert described(root, button) == " ".join(at_button.split())


def test_the_words_of_the_page_before_the_button_are_in_the_form(
    client: FlaskClient, said: Content, language: Language
) -> None:
    """All of `::: formular`."""
    beside = tree(said.editions[language.tag].pages[FORM].at_send_button)
    form = form_of(tree(client.get(language.at(FORM)).text), language.at(FORM))
    assert words(beside)
    assert words(beside) in words(form)
    assert words(form).index(words(beside)) > words(form).index(words(next(form.iter("label"))))


# The bar.


def everywhere(client: FlaskClient, language: Language, said: Content) -> Iterator[tuple[str, str]]:
    """Each kind of page there is, with its address."""
    visitor = Visitor(client, language.prefix)
    others = ("/findes-ikke/", WITHOUT_COOKIE, TOO_LONG)
    for address in (*said.editions[language.tag].pages, *others):
        yield address, client.get(language.at(address)).text
    visitor.send(who="")
    yield FORM, visitor.look(language.at(FORM))
    visitor.send()
    yield FORM, visitor.look(language.at(FORM))


def test_leaving_calling_and_writing_are_in_the_bar_of_every_page_in_that_order(
    client: FlaskClient, said: Content, language: Language
) -> None:
    """Under the thumb, before the text; on the form nothing leads away from what was typed."""
    phone = said.facts["team"]["telefon"]
    for address, html in everywhere(client, language, said):
        root = tree(html)
        (bar,) = (nav for nav in root.iter("nav") if "thumb-bar" in nav.get("class", "").split())
        assert bar.get("aria-label")
        leaves, *others = bar
        (form,) = leaves
        assert (form.tag, form.get("method"), form.get("action")) == ("form", "post", LEAVE)
        (button,) = form
        assert button.tag == "button"
        assert words(button) == language.catalogue.gettext("Forlad siden")
        links = [link.get("href") for link in others]
        write = None if address == FORM else language.at(FORM)
        assert links == [phone_link(phone), write], address
        assert phone in words(others[0])
        places = [element for element in root.iter() if element in (bar, *root.iter("main"))]
        assert places[0] is bar


def test_the_first_button_of_every_page_leaves_and_is_the_one_that_the_script_presses(
    client: FlaskClient, said: Content, language: Language
) -> None:
    """By its id; without it three presses of Shift do nothing."""
    for address, html in everywhere(client, language, said):
        root = tree(html)
        script = words(next(root.iter("script")))
        (pressed,) = re.findall(r'getElementById\("(\w+)"\)\.submit', script)
        assert by_id(root)[pressed].tag == "form", address
        assert by_id(root)[pressed].get("action") == LEAVE
        first = next(root.iter("button"))
        assert first in [*by_id(root)[pressed]]
        assert root.find("body") is not None
        assert root.find("body").get("data-wait")  # type: ignore[union-attr]


def test_the_form_ends_with_a_way_out_of_its_own(client: FlaskClient, language: Language) -> None:
    """In a form of its own, or an old browser would send what was typed."""
    root = tree(client.get(language.at(FORM)).text)
    (main,) = root.iter("main")
    forms = [form.get("action") for form in main.iter("form")]
    assert forms == [language.at(FORM), LEAVE]


def test_the_receipt_leads_out_and_to_another_message(app: Flask, language: Language) -> None:
    """By two buttons; the second carries its own token."""
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    visitor = Visitor(client, language.prefix)
    visitor.send(**FILLED_IN)
    (main,) = tree(visitor.look(language.at(FORM))).iter("main")
    assert [form.get("action") for form in main.iter("form")] == [LEAVE, language.at(AGAIN)]
    (token,) = controls(form_of(main, language.at(AGAIN)))
    assert (token.get("type"), token.get("name")) == ("hidden", "csrf_token")
    assert token.get("value")
