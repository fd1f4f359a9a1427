"""Which facts `kommune.toml` holds: the tables, the lists, and what each value may be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from udvej.content.kinds import (
    COLOUR,
    DAYS,
    LANGUAGES,
    LINK,
    LINKS,
    MAIL,
    MAILS,
    MINUTES,
    NAME,
    PHONE,
    QUESTIONS,
    TRIED,
    WORDS,
    Kind,
    Need,
)

_UNKNOWN_YET: Final = WORDS.unless_given(Need.SOON)
# To a reader's question, which only the municipality can give.
_ANSWER: Final = WORDS.unless_given(Need.ANSWER)

SCHEMA: Final[Mapping[str, Mapping[str, Kind]]] = {
    "kommune": {"navn": NAME.such_as("Eksempel Kommune")},
    "sprog": {"tilbyd": LANGUAGES},
    "team": {
        "navn": NAME.such_as("Team Eksempel"),
        "center": NAME.such_as("Eksempelcentret"),
        "gade": NAME.such_as("Eksempelvej 1"),
        "postnr_by": NAME.such_as("0000 Eksempelby"),
        "telefon": PHONE.such_as("00 00 00 00"),
        "mail": MAIL.such_as("team@eksempel.example"),
        "modtagere": MAILS,
        "aabningstider": _UNKNOWN_YET,
        "svartid": _UNKNOWN_YET,
        "afsender": replace(NAME, need=Need.CHOICE, example=""),
        "gennemgaaet": TRIED,
    },
    "politi": {
        "hvem": replace(WORDS, need=Need.CHOICE),
        "titel": WORDS,
        "navn": NAME.such_as("Eksempel Eksempelsen"),
        "enhed": NAME.such_as("Eksempelafdelingen"),
        "station": NAME.such_as("Eksempel Politistation"),
        "kreds": NAME.such_as("Eksempel Politikreds"),
        "gade": NAME.such_as("Eksempelvej 2"),
        "postnr_by": NAME.such_as("0000 Eksempelby"),
        "telefon": PHONE.such_as("00 00 00 01"),
        "mail": MAIL.such_as("navn@eksempel.example"),
        "gennemgaaet": TRIED,
    },
    "raadgivning": {
        "navn": NAME.such_as(""),
        "telefon": PHONE.such_as(""),
        "aabningstider": _UNKNOWN_YET,
        "gennemgaaet": TRIED,
    },
    "dpo": {
        "navn": NAME.unless_given(Need.SOON),
        "telefon": PHONE.unless_given(Need.SOON),
        "mail": MAIL.unless_given(Need.SOON),
        "gennemgaaet": TRIED,
    },
    "udseende": {"navn": NAME.such_as("Eksempel"), "farve": COLOUR, "farve_moerk": COLOUR},
    "formular": {"ved_knappen": WORDS, "uden": QUESTIONS},
    "sikkerpost": {"adresse": LINK},
    "forlad": {"minutter": MINUTES, "sider": LINKS},
    "frister": {"gemmes_dage": DAYS},
    "privatliv": {"sagssystem": _UNKNOWN_YET, "hjemmel": _UNKNOWN_YET, "rettigheder": _ANSWER},
    "tilgaengelighed": {
        "dato": _UNKNOWN_YET,
        "erklaering": LINK.unless_given(Need.SOON),
        "test": _UNKNOWN_YET,
    },
    "svar": dict.fromkeys(
        (
            "spoerg",
            "paaroerende",
            "fagperson",
            "anonym",
            "politiet_faar",
            "bruges_til",
            "fortryde",
            "ikke_egnet",
            "under_18",
            "anden_kommune",
            "straf",
            "beskyttelse",
            "gaeld",
            "flytte",
            "moedested",
            "tage_med",
            "koordinator",
            "laeser",
            "kontakt",
            "tolk",
            "foelsomt",
            "historie",
        ),
        _ANSWER,
    ),
}
# The tables that may be there several times, or not at all: `[[politi]]`.
LISTS: Final = ("politi", "raadgivning")
# Facts of the municipality's own, under any key.
OWN: Final = "egne"
