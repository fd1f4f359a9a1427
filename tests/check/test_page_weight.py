"""One view is one response within the first TCP window, whatever page it is."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.municipality import ADDRESSES
from support.visiting import Visitor
from udvej.check.content import check
from udvej.check.page_weight import MOST_BYTES, heaviest, weight
from udvej.content.mark import MOST_BYTES as MARK_BYTES
from werkzeug.test import TestResponse

TODAY = date(2026, 12, 1)

LIGHT = {"Accept-Encoding": "br"}


@pytest.mark.heavy
@pytest.mark.parametrize("prefix", ["", "/en", "/ar"])
def test_every_kind_of_page_fits_the_first_window(client: FlaskClient, prefix: str) -> None:
    """Pages, the form, a refused form, the receipt and errors, in every language."""
    views: dict[str, TestResponse] = {
        address: client.get(prefix + address, headers=LIGHT) for address in ADDRESSES
    }
    visitor = Visitor(client, prefix)
    visitor.send(phone="1", mail="nej", who="", message="010190-1234 " + "a" * 1100)
    views["refused"] = client.get(f"{prefix}/skriv/", headers=LIGHT)
    visitor.send()
    views["receipt"] = client.get(f"{prefix}/skriv/", headers=LIGHT)
    views["not found"] = client.get(f"{prefix}/nej/", headers=LIGHT)
    views["not allowed"] = client.post(f"{prefix}/om/", headers=LIGHT)
    assert {answer.headers.get("Content-Encoding") for answer in views.values()} == {"br"}
    assert {name: weight(answer) for name, answer in views.items() if weight(answer) > 14_600} == {}


@pytest.mark.heavy
def test_the_largest_mark_there_may_be_leaves_every_page_light_enough(content: Path) -> None:
    """Of numbers that nothing compresses, and in every language."""
    head, tail = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="', '"/></svg>'
    noise = "".join(str(int(sha256(bytes([n])).hexdigest(), 16)) for n in range(99))
    path = " ".join(noise[at : at + 3] for at in range(0, len(noise), 3))
    room = MARK_BYTES - len(head + tail) - 1
    (content / "maerke.svg").write_text(f"{head}M{path[:room]}{tail}", "utf-8")
    assert (content / "maerke.svg").stat().st_size == MARK_BYTES
    assert not any(" fylder " in str(found) for found in check(content, TODAY).warnings)


@pytest.mark.heavy
def test_a_page_that_is_too_heavy_is_named_with_what_weighs_most(content: Path) -> None:
    """For the editor, who alone can make it shorter."""
    assert not any(" fylder " in str(found) for found in check(content, TODAY).warnings)
    path = content / "moedet.md"
    noise = " ".join(sha256(bytes([number])).hexdigest() for number in range(256))
    noise += " ".join(sha256(bytes([number, 1])).hexdigest() for number in range(256))
    path.write_text(f"{path.read_text('utf-8')}\n{noise}\n", "utf-8")
    heavy = [str(found) for found in check(content, TODAY).warnings]
    [line] = [line for line in heavy if " /moedet/ fylder" in line]
    assert line.startswith(f"{path}:1: ")
    assert line.endswith(f"byte af højst {MOST_BYTES}, mest i main")


@pytest.mark.parametrize("part", ["styles", "script", "main", "the rest"])
def test_the_heaviest_part_is_told_from_the_others(part: str) -> None:
    """By what it compresses to, not by its length."""
    noise = dict.fromkeys(("styles", "script", "main", "the rest"), "x" * 9000)
    noise[part] = " ".join(str(number * 7919 % 99991) for number in range(999))
    assert part == heaviest(
        f"<style>{noise['styles']}</style><script>{noise['script']}</script>"
        f"<main>{noise['main']}</main><p>{noise['the rest']}</p>"
    )
