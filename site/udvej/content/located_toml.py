"""TOML whose keys know their line, so that a bad one can be named to the editor."""

import errno
import re
import tomllib
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from udvej.errors import ContentError
from udvej.wording import deferred, tell

_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
# What word processors and phones make of a straight quotation mark.
_CURLY = re.compile("\\s*([\u201c\u201d\u201e\u2018\u2019\u00bb\u00ab\u00b4`])")
_DATE = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_TWICE = re.compile("overwrite|twice")
_REASONS: Final = {
    errno.ENOENT: deferred("filen findes ikke; læg den tilbage"),
    errno.EACCES: deferred("filen må ikke læses; ret dens rettigheder"),
    errno.EISDIR: deferred("det er en mappe og ikke en fil; giv den et andet navn"),
}


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
            advice = _advice([*text.splitlines(), ""][line - 1], str(error))
            raise ContentError(path, above + line, advice) from error

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


def _advice(line: str, problem: str) -> str:
    """What to write instead of a line that is no TOML.

    Args:
        line: as it is written.
        problem: what `tomllib` says of it.
    """
    key = _KEY.match(line)
    value = line[key.end() :] if key else line
    if _TWICE.search(problem):
        advice = tell("står der to gange; slet den ene")
    elif curly := _CURLY.match(value):
        advice = tell('skriv lige anførselstegn ("), og ikke %(sign)s', sign=curly[1])
    elif key and _DATE.match(value):
        advice = tell("skriv en dag, der findes, som 2026-11-22 og uden anførselstegn")
    elif value.lstrip().startswith('"'):
        advice = tell('skriv ét lige anførselstegn (") i hver ende og ingen inde i teksten')
    else:
        return tell('her står noget, der ikke kan læses; skriv: navn = "værdi"')
    return f"{key[1] if key else line.strip()}: {advice}"


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
        if reason := _REASONS.get(error.errno or 0):
            raise ContentError(path, 1, tell(reason)) from error
        raise ContentError(
            path, 1, tell("filen kan ikke læses (%(reason)s)", reason=error.strerror)
        ) from error
