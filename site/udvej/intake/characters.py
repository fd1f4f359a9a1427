"""Characters that a browser can send and nobody can see: what becomes of them."""

import re
import unicodedata
from typing import Final

# Word writes VT for a line break, printers FF, mainframes NEL; LS and PS are Unicode's own.
_BREAK: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Controls, surrogates, and what Unicode promises never to give a meaning (23.7, noncharacters).
_NO_CHARACTER: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
    + "]"
)
# Letters, signs and marks that show as nothing.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def normalized(text: str) -> str:
    r"""Text that every program shows alike: lines end in "\n", and what is no character is gone."""
    return _NO_CHARACTER.sub("", _BREAK.sub("\n", text))


def shows(text: str) -> bool:
    """Whether there is anything to see in a text."""
    return any(unicodedata.category(sign)[0] != "Z" for sign in _seen(text).strip())


def as_seen(text: str) -> str:
    """A number or an address as it looks on the screen.

    Marks that show as nothing are left out, and signs that have a twin in ASCII, such as the
    fullwidth "@" of some keyboards, become it. In running text both can have a meaning.
    """
    return "".join(map(_twin, _seen(text)))


def _seen(text: str) -> str:
    return "".join(sign for sign in _BLANK.sub("", text) if unicodedata.category(sign) != "Cf")


def _twin(sign: str) -> str:
    twin = unicodedata.normalize("NFKC", sign)
    return twin if len(twin) == 1 and twin.isascii() else sign
