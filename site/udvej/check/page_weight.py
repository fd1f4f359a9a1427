"""What a page weighs on the wire, so that its first view fits the first TCP window (RFC 6928)."""

import re
from typing import TYPE_CHECKING, Final

import brotli

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

MOST_BYTES: Final = 14_600

_PARTS: Final = {
    "styles": re.compile(r"<style>.*?</style>", re.DOTALL),
    "script": re.compile(r"<script>.*?</script>", re.DOTALL),
    "main": re.compile(r"<main.*?</main>", re.DOTALL),
}


def weight(answer: "TestResponse") -> int:
    """Bytes of an answer: status line, headers and the body as it was sent."""
    return len(f"HTTP/1.1 {answer.status}\r\n{answer.headers}".encode()) + len(answer.data)


def heaviest(html: str) -> str:
    """The part of a page that compresses to the most: "styles", "script", "main" or "the rest"."""
    parts = {name: "".join(pattern.findall(html)) for name, pattern in _PARTS.items()}
    rest = html
    for pattern in _PARTS.values():
        rest = pattern.sub("", rest)
    parts["the rest"] = rest
    return max(parts, key=lambda name: len(brotli.compress(parts[name].encode())))
