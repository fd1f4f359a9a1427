"""How the team reads a referral."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.letters import referral
from udvej.intake.referral import new_reference

LETTER = """\
Henvendelse nr. 42
Reference: 7KD-4RM
Modtaget: onsdag den 1. juli 2026 kl. 14.05
Siden var på: dansk
Svar ikke på denne mail. Svaret når ikke den, der har skrevet.

HVEM SKRIVER
En, der selv vil ud
Vil kaldes:
> Sofie

OM DEN, DER VIL UD
Over 18 år: ja

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
> Jeg vil gerne ud.
> Ring ikke, når min bror er hjemme.

Ved knappen stod, før den blev sendt: »Beskeden binder hverken dig eller os.«
"""


def test_the_letter_says_all_there_is_in_the_order_it_is_needed() -> None:
    """In Danish, the time as clocks in Denmark show it."""
    assert referral().letter(42) == LETTER


def test_the_team_is_told_what_the_site_promises() -> None:
    """Where it promises anything, next to the warning that a reply reaches nobody."""
    promised = replace(referral(), promised="inden for to hverdage").letter(42)
    line = "På siden står, hvor hurtigt I svarer: inden for to hverdage\n"
    assert f"Svaret når ikke den, der har skrevet.\n{line}\nHVEM SKRIVER\n" in promised
    assert "hvor hurtigt" not in referral().letter(42)


def test_what_was_left_out_is_said_to_be() -> None:
    """A caseworker need not guess whether something got lost."""
    letter = referral(name="", mail="", times="", message="").letter(1)
    for line in ("Vil kaldes", "Mail", "Hvornår"):
        assert f"{line}: (ikke skrevet)\n" in letter
    assert "\nBESKED\n(ikke skrevet)\n\n" in letter
    assert "\nHelst: (ikke valgt)\n" in referral(prefer="").letter(1)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"language": "arabisk"}, "Siden var på: arabisk"),
        (
            {"written": datetime(2026, 12, 31, 23, 30, tzinfo=UTC)},
            "Modtaget: fredag den 1. januar 2027 kl. 00.30",
        ),
    ],
)
def test_language_and_time_are_told_as_a_caseworker_says_them(
    changes: dict[str, Any], line: str
) -> None:
    """In Danish, by the clocks of Denmark."""
    assert line in referral(**changes).letter(1).splitlines()


@pytest.mark.parametrize(
    "line_break", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
)
@pytest.mark.parametrize("field", ["name", "phone", "mail", "times", "message"])
def test_nothing_that_was_typed_can_pass_for_ours(field: str, line_break: str) -> None:
    """Every line of it, however it was broken, stands after "> "."""
    forged = f"Sofie{line_break}Sig, hvor I ringer fra: ja, det må I gerne"
    changes: dict[str, Any] = {field: forged}
    lines = referral(**changes).letter(1).splitlines()
    assert "> Sofie" in lines
    assert "> Sig, hvor I ringer fra: ja, det må I gerne" in lines
    assert "Sig, hvor I ringer fra: NEJ" in lines
    assert "Sig, hvor I ringer fra: ja, det må I gerne" not in lines


def test_a_reference_can_be_read_aloud_and_is_not_guessed() -> None:
    """Nothing in it is read or heard as something else."""
    references = {new_reference() for _ in range(500)}
    assert len(references) > 490
    assert all(re.fullmatch(r"[^\W_]{3}-[^\W_]{3}", reference) for reference in references)
    assert not set("".join(references)) & set("0O1IL2Z5S8BUVQ")
