"""The content folders that the tests of `tests/real_content` judge."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from support import municipality
from udvej.content.beginning import begin
from udvej.content.editions import translations_of
from udvej.content.kinds import LINK, MAIL, PHONE
from udvej.content.kommune_toml import examples
from udvej.content.schema import LISTS, SCHEMA
from udvej.settings_reader import content_folder


def in_place(_folder: Path) -> Path:
    """The one that `UDVEJ_CONTENT` names, or the checkout's."""
    return content_folder(os.environ)


def filled_in(folder: Path) -> Path:
    """The same with every fact that is still unknown filled in."""
    given = in_place(folder)
    copy = Path(shutil.copytree(given, folder / "content"))
    shutil.copytree(translations_of(given), translations_of(copy))
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
    return copy


def _made_up(table: str, key: str) -> str:
    made_up = {
        LINK.fits: "https://www.eksempel.dk/",
        MAIL.fits: "navn@eksempel.dk",
        PHONE.fits: "20 20 20 20",
    }
    return made_up.get(SCHEMA[table][key].fits, "Det ved vi nu: man. til fre. kl. 9-14")


def in_danish_only(folder: Path) -> Path:
    """The same in one language, without a contact of the police or anybody who gives advice."""
    copy = Path(shutil.copytree(in_place(folder), folder / "content"))
    path = copy / "kommune.toml"
    facts = re.sub(r"(?ms)^\[\[\w+\]\]\n.*?(?=^\[|\Z)", "", path.read_text("utf-8"))
    facts = re.sub(r"(?m)^(\w+ = \[\]\n|tilbyd = .*\n)", "", facts)
    facts = re.sub(r"(?m)^\[sprog\]\n", "\\g<0>tilbyd = []\n", facts)
    path.write_text("".join(f"{name} = []\n" for name in LISTS) + facts, "utf-8")
    return copy


def of_another(_folder: Path) -> Path:
    """Another municipality's."""
    return municipality.CONTENT


def begun(folder: Path) -> Path:
    """What `udvej new` makes, with an own word in place of each example: a live site wants that."""
    content = begin(folder / "begun")
    own_examples(content / "kommune.toml")
    return content


def own_examples(path: Path) -> None:
    """Write an own word in place of each example of a `kommune.toml`."""
    while left := [*examples(path)]:
        line = int(re.fullmatch(r".*?:(\d+): .*", str(left[0]))[1])  # type: ignore[index]
        lines = path.read_text("utf-8").splitlines()
        lines[line - 1] = re.sub(r'"(.*)"', _made_own, lines[line - 1])
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _made_own(value: re.Match[str]) -> str:
    number = re.sub(r"^00 00 00 0", "30 40 50 6", value[1])
    return f'"{number if number != value[1] else value[1].replace("ksempel", "gen")}"'


CONTENTS: Final[Mapping[str, Callable[[Path], Path]]] = {
    "in-place": in_place,
    "filled-in": filled_in,
    "in-danish-only": in_danish_only,
    "another-municipality": of_another,
    "begun": begun,
}
