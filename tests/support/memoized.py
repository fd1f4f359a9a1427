"""Memoization for tests: what always gives the same is worked out once in each process.

What takes longest is worked out by one of the processes of a run, and read by the others.
"""

import pickle
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import bleach
import brotli
from babel.messages.catalog import get_close_matches
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from markdown_it.token import Token
from udvej.content import catalogue, parser
from udvej.content.catalogue import Catalogue
from udvej.content.markdown import Links, Reader
from udvej.languages import DANISH

_TEXTS: Final = 10_000
_PAGES: Final = 1_000
_KEYS: Final = defaultdict[int, list[rsa.RSAPrivateKey]](list)


@contextmanager
def the_same(shared: Path) -> Iterator[None]:
    """Compress, read, check, clean and compare the same once.

    Args:
        shared: a folder of the run.
    """
    with _compressing(shared), _reading_keys(), _judging(), _checking(), _comparing(), _words():
        yield


@contextmanager
def keys_made(shared: Path) -> Iterator[None]:
    """Let a test make other keys at each call, and the same as the test before it.

    What fixtures of more than one test make, outside of this, is never any of them.

    Args:
        shared: a folder of the run.
    """
    generate, turn, taken = rsa.generate_private_key, Lock(), Counter[int]()

    def make(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        def generated() -> bytes:
            key = generate(public_exponent, key_size)
            return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

        with turn:
            made, number = _KEYS[key_size], taken[key_size]
            taken[key_size] += 1
            if number == len(made):
                der = kept(shared / f"key-{key_size}-{number}", generated)
                key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
                assert isinstance(key, rsa.RSAPrivateKey)
                made.append(key)
            return made[number]

    with patch.object(rsa, "generate_private_key", make):
        yield


def kept(path: Path, work_out: Callable[[], bytes]) -> bytes:
    """What is in a file, or is now that it was worked out.

    Args:
        path: the file, in a folder of the run.
        work_out: what makes it.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(work_out())
        Path(file.name).replace(path)
        return path.read_bytes()


def _compressing(shared: Path) -> AbstractContextManager[object]:
    """Pages, which takes longer than making them."""
    compress = brotli.compress

    @lru_cache(_PAGES)
    def once(page: bytes, **how: int) -> bytes:
        name = sha256(repr(how).encode() + page).hexdigest()
        return kept(shared / name, lambda: compress(page, **how))

    return patch("brotli.compress", once)


def _reading_keys() -> AbstractContextManager[object]:
    """Private keys, a tenth of a second each."""
    return patch("udvej.outbox.sealed.load_pem_private_key", cache(load_pem_private_key))


def _judging() -> AbstractContextManager[object]:
    """Catalogues in which nothing is wrong, in whichever folder."""
    judge, good = catalogue._judged, dict[tuple[str, bytes, str], Catalogue]()  # noqa: SLF001 (what all read them by)

    def once(path: Path, content: bytes, tell_tale: str) -> Catalogue:
        key = path.parents[1].name, content, tell_tale
        if key not in good:
            found = judge(path, content, tell_tale)
            if found.faults:
                return found
            good[key] = found
        return replace(good[key], path=path)

    return patch.object(catalogue, "_judged", once)


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
    """Babel's fuzzy matching of a changed message against all others."""

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
