"""TOML whose keys know their line, so that a bad one can be named to the editor."""

import re
import tomllib
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from udvej.errors import ContentError
from udvej.wording import tell

_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class LocatedToml:
    """The TOML in a content file.

    Attributes:
        path: the file, for error messages.
        text: the TOML alone.
        above: how many lines of the file stand before it.
        data: what the TOML says.
    """

    path: Path
    text: str
    above: int
    data: dict[str, Any]

    @classmethod
    def parse(cls, path: Path, text: str, above: int = 0) -> "LocatedToml":
        """Read TOML.

        Raises:
            ContentError: it is not TOML.
        """
        try:
            return cls(path, text, above, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            found = _SYNTAX_LINE.search(str(error))
            line = int(found[1]) if found else len(text.splitlines())
            raise ContentError(
                path,
                above + line,
                tell('her står noget, der ikke kan læses; skriv: navn = "værdi"'),
            ) from error

    def error(self, problem: str, key: str, table: str = "", number: int = 0) -> ContentError:
        """An error that names the key and its line; the arguments as for `line`."""
        return ContentError(self.path, self.line(key, table, number), f"{key}: {problem}")

    def line(self, key: str, table: str = "", number: int = 0) -> int:
        """The line of a key (its table's where the key is missing), counted from 1 in its file.

        Args:
            key: its name.
            table: the table it stands in, or "" above the first.
            number: which of several tables of that name, counted from 0.
        """
        within, seen, place = "", -1, 1
        for at, line in enumerate(self.text.splitlines(), start=1):
            if header := _TABLE.fullmatch(line):
                within = header[1]
                seen += within == table
                place = at if (within, seen) == (table, number) else place
            elif _names(key, line) and within == table and (seen == number or not table):
                return self.above + at
            elif _names(table, line) and not within:  # written as a value: `politi = []`
                place = at
        return self.above + place

    def comment(self, key: str, table: str = "", number: int = 0) -> str:
        """What the lines right above a key say of it, "" where none do."""
        above = self.text.splitlines()[: self.line(key, table, number) - self.above - 1]
        lines = [*takewhile(lambda line: line.startswith("#"), reversed(above))]
        return " ".join(line.removeprefix("#").strip() for line in reversed(lines))


def _names(key: str, line: str) -> bool:
    """Whether a line gives a key its value."""
    return bool(key) and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line) is not None


def read_text(path: Path) -> str:
    """The text of a content file.

    Raises:
        ContentError: it is not UTF-8, or cannot be read.
    """
    try:
        return path.read_text("utf-8-sig")  # some editors put a mark first
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ContentError(
            path, line, tell("filen er ikke gemt som UTF-8; gem den sådan")
        ) from error
    except OSError as error:
        raise ContentError(
            path, 1, tell("filen kan ikke læses (%(reason)s)", reason=error.strerror)
        ) from error
