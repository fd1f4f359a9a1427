"""What editors are told: Danish, or English by the locale of their machine."""

import ast
import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from support.checkout import CHECKOUT
from udvej.wording import CATALOGUE, did_you_mean, tell

_NAMED = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def english() -> Catalog:
    """The catalogue that is shipped."""
    return read_po(BytesIO(CATALOGUE.read_bytes()), locale="en")


def test_everything_that_editors_are_told_is_there_in_english(english: Catalog) -> None:
    """With what is put into it, and nothing that the program no longer says."""
    said = {
        str(message)
        for _, _, message, _, _ in extract_from_dir(
            CHECKOUT / "site", [("**.py", "python")], keywords={"tell": None, "deferred": None}
        )
    }
    there = {str(message.id): str(message.string) for message in english if message.id}
    assert there.keys() == said
    for danish, translated in there.items():
        assert translated, danish
        assert sorted(_NAMED.findall(danish)) == sorted(_NAMED.findall(translated)), danish


def test_no_mistake_is_told_in_words_that_have_no_english() -> None:
    """What is wrong with a content file goes through `tell`; names and lines need no language."""
    spoken = [
        f"{path.name}:{call.lineno}"
        for path in (CHECKOUT / "site").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and re.search(r"ContentError$|(?<!_log)\.error$", ast.unparse(call.func))
        for argument in call.args
        for part in getattr(argument, "values", [argument])
        if isinstance(part, ast.Constant) and re.search(r"\w{2} \w", str(part.value))
    ]
    assert spoken == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LANG", "", "I orden:"),
        ("LANG", "C.UTF-8", "I orden:"),
        ("LC_ALL", "POSIX", "I orden:"),
        ("LANG", "da_DK.UTF-8", "I orden:"),
        ("LANGUAGE", "da:en", "I orden:"),
        ("LANG", "en_GB.UTF-8", "Fine:"),
        ("LC_MESSAGES", "sv_SE.UTF-8", "Fine:"),
        ("LANGUAGE", "de:da", "Fine:"),
    ],
)
def test_the_locale_decides(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Danish unless the machine says that it speaks another language."""
    monkeypatch.setenv(name, value)
    assert tell("I orden:") == words


def test_a_guess_is_made_only_where_something_is_near() -> None:
    """A wrong guess would be worse than none."""
    assert (
        did_you_mean("team.tlf", ["team.telefon", "politi.mail"], "{{{}}}")
        == "; mente du {team.telefon}?"
    )
    assert did_you_mean("xyz", ["team.telefon"]) == ""
