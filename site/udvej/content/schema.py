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

_UNKNOWN_YET: Final = WORDS.optional(Need.SOON)
# The answer to a reader's question, which only the municipality can give.
_ANSWER: Final = WORDS.optional(Need.ANSWER)

SCHEMA: Final[Mapping[str, Mapping[str, Kind]]] = {
    "kommune": {"navn": NAME.with_example("Eksempel Kommune")},
    "sprog": {"tilbyd": LANGUAGES},
    "team": {
        "navn": NAME.with_example("Team Eksempel"),
        "center": NAME.with_example("Eksempelcentret"),
        "gade": NAME.with_example("Eksempelvej 1"),
        "postnr_by": NAME.with_example("0000 Eksempelby"),
        "telefon": PHONE.with_example("00 00 00 00"),
        "mail": MAIL.with_example("team@eksempel.example"),
        "modtagere": MAILS,
        "aabningstider": _UNKNOWN_YET,
        "svartid": _UNKNOWN_YET,
        "afsender": replace(NAME, need=Need.CHOICE, example=""),
        "gennemgaaet": TRIED,
    },
    "politi": {
        "hvem": replace(WORDS, need=Need.CHOICE),
        "titel": WORDS,
        "navn": NAME.with_example("Eksempel Eksempelsen"),
        "enhed": NAME.with_example("Eksempelafdelingen"),
        "station": NAME.with_example("Eksempel Politistation"),
        "kreds": NAME.with_example("Eksempel Politikreds"),
        "gade": NAME.with_example("Eksempelvej 2"),
        "postnr_by": NAME.with_example("0000 Eksempelby"),
        "telefon": PHONE.with_example("00 00 00 01"),
        "mail": MAIL.with_example("navn@eksempel.example"),
        "gennemgaaet": TRIED,
    },
    "raadgivning": {
        "navn": NAME.with_example(""),
        "telefon": PHONE.with_example(""),
        "aabningstider": _UNKNOWN_YET,
        "gennemgaaet": TRIED,
    },
    "dpo": {
        "navn": NAME.optional(Need.SOON),
        "telefon": PHONE.optional(Need.SOON),
        "mail": MAIL.optional(Need.SOON),
        "gennemgaaet": TRIED,
    },
    "udseende": {"navn": NAME.with_example("Eksempel"), "farve": COLOUR, "farve_moerk": COLOUR},
    "formular": {"ved_knappen": WORDS, "uden": QUESTIONS},
    "sikkerpost": {"adresse": LINK},
    "forlad": {"minutter": MINUTES, "sider": LINKS},
    "frister": {"gemmes_dage": DAYS},
    "privatliv": {"sagssystem": _UNKNOWN_YET, "hjemmel": _UNKNOWN_YET, "rettigheder": _ANSWER},
    "tilgaengelighed": {
        "dato": _UNKNOWN_YET,
        "erklaering": LINK.optional(Need.SOON),
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
