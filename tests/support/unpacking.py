"""Whatever a browser packs before it writes: opened, so that it can be searched.

The packers: SQLite, LevelDB (log and tables), Snappy, mozLz4, gzip and Brotli.
"""

import sqlite3
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from hashlib import sha256
from os import fsencode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cramjam
from support.searching import files

# Snappy copies 64 bytes at most for each 3 that it writes.
_LARGEST: Final = 64
_MOZLZ4: Final = b"mozLz40\0"
_GZIP: Final = b"\x1f\x8b\x08"
_SQLITE: Final = b"SQLite format 3\0"
# "fixed64: magic == 0xdb4775248b80fb57 (little-endian)", LevelDB's table_format.md.
_TABLE: Final = bytes.fromhex("57fb808b247547db")
# Each record of a log has a head of 7 bytes, in blocks of 32 KiB: LevelDB's log_format.md.
_LOG_BLOCK, _LOG_HEAD = 32 * 1024, 7
# A file of Chromium's cache: head of 24 bytes, the last of them the length of the key.
_CACHED: Final = bytes.fromhex("305c72a71b6dfbfc")


def unpacked(folder: Path, known: set[bytes] | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder as it is, and all that is packed in it.

    Args:
        folder: where to look.
        known: digests of what has been looked at already, to which more are added: a file that has
            not changed since is neither given nor opened again, nor is what stands more than once
            in the same.

    Yields:
        The file's name with a " > packer" for each that was opened, and the bytes.
    """
    known = set() if known is None else known

    def is_new(*parts: bytes) -> bool:
        before = len(known)
        known.add(sha256(b"\0".join(parts)).digest())
        return len(known) > before

    for name, content in files(folder):
        packed = content.partition(b"\0")[2]
        if is_new(content):
            yield name, content
            yield from _opened(name, packed)
        if packed.startswith(_SQLITE):
            parts, place = _parts(folder / name), f"{name} > SQLite"
            for value in _cells(parts) if is_new(fsencode(place), *parts.values()) else ():
                if is_new(fsencode(place), value):
                    yield place, value
                    yield from _opened(place, value)


def _opened(name: str, packed: bytes) -> Iterator[tuple[str, bytes]]:
    for packer, open_ in _PACKERS.items():
        with suppress(cramjam.DecompressionError, struct.error, IndexError):
            for content in open_(packed):
                if content:
                    yield f"{name} > {packer}", content


def _mozlz4(packed: bytes) -> Iterator[bytes]:
    if packed.startswith(_MOZLZ4):  # and the length, in four bytes as lz4 wants it
        yield bytes(cramjam.lz4.decompress_block(packed[len(_MOZLZ4) :]))


def _gzip(packed: bytes) -> Iterator[bytes]:
    start = packed.find(_GZIP)
    if start >= 0:
        yield bytes(cramjam.gzip.decompress(packed[start:]))


def _snappy(packed: bytes) -> Iterator[bytes]:
    # It begins with the length of what is packed; in anything else that may say gigabytes.
    if packed and _varint(packed, 0)[0] <= _LARGEST * len(packed):
        yield bytes(cramjam.snappy.decompress_raw(packed))


def _brotli(packed: bytes) -> Iterator[bytes]:
    if packed.startswith(_CACHED):
        (key,) = struct.unpack_from("<I", packed, 12)
        packed = packed[24 + key :]
    if packed:
        yield bytes(cramjam.brotli.decompress(packed))


def _table(packed: bytes) -> Iterator[bytes]:
    """Keys and values of a LevelDB table."""
    if not packed.endswith(_TABLE):
        return
    _, _, place = _handle(packed, len(packed) - 48)
    start, length, _ = _handle(packed, place)
    for _, handle in _entries(_block(packed, start, length)):
        start, length, _ = _handle(handle, 0)
        for key, value in _entries(_block(packed, start, length)):
            yield key
            yield value


def _handle(packed: bytes, place: int) -> tuple[int, int, int]:
    start, place = _varint(packed, place)
    length, place = _varint(packed, place)
    return start, length, place


def _block(packed: bytes, start: int, length: int) -> bytes:
    block, compression = packed[start : start + length], packed[start + length]
    return bytes(cramjam.snappy.decompress_raw(block)) if compression else block


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    place, key = 0, b""
    while place < len(block) - 4 - 4 * restarts:
        shared, place = _varint(block, place)
        rest, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + rest]
        yield key, block[place + rest : place + rest + length]
        place += rest + length


def _varint(packed: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = packed[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def _log(packed: bytes) -> Iterator[bytes]:
    """The records of a LevelDB log, one after the other without their heads."""
    joined = bytearray()
    for start in range(0, len(packed), _LOG_BLOCK):
        block, place = packed[start : start + _LOG_BLOCK], 0
        while place + _LOG_HEAD <= len(block):
            length, kind = struct.unpack_from("<HB", block, place + 4)
            if not 1 <= kind <= 4:
                return
            joined += block[place + _LOG_HEAD : place + _LOG_HEAD + length]
            place += _LOG_HEAD + length
    yield bytes(joined)


_PACKERS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {
    "mozLz4": _mozlz4,
    "gzip": _gzip,
    "Snappy": _snappy,
    "Brotli": _brotli,
    "LevelDB table": _table,
    "LevelDB log": _log,
}


def _parts(database: Path) -> Mapping[str, bytes]:
    """A SQLite database, and its logs, where much may stand that is not in it yet."""
    files = {part: database.with_name(database.name + part) for part in ("", "-wal", "-journal")}
    return {part: file.read_bytes() for part, file in files.items() if file.is_file()}


def _cells(parts: Mapping[str, bytes]) -> Iterator[bytes]:
    """Every value of a SQLite database, with what still stands in its write-ahead log."""
    with TemporaryDirectory() as folder:
        for part, content in parts.items():
            (Path(folder) / f"copy{part}").write_bytes(content)
        with closing(sqlite3.connect(Path(folder) / "copy")) as connection:
            connection.text_factory = bytes
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                with suppress(sqlite3.OperationalError):  # a table of an extension
                    for row in connection.execute(f'SELECT * FROM "{table.decode()}"'):
                        for value in row:
                            if isinstance(value, bytes):
                                yield value
