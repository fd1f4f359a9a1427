"""What counts as a CPR number, what is left alone, and that nothing is left after removal.

All numbers are made up. The tables are the decisions: a case of doubt stands under FOUND.
"""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from udvej.intake.cpr import MOST_TRACES, Part, Span, cleaned, find, find_in, remove

# Heading -> (what is typed, what is kept).
FOUND: dict[str, list[tuple[str, str]]] = {
    "the usual ways to write it": [
        ("010190-1234", ""),
        ("0101901234", ""),
        ("010190 1234", ""),
        ("010190 - 1234", ""),
        ("01 01 90 1234", ""),
        ("01 01 90 - 12 34", ""),
        ("01.01.90-1234", ""),
        ("01/01/90 1234", ""),
        ("01-01-90-1234", ""),
        ("010190.1234", ""),
        ("010190_1234", ""),
        ("010190,1234", ""),
        ("010190/1234", ""),
        ("010190--1234", ""),
        ("0101-90-1234", ""),
        ("01 0190 1234", ""),
        ("0.1.0.1.9.0.1.2.3.4", ""),
        ("0 1 0 1 9 0 1 2 3 4", ""),
    ],
    "other signs between the parts": [
        ("010190:1234", ""),
        ("010190*1234", ""),
        ("010190 (1234)", ")"),
        ("(010190) 1234", "("),
        ("010190+1234", ""),
        ("010190=1234", ""),
        ("010190|1234", ""),
        ('"010190" "1234"', '""'),
        ("01:01:90:12:34", ""),
        ("010190 … 1234", ""),
    ],
    "dashes of every kind": [
        ("010190\u20101234", ""),
        ("010190\u20111234", ""),
        ("010190\u20121234", ""),
        ("010190\u20131234", ""),
        ("010190—1234", ""),
        ("010190\u22121234", ""),
        ("010190\ufe631234", ""),
        ("010190\uff0d1234", ""),
        ("010190\u207b1234", ""),
    ],
    "spaces, tabs and line breaks": [
        ("010190\u00a01234", ""),
        ("010190\u20091234", ""),
        ("010190\u202f1234", ""),
        ("010190\u30001234", ""),
        ("010190\t1234", ""),
        ("010190\n1234", ""),
        ("010190\r\n1234", ""),
        ("010190\u20281234", ""),
        ("010190          1234", ""),
    ],
    "signs that do not show": [
        ("010190\u200b1234", ""),
        ("010190\u00ad1234", ""),
        ("0\u200c1\u200d0\u20601\ufeff901234", ""),
        ("010190\u200f-\u200e1234", ""),
        ("\u202e010190\u202c1234", "\u202e"),
        ("0\u0301101901234", ""),
        ("0\ufe0f\u20e31\ufe0f\u20e301901234\ufe0f\u20e3", ""),
        ("010190\u28001234", ""),
        ("010190\u31641234", ""),
        ("010190\x001234", ""),
        ("c\u00adpr 9999991234", "c\u00adpr"),
    ],
    "digits of other scripts": [
        ("٠١٠١٩٠-١٢٣٤", ""),
        ("۰۱۰۱۹۰۱۲۳۴", ""),
        ("\uff10\uff11\uff10\uff11\uff19\uff10-\uff11\uff12\uff13\uff14", ""),
        ("⁰¹⁰¹⁹⁰¹²³⁴", ""),
        ("₀₁₀₁₉₀₁₂₃₄", ""),
        ("⓪①⓪①⑨⓪①②③④", ""),
        ("⓿❶⓿❶❾⓿❶❷❸❹", ""),
        ("०१०१९०-१२३४", ""),
        ("\U0001d7ce\U0001d7cf01901234", ""),
        ("〇一〇一九〇一二三四", ""),
        ("010190-٤٣٢1", ""),
        ("⑫1090-1234", ""),
        ("⑴2.1090-1234", ""),
    ],
    "glued to letters": [
        ("cpr0101901234", "cpr"),
        ("cpr:010190-1234", "cpr:"),
        ("mit nr 0101901234abc", "mit nr abc"),
        ("x010190-1234x", "xx"),
        ("_0101901234_", "__"),
        ("nr0101901234", "nr"),
        ("nr0101901234 23261099", "nr 23261099"),
        ("#0101901234", "#"),
    ],
    "any plausible date, and no check digit": [
        ("311299-9999", ""),
        ("290200-0000", ""),
        ("290299-1234", ""),
        ("310290-1234", ""),  # a slip in a true number, rather than another kind of number
        ("000000-0000 0101650000", "000000-0000"),
        ("010165-0000", ""),
    ],
    "words between: what is between stays": [
        ("010190 og 1234", "og"),
        ("født 010190, de sidste fire er 1234", "født, de sidste fire er"),
        ("født 010190\ntlf 23261099\nsidste fire 1234", "født\ntlf 23261099\nsidste fire"),
        ("010190-xxxx, x er 1234", "-xxxx, x er"),
        ("sidste fire 1234, født den 1. januar 1990", "sidste fire, født den"),
    ],
    "letters and words for digits": [
        ("O10190-l234", ""),
        ("nul et nul et halvfems tolv fireogtredive", ""),
        ("zero one zero one ninety twelve thirty-four", ""),
        ("010190 bindestreg tolv fire og tredive", ""),
        ("den første januar 1990, 1234", "den"),
    ],
    "replacement number: 60 added to the day": [
        ("610190-1234", ""),
        ("911290-1234", ""),
        ("7505801234", ""),
        ("61 01 90 12 34", ""),
        ("61.01.90 12.34", ""),
    ],
    "four-digit year": [
        ("01011990-1234", ""),
        ("010119901234", ""),
        ("01-01-1990-1234", ""),
        ("01.01.1990 1234", ""),
        ("1. 1. 1990 - 1234", ""),
        ("01/01 1990 1234", ""),
        ("61011990-1234", ""),
        ("24121899 1234", ""),
    ],
    "leading zero dropped, or year first, then four digits in one piece": [
        ("1/1-90-1234", ""),
        ("1.1.90 1234", ""),
        ("1990-01-01-1234", ""),
        ("19900101 1234", ""),
        ("cpr 101901234", "cpr"),
    ],
    "called a CPR number: the date does not matter": [
        ("cpr 9999999999", "cpr"),
        ("CPR-nr. 5252525246", "CPR-nr."),
        ("cpr-nummer er 463290-1234", "cpr-nummer er"),
        ("mit personnummer: 000000 0000", "mit personnummer:"),
        ("personnr 9912341234", "personnr"),
        ("Mit CPR nr er: 99 99 99 99 99", "Mit CPR nr er:"),
        ("999999-1234 er mit cpr", "er mit cpr"),
        ("9999991234 (CPR)", "(CPR)"),
        ("\uff23\uff30\uff32 9999991234", "\uff23\uff30\uff32"),
        ("cpr +9999991234", "cpr +"),
        ("cpr 99999912345", "cpr"),
        ("cpr 0101901234, 12 år", "cpr, 12 år"),
    ],
    "context is no hiding place": [
        (
            "mit telefonnummer er 23261099 og cpr 0101901234",
            "mit telefonnummer er 23261099 og cpr",
        ),
        ("tlf 010190-1234", "tlf"),
        ("tlf. 0101901234", "tlf."),
        ("telefon: 01 01 90 12 34", "telefon:"),
        ("+45 0101901234", "+45"),
        ("+45 010190-1234", "+45"),
        ("0045 0101901234", "0045"),
        ("+010190-1234", "+"),
        ("+311290-1234", "+"),
        ("+46 70 123 45 67, 010190-1234", "+46 70 123 45 67,"),
        ("+46701234567 og 0101901234", "+46701234567 og"),
        ("23261099 010190-1234", "23261099"),
        ("23 26 10 99 010190-1234", "23 26 10 99"),
        ("52 52 52 52 010190-1234", "52 52 52 52"),
        ("52525252, 010190-1234", "52525252,"),
        ("konto 0101901234", "konto"),
        ("konto 0101 010190-1234", "konto"),  # 010101-0190 as well
        ("konto 5301 010190-1234", "konto 5301"),
        ("sag nr. 010190-1234", "sag nr."),
        ("sag 0101901234", "sag"),
        ("sag 2012-010190-1234", "sag"),
        ("j.nr. 2024-0101901234", "j.nr. 2024-"),
        ("0101901234 kr", "kr"),
        ("kl. 0101901234", "kl."),
        ("kl. 9-16, 010190-1234", "kl. 9-16,"),
        ("4330 Nordby 0101901234", "4330 Nordby"),
        ("Vej 46, 01 01 90 12 34", "Vej 46,"),
        ("Vej 20, 010190-1234", "Vej 20,"),
        ("faktura 010190-1234", "faktura"),
    ],
    "doubt: a date, then four digits": [
        ("Jeg er født 010190. 1234 er min kode", "Jeg er født er min kode"),
        ("født 01-01-1990, 1234", "født"),
        ("01 01 90 12.34", ""),  # the date is not written with signs
        ("010190 12:34", ""),
        ("01-01-1990 1234", ""),  # no sign between hours and minutes
        ("01.01.90 12 34", ""),
        ("01.01.90 12-34", ""),
        ("01-01-90 25.34", ""),  # no such hour
        ("01-01-90 12.61", ""),  # no such minute
        ("01-01.90 12.34", ""),
        ("01-01-90-12.34", ""),
        ("01.01.90\n12.34", ""),
        ("cpr 01.01.90 12.34", "cpr"),
        ("cpr: 01-01-1990 12:34", "cpr:"),
        ("22-11-2026 16-18", ""),
        ("24-12-2026 4330 Nordby", "Nordby"),
        ("01 01 90, 46 46", ""),
    ],
    "doubt: hours and years that make a date": [
        ("10.10-12.10.30", ""),
        ("2008, 2010, 2012", ""),
        ("12.10.11-12.30", ""),
    ],
    "one digit too many, or in a longer run: all of the run goes": [
        ("010190-12345", ""),
        ("50101901234", ""),
        ("0101901234567", ""),
        ("5010190-1234", ""),
        ("232610990101901234", ""),
    ],
    "more than one": [
        ("010190-1234 og 020291-2345", "og"),
        ("0101901234\n0202912345", ""),
        ("0101901234, 0202912345", ""),
        ("0101901234abc0202912345", "abc"),
        ("01019001234 0202912345", ""),
    ],
    "what was typed around it stays": [
        ("Hej, mit cpr er 010190-1234, ring til mig.", "Hej, mit cpr er, ring til mig."),
        ("  010190-1234 hej", "hej"),
        ("Anna\n0101901234\nNordby", "Anna\nNordby"),
        ("Anna\n\n0101901234\n\nNordby", "Anna\n\nNordby"),
        ("(0101901234)", "()"),
        ("a 0101901234 b", "a b"),
        ("a@b.dk 010190-1234", "a@b.dk"),
        ("0101901234@b.dk", "@b.dk"),
    ],
}

