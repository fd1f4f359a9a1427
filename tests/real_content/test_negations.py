"""What the Danish denies, every translation denies: "does not bind" never becomes "binds".

A translation says as many sentences with a "not" in them as the Danish does. It may say one more
where the Danish says the same by a word that limits ("only", "at most", "refrain from").
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from babel.messages.pofile import read_po
from udvej.content.catalogue import CONTENT, PROGRAM
from udvej.content.editions import translations_of
from udvej.shipped import TRANSLATIONS

pytestmark = pytest.mark.content

# By what each language denies. Where a good translation fails for want of a word, add it here.
DENIES: Final[Mapping[str, re.Pattern[str]]] = {
    tag: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    for tag, words in {
        "da": "ikke|ingen|intet|aldrig|hverken|uden|^nej",
        "en": "not(?! sure)|cannot|no|nobody|nothing|none|never|neither|nor|without|[a-z]+n't",
        "ar": "[وف]?(?:لا|لم|لن|غير(?! ذلك)|بدونه?|دون|عدم|ليس|ليست|ليسا|ليستا|ليسوا)|ألا|بلا|لست",
    }.items()
}
# Danish that limits without denying, and what other languages like to say with a "not".
LIMITS: Final = re.compile(
    r"\b(?:kun|først|højst|lad være|valgt fra|sig(?:e|er)\b[^.!?]*\bnej|afvigelse)\b", re.IGNORECASE
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?؟:])[\s*]+")


def denied(words: str, tag: str) -> int:
    """How many sentences of a text deny something."""
    return sum(bool(DENIES[tag].search(sentence)) for sentence in sentences(words))


def sentences(words: str) -> list[str]:
    """A text in sentences, without what surrounds them."""
    return [sentence.strip("* ") for sentence in _SENTENCE_END.split(words)]


@dataclass(frozen=True)
class Said:
    """A message in Danish and in another language."""

    danish: str
    other: str
    tag: str

    @property
    def fault(self) -> str:
        """What is turned around, or ""."""
        expected, found = denied(self.danish, "da"), denied(self.other, self.tag)
        limited = sum(bool(LIMITS.search(sentence)) for sentence in sentences(self.danish))
        if expected <= found <= expected + limited:
            return ""
        return f"{expected} sentences deny something, {found} do here: {self.danish} / {self.other}"


def said_in(contents: Path, tag: str) -> Iterator[Said]:
    """Every message with its translation; none in a language that is not there."""
    content = translations_of(contents) / tag / "LC_MESSAGES" / CONTENT
    if not content.is_file():
        return
    for path in (content, TRANSLATIONS / tag / "LC_MESSAGES" / PROGRAM):
        with path.open("rb") as file:
            for message in read_po(file, locale=tag):
                words, said = message.id, message.string
                if said and isinstance(words, str) and isinstance(said, str):
                    yield Said(words, said, tag)


TAGS: Final = [tag for tag in DENIES if tag != "da"]


@pytest.mark.parametrize("tag", TAGS)
def test_what_the_danish_denies_is_denied_and_nothing_else_is(contents: Path, tag: str) -> None:
    """In each message, by the number of its sentences."""
    assert [each.fault for each in said_in(contents, tag) if each.fault] == []


@pytest.mark.parametrize("tag", TAGS)
def test_a_sentence_that_is_turned_around_is_noticed(contents: Path, tag: str) -> None:
    """Each of those that deny, one at a time; few can hide behind a limit beside it."""
    turned, noticed = 0, 0
    for each in said_in(contents, tag):
        for sentence in sentences(each.other):
            if denied(each.danish, "da") and DENIES[tag].search(sentence):
                affirmed = DENIES[tag].sub("", sentence)
                spoilt = Said(each.danish, each.other.replace(sentence, affirmed), tag)
                turned += 1
                noticed += bool(spoilt.fault)
    assert noticed >= 0.9 * turned


@pytest.mark.parametrize(
    ("danish", "other", "tag"),
    [
        ("Det binder hverken dig eller os.", "It binds both you and us.", "en"),
        ("Det binder hverken dig eller os.", "هذا يُلزمك ويُلزمنا.", "ar"),
        ("Skriv ikke CPR-nummer.", "Write a CPR number.", "en"),
        ("Skriv ikke CPR-nummer.", "اكتب رقم CPR.", "ar"),
        ("Ring til os. Den sletter ikke alt.", "Call us. It deletes everything.", "en"),
        ("Du må gerne ringe.", "You must not call.", "en"),
        ("Du må gerne ringe.", "لا يجوز لك أن تتصل.", "ar"),
        ("Nej. Du skal ringe.", "Yes. You must call.", "en"),
    ],
)
def test_the_opposite_is_noticed(danish: str, other: str, tag: str) -> None:
    """Also where a "not" has come in."""
    assert Said(danish, other, tag).fault


@pytest.mark.parametrize(
    ("danish", "other", "tag"),
    [
        ("Det binder hverken dig eller os.", "It does not bind you or us to anything.", "en"),
        ("Det kan højst tage 12 måneder.", "ولا يمكن أن تزيد على 12 شهرًا.", "ar"),
        ("Vi gør kun det, du sætter kryds ved.", "لا نفعل إلا ما تضع عليه علامة.", "ar"),
        ("Din browser siger nej til cookies.", "متصفحك يرفض الكوكيز.", "ar"),
        ("Lad være med at sende et link.", "Do not send a link.", "en"),
    ],
)
def test_the_same_in_another_way_is_good(danish: str, other: str, tag: str) -> None:
    """What a language says by denying, and another by limiting."""
    assert Said(danish, other, tag).fault == ""
