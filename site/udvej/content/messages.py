"""What there is to translate in a municipality's folder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """Something to translate.

    Attributes:
        line: where it stands in its file, counted from 1.
        words: the Danish.
        context: what tells it from the same words elsewhere, or "".
        comment: what the translator should know.
    """

    line: int
    words: str
    context: str
    comment: str