LEFT_ALONE: dict[str, list[str]] = {
    "no digits to speak of": ["", " ", "Hej", "æøå", "12", "1", "\u200b", "½", "cpr", "cpr-nr.:"],
    "Danish phone": [
        "23261099",
        "52 52 52 52",
        "5252 5252",
        "52-52-52-52",
        "52525252 23261099",
        "52525252, 23261099",
        "52525252\n23261099",
        "tlf. 23 26 10 99 eller 52 52 52 52",
        "23 26 10 99 52 52 52 52",
        "23 26 10 99, 52 52 52 52",
        "23 26 10 99 / 52 52 52 52",
        "25101099 52525252",
        "52 52 52 52 23261099",
        "25101990 52525252",
        "jeg vil ikke opgive cpr, tlf. 23261099",
        "cpr 23261099",
    ],
    "phone with country code": [
        "+45 23 26 10 99",
        "+4523261099",
        "+45 2326 1099",
        "(+45) 23 26 10 99",
        "0045 23261099",
        "0045 23 26 10 99",
        "+46 70 123 45 67",
        "+46701234567",
        "+49 30 1234567",
        "+44 (0) 20 7946 0018",
        "+47 22 12 34 56",
        "+1 202-555-0101",
        "+65 1234 5678",
        "+45 23 26 10 99 / +45 52 52 52 52",
        "cpr opgives ikke, ring +45 23 26 10 99",
    ],
    "date, and date with time": [
        "010190",
        "01-01-1990",
        "den 1. januar 1990",
        "født 01.01.90",
        "01-01-2026 kl. 12.34",
        "01-01-1990 12.34",
        "01-01-90 12.34",
        "01.01.26 14:30",
        "01/01/2026 09:15",
        "22-11-2026 9.30",
        "24/12 18.00",
        "24/12-2026 18.00",
        "2026-11-22 16:30",
        "2012-11-22 16:30",
        "2012-11-22 16:30:00",
        "01-01-2026, 10.00-12.00",
        "01-01-2026, 02-02-2026",
        "12/11/2026-14/11/2026",
        "22-11-26, 24-11-26, 26-11-26",
        "1990-01-01",
        "20260101",
    ],
    "birth date without a serial number": [
        "010190-xxxx",
        "010190-XXXX",
        "cpr 010190-xxxx",
        "010190-****",
        "010190-____",
        "cpr: 010190",
        "01-01-90, 52525252",
    ],
    "hours and days": [
        "mellem 10.00-12.00 og 13.30-15.00",
        "10.00-12.00, 13.30-15.00",
        "10.10-12.10, 13.10-15.10",
        "08:10-12:10",
        "kl. 8-16, 23261099",
        "8-10, 23261099",
        "23261099, 8-16",
        "23 26 10 99, 10-12",
        "22/11 16-18, 23/11 10-12",
        "hverdage 8-16",
        "efter kl. 17.30",
    ],
    "case number, year first, where the text says so": [
        "sag nr. 2024-0101901",
        "sagsnr. 2012-0101901",
        "sagsnummer 2012/1234567",
        "j.nr. 2010-121234",
        "journalnummer 2012-1212341",
        "Journalnr.: 2012-0101901",
    ],
    "account number, where the text says so": [
        "konto 0101 0101901234",
        "kontonr. 0101-0101901234",
        "Kontonummer: 0101 0101901234",
        "reg. 0101 konto 0101901234",
        "reg.nr. 0101, kontonr. 0101901234",
        "DK50 0040 0440 1162 43",
        "DK5001010101901234",
        "iban: dk50 0101 0101 9012 34",
    ],
    "amounts": ["1.250.000.000 kr", "1.010.190.123 kr.", "1.010.190.123,00 kr", "12.500 kr"],
    "other numbers": [
        "CVR 12345678",
        "cvr-nr. 31 12 99 12",
        "1990-1995",
        "4330 Nordby",
        "Vej 12, 4330 Nordby",
        "Vej 12, 2. tv, 4330",
        "0000000000",
        "9999999999",
        "321390-1234",
        "011390-1234",
        "000190-1234",
        "010090-1234",
        "601290-1234",
        "920190-1234",
        "4571 5252 5252 5252",
        "4571010190123456",
        "123456789",
        "https://udvej.dk/2024/01/sag-12",
    ],
    "foreign phone, 00 for +": [
        "00905072847539",
        "0040713453931",
        "0040 713 453 931",
        "ring 00905072847539 eller 0040713453931",
        "00905072847539 0040713453931",
    ],
    "a birth date and another number": [
        "født 010190, bor i 4330 Nordby",
        "født 1. januar 1990, ring efter kl. 1630",
        "født 010190, skylder 1500 kr",
    ],
    "letters part the digits": ["010190a1234", "1 ud af 0101, 9 af 12"],
}

