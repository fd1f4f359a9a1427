"""The header of a page's file, between two lines of `+++`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from udvej.content.located_toml import LocatedToml, read_text
from udvej.errors import ContentError

# A key of a header: the type it has, and its value where it may be left out.
Keys = Mapping[str, tuple[type, Any]]
# What every text has: somebody who answers for it.
OWNED: Final[Keys] = {"ansvarlig": (str, None), "gennemgaaet": (date, None)}

_HEADER: Final = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Header:
    """A header that has been checked, and what follows it.

    Attributes:
        source: for errors.
        values: by key, also of those left out.
        above: how many lines of the file stand above the Markdown.
        markdown: the rest of the file.
    """

    source: LocatedToml
    values: Mapping[str, Any]
    above: int
    markdown: str

    @classmethod
    def read(cls, path: Path, keys: Keys) -> "Header":
        """Read a file.

        Args:
            path: the file.
            keys: what its header may and must hold.

        Raises:
            ContentError: there is no header, or a key is missing, unknown or of another type.
        """
        content = read_text(path)
        header = _HEADER.match(content)
        if header is None:
            raise ContentError(path, 1, "begynd filen med +++, sidens oplysninger og +++ igen")
        source = LocatedToml.parse(path, header[1], above=1)
        above, markdown = header[0].count("\n"), content[header.end() :]
        return cls(source, _values(source, keys), above, markdown)


def _values(source: LocatedToml, keys: Keys) -> Mapping[str, Any]:
    for key in source.data:
        if key not in keys:
            raise source.error("kendes ikke; slet linjen, eller ret stavningen", key)
    values = {key: source.data.get(key, default) for key, (_, default) in keys.items()}
    for key, (kind, default) in keys.items():
        if values[key] is None or (default is None and not str(values[key]).strip()):
            raise source.error("mangler; skriv den mellem de to linjer med +++", key)
        if type(values[key]) is not kind:
            raise source.error("er ikke skrevet rigtigt; se, hvordan de andre sider gør", key)
    return values
