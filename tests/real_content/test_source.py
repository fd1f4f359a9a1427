"""What every reader is owed: the facts of the programme, whom to call, and what happens then.

The facts are the national programme's, so they are expected in any municipality's words: each by
the few words without which it cannot be told in plain Danish, on whichever page tells it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pytest
from support.house import House
from support.judging import Page, text
from udvej.content.addresses import FORM
from udvej.content.pages import load_edition
from udvej.content.schema import SCHEMA
from udvej.languages import DANISH
from udvej.outbox.scheme import Scheme, boxes_for

pytestmark = pytest.mark.content

# Each fact, and the words that tell it on one and the same page.
FACTS: Final[Mapping[str, Sequence[str]]] = {
    "for whom: age": ("over 18 år",),
    "for whom: ties": ("medlem af en rockerklub eller en bande", "knyttet til"),
    "for whom: out of what": ("ud af alvorlig eller (person)?farlig kriminalitet",),
    "for whom: motivation": ("motiveret", "uden kriminalitet"),
    "it is concentrated": ("koncentreret|samlet", r"\bkort\b", "intenst"),
    "it is short": (r"6 måneder i (gennem)?snit", "højst.{0,10} 12 måneder"),
    "the wish is a condition": (r"(skal|ønske\w*)[^.]* selv|selv ønske", "skrevet ind"),
    "who runs it": ("kommune", "politiet", "kriminalforsorgen", "dig. du er den vigtigste"),
    "help": (
        "styr på dit liv", "uddannelse", "bolig", "mentor", "synlige tatoveringer", "misbrug",
        "ud fra din situation", "(mere|andet) end det, der står her",
    ),
    "way in: oneself": (r"du kan selv[^.]*for eksempel (til )?kommunen",),
    "way in: from prison": (
        r"mens du sidder inde.*gennem kriminalforsorgen.*når du snart (skal|bliver) løslad",
    ),
    "an agreement made inside": ("exit-aftale.*aftalen videre til exit-enheden",),
    "the exit unit": ("exit-enheden.*kommunen, politiet og kriminalforsorgen",),
    "step 1: registered, then the police": (
        "exit-medarbejder registrerer, at du har kontaktet os",
        ("kontakter exit-medarbejderen politiets exit-koordinator"
        "|får politiets exit-koordinator besked"),
    ),
    "step 1: who meets": ("dig, kommunen og politiet",),
    "step 1: on parole": ("prøveløsladt", r"er kriminalforsorgen (\([^)]*\) )?også med"),
    "step 2": (
        "mødet begynder med", "skrive[^.]* under", "samtykkeerklæring",
        "kommunen, politiet og kriminalforsorgen må dele oplysninger om dig",
    ),
    "step 3: whether one is suited": ("om du er egnet", "om du selv vil", "din motivation"),
    "step 3: the life story": (
        "barndom", "skole", "kriminalitet", "knyttet til klubben eller banden",
        "kæreste(,| og) børn", "gæld", "straffesager, (som|der) ikke er afgjort",
        "ønsker[^.]* af uddannelse og job",
    ),
    "step 4: the agreement": (
        r"er du egnet, og vil du selv.*skriver exit-medarbejderen en samarbejdsaftale",
        "kontrakt mellem dig og exit-enheden",
        "(både du og exit-enheden skriver|skriver begge) under",
    ),
    "step 4: whom one may not see": (
        "typisk[^.]* ikke[^.]* være sammen med andre fra miljøet", "undtagelser", "din familie",
        "i hvilke situationer",
    ),
    "step 4: what else": (
        r"aftalen kan også handle om[^.]*uddannelse", "bolig", "mentor", "tatoveringer", "misbrug",
    ),
    "step 5": (
        "kommunen", "politiet", "exit-koordinator", "følger", "lykkes, kommer du væk fra miljøet",
        r"\b(formålet|målet)\b",
    ),
    "words of the field": (
        "exit-programmet",
    ),
    "the candidate": ("exit-kandidat",),
    "the form is no consent": ("(formularen|besked til os) er ikke (dit|et) samtykke",),
    "it binds nobody": ("binder hverken dig eller os",),
    "what cannot be promised": ("ikke love( dig)?, at det bliver mellem os",),
    # Before or after: that is the municipality's to choose.
    "when the police hear of it": ("politiet hører[^.]* om dig, (før|når) du har skrevet under",),
}  # fmt: skip
_POST: Final = ("(ikke|ingen af dem er) sikker post", "CPR-num", "følsom", "Digital Post")
_DANGER: Final = (r"i fare nu\? ring 112",)
# What must stand on the pages that every site has.
PLACES: Final[Mapping[str, Sequence[str]]] = {
    "/": (*_DANGER, "binder (hverken )?dig"),
    "/kontakt/": (*_DANGER, *_POST, "høre mere om exit eller melde dig til", "politiet på 114"),
    "/paaroerende/": (*_DANGER, *_POST),
    "/skriv/": (*_DANGER, *_POST),
    "/sikker-brug/": (
        *_DANGER, "sletter ikke alle spor", "privat fane gemmer ikke historik",
        "skjuler ikke alt",
    ),
    "/privatliv/": (*_POST, "klage til datatilsynet"),
    "/tilgaengelighed/": (
        "tilgængelighedserklæring", "klage til digitaliseringsstyrelsen", r"1\.3\.5",
    ),
}  # fmt: skip
# What no page needs to say: how the program works.
UNSHOWN: Final = (
    "sprog.", "team.modtagere", "team.afsender", "udseende.farve", "formular.uden", "forlad.",
    "frister.",
)  # fmt: skip
# Keys of contacts that no page shows.
_NOT_SHOWN: Final = ("modtagere", "afsender", "gennemgaaet")
# What is owed to the reader before anything is sent.
BEFORE_SENDING: Final = (
    "exit-medarbejder", "registrerer|noterer", "kontakter vi politiets exit-koordinator",
    "samtykkeerklæring", r"kommunen, politiet og kriminalforsorgen[^.]* må dele oplysninger om dig",
    "binder hverken dig eller os", "skriv ikke CPR-nummer",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages(house: House) -> Mapping[str, Page]:
    """The Danish pages, by address."""
    addresses = house.content.editions[DANISH.tag].pages
    return {address: house.page(house.visitor().get(address)) for address in addresses}


def missing(words: Sequence[str], shown: str) -> list[str]:
    """Which of some words a text does not hold."""
    return [word for word in words if not re.search(word, shown, re.IGNORECASE)]


def untold(texts: Sequence[str]) -> list[str]:
    """The facts that no text tells."""
    return [fact for fact, words in FACTS.items() if all(missing(words, shown) for shown in texts)]


def test_every_fact_is_told(pages: Mapping[str, Page]) -> None:
    """None of the programme's facts is lost."""
    assert untold([page.main for page in pages.values()]) == []


