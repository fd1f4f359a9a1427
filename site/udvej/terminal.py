"""Words for whoever sits at the terminal."""

import sys


def say(line: str) -> None:
    """Tell it at once, beside what a command prints."""
    print(line, file=sys.stderr, flush=True)
