"""A municipality's folder to begin with: the pages that come with the program, and no facts."""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from udvej import shipped
from udvej.content.catalogue import CONTENT
from udvej.content.editions import translations_of
from udvej.content.kinds import Kind
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.schema import LISTS, OWN, SCHEMA
from udvej.content.translators import only_what_is_said, update

_TABLE: Final = re.compile(r"\[{1,2}(\w+)\]{1,2}")
_VALUE: Final = re.compile(r"(\w+) = .*")
_OWNER: Final = re.compile(r'^ansvarlig = ".*"$', re.MULTILINE)
# What a preview and `udvej keys` leave in the folder, and no git may hold.
_NOT_FOR_GIT: Final = "/state/\n*.p12\n*.pem\n"
_ABOVE: Final = """\
# Det, der er et eksempel her i filen, retter I til jeres eget. Siden kan ses, mens I er i gang,
# men den kan ikke åbne for alle, før alle eksempler er væk: »udvej check« siger, hvilke der er.
#
"""


def begin(folder: Path) -> Path:
    """Make a complete, neutral folder, in Danish and all languages that we ship.

    Args:
        folder: is made, or filled; it holds `content/` and `translations/` afterwards.

    Returns:
        The folder of the content.

    Raises:
        OSError: one of the two is there, or cannot be written.
    """
    content = folder / shipped.CONTENT.name
    made = (content, translations_of(content))
    for path in made:
        if path.exists() or path.is_symlink():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    for path in made:
        path.mkdir(parents=True)
    owner = f'ansvarlig = "{SCHEMA["team"]["navn"].example}"'
    for page in shipped.CONTENT.glob("[!.]*.md"):
        text = _OWNER.sub(owner, page.read_text("utf-8"))
        (content / page.name).write_text(text, "utf-8")
    facts = (shipped.CONTENT / FACTS_FILE).read_text("utf-8").splitlines()
    (content / FACTS_FILE).write_text(_ABOVE + "\n".join(_neutral(facts)) + "\n", "utf-8")
    for path in shipped.TRANSLATIONS.glob(f"[!.]*/LC_MESSAGES/{CONTENT}"):
        copy = translations_of(content) / path.relative_to(shipped.TRANSLATIONS)
        copy.parent.mkdir(parents=True)
        shutil.copyfile(path, copy)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text(_NOT_FOR_GIT, "utf-8")
    for _ in update(content):
        pass
    only_what_is_said(content)
    return content


def _neutral(lines: list[str]) -> Iterator[str]:
    """The facts that we ship with what is one municipality's taken out, and each comment kept."""
    kinds: Mapping[str, Kind] = {}
    seen: set[str] = set()
    table, skips = "", False
    for line in lines:
        if header := _TABLE.fullmatch(line):
            table, skips = header[1], header[1] in LISTS and header[1] in seen
            seen.add(table)
            kinds = SCHEMA.get(table, {})
        given = _VALUE.fullmatch(line)
        kind = kinds.get(given[1]) if given else None
        skips = skips and line != ""  # of a list the first alone shows how it is done
        if skips:
            continue
        if kind is not None and given and kind.example is not None:
            yield f'{given[1]} = "{kind.example}"'
        elif given and table == OWN:
            yield f'{given[1]} = ""'
        else:
            yield line
