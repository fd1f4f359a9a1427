"""What a build compiled of the translations, against the folder they were made of."""

import re
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from support.editions import BOXES
from udvej.content.addresses import FORM, RECEIPTS
from udvej.content.editions import Content
from udvej.content.receipt import WRITERS
from udvej.publish.freeze import SOURCES
from udvej.web.reader import reader_app

_TOKENS = re.compile(r'value="[^"]*"')


def _answers(content: Content) -> Sequence[str]:
    """What the site says in each language where its pages are frozen, without what is random."""
    with patch("udvej.web.form_page.new_reference", lambda: "K7MP-4RQT"):
        client = reader_app(content, "https://udvej.example").test_client()
    addresses = [FORM, *(f"{RECEIPTS}{writer}/" for writer in WRITERS), "/findes-ikke/"]
    return [
        _TOKENS.sub("", client.get(edition.language.at(address)).text)
        for edition in content.editions.values()
        for address in addresses
    ]


@pytest.fixture(scope="session")
def kept(frozen_pages: Path) -> Path:
    """The content folder of a build."""
    return frozen_pages / SOURCES / "content"


def test_a_running_site_says_all_in_other_languages_that_it_says_at_all(kept: Path) -> None:
    """Form, receipts, errors, menus and facts are as those of the whole folder."""
    whole = Content.load(kept, BOXES)
    running = Content.load(kept, BOXES, proofread=False)
    assert [*running.editions] == [*whole.editions]
    assert not running.catalogues[len(running.editions) - 1 :], "the folder's own were read too"
    assert _answers(running) == _answers(whole)
    for tag, edition in whole.editions.items():
        found = running.editions[tag]
        assert found.language.reviewed == edition.language.reviewed
        assert [page.title for page in found.pages.values()] == [
            page.title for page in edition.pages.values()
        ]


def test_what_was_not_compiled_is_read_from_the_folder(content: Path) -> None:
    """A demonstration among several has the folder itself, without a build's compiled files."""
    whole, found = Content.load(content, BOXES), Content.load(content, BOXES, proofread=False)
    assert _answers(found) == _answers(whole)
