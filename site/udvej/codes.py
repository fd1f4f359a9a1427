"""Random codes that people read aloud and type."""

import secrets
from typing import Final

# Without characters that are read or heard as another: 0/O, 1/I/L, 2/Z, 5/S, 6/G, 8/B, U/V …
READ_ALOUD: Final = "34679ACDEFHJKMNPRTWXY"


def random_code(groups: int, length: int, alphabet: str = READ_ALOUD) -> str:
    """Groups of random characters with dashes between them, such as "7KD-4RM".

    Args:
        groups: how many.
        length: of each.
        alphabet: the characters to draw from.
    """
    drawn = ("".join(secrets.choice(alphabet) for _ in range(length)) for _ in range(groups))
    return "-".join(drawn)