FOUND_CASES = [
    pytest.param(typed, kept, id=f"{heading}: {typed!a}")
    for heading, cases in FOUND.items()
    for typed, kept in cases
]
LEFT_CASES = [
    pytest.param(typed, id=f"{heading}: {typed!a}")
    for heading, cases in LEFT_ALONE.items()
    for typed in cases
]


@pytest.mark.parametrize(("typed", "kept"), FOUND_CASES)
def test_found_and_removed(typed: str, kept: str) -> None:
    """A CPR number is found, and the rest of what was typed stays."""
    assert find(typed)
    assert remove(typed) == kept


@pytest.mark.parametrize("typed", LEFT_CASES)
def test_left_alone(typed: str) -> None:
    """What is something else is not touched."""
    assert find(typed) == []
    assert remove(typed) == typed


def test_spans_are_places_in_what_was_typed() -> None:
    """Signs that do not show are counted in the places given."""
    assert find("a\u00ad 0\u200b10190-1234, b 0202912345") == [Span(3, 15), Span(19, 29)]


def test_span_takes_the_marks_on_the_last_digit() -> None:
    """No keycap is left standing without its digit."""
    assert find("010190-1234\u20e3 x") == [Span(0, 12)]


def test_a_number_made_by_removing_another_is_removed_too() -> None:
    """Removal goes on until nothing is found."""
    assert find("cpr 525252521 952525252") == [Span(4, 13)]
    assert remove("cpr 525252521 952525252") == "cpr"


