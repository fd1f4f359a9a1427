"""What is packed is found: without this a search of a browser's files proves nothing."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import cramjam
import pytest
from support.searching import forms, found
from support.unpacking import unpacked

WORDS = "hemmæligt om Sofie " * 20
# The head of a file of Chromium's cache, with a key of three bytes.
CACHED = bytes.fromhex("305c72a71b6dfbfc") + b"\5\0\0\0" + b"\3\0\0\0" + b"\0" * 8 + b"key"


def _mozlz4(content: bytes) -> bytes:
    return b"mozLz40\0" + bytes(cramjam.lz4.compress_block(content))


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "mozLz4": _mozlz4,
    "gzip": lambda content: b"head" + bytes(cramjam.gzip.compress(content)),
    "Snappy": lambda content: bytes(cramjam.snappy.compress_raw(content)),
    "Brotli": lambda content: CACHED + bytes(cramjam.brotli.compress(content)),
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_packed_words_are_found(tmp_path: Path, packer: str, encoding: str) -> None:
    """In a file, and not as they stand there."""
    content = PACKERS[packer](WORDS.encode(encoding))
    (tmp_path / "fil").write_bytes(content)
    assert WORDS.encode(encoding) not in content
    assert f"fil > {packer}" in {place for place, _, _ in found([WORDS], dict(unpacked(tmp_path)))}


def test_words_in_a_database_are_found(tmp_path: Path) -> None:
    """Over many of its pages, packed once more, and still in its log."""
    snappy = PACKERS["Snappy"](WORDS.encode())
    with closing(sqlite3.connect(tmp_path / "fil")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE a (b)")
        connection.execute("INSERT INTO a VALUES (?), (?)", ("x" * 9000 + WORDS, snappy))
        connection.commit()
        places = [*unpacked(tmp_path)]
    hits = {place for part in places for place, _, _ in found([WORDS], dict([part]))}
    assert {"fil > SQLite", "fil > SQLite > Snappy"} <= hits


def test_words_in_two_databases_are_found_in_both(tmp_path: Path) -> None:
    """Whichever comes first, and whatever has been looked at already."""
    known: set[bytes] = set()
    for name in ("en", "to"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute("CREATE TABLE a (b)")
            connection.execute("INSERT INTO a VALUES (?)", (WORDS,))
            connection.commit()
        places = {place for place, _ in unpacked(tmp_path, known)}
        assert f"{name} > SQLite" in places


@pytest.mark.parametrize("form", forms(WORDS))
def test_words_in_no_packing_are_found(tmp_path: Path, form: str) -> None:
    """In every encoding."""
    (tmp_path / "fil").write_bytes(forms(WORDS)[form])
    assert ("fil", WORDS, form) in found([WORDS], dict(unpacked(tmp_path)), lines=False)
