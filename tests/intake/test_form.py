"""What may be typed, what is said when it is not right, and what the team is told."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from flask import Flask
from support.visiting import FILLED_IN, TYPED
from udvej.intake.form import ReferralForm
from udvej.intake.submission import Malformed, Posted, Submission
from udvej.languages import Language, set_language

FORM = ReferralForm.asked_by("Den binder ingen.")

TOKEN = "0123456789abcdef" * 2
WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)
CPR = "010190-1234"


@pytest.fixture(scope="module")
def app() -> Flask:
    """What the form needs of the web: a key for its token."""
    app = Flask("form")
    app.secret_key = "hemmelig" * 8
    return app


def read(**changes: str) -> Submission:
    """What was sent, every field filled in but for what is changed."""
    return read_body(urlencode({"token": TOKEN, **FILLED_IN, **changes}).encode())


def read_body(body: bytes) -> Submission:
    """What a body holds, read and searched as the site does."""
    bounds = FORM.bounds()
    return Submission.searched(Posted.read(body, bounds), bounds, WRITTEN)


def problems(app: Flask, **changes: str) -> list[tuple[str, str]]:
    """What is wrong with it."""
    with app.test_request_context():
        typed = read(**changes)
        return FORM.of(typed.fields, typed.token).problems(typed.cpr_in, typed.cut)


def letter(app: Flask, **changes: str) -> str:
    """What the team is told of it."""
    with app.test_request_context():
        sent = read(**changes)
        form = FORM.of(sent.fields, sent.token)
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
HARD_MAIL = (
    "Er mailadressen rigtig? De fleste kan ikke skrive til en adresse med "
    "bogstaver som æ, ø og å før @. Er den rigtig, så tryk på Send igen."
)
TOO_LONG = "Det er for langt. Skriv resten nederst på siden."
CUT = (
    "Teksten var alt for lang. Vi har kun beholdt begyndelsen. Læs den igennem. "
    "Resten kan du sige til os."
)
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
        ({"phone": "20123456" + " " * 40 + "-" * 100}, [("phone", TOO_LONG)]),
        ({"phone": "20304050 " + "x" * 92}, [("phone", TOO_LONG)]),
        ({"mail": "sofie@eksempel.dk " + "x" * 303}, [("mail", TOO_LONG)]),
        ({"phone": "20 30 mors"}, [("phone", BAD_PHONE)]),
        ({"phone": "ring ikke"}, [("phone", BAD_PHONE)]),
        ({"phone": "kun sms: 2030405"}, [("phone", BAD_PHONE)]),
        ({"mail": "sofie"}, [("mail", BAD_MAIL)]),
        ({"mail": "sofie@"}, [("mail", BAD_MAIL)]),
        ({"mail": "sofie@eksempel"}, [("mail", BAD_MAIL)]),
        ({"mail": "Sofie <sofie@>"}, [("mail", BAD_MAIL)]),
        ({"mail": "søren@eksempel.dk"}, [("mail", HARD_MAIL)]),
        ({"mail": "kun om dagen: søren@eksempel.dk"}, [("mail", HARD_MAIL)]),
        ({"mail": "s" * 330 + "@eksempel.dk"}, [("mail", TOO_LONG)]),
        ({"mail": "s" * 250 + "@eksempel.dk"}, [("mail", BAD_MAIL)]),
        ({"name": "x" * 101}, [("name", "Navnet er for langt. Skriv højst 100 tegn.")]),
        ({"times": "x" * 201}, [("times", "Teksten om tider er for lang. Skriv højst 200 tegn.")]),
        (
            {"message": "x" * 1012},
            [("message", "Gør din besked 12 tegn kortere. Resten kan du sige til os.")],
        ),
        ({"message": "x" * 10_001}, [("message", CUT)]),
        ({"name": "x" * 1001, "times": "y " * 1001}, [("name", CUT), ("times", CUT)]),
        ({"phone": "20304050 " + "x" * 1000}, [("phone", CUT)]),
        ({"mail": "x" * 3201}, [("mail", BAD_MAIL), ("mail", CUT)]),
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
        {"phone": "20304050 " + "x" * 91, "mail": "sofie@eksempel.dk " + "x" * 302},
        {"message": "\r\n" * 499 + "ab"},
        {"message": "  " * 600 + "kort"},
        {"name": "  Sofie \t Ærlig "},
        {"mail": " sofie@eksempel.dk "},
        {"mail": "soren@blåbærgrød.dk"},
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


MORE = "BEMÆRK: Ved {} står der mere. Læs det, før I kontakter nogen."


@pytest.mark.parametrize(
    "typed",
    [
        "ring ikke 20304050",
        "kun sms 20304050",
        "IKKE ring! Kun sms 20304050",
        "mor 20304050",
        "20304050mor",
        "20304050, 40506070",
        "20304050/40506070",
        "20304050 efter kl. 16",
        "20304050 (min søsters)",
        "20 30 40 50 🚫",
        "20304050?",
        "20304050x12",
        "2 børn 20304050",
        "ring ikke til +90 507 284 75 39",
        "لا تتصل 20304050",
    ],
)
def test_words_next_to_a_phone_number_reach_the_team_as_typed(typed: str, app: Flask) -> None:
    """A number alone would be rung; and the letter says at its top that there is more to read."""
    told = letter(app, phone=typed)
    assert f"Telefon:\n> {typed}\n" in told
    assert MORE.format("Telefon") in told.partition("HVEM SKRIVER")[0]


@pytest.mark.parametrize(
    "typed",
    [
        "Sofie <sofie@eksempel.dk>",
        "a@eksempel.dk, b@eksempel.dk",
        "skriv ikke om dagen sofie@eksempel.dk.",
        "sofie@eksempel.dk (min søsters)",
    ],
)
def test_words_next_to_a_mail_address_reach_the_team_as_typed(typed: str, app: Flask) -> None:
    """As with a phone number."""
    told = letter(app, mail=typed)
    assert f"Mail:\n> {typed}\n" in told
    assert MORE.format("Mail") in told.partition("HVEM SKRIVER")[0]


def test_a_number_and_an_address_alone_are_not_remarked_on(app: Flask) -> None:
    """So that a remark means something."""
    assert "BEMÆRK" not in letter(app)


INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d"
    "\u202e\u2060\u2063\u2066\u2067\u2068\u2069\u2800\u3164\ufe0f\ufeff\uffa0"
)


@pytest.mark.parametrize("sign", INVISIBLE, ids=ascii)
def test_what_nobody_sees_makes_no_number_or_address_wrong(sign: str, app: Flask) -> None:
    """Pasted before, within and after it."""
    told = letter(
        app,
        phone=f"{sign}25 26{sign} 10 99{sign}",
        mail=f"{sign}sofie@{sign}eksempel.dk{sign}",
    )
    assert "Telefon:\n> +45 25 26 10 99\n" in told
    assert "Mail:\n> sofie@eksempel.dk\n" in told


@pytest.mark.parametrize("sign", [*INVISIBLE, "\u00a0", "\u3000"], ids=ascii)
@pytest.mark.parametrize("field", TYPED)
def test_what_nobody_sees_is_no_answer(field: str, sign: str, app: Flask) -> None:
    """Alone in a field it is as if nothing was typed."""
    told = letter(app, **{"prefer": "text" if field == "mail" else "mail", field: f" {sign}{sign}"})
    assert ("(ikke skrevet)") in told


@pytest.mark.parametrize(
    "text", ["👩\u200d👧", "\u0645\u06cc\u200c\u0631\u0648\u0645", "abc \u200fאב", "a\u00adb"]
)
def test_what_has_a_meaning_in_running_text_is_kept(text: str, app: Flask) -> None:
    """Families in one sign, Persian, the direction of a number in Arabic."""
    assert letter(app, name=text, times=text, message=text).count(f"> {text}\n") == 3


# What phones and programs put before a number that is copied from a link.
LINKS = ("tel", "sms", "callto")


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("mail", "mailto:sofie@eksempel.dk", "sofie@eksempel.dk"),
        ("mail", "MAILTO: sofie@eksempel.dk", "sofie@eksempel.dk"),
        ("mail", "sofie\uff20eksempel.dk", "sofie@eksempel.dk"),
        ("mail", "\uff53ofie@eksempel\uff0edk", "sofie@eksempel.dk"),
        *(("phone", f"{scheme}:+4525261099", "+45 25 26 10 99") for scheme in LINKS),
        ("phone", "\uff12\uff15\uff12\uff16\uff11\uff10\uff19\uff19", "+45 25 26 10 99"),
        ("phone", "\u202a+45\u00a025\u00a026\u00a010\u00a099\u202c", "+45 25 26 10 99"),
        ("phone", "25/26/10/99", "+45 25 26 10 99"),
    ],
)
def test_what_is_copied_from_elsewhere_is_understood(
    field: str, typed: str, told: str, app: Flask
) -> None:
    """Links, and the signs of East Asian keyboards."""
    assert f"> {told}\n" in letter(app, **{field: typed})


@pytest.mark.parametrize(
    ("typed", "remark"),
    [
        ("90 12 34 56", "BEMÆRK: Det koster ekstra at ringe til et nummer ved Telefon."),
        ("+1 900 555 1234", "BEMÆRK: Det koster ekstra at ringe til et nummer ved Telefon."),
        ("+870 773 123 456", "BEMÆRK: Et nummer ved Telefon hører til en satellittelefon"),
        ("+8816 123 45678", "BEMÆRK: Et nummer ved Telefon hører til en satellittelefon"),
        ("+88216 1234 5678", "BEMÆRK: Et nummer ved Telefon hører til en satellittelefon"),
    ],
)
def test_a_number_that_is_dear_to_ring_is_marked(typed: str, remark: str, app: Flask) -> None:
    """It may be a trap, or somebody at sea; it is not refused."""
    assert remark in letter(app, phone=typed).partition("HVEM SKRIVER")[0]


def test_an_address_that_is_hard_to_answer_is_asked_about_once(app: Flask) -> None:
    """Sent again it is taken, and the team is warned too."""
    with app.test_request_context():
        typed = read(mail="søren@eksempel.dk")
        form = FORM.of(typed.fields, typed.token)
        assert form.problems() == [("mail", HARD_MAIL)]
        sent = read(mail="søren@eksempel.dk", sure=str(form.sure.data))
        again = FORM.of(sent.fields, sent.token, sure=sent.sure)
        assert again.problems() == []
        told = again.referral(WRITTEN).letter(1)
    assert "> søren@eksempel.dk\n" in told
    assert "BEMÆRK: Mange mailsystemer kan ikke skrive til adressen ved Mail.\n" in told


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("message", "x" * 10_000, 10_000),
        ("message", "x" * 10_001, 1000),
        ("message", "م" * 80_000, 1000),
        ("name", "x" * 1000, 1000),
        ("name", "x" * 1001, 100),
    ],
)
def test_what_is_far_too_long_is_cut_to_what_fits(field: str, sent: str, kept: int) -> None:
    """Ten times too long is given back whole, to be shortened."""
    typed = read(**{field: sent})
    assert len(typed.fields[field]) == kept
    assert typed.cut == ((field,) if kept < len(sent) else ())


@pytest.mark.parametrize("before", [0, 985, 990, 995, 9_985])
def test_a_cut_leaves_no_cpr_number(before: int) -> None:
    """Wherever it falls."""
    typed = read(message="x" * before + f" {CPR} " + "x" * 20_000)
    assert (tuple(typed.cpr_in), typed.cut) == (("message",), ("message",))
    assert "0101" not in typed.fields["message"]


def test_the_team_is_told_what_was_typed_and_chosen(app: Flask) -> None:
    """Spaces around it tidied, lines kept; in each part what was chosen comes first."""
    told = letter(app, name="  Sofie \r\n Ærlig ", message="\r\n Ja.\r\n\r\nNej. \r\n")
    assert told.partition("Siden var på: ")[2] == LETTER.format(nothing="")


LETTER = """\
dansk
Tolk: ikke ønsket
Svar ikke på denne mail. Svaret når ikke den, der har skrevet.

