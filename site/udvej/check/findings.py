"""What `udvej check` has found, and how it says it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from udvej.wording import tell


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to look at.

    Attributes:
        path: its file.
        line: its line, counted from 1.
        words: what is the matter and what to write instead, in the editor's language.
    """

    path: Path
    line: int
    words: str

    def __str__(self) -> str:
        """A line for a terminal, which most editors turn into a link."""
        return f"{near(self.path)}:{self.line}: {self.words}"


@dataclass(frozen=True)
class Report:
    """Everything that was found.

    Attributes:
        mistakes: with any of these nothing can be published, or a translation is left out.
        warnings: what readers are better off without.
        missing: the facts that only the municipality can give.
        fine: what is well, a line each.
        later: what was not looked at, and why, or "".
    """

    mistakes: Sequence[Finding]
    warnings: Sequence[Finding] = field(default=())
    missing: Sequence[Finding] = field(default=())
    fine: Sequence[str] = field(default=())
    later: str = ""

    def lines(self) -> Iterator[str]:
        """All of it, what is most urgent first, and the sum last."""
        heading = {
            "mistakes": tell("Fejl, som skal rettes:"),
            "warnings": tell("Advarsler, som I bør se på:"),
            "missing": tell("Oplysninger, som mangler, før siden går i luften:"),
            "fine": tell("I orden:"),
        }
        for name, words in heading.items():
            if found := getattr(self, name):
                yield words
                yield from (f"  {one}" for one in found)
                yield ""
        if self.later:
            yield self.later
            yield ""
        yield tell(
            "%(mistakes)s fejl, %(warnings)s advarsler, %(missing)s manglende oplysninger.",
            mistakes=len(self.mistakes),
            warnings=len(self.warnings),
            missing=len(self.missing),
        )


def near(path: Path) -> Path:
    """A path as it is written in the folder where the editor is, if it lies there."""
    here = Path.cwd()
    in_a_folder = here != here.parent  # from the root no path would begin with its slash
    return path.relative_to(here) if in_a_folder and path.is_relative_to(here) else path