# Zeros of several scripts; the nine digits above each follow in order.
ZEROS = "0\u0660\u06f0\u0966\u09e6\uff10\U0001d7ce"
SIGNS = [
    *" -./_,:\t\n\r",
    "\u00a0",
    "\u2009",
    "\u2013",
    "—",
    "\u2212",
    "\u00ad",
    "\u200b",
    "\u200f",
]
NO_CLOCK_SIGNS = [sign for sign in SIGNS if sign not in ".:"]


def _may_stand_by(char: str) -> bool:
    """Say whether a character is no digit in any guise, no letter for one, and no phone's plus."""
    folded = unicodedata.normalize("NFKC", char).casefold()
    return not set(folded) & set("+oil") and all(
        unicodedata.numeric(one, -1.0) < 0 for one in folded
    )


PROSE = st.text(st.characters(codec="utf-8").filter(_may_stand_by), max_size=20)
SOUP = st.text(st.sampled_from([*"0123456789", *SIGNS, *"+xcpr"]), max_size=120)


def _gaps(signs: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(signs), max_size=3).map("".join)


@st.composite
def cpr_numbers(draw: st.DrawFn) -> str:
    """Give ten or twelve digits of any script, with any signs between them.

    No clock sign stands before the last two: a date with a time is something else.
    """
    day = draw(st.integers(1, 31)) + draw(st.sampled_from([0, 60]))
    year = draw(st.sampled_from(["", "18", "19", "20"])) + f"{draw(st.integers(0, 99)):02}"
    serial = f"{draw(st.integers(0, 9999)):04}"
    digits = f"{day:02}{draw(st.integers(1, 12)):02}{year}{serial}"
    written = ""
    for place, digit in enumerate(digits):
        if place:
            written += draw(_gaps(NO_CLOCK_SIGNS if place == len(digits) - 2 else SIGNS))
        written += chr(ord(draw(st.sampled_from(ZEROS))) + int(digit))
    return written


