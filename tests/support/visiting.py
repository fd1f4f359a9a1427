"""A visitor: reads the form's page as a browser does, fills it in, and presses Send."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser, LexborNode
from udvej.content.addresses import FORM
from werkzeug.test import TestResponse

# Every field filled in, and in order.
FILLED_IN: Final = {
    "who": "self",
    "name": "Sofie",
    "phone": "20 12 34 56",
    "mail": "sofie@eksempel.dk",
    "prefer": "text",
    "times": "hverdage efter kl. 16",
    "may_leave_message": "y",
    "message": "Jeg vil gerne ud.\r\nRing ikke, når min bror er hjemme.",
}
TYPED: Final = ("name", "phone", "mail", "times", "message")


class Visitor:
    """Somebody with a browser."""

    def __init__(self, client: FlaskClient, prefix: str = "") -> None:
        """With a cookie jar of their own, on pages whose addresses begin with a language's."""
        self.client = client
        self.form = prefix + FORM

    def open(self) -> dict[str, str]:
        """Open the form; what the browser would send if Send was pressed at once."""
        return fields(self.client.get(self.form).text, self.form)

    def press(self, filled_in: Mapping[str, str]) -> TestResponse:
        """Press Send on a form that is open."""
        return self.client.post(self.form, data=unhurried(filled_in))

    def send(self, **changes: str) -> TestResponse:
        """Open the form, fill it in but for what is changed, and press Send."""
        return self.press({**self.open(), **FILLED_IN, **changes})

    def is_taken(self, answer: TestResponse) -> bool:
        """Whether an answer to sending leads to the receipt; its address is the form's."""
        return self._leads_to_the_form(answer) and is_receipt(self.client.get(self.form).text)

    def is_refused(self, answer: TestResponse) -> bool:
        """Whether an answer to sending leads back to the form."""
        return self._leads_to_the_form(answer) and not is_receipt(self.client.get(self.form).text)

    def _leads_to_the_form(self, answer: TestResponse) -> bool:
        return (answer.status_code, answer.location) == (303, self.form)

    def look(self, address: str = FORM) -> str:
        """The page that is shown at an address, redirects followed."""
        return self.client.get(address, follow_redirects=True).text


def unhurried(filled_in: Mapping[str, str]) -> dict[str, str]:
    """The same form, opened long before it is sent: no robot is that slow."""
    return {**filled_in, "token": "00000000" + filled_in["token"][8:]}


def fields(html: str, action: str = FORM) -> dict[str, str]:
    """What a browser would send from the form that posts to an address."""
    (form,) = (form for form in _all(html, "form") if form.attributes.get("action") == action)
    return dict(_filled_in(form))


def summary(html: str) -> list[tuple[str, str]]:
    """The error summary: ids that it links to, and the words."""
    return [
        ((link.attributes["href"] or "").removeprefix("#"), _words(link))
        for link in _all(html, ".notice li a")
    ]


def at_fields(html: str) -> list[str]:
    """The words that stand at the fields, in the order of the page."""
    return [_words(error).removeprefix("Fejl: ") for error in _all(html, ".field-error")]


def headings(html: str, tag: str = "h1") -> list[str]:
    """The words of every heading of a level."""
    return [_words(heading) for heading in _all(html, tag)]


def title(html: str) -> str:
    """What the browser writes in its history."""
    (shown,) = _all(html, "head title")
    return _words(shown)


def ids(html: str) -> set[str]:
    """Every id."""
    return {element.attributes["id"] or "" for element in _all(html, "[id]")}


def links(html: str) -> set[str]:
    """Where the links lead."""
    return {link.attributes["href"] or "" for link in _all(html, "a[href]")}


def is_receipt(html: str) -> bool:
    """Whether a page shows a reference, and not the form."""
    shown, form = (mark in html for mark in ('class="receipt-number"', 'name="message"'))
    assert shown is not form
    return shown


def reference(html: str) -> str:
    """The reference that a receipt shows."""
    (shown,) = _all(html, ".receipt-number")
    return _words(shown)


def _all(html: str, selector: str) -> list[LexborNode]:
    return _tree(html).css(selector)


@lru_cache(maxsize=16)
def _tree(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def _words(element: LexborNode) -> str:
    return " ".join(element.text().split())


def _filled_in(form: LexborNode) -> Iterator[tuple[str, str]]:
    for element in form.css("input[name], textarea[name]"):
        given = element.attributes
        name = given["name"] or ""
        if element.tag == "textarea":
            yield name, element.text().replace("\n", "\r\n")
        elif given.get("type") not in ("radio", "checkbox") or "checked" in given:
            yield name, given.get("value") or ""
