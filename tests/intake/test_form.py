"""What may be typed, what is said when it is not right, and what the team is told."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from flask import Flask
from support.visiting import FILLED_IN, TYPED
from udvej.intake.form import ReferralForm
from udvej.intake.submission import Malformed, Submission
from udvej.languages import Language, set_language

TOKEN = "0123456789abcdef" * 2
WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)
CPR = "010190-1234"


def read(**changes: str) -> Submission:
    """What was sent, every field filled in but for what is changed."""
    return Submission.read(
        urlencode({"token": TOKEN, **FILLED_IN, **changes}).encode(), ReferralForm.names(), WRITTEN
    )


def problems(app: Flask, **changes: str) -> list[tuple[str, str]]:
    """What is wrong with it."""
    with app.test_request_context():
        typed = read(**changes)
        return ReferralForm.of(typed.fields, typed.token).problems(typed.cpr_in)


def letter(app: Flask, **changes: str) -> str:
    """What the team is told of it."""
    with app.test_request_context():
        sent = read(**changes)
        form = ReferralForm.of(sent.fields, sent.token)
        assert form.problems(sent.cpr_in) == []
        return form.referral(WRITTEN).letter(1)


WHO = "Vælg, hvem der skriver."
PREFER = "Vælg, hvordan vi helst skal svare dig."
NO_WAY = "Skriv et telefonnummer eller en mailadresse."
NO_PHONE = "Skriv dit telefonnummer, når du helst vil ringes op eller have en sms."
NO_MAIL = "Skriv din mailadresse, når du helst vil have en mail."
BAD_PHONE = (
    "Telefonnummeret ser ikke rigtigt ud. Et dansk nummer har 8 cifre. "
    "Er det fra udlandet, så begynd med + og landekoden."
)
BAD_MAIL = "Mailadressen ser ikke rigtig ud. Skriv den som navn@eksempel.dk."
CPR_FOUND = "Ved »{}« stod noget, der ligner et CPR-nummer. Vi har slettet det.".format


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"who": ""}, [("who-0", WHO)]),
        ({"who": "somebody"}, [("who-0", WHO)]),
        ({"prefer": ""}, [("prefer-0", PREFER)]),
        ({"prefer": "pigeon"}, [("prefer-0", PREFER)]),
        ({"phone": "", "mail": ""}, [("phone", NO_WAY)]),
        ({"phone": " ", "mail": "\t"}, [("phone", NO_WAY)]),
        ({"phone": "", "mail": "", "prefer": "mail"}, [("phone", NO_WAY)]),
        ({"phone": "", "prefer": "call"}, [("phone", NO_PHONE)]),
        ({"phone": "", "prefer": "text"}, [("phone", NO_PHONE)]),
        ({"mail": "", "prefer": "mail"}, [("mail", NO_MAIL)]),
        ({"phone": "46 46 46"}, [("phone", BAD_PHONE)]),
        ({"phone": "ring til min søster"}, [("phone", BAD_PHONE)]),
        ({"phone": "12 34 56 78"}, [("phone", BAD_PHONE)]),
        ({"phone": "+999 20 12 34 56"}, [("phone", BAD_PHONE)]),
        ({"phone": "20123456" + " " * 40 + "-" * 40}, [("phone", BAD_PHONE)]),
        ({"mail": "sofie"}, [("mail", BAD_MAIL)]),
        ({"mail": "sofie@"}, [("mail", BAD_MAIL)]),
        ({"mail": "sofie@eksempel"}, [("mail", BAD_MAIL)]),
        ({"mail": "Sofie <sofie@eksempel.dk>"}, [("mail", BAD_MAIL)]),
        ({"mail": "a@eksempel.dk, b@eksempel.dk"}, [("mail", BAD_MAIL)]),
        ({"mail": "s" * 250 + "@eksempel.dk"}, [("mail", BAD_MAIL)]),
        ({"name": "x" * 101}, [("name", "Navnet er for langt. Skriv højst 100 tegn.")]),
        ({"times": "x" * 201}, [("times", "Teksten om tider er for lang. Skriv højst 200 tegn.")]),
        (
            {"message": "x" * 1012},
            [("message", "Gør din besked 12 tegn kortere. Resten kan du sige til os.")],
        ),
        ({"name": CPR}, [("name", CPR_FOUND("Hvad må vi kalde dig?"))]),
        # Said once, and as what it is: not that the number left a field empty.
        ({"phone": CPR, "mail": ""}, [("phone", CPR_FOUND("Telefon"))]),
        (
            dict.fromkeys([*FILLED_IN], "") | {"times": CPR},
            [
                ("who-0", WHO),
                ("phone", NO_WAY),
                ("prefer-0", PREFER),
                ("times", CPR_FOUND("Hvornår er det sikkert at kontakte dig?")),
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_order_of_the_page(
    changes: dict[str, str], expected: list[tuple[str, str]], app: Flask
) -> None:
    """With the id of the field that it is about."""
    assert problems(app, **changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "", "times": "", "message": "", "may_leave_message": ""},
        {"phone": "", "prefer": "mail"},
        {"mail": "", "prefer": "call"},
        {"mail": "", "prefer": "text"},
        {"name": "x" * 100, "times": "x" * 200, "message": "x" * 1000},
        {"message": "\r\n" * 499 + "ab"},
        {"message": "  " * 600 + "kort"},
        {"name": "  Sofie \t Ærlig "},
        {"mail": " sofie@eksempel.dk "},
        {"mail": "søren@blåbærgrød.dk"},
        {"message": "<script>alert(1)</script> {{7*7}} ${7*7} %s"},
        {"who": "relative"},
        {"who": "professional"},
    ],
)
def test_what_is_right_is_taken(changes: dict[str, str], app: Flask) -> None:
    """Optional fields may be empty, the longest texts are as long as promised."""
    assert problems(app, **changes) == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("23261099", "+45 23 26 10 99"),
        ("23 26 10 99", "+45 23 26 10 99"),
        ("23-26-10-99", "+45 23 26 10 99"),
        (" 2326  1099 ", "+45 23 26 10 99"),
        ("23 26\u00a010 99", "+45 23 26 10 99"),
        ("+4523261099", "+45 23 26 10 99"),
        ("+45 23 26 10 99", "+45 23 26 10 99"),
        ("0045 23 26 10 99", "+45 23 26 10 99"),
        ("(+45) 23261099", "+45 23 26 10 99"),
        ("٢٣٢٦١٠٩٩", "+45 23 26 10 99"),
        ("+46 8 508 29 000", "+46 8 508 290 00"),
        ("0046850829000", "+46 8 508 290 00"),
        ("+49 30 901820", "+49 30 901820"),
    ],
)
def test_phone_numbers_reach_the_team_in_one_form(typed: str, told: str, app: Flask) -> None:
    """Danish without prefix, foreign with + or 00."""
    assert f"Telefon:\n> {told}\n" in letter(app, phone=typed)


def test_the_team_is_told_what_was_typed_and_chosen(app: Flask) -> None:
    """Spaces around it tidied, lines kept; in each part what was chosen comes first."""
    told = letter(app, name="  Sofie \r\n Ærlig ", message="\r\n Ja.\r\n\r\nNej. \r\n")
    assert told.partition("Siden var på: ")[2] == LETTER.format(nothing="")


LETTER = """\
dansk

