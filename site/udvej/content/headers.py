"""The header of a page's file, between two lines of `+++`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from udvej.content.located_toml import LocatedToml, read_text
from udvej.errors import ContentError
from udvej.wording import deferred, did_you_mean, nearest, tell

# A key of a header: the type it has, and its value where it may be left out.
Keys = Mapping[str, tuple[type, Any]]
_WRITTEN: Final[Mapping[type, str]] = {
    str: deferred('skriv ord mellem to anførselstegn: "…"'),
    int: deferred("skriv et helt tal uden anførselstegn"),
    date: deferred("skriv dagen som 2026-11-22 og uden anførselstegn"),
}
# What every text has: somebody who answers for it.
OWNED: Final[Keys] = {"ansvarlig": (str, None), "gennemgaaet": (date, None)}

_HEADER: Final = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Header:
    """A header, and what follows it, as they were written.

    Attributes:
        source: for errors.
        keys: what the header may and must hold.
        above: how many lines of the file stand above the Markdown.
        markdown: the rest of the file.
    """

    source: LocatedToml
    keys: Keys
    above: int
    markdown: str

    @classmethod
    def read(cls, path: Path, keys: Keys) -> "Header":
        """Read a file.

        Args:
            path: the file.
            keys: what its header may and must hold.

        Raises:
            ContentError: there is no header, or none that is TOML.
        """
        content = read_text(path)
        header = _HEADER.match(content)
        if header is None:
            problem = tell("begynd filen med +++, sidens oplysninger og +++ igen")
            raise ContentError(path, 1, problem)
        source = LocatedToml.parse(path, header[1], above=1)
        return cls(source, keys, header[0].count("\n"), content[header.end() :])

    @property
    def values(self) -> Mapping[str, Any]:
        """By key; what is left out is None, or as the key's default is."""
        return {key: self.source.data.get(key, default) for key, (_, default) in self.keys.items()}

    def wrong(self) -> Iterator[ContentError]:
        """Each key that is missing, unknown or of another type."""
        unknown = [key for key in self.source.data if key not in self.keys]
        for key in unknown:
            problem = tell("kendes ikke; slet linjen, eller ret stavningen")
            yield self.source.error(problem + did_you_mean(key, self.keys), key)
        misspelt = {nearest(key, self.keys) for key in unknown}  # which is said already
        values = self.values
        for key, (kind, default) in self.keys.items():
            if key in misspelt:
                continue
            if values[key] is None or (default is None and not str(values[key]).strip()):
                problem = tell("mangler; skriv den mellem de to linjer med +++")
                yield self.source.error(problem, key)
            elif type(values[key]) is not kind:
                yield self.source.error(tell(_WRITTEN[kind]), key)
