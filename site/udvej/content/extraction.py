"""What Babel extracts from `content/`, so that one catalogue a language holds everything."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from udvej.content import facts, pages

_Extracted = tuple[int, str, tuple[str, ...], Sequence[str]]


def content(
    file: IO[bytes],
    keywords: Mapping[str, object],
    comment_tags: Sequence[str],
    options: Mapping[str, object],
) -> Iterator[_Extracted]:
    """The messages of a page or of `kommune.toml`, as Babel asks an extraction method for them.

    Args:
        file: a file of the content.
        keywords: of no use here.
        comment_tags: of no use here.
        options: of no use here.

    Yields:
        Line, gettext function, its arguments and the comments for the translator.

    Raises:
        ContentError: it is wrong.
    """
    del keywords, comment_tags, options
    path = Path(file.name)
    for message in (facts if path.suffix == ".toml" else pages).messages(path):
        if message.context:
            yield message.line, "pgettext", (message.context, message.words), [message.comment]
        else:
            yield message.line, "gettext", (message.words,), [message.comment]