HVEM SKRIVER
En, der selv vil ud
Vil kaldes:
> Sofie Ærlig

SÅDAN ER DET SIKKERT AT SVARE
Helst: Sms
Telefon:
> +45 20 12 34 56
Mail:
> sofie@eksempel.dk
Hvornår:
> hverdage efter kl. 16
Læg en besked: ja, det må I gerne
Sig, hvor I ringer fra: NEJ

BESKED
> Ja.
> {nothing}
> Nej.
"""


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"who": "self"}, "En, der selv vil ud"),
        ({"who": "relative"}, "En pårørende"),
        ({"who": "professional"}, "En fagperson"),
        ({"prefer": "call"}, "Helst: Opkald"),
        ({"prefer": "text"}, "Helst: Sms"),
        ({"prefer": "mail"}, "Helst: Mail"),
        ({"may_leave_message": "y"}, "Læg en besked: ja, det må I gerne"),
        ({"may_leave_message": ""}, "Læg en besked: NEJ"),
        ({"may_say_from": "y"}, "Sig, hvor I ringer fra: ja, det må I gerne"),
        ({"may_say_from": ""}, "Sig, hvor I ringer fra: NEJ"),
    ],
)
def test_every_choice_has_its_words(changes: dict[str, str], line: str, app: Flask) -> None:
    """No code, no English."""
    assert line in letter(app, **changes).splitlines()


@pytest.mark.parametrize(
    ("tag", "interpreter", "lines"),
    [
        ("da", "y", ["Siden var på: dansk", ""]),
        ("ar", "y", ["Siden var på: arabisk", "Tolk: JA, ønskes"]),
        ("ar", "", ["Siden var på: arabisk", "Tolk: ikke ønsket"]),
    ],
)
def test_an_interpreter_is_told_of_where_one_was_offered(
    tag: str, interpreter: str, lines: list[str], app: Flask
) -> None:
    """On the pages in other languages, next to the language."""
    set_language(Language(tag))
    assert letter(app, interpreter=interpreter).splitlines()[3:5] == lines


@pytest.mark.parametrize("field", [*TYPED, "who", "prefer", "may_leave_message", "may_say_from"])
def test_a_cpr_number_is_taken_out_of_any_field(field: str) -> None:
    """The rest of it stays."""
    typed = read(**{field: f"nummeret er {CPR} tak"})
    assert [*typed.cpr_in] == [field]
    assert typed.fields[field] == "nummeret er tak"
    assert CPR not in repr(typed)


@pytest.mark.parametrize("field", [*TYPED, "who", "prefer", "may_leave_message", "may_say_from"])
@pytest.mark.parametrize(
    "value",
    ["a\x00b", "a\x01b", "a\x0bb", "a\x1bb", "a\x7fb", "a\x85b", "a\ufffdb", "a\uffffb"],
    ids=ascii,
)
def test_control_characters_are_malformed(field: str, value: str) -> None:
    """No keyboard makes them, and mail programs differ over what they do."""
    with pytest.raises(Malformed):
        read(**{field: value})


@pytest.mark.parametrize("value", ["a\tb", "a\r\nb", "a\rb", "a\nb", "👩‍👧", "مرحبا", "e\u0301"])
def test_everything_that_a_keyboard_makes_is_text(value: str) -> None:
    """In any language, line breaks made alike."""
    assert read(message=value).fields["message"] == value.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"name=Sofie",
        b"token=",
        b"token=" + b"0" * 31,
        b"token=" + b"0" * 33,
        b"token=" + b"G" * 32,
        f"token={TOKEN}%0A".encode(),
        f"token={TOKEN}&name=a&name=b".encode(),
        f"token={TOKEN}&name=%ff".encode(),
        f"token={TOKEN}&name=%ed%a0%80".encode(),
        f"token={TOKEN}&name=%c0%af".encode(),
        f"token={TOKEN}&name=".encode() + b"\xff",
        f"token={TOKEN}".encode() + b"&x=1" * 10_000,
    ],
)
def test_what_no_browser_sends_is_malformed(body: bytes) -> None:
    """And nothing of it is in the error or its cause."""
    with pytest.raises(Malformed) as raised:
        Submission.read(body, ReferralForm.names(), WRITTEN)
    assert raised.value.__cause__ is None


def test_unknown_fields_are_left_out() -> None:
    """They are not kept, and not part of the key."""
    assert read(extra="x", x="y") == read()


def test_the_same_words_from_the_same_form_have_the_same_key() -> None:
    """Any change makes another, and so does another form."""
    assert read().key == read().key
    keys = {read(**{field: "andet"}).key for field in FILLED_IN} | {read(token="f" * 32).key}
    assert len(keys | {read().key}) == len(FILLED_IN) + 2
