"""The three contents that the tests of `tests/real_content` judge."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support import municipality
from udvej.config import content_folder, translations_folder
from udvej.content.kinds import LINK, MAIL, PHONE
from udvej.content.schema import SCHEMA


@dataclass(frozen=True)
class Contents:
    """What a site says.

    Attributes:
        content: the folder with the Danish pages and facts.
        translations: the folder with the other languages.
    """

    content: Path
    translations: Path


def in_place(_folder: Path) -> Contents:
    """What `UDVEJ_CONTENT` and `UDVEJ_TRANSLATIONS` name, or the checkout's."""
    return Contents(content_folder(os.environ), translations_folder(os.environ))


def filled_in(folder: Path) -> Contents:
    """The same with every fact that is still unknown filled in."""
    given = in_place(folder)
    copy = Path(shutil.copytree(given.content, folder / "content"))
    path, table = copy / "kommune.toml", ""
    lines = path.read_text("utf-8").splitlines()
    for at, line in enumerate(lines):
        if named := re.fullmatch(r"\[\[?(\w+)\]\]?", line):
            table = named[1]
        elif (unknown := re.fullmatch(r'(\w+) = ""', line)) and SCHEMA[table][
            unknown[1]
        ].is_asked_for:
            lines[at] = f'{unknown[1]} = "{_made_up(table, unknown[1])}"'
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Contents(copy, given.translations)


def _made_up(table: str, key: str) -> str:
    made_up = {
        LINK.fits: "https://www.eksempel.dk/",
        MAIL.fits: "navn@eksempel.dk",
        PHONE.fits: "20 20 20 20",
    }
    return made_up.get(SCHEMA[table][key].fits, "Det ved vi nu: man. til fre. kl. 9-14")


def of_another(_folder: Path) -> Contents:
    """Another municipality's."""
    return Contents(municipality.CONTENT, municipality.translations())


CONTENTS: Final[Mapping[str, Callable[[Path], Contents]]] = {
    "in-place": in_place,
    "filled-in": filled_in,
    "another-municipality": of_another,
}