@settings(deadline=None)
@given(PROSE, cpr_numbers(), PROSE)
def test_any_number_in_any_prose_is_found(before: str, number: str, after: str) -> None:
    """Any date, serial number, signs and script: found whole."""
    spans = find(before + number + after)
    assert len(spans) == 1
    assert spans[0].start == len(before)
    assert spans[0].end >= len(before) + len(number)


@pytest.mark.parametrize(
    "number", ["3 001000000", "0101 0.0.0.00  0", "010.100 0.000", "1.0119 0.1234"]
)
def test_a_number_that_looks_like_another_kind_is_found(number: str) -> None:
    """Like a phone number abroad, an address in a network, a place on the earth."""
    assert not [char for char in remove(f"Jeg er {number} her") if char.isdigit()]


@settings(deadline=None)
@given(PROSE, cpr_numbers(), PROSE)
def test_no_digit_of_the_number_is_kept(before: str, number: str, after: str) -> None:
    """Not one digit of the number is left in the text."""
    assert all(_may_stand_by(char) for char in remove(before + number + after))


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), SOUP))
def test_nothing_is_found_in_what_is_kept(text: str) -> None:
    """What is removed is removed for good."""
    assert find(remove(text)) == []


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), SOUP))
def test_spans_lie_in_the_text_in_order_and_apart(text: str) -> None:
    """Any text at all gives proper spans, and never raises."""
    spans = find(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_text_without_a_number_is_returned_as_typed(text: str) -> None:
    """Text without a number comes back as it was."""
    assume(not find(text))
    assert remove(text) == text


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (
            {"name": "Mads 241168", "times": "de sidste fire er 0926"},
            {"name": "Mads", "times": "de sidste fire er"},
        ),
        ({"name": "Mads 241168", "times": "0926"}, {"name": "Mads", "times": ""}),
        (
            {"name": "Mads 0926", "times": "ring", "message": "født den 24. nov. 1968"},
            {"name": "Mads", "times": "ring", "message": "født den"},
        ),
    ],
)
def test_a_number_split_over_two_fields_is_removed_from_both(
    fields: dict[str, str], kept: dict[str, str]
) -> None:
    """The birth date and the four digits belong together, wherever they stand."""
    assert find_in(fields, names=["name"]).keys() == {
        name for name in fields if fields[name] != kept[name]
    }
    assert cleaned(fields, names=["name"]).fields == kept