def test_a_lost_fact_would_be_noticed(pages: Mapping[str, Page]) -> None:
    """Each of the words is needed: without it, its fact is not told."""
    texts = [page.main for page in pages.values()]
    for fact, words in FACTS.items():
        for word in words:
            without = [re.sub(word, "", shown, flags=re.IGNORECASE) for shown in texts]
            assert fact in untold(without), word


def test_every_page_says_what_it_owes(pages: Mapping[str, Page]) -> None:
    """Danger, secure post, whom to complain to, what leaving does not do."""
    lost = {address: missing(words, pages[address].main) for address, words in PLACES.items()}
    assert {address: words for address, words in lost.items() if words} == {}


def test_contacts_are_whole(house: House, pages: Mapping[str, Page]) -> None:
    """Every name, number and address that is known, and where secure post is sent."""
    facts, police = house.facts, house.facts.each("politi")
    known = [facts.text(f"team.{key}") for key in SCHEMA["team"] if key not in _NOT_SHOWN]
    known += [
        one.text(f"politi.{key}")
        for one in police
        for key in SCHEMA["politi"]
        if key not in _NOT_SHOWN
    ]
    known += [facts.text("kommune.navn"), facts.text("sikkerpost.adresse")]
    whose = [one.text("politi.hvem") for one in police]  # is said at the foot of each page
    missing = [fact for fact in known if fact not in pages["/kontakt/"].main]
    assert [fact for fact in missing if fact not in whose] == []
    nearest = [
        entry.text(f"{table}.{key}")
        for table, entries in (("team", [facts]), ("politi", police))
        for entry in entries
        for key in ("navn", "telefon", "mail")
    ]
    assert [fact for fact in nearest if fact not in pages["/paaroerende/"].main] == []


def test_wherever_one_can_write_stands_that_it_is_no_secure_post(
    house: House, pages: Mapping[str, Page]
) -> None:
    """On the form's page, and on every page that shows an address to mail to."""
    facts = house.facts
    mails = [facts.text("team.mail"), *(one.text("politi.mail") for one in facts.each("politi"))]
    asks = {a: p.main for a, p in pages.items() if a == FORM or any(m in p.main for m in mails)}
    assert len(asks) > 1
    for address, main in asks.items():
        assert missing(_POST, main) == [], address
        assert facts.text("sikkerpost.adresse") in main, address


def test_every_fact_that_is_known_is_shown(house: House, pages: Mapping[str, Page]) -> None:
    """Opening hours, answering time, who advises on data: what was filled in is on a page."""
    shown = " ".join(text(page.root) for page in pages.values())
    facts = house.facts
    for entry in (facts, *facts.each("politi"), *facts.each("raadgivning")):
        for name in entry.names():
            if not name.startswith(UNSHOWN) and not name.endswith(_NOT_SHOWN):
                assert entry.text(name) in shown, name


def test_who_gets_to_know_stands_before_the_send_button(pages: Mapping[str, Page]) -> None:
    """Nobody sends without having been able to read what happens then, right beside the button."""
    before, _, _ = pages["/skriv/"].main.rpartition("Send")
    beside = before[before.index("Er der noget, vi skal vide?") :]
    assert missing(BEFORE_SENDING, beside) == []


def test_the_privacy_page_tells_how_this_site_seals(house: House) -> None:
    """How long a sealed message is kept where it is, and something else where it is not."""
    said = {
        scheme: load_edition(house.config.content, boxes=boxes_for(scheme))
        .pages["/privatliv/"]
        .body
        for scheme in Scheme
    }
    days = f"{house.facts['frister']['gemmes_dage']} dage"
    assert days in said[Scheme.SMIME]
    assert days not in said[Scheme.TRANSPORT]
