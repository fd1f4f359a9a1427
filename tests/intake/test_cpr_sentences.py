"""The sentences that `make check` counts, and what is found of them."""

import pytest
from support.cpr_figures import PRECISION, RECALL, SETS, Sentence, figures, sentences


@pytest.mark.parametrize("name", SETS)
def test_recall_and_precision_are_as_wanted(name: str) -> None:
    """Of each set by itself, so that a hard one is not hidden by an easy one."""
    assert figures(name).recall >= RECALL
    assert figures(name).precision >= PRECISION


def test_what_a_person_would_doubt_is_found() -> None:
    """When in doubt it is a CPR number."""
    doubt = sentences("corpus")["doubt"]
    assert [s.fields for kind in doubt.values() for s in kind if not s.found] == []


def test_a_sentence_is_clean_only_when_all_that_is_marked_is_found() -> None:
    """The measure itself: half a number, or the wrong piece, is a miss."""
    assert Sentence.read("født {010190}, sidste fire {1234}").clean
    assert not Sentence.read("født {010190}, sidste {fire} {1234}").clean
    assert not Sentence.read({"name": "{Mads}", "message": "{0101901234}"}).clean