@pytest.mark.parametrize("name", ["ø4711", "ole4711", "kim_4711", "Kim, DK4330"])
def test_what_is_glued_to_a_word_in_a_name_is_no_end_of_a_number(name: str) -> None:
    """A user name and a postcode; four digits by themselves there belong to the birth date."""
    fields = {"name": name, "message": "født 010190"}
    assert find_in(fields, names=["name"]) == {}
    assert find_in({**fields, "name": f"Ole {name[-4:]}"}, names=["name"]).keys() == fields.keys()


@pytest.mark.parametrize("typed", ["maj 1979\nsidste fire: 1143", "de sidste 4 er 1143, år: 1979"])
def test_the_last_four_go_where_the_date_is_one_that_no_rule_knows(typed: str) -> None:
    """A month or a year by it is enough; the date alone is no number."""
    assert remove(typed) == typed.replace(" 1143", "")


@pytest.mark.parametrize(
    "typed", ["de sidste fire: 1143", "de sidste fire år siden 2019", "de sidste fire er fra 1979"]
)
def test_four_digits_alone_are_no_number(typed: str) -> None:
    """Without anything that could be a date."""
    assert remove(typed) == typed


def test_fields_that_make_no_number_together_are_left_alone() -> None:
    """The end of one field and the start of the next are two numbers."""
    fields = {"name": "Mads 241168", "phone": "52525252", "times": "efter 1600", "message": "01"}
    assert find_in(fields, phones=["phone"], names=["name"]) == {}


@pytest.mark.parametrize("number", ["00905072847539", "0040713453931", "+46701203841", "20120384"])
def test_a_number_that_can_be_rung_is_left_in_the_phone_field(number: str) -> None:
    """Also where its digits are those of a CPR number, and however it is spaced."""
    for typed in (number, f" {number} ", number[:4] + " " + number[4:], number + "\u200b"):
        assert cleaned({"phone": typed}, phones=["phone"]).fields == {"phone": typed}


@pytest.mark.parametrize("typed", ["0101901234", "010190-1234", "ring 20304050, cpr 010190-1234"])
def test_a_cpr_number_is_found_in_the_phone_field(typed: str) -> None:
    """What nobody can ring is searched as any other text."""
    assert find_in({"phone": typed}, phones=["phone"])


@pytest.mark.parametrize(
    ("typed", "part", "after"),
    [
        ("Hej, mit cpr er 010190-1234", Part.WHOLE, "Hej, mit cpr er"),
        ("ring\njeg er født 1. januar 1990, sidste fire 1234", Part.BIRTH_DATE, "jeg er født"),
        ("9 børn og cpr 0101901234", Part.WHOLE, "børn og cpr"),
        ("nul 0101901234", Part.WHOLE, ""),
        ("en to er 0101901234", Part.WHOLE, "er"),
        ("1 to er 0101901234", Part.WHOLE, "er"),
        ("ja, (cpr: 0101901234)", Part.WHOLE, "ja, (cpr"),
        ("cpr en er 0101901234", Part.WHOLE, "cpr en er"),
        ("to er 0101901234", Part.WHOLE, "er"),
        ("0101901234", Part.WHOLE, ""),
    ],
)
def test_a_trace_says_what_was_removed_and_where(typed: str, part: Part, after: str) -> None:
    """It names the part and the words before it, none of which is a digit."""
    assert cleaned({"message": typed}).taken["message"][0] == (part, after)


