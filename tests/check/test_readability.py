import pytest
from udvej.check.readability import ceiling, measure


def _lix(*paragraphs: str) -> float:
    return measure(f"<main>{''.join(f'<p>{text}</p>' for text in paragraphs)}</main>").lix


# Text -> words, sentences, words of more than six letters; counted by hand.
COUNTED: list[tuple[str, int, int, int]] = [
    ("Du kan ringe.", 3, 1, 0),
    ("Du kan ringe. Det er gratis.", 6, 2, 0),
    ("Kommunen hjælper dig.", 3, 1, 2),
    ("Sekser tæller ikke, syvbogs gør.", 5, 1, 1),
    ("Er du der? Ja! Ring nu: kom… her.", 8, 5, 0),
    ("Hvad?! Nej...", 2, 2, 0),
    ("Det er (måske.) nok.", 4, 2, 0),
    ("Han sagde »nej.« Så gik han.", 6, 2, 0),
    ("Dit CPR-nummer er hemmeligt.", 4, 1, 2),
    ("Ring 20 12 34 56.", 5, 1, 0),
    ("Gå til www.borger.dk i dag.", 5, 1, 1),
    ("Det koster 1.000 kroner.", 4, 1, 0),
    ("Blåbærgrød på øen.", 3, 1, 1),
    ("Den 1. maj holder vi fri.", 6, 1, 0),
    ("Du bor i nr. 1. Der er vi.", 8, 2, 0),
    ("- Bare en streg \u2013 og en til.", 6, 1, 0),
]


@pytest.mark.parametrize(("text", "words", "sentences", "long"), COUNTED)
def test_lix_is_words_a_sentence_plus_the_share_of_long_words(
    text: str, words: int, sentences: int, long: int
) -> None:
    """Björnsson's formula on texts counted by hand."""
    assert _lix(text) == pytest.approx(words / sentences + 100 * long / words)


@pytest.mark.parametrize(
    "abbreviation",
    [
        "bl.a.", "ca.", "dvs.", "evt.", "f.eks.", "fx.", "jf.", "kl.", "m.m.", "m.v.", "mfl.",
        "mv.", "nr.", "osv.", "o.l.", "pga.", "tlf.", "Bl.a.", "KL.", "pr.", "m.fl.", "inkl.",
        "kr.", "vedr.", "hhv.",
    ],
)  # fmt: skip
def test_an_abbreviation_ends_no_sentence(abbreviation: str) -> None:
    """A point inside a sentence would make it look easier than it is."""
    assert _lix(f"Det er {abbreviation} ti og to.") == 6


def test_an_abbreviation_may_stand_last() -> None:
    """Where the block ends the sentence does too."""
    assert _lix("Vi taler om bolig, job osv.") == 6


@pytest.mark.parametrize("end", [".", "!", "?", ":", "…"])
def test_running_text_counts(end: str) -> None:
    """Blocks that end as sentences do."""
    assert _lix(f"en to{end}") == 2


@pytest.mark.parametrize("end", ["", ",", ";", "\u2013", ")"])
def test_other_blocks_do_not_count(end: str) -> None:
    """Labels, names and addresses are no running text."""
    assert _lix(f"Kommunens forvaltningsafdeling{end}") == 0
    assert _lix(f"Kommunens forvaltningsafdeling{end}", "en to.") == 2


@pytest.mark.parametrize("tag", ["p", "li", "h1", "h2", "h3", "label", "legend"])
def test_blocks_are_counted_by_themselves(tag: str) -> None:
    """A sentence never runs from one block into the next."""
    assert measure(f"<main><{tag}>en to.</{tag}><{tag}>tre fire.</{tag}></main>").lix == 2


@pytest.mark.parametrize(
    ("html", "lix"),
    [
        ("<main><li><p>en to.</p></li></main>", 2),
        ("<main><li>en to.<ul><li>tre fire fem seks.</li></ul></li></main>", 3),
        ("<main><li>en <p>midt i.</p>to.</li></main>", 2),
        ("<main><p>en <strong>to</strong> <a href='/'>tre</a>.</p></main>", 3),
        ("<main><p>en<br>to.</p></main>", 2),
        ("<main><p>en\n   to.\n</p></main>", 2),
        ("<main><p>R&oslash;d gr&oslash;d.</p></main>", 2),
        ("<p>for.</p><main><p>en to.</p></main><p>langt bagefter alting.</p>", 2),
        ("<header><p>Forvaltningen.</p></header><main id=x><p>en to.</p></main>", 2),
        ("<title>Forvaltningen.</title><main>Forvaltningen.<p>en to.</p></main>", 2),
        ("<p>en to.</p>", 0),
        ("", 0),
        ("<main><p>. ! ?</p></main>", 0),
    ],
)
def test_each_word_of_main_is_counted_once(html: str, lix: float) -> None:
    """Nested blocks by themselves, and nothing outside `main`."""
    assert measure(html).lix == lix


def test_all_words_of_main_are_counted() -> None:
    """Those of labels, buttons and links too, and nothing outside."""
    html = (
        "<p>for</p><main><h1>En</h1><li>to <a href='/'>tre</a></li><label>fire</label>"
        "<button>fem seks</button><p>CPR-nummer. 1.000 \u2013 ni.</p></main><p>efter</p>"
    )
    assert measure(html).words == 9


def test_the_three_hardest_sentences_are_told() -> None:
    """The hardest first, wherever they stand."""
    html = (
        "<main><p>En to. Kommunens forvaltningsafdeling behandler henvendelsen.</p>"
        "<li>Kommunens forvaltning er her.</li><p>Det kan vi.</p><p>Kommunens team svarer.</p>"
        "</main>"
    )
    assert measure(html).worst == [
        "Kommunens forvaltningsafdeling behandler henvendelsen.",
        "Kommunens forvaltning er her.",
        "Kommunens team svarer.",
    ]
    assert measure("<main><p>Kun en.</p></main>").worst == ["Kun en."]
    assert measure("").worst == []


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/", 26),
        ("/skriv/", 26),
        ("/privatliv/", 38),
        ("/tilgaengelighed/", 38),
        ("/om/", 30),
        ("/samtykke/", 30),
        ("/ny-side/", 30),
    ],
)
def test_some_pages_must_be_easier_than_others(address: str, most: int) -> None:
    """The front page and the form easiest, the legal pages least so (WCAG 3.1.5)."""
    assert ceiling(address) == most
