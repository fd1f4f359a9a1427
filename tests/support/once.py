"""What many tests would work out anew, which always gives the same: worked out once a process."""

import pickle
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, lru_cache
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import bleach
import brotli
from babel.messages.catalog import get_close_matches
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from markdown_it.token import Token
from udvej.content import parser
from udvej.content.markdown import Links, Reader
from udvej.languages import DANISH

_TEXTS: Final = 10_000
_PAGES: Final = 1_000
_KEYS: Final = defaultdict[int, list[rsa.RSAPrivateKey]](list)


@contextmanager
def the_same() -> Iterator[None]:
    """Compress, read, check, clean and compare the same once."""
    with _compressing(), _reading_keys(), _checking(), _comparing(), _words():
        yield


@contextmanager
def keys_made() -> Iterator[None]:
    """Let a test make other keys at each call, and the same as the test before it.

    What fixtures of more than one test make, outside of this, is never any of them.
    """
    generate, turn, taken = rsa.generate_private_key, Lock(), Counter[int]()

    def make(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        with turn:
            made, number = _KEYS[key_size], taken[key_size]
            taken[key_size] += 1
            if number == len(made):
                made.append(generate(public_exponent, key_size))
            return made[number]

    with patch.object(rsa, "generate_private_key", make):
        yield


def _compressing() -> AbstractContextManager[object]:
    """Pages, which takes longer than making them."""
    return patch("brotli.compress", lru_cache(_PAGES)(brotli.compress))


def _reading_keys() -> AbstractContextManager[object]:
    """Private keys, a tenth of a second each."""
    return patch("udvej.outbox.sealed.load_pem_private_key", cache(load_pem_private_key))


def _checking() -> AbstractContextManager[object]:
    """Danish texts that are found good with these facts: a third of reading a content."""
    check, good = Reader.check, dict[tuple[str, str], Links]()

    def once(reader: Reader, markdown: str) -> Links:
        if reader.language is not DANISH:
            return check(reader, markdown)
        key = repr((reader.above, reader.facts, reader.boxes, reader.titled)), markdown
        if key not in good:
            good[key] = check(reader, markdown)
        return good[key]

    return patch.object(Reader, "check", once)


def _comparing() -> AbstractContextManager[object]:
    """A changed text with all others, one of which it was."""

    @cache
    def once(word: str, others: tuple[str, ...], most: int) -> object:
        return get_close_matches(word, others, most)  # type: ignore[no-untyped-call]

    return patch(
        "babel.messages.catalog.get_close_matches",
        lambda word, others, most: once(word, (*others,), most),
    )


@contextmanager
def _words() -> Iterator[None]:
    """Words as Markdown, and their HTML cleaned: half of the making of a page."""
    markdown, known = parser._MARKDOWN, dict[tuple[str, str], str]()  # noqa: SLF001 (nothing else reads Markdown)

    @lru_cache(_TEXTS)
    def parsed(read: Callable[[str], Sequence[Token]], words: str) -> bytes:
        return pickle.dumps(read(words))

    def clean(html: str, **allowed: Any) -> str:  # noqa: ANN401 (what bleach takes)
        key = html, repr(allowed)
        if key not in known:
            known[key] = bleach.clean(html, **allowed)
        return known[key]

    # Who gets tokens changes them, so each gets their own.
    once = SimpleNamespace(
        parse=lambda words: pickle.loads(parsed(markdown.parse, words)),
        parseInline=lambda words: pickle.loads(parsed(markdown.parseInline, words)),
        renderer=markdown.renderer,
        options=markdown.options,
    )
    with (
        patch.object(parser, "_MARKDOWN", once),
        patch.object(parser, "bleach", SimpleNamespace(clean=clean)),
    ):
        yield