HVEM SKRIVER
En, der selv vil ud
Vil kaldes:
> Sofie Ærlig

OM DEN, DER VIL UD
Over 18 år: (intet kryds)
Sidder inde: (intet kryds)
Bor i kommunen: (intet kryds)

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

Ved knappen stod, før den blev sendt: »Den binder ingen.«
"""


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"who": "self"}, "En, der selv vil ud"),
        ({"who": "relative"}, "En pårørende. Det handler om en anden."),
        ({"who": "professional"}, "En fagperson. Det handler om en anden."),
        ({"prefer": "call"}, "Helst: Opkald"),
        ({"prefer": "text"}, "Helst: Sms"),
        ({"prefer": "mail"}, "Helst: Mail"),
        ({"may_leave_message": "y"}, "Læg en besked: ja, det må I gerne"),
        ({"may_leave_message": ""}, "Læg en besked: NEJ"),
        ({"may_say_from": "y"}, "Sig, hvor I ringer fra: ja, det må I gerne"),
        ({"may_say_from": ""}, "Sig, hvor I ringer fra: NEJ"),
        ({"interpreter": "y"}, "Tolk: JA, ønskes"),
        ({"adult": "y"}, "Over 18 år: ja"),
        ({"inside": "y"}, "Sidder inde: ja"),
        ({"resident": "y"}, "Bor i kommunen: ja"),
        ({"who": "relative", "knows": "yes"}, "Ved, at der er skrevet: ja"),
        ({"who": "relative", "knows": "no"}, "Ved, at der er skrevet: NEJ"),
        ({"who": "relative", "agrees": "yes"}, "Har sagt ja til, at I får det at vide: ja"),
        ({"who": "relative", "agrees": "no"}, "Har sagt ja til, at I får det at vide: NEJ"),
    ],
)
def test_every_choice_has_its_words(changes: dict[str, str], line: str, app: Flask) -> None:
    """No code, no English."""
    assert line in letter(app, **changes).splitlines()


OF_ANOTHER = {
    "knows": "Ved, at der er skrevet: (ikke valgt)",
    "agrees": "Har sagt ja til, at I får det at vide: (ikke valgt)",
}
OF_PROFESSIONALS = {
    "workplace": "Arbejdsplads: (ikke skrevet)",
    "title": "Titel: (ikke skrevet)",
}


@pytest.mark.parametrize(
    ("writer", "told"),
    [
        ("self", []),
        ("relative", [*OF_ANOTHER.values()]),
        ("professional", [*OF_PROFESSIONALS.values(), *OF_ANOTHER.values()]),
    ],
)
def test_the_team_looks_for_no_answer_that_the_writer_was_not_asked_for(
    writer: str, told: list[str], app: Flask
) -> None:
    """What was left open is said to be, but only where it concerns the writer."""
    lines = letter(app, who=writer).splitlines()
    concern = {*OF_ANOTHER.values(), *OF_PROFESSIONALS.values()}
    assert [line for line in lines if line in concern] == told


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("knows", "no", "Ved, at der er skrevet: NEJ\n"),
        ("agrees", "yes", "Har sagt ja til, at I får det at vide: ja\n"),
        ("workplace", "Skolen", "Arbejdsplads:\n> Skolen\n"),
        ("title", "Lærer", "Titel:\n> Lærer\n"),
    ],
)
def test_an_answer_that_was_given_is_never_left_out(
    field: str, typed: str, told: str, app: Flask
) -> None:
    """Whoever is said to write."""
    for writer in ("self", "relative", "professional"):
        assert told in letter(app, who=writer, **{field: typed})


@pytest.mark.parametrize(
    ("changes", "opened"),
    [
        ({"who": ""}, []),
        ({"who": "self"}, []),
        ({"who": "relative"}, ["other"]),
        ({"who": "professional"}, ["other"]),
        ({"who": "self", "inside": "y"}, ["more"]),
        ({"who": "self", "knows": "no"}, ["other"]),
        ({"who": "self", "title": "x" * 101}, ["other"]),
    ],
)
def test_a_folded_group_opens_for_its_writer_and_for_what_it_holds(
    changes: dict[str, str], opened: list[str], app: Flask
) -> None:
    """On the form that comes back to be mended: nothing typed, and nothing wrong, is out of sight.

    The person who wants out is not led past questions for others.
    """
    with app.test_request_context():
        typed = read(**changes)
        form = FORM.of(typed.fields, typed.token)
        form.problems()
        groups = {group.id: form.opens(asked) for group, asked in form.groups if group}
    assert [name for name in groups if groups[name] and name in ("more", "other")] == opened


@pytest.mark.parametrize(
    ("tag", "told"), [("da", "Siden var på: dansk"), ("ar", "Siden var på: arabisk")]
)
def test_an_interpreter_is_told_of_next_to_the_language(tag: str, told: str, app: Flask) -> None:
    """On Danish pages too: who reads Danish may speak another language better."""
    set_language(Language(tag))
    lines = [told, "Tolk: JA, ønskes"]
    assert letter(app, interpreter="y").splitlines()[3:5] == lines


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        (f"Hej, mit cpr er {CPR}", "et nummer efter »Hej, mit cpr er«."),
        (
            "født 010190, de sidste fire er 1234",
            "en dato efter »født« og fire cifre efter »de sidste fire er«.",
        ),
        (f"{CPR}, igen {CPR}", "et nummer og et nummer efter »igen«."),
        (f"{CPR}\n{CPR}\n{CPR}", "et nummer."),
        (
            f"cpr {CPR} og {CPR} så {CPR} {CPR}",
            "Det var et nummer efter »cpr«, et nummer efter »og« og et",
        ),
        (f"a {CPR}\nb {CPR}\nc {CPR}\nd {CPR}", "efter »b«, et nummer efter »c« og mere."),
        # Those words stood where the text is cut.
        ("x" * 1500 + f" mit cpr {CPR} " + "y" * 20_000, "et nummer."),
    ],
)
def test_what_was_taken_out_is_said_by_the_words_before_it(
    typed: str, taken: str, app: Flask
) -> None:
    """Which a person finds again in the text; none of it is a digit."""
    with app.test_request_context():
        sent = read(message=typed)
        form = FORM.of(sent.fields, sent.token)
        assert [place for place, _ in form.problems(sent.cpr_in, sent.cut)][:1] == ["message"]
        (said,) = (one.remark for one in form.questions if one.remark)
    assert taken in said.replace("\u2068", "").replace("\u2069", "")
    assert not any(map(str.isdigit, said))


@pytest.mark.parametrize("field", [*TYPED, "who", "prefer", "may_leave_message", "may_say_from"])
def test_a_cpr_number_is_taken_out_of_any_field(field: str) -> None:
    """The rest of it stays."""
    typed = read(**{field: f"nummeret er {CPR} tak"})
    assert [*typed.cpr_in] == [field]
    assert typed.fields[field] == "nummeret er tak"
    assert CPR not in repr(typed)


@pytest.mark.parametrize("field", [*TYPED, "who", "prefer", "may_leave_message", "may_say_from"])
@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        *((f"a{line_break}b", "a\nb") for line_break in "\v\f\x85\u2028\u2029"),
        *(
            (f"a{nothing}b", "ab")
            for nothing in "\0\x01\b\x1b\x1c\x1f\x7f\x9f\ufdd0\ufffe\uffff\U0001fffe\U0010ffff"
        ),
        ("a\ufffdb", "a\ufffdb"),
        ("Linje et\x0bLinje to", "Linje et\nLinje to"),
    ],
    ids=ascii,
)
def test_what_is_pasted_from_elsewhere_is_read(field: str, value: str, read_as: str) -> None:
    """Word breaks lines by VT; mail programs differ over what they do with other controls."""
    assert read(**{field: value}).fields[field] == read_as


@pytest.mark.parametrize("form", ["%ff", "%ed%a0%80", "%c0%af", "\udcff"], ids=ascii)
def test_bytes_that_are_no_text_are_seen_and_cost_no_other_letter(form: str) -> None:
    """U+FFFD stands in their place."""
    sent = f"token={TOKEN}&name=S{form}ofie&message=Hj%C3%A6lp"
    body = sent.encode("utf-8", "surrogateescape")
    fields = read_body(body).fields
    assert fields["name"].replace("\ufffd", "") == "Sofie"
    assert "\ufffd" in fields["name"]
    assert fields["message"] == "Hjælp"


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
        f"token={TOKEN}".encode() + b"&x=1" * 10_000,
    ],
)
def test_what_no_browser_sends_is_malformed(body: bytes) -> None:
    """And nothing of it is in the error or its cause."""
    with pytest.raises(Malformed) as raised:
        read_body(body)
    assert raised.value.__cause__ is None


def test_unknown_fields_are_left_out() -> None:
    """They are not kept, and not part of the key."""
    assert read(extra="x", x="y") == read()


def test_the_same_words_from_the_same_form_have_the_same_key() -> None:
    """Any change makes another, and so does another form."""
    assert read().key == read().key
    keys = {read(**{field: "andet"}).key for field in FILLED_IN} | {read(token="f" * 32).key}
    assert len(keys | {read().key}) == len(FILLED_IN) + 2


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"name": "Mads 241168", "times": "de sidste fire er 0926"}, ["name", "times"]),
        ({"phone": "0040713453931"}, []),
        ({"phone": "00905072847539"}, []),
        ({"message": "ring 00905072847539"}, []),
        ({"phone": "241168-0926"}, ["phone"]),
        ({"name": "Mads 0926"}, []),
    ],
)
def test_cpr_numbers_are_sought_in_all_answers_together(
    typed: dict[str, str], found: list[str]
) -> None:
    """In halves over two fields too, and not where a phone number belongs."""
    body = urlencode({**FILLED_IN, **typed, "token": "0" * 32}).encode()
    submission = read_body(body)
    assert [*submission.cpr_in] == found
    kept = " ".join(submission.fields[name] for name in typed)
    assert ("0926" in kept) == (typed == {"name": "Mads 0926"})


def test_a_number_at_the_cut_of_a_text_leaves_no_half() -> None:
    """What is far too long is searched before it is cut."""
    message = "a " * 496 + "010190-1234 " + "b" * 20_000
    body = urlencode({**FILLED_IN, "message": message, "token": "0" * 32}).encode()
    submission = read_body(body)
    assert (submission.cut, [*submission.cpr_in]) == (("message",), ["message"])
    assert "0101" not in submission.fields["message"]
