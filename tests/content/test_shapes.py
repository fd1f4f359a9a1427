"""What a block's shape says it is."""

from pathlib import Path

import pytest
from udvej.content.facts import Facts
from udvej.content.markdown import Reader, Text
from udvej.content.pictures import PICTURES

PICTURE = next(iter(PICTURES))


def _body(markdown: str) -> str:
    text = Text(Reader(Path("side.md"), 0, Facts({})), f"# Overskrift\n\n{markdown}\n")
    return text.body.replace("\n", "").partition("</h1>")[2].replace(PICTURES[PICTURE], "")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[ord](/a/)", '<p class="videre"><a href="/a/">ord</a></p>'),
        ("- en\n- [ord](/a/)", '<ul><li>en</li><li class="videre"><a href="/a/">ord</a></li></ul>'),
        (
            "- [en](/a/)\n- [to](/b/)",
            '<ul class="genveje"><li><a href="/a/">en</a></li><li><a href="/b/">to</a></li></ul>',
        ),
        (
            "- **en** to\n- **tre**",
            '<ul class="opslag"><li><strong>en</strong> to</li><li><strong>tre</strong></li></ul>',
        ),
        ("- **en** to\n- tre", "<ul><li><strong>en</strong> to</li><li>tre</li></ul>"),
        ("- en **to**", "<ul><li>en <strong>to</strong></li></ul>"),
        ("1. **en**", "<ol><li><strong>en</strong></li></ol>"),
        (f"- ![]({PICTURE}) en", '<ul class="tegning-liste"><li>en</li></ul>'),
        (
            f"- ![]({PICTURE}) **en**",
            '<ul class="tegning-liste opslag"><li><strong>en</strong></li></ul>',
        ),
        (f"- ![]({PICTURE}) en\n- to", "<ul><li>en</li><li>to</li></ul>"),
    ],
)
def test_lists_and_links_are_named_by_their_shape(markdown: str, html: str) -> None:
    """An editor writes plain Markdown; each looks like what it is."""
    assert _body(markdown) == html


def test_links_of_a_box_of_buttons_are_buttons() -> None:
    """The first one invites; none is a link that stands alone besides."""
    body = _body("::: knapper\n- [en](/a/)\n- [to](/b/) eller [tre](/c/)\n:::")
    first = '<li><a href="/a/" class="button button--primary">en</a></li>'
    others = '<a href="/b/" class="button">to</a> eller <a href="/c/" class="button">tre</a>'
    assert body == f'<div class="knapper"><ul>{first}<li>{others}</li></ul></div>'