def test_the_last_four_digits_have_a_trace_of_their_own() -> None:
    """A person sees why four digits had to go."""
    typed = {"message": "født 010190, de sidste fire er 1234"}
    assert cleaned(typed).taken == {
        "message": [(Part.BIRTH_DATE, "født"), (Part.LAST_FOUR, "de sidste fire er")],
    }


def test_a_trace_holds_nothing_of_the_number_before_it() -> None:
    """Letters that stood for digits there are no digits by themselves."""
    typed = {"message": "010190 - OOOO og 020290-1234"}
    assert cleaned(typed).taken["message"][1:] == [(Part.WHOLE, "og")]


def test_a_trace_is_short() -> None:
    """Of one field a few; of what was pasted not much."""
    typed = "a" * 41 + " 010190-1234 og " * 9
    assert [*cleaned({"message": typed}).taken["message"]] == [
        (Part.WHOLE, ""),
        *[(Part.WHOLE, "og")] * (MOST_TRACES - 1),
    ]


FIELDS = st.fixed_dictionaries(
    {name: st.one_of(st.text(max_size=40), SOUP) for name in ("name", "phone", "message")}
)
WORDS = st.lists(
    st.sampled_from(
        [
            *"0123456789",
            *("241168", "0926", "syv", "fire", "en", "nioghalvfjerds", "første", "O", "+45", "00"),
            *("og", "maj", "sidste", "xxxx", "cpr", "kr", "sag", "\n", "bindestreg"),
        ]
    ),
    max_size=25,
).map(" ".join)


@settings(deadline=None)
@given(FIELDS)
def test_nothing_is_found_in_the_fields_that_are_kept(fields: dict[str, str]) -> None:
    """What is removed from a form is removed for good, and a second time changes nothing."""
    kept = cleaned(fields, phones=["phone"], names=["name"]).fields
    assert find_in(kept, phones=["phone"], names=["name"]) == {}
    assert cleaned(kept, phones=["phone"], names=["name"]).fields == kept


@settings(deadline=None)
@given(FIELDS)
def test_a_trace_quotes_only_what_is_kept(fields: dict[str, str]) -> None:
    """In every form; so it cannot tell more than the form that is given back."""
    kept, taken = cleaned(fields, phones=["phone"], names=["name"])
    assert taken.keys() >= find_in(fields, phones=["phone"], names=["name"]).keys()
    for name, traces in taken.items():
        assert len(traces) <= MOST_TRACES
        for trace in traces:
            assert trace.after in " ".join(kept[name].split())
            assert not any(unicodedata.numeric(sign, None) for sign in trace.after)


@settings(deadline=None)
@given(WORDS)
def test_nothing_is_found_in_the_words_that_are_kept(text: str) -> None:
    """The same of words for digits, and of words around them."""
    assert find(remove(text)) == []


@settings(deadline=None)
@given(st.text().filter(lambda text: not any(unicodedata.numeric(c, None) for c in text)))
def test_text_without_digits_is_returned_as_typed(text: str) -> None:
    """Letters, signs and what does not show are never touched."""
    assume(not any(word in text.casefold() for word in ("nul", "zero")))
    assert remove(text) == text


@pytest.mark.parametrize("typed", ["0101901234" * 300, "1a" * 3000 + "1", "0 1" * 2000])
def test_of_thousands_of_digits_none_is_kept(typed: str) -> None:
    """No person writes so many, and time is bounded; the words before and after stay."""
    assert remove(f"hej {typed} farvel") == "hej farvel"


@pytest.mark.parametrize("number", ["01 0100-1234", "01.0100-1234", "01-0100-0000"])
def test_a_number_whose_end_looks_like_hours_is_found(number: str) -> None:
    """The birth date goes before them."""
    assert remove(number) == ""
    assert remove("0800-1600") == "0800-1600"
