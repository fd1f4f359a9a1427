"""The `settings` file of one municipality among several: lines of `KEY=VALUE`."""

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from udvej.settings import SETTINGS, Owner

SETTINGS_FILE: Final = "settings"
_OTHERS: Final = 0o007
_LINE: Final = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*")
_QUOTED: Final = re.compile(r"""(["'])(.*)\1""")
_KEY: Final = re.compile(r"UDVEJ_\w+")


@dataclass(frozen=True)
class OwnSettings:
    """What a municipality says of itself, and where.

    Attributes:
        path: the file.
        values: by key.
        lines: the line that each key stands on, from 1.
        problems: what is wrong with the file, a line each.
    """

    path: Path
    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]
    problems: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> "OwnSettings":
        """Read a municipality's file, as systemd reads an EnvironmentFile (systemd.exec(5)).

        Empty lines and such as begin with "#" or ";" say nothing; a value may stand in quotes.
        Others than its owner and group must not read it, since it holds a secret key.

        Args:
            folder: the municipality's.
        """
        path = folder / SETTINGS_FILE
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            return cls(path, {}, {}, (f"{path}: there is no such file",))
        except PermissionError:
            problem = (
                f"{path}: this user may not read it; mend its rights, or those of the folders above"
                " it"
            )
            return cls(path, {}, {}, (problem,))
        except (OSError, UnicodeError):
            return cls(path, {}, {}, (f"{path}: cannot be read; write it as UTF-8",))
        try:
            _shut_to_others(path)
        except OSError:
            return cls(path, {}, {}, (f"{path}: others may read it; chmod 640 it",))
        return cls._of(path, text)

    @classmethod
    def _of(cls, path: Path, text: str) -> "OwnSettings":
        values: dict[str, str] = {}
        lines: dict[str, int] = {}
        problems = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip() or line.lstrip()[0] in "#;":
                continue
            written = _LINE.fullmatch(line)
            key = written[1] if written else ""
            problem = _problem(key, lines)
            if problem:
                problems.append(f"{path}:{number}: {problem}")
            elif written:
                quoted = _QUOTED.fullmatch(written[2])
                values[key], lines[key] = quoted[2] if quoted else written[2], number
        return cls(path, values, lines, tuple(problems))

    def located(self, problems: Iterable[str]) -> Iterator[str]:
        """Each problem with the line of the setting that it begins with, or the file's name."""
        for problem in problems:
            key = _KEY.match(problem)
            line = self.lines.get(key[0]) if key else None
            yield f"{self.path}:{line}: {problem}" if line else f"{self.path}: {problem}"


def _problem(key: str, seen: Mapping[str, int]) -> str:
    """What is wrong with a line that gives a key, or ""."""
    if not key:
        return "write KEY=VALUE"  # never the line, which may hold a secret
    if key not in SETTINGS:
        known = _KEY.fullmatch(key)
        return f"{key}: no such setting; see `udvej --help`" if known else "no setting of ours"
    if SETTINGS[key].owner is not Owner.MUNICIPALITY:
        return f"{key}: belongs to the installation; give it to the services instead"
    if key in seen:
        return f"{key}: stands in line {seen[key]} too; leave one out"
    return ""


def _shut_to_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        path.chmod(mode & ~_OTHERS)
