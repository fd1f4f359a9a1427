"""Search bytes for words in every form in which they might have been written."""

import quopri
import re
from base64 import b64encode, encodebytes
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote_from_bytes

from ahocorasick_rs import BytesAhoCorasick

_BREAKS = re.compile(rb"=?\r?\n[ \t]?")


def forms(words: str) -> Mapping[str, bytes]:
    """Every form of some words, by its name; Latin-1 where that has their letters."""
    utf8 = words.encode()
    latin = words.encode("latin-1", "ignore")
    return {
        "UTF-8": utf8,
        **({"Latin-1": latin} if latin.decode("latin-1") == words else {}),
        "UTF-16 LE": words.encode("utf-16-le"),
        "UTF-16 BE": words.encode("utf-16-be"),
        "quoted-printable": quopri.encodestring(utf8),
        "percent": quote_from_bytes(utf8, safe="").encode(),
        "percent, all of it": "".join(f"%{byte:02x}" for byte in utf8).encode(),
        "JSON": ascii(words).strip("'").encode().replace(rb"\x", rb"\u00"),
        "hex": utf8.hex().encode(),
        **{f"base64 at {shift}": _base64(utf8, shift) for shift in range(3)},
    }


def planted(words: str) -> bytes:
    """Words in each of the forms, as they stand in the middle of other things and over lines."""
    utf8 = words.encode()
    across = [encodebytes(b"x" * (54 + shift) + utf8 + b"yyyy") for shift in range(3)]
    across.append(quopri.encodestring(b"x" * 72 + utf8))
    return b"\0".join([*forms(words).values(), *across])


def found(
    words: Iterable[str], places: Mapping[str, bytes], *, lines: bool = True
) -> set[tuple[str, str, str]]:
    """Which of the words stand where, in which form; across lines too, as mails have them."""
    wanted: dict[bytes, list[tuple[str, str]]] = {}
    for word in words:
        for form, needle in forms(word).items():
            wanted.setdefault(needle.lower(), []).append((word, form))
    # One pass for all, where `in` would take one for each.
    needles, meant = BytesAhoCorasick([*wanted]), [*wanted.values()]
    return {
        (place, word, form)
        for place, content in places.items()
        for read in {content.lower(), (_BREAKS.sub(b"", content) if lines else content).lower()}
        for at in {at for at, _, _ in needles.find_matches_as_indexes(read, overlapping=True)}
        for word, form in meant[at]
    }


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder: its name, and its name and bytes."""
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # a temporary one
            content = b""
        name = str(path.relative_to(folder))
        yield name, name.encode(errors="surrogateescape") + b"\0" + content


def _base64(content: bytes, shift: int) -> bytes:
    """The characters of base64 that these bytes alone decide, after so many others."""
    length = shift + len(content)
    return b64encode(b"\0" * shift + content)[-(-shift * 8 // 6) : length * 8 // 6]
