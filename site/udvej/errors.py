"""What can go wrong, in words that say what to do."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class UdvejError(Exception):
    """The root of every error that is ours."""


class ConfigError(UdvejError):
    """One or more settings are missing or wrong; keys are named, values never."""


class ContentError(UdvejError):
    """A content file cannot be used; named by file, line and key."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        """Say where and what.

        Args:
            path: the file.
            line: counted from 1.
            problem: what is wrong and what to do, in the editor's language (`wording.tell`).
        """
        super().__init__(f"{path}:{line}: {problem}")
        self.path, self.line, self.problem = path, line, problem

    @property
    def each(self) -> Sequence["ContentError"]:
        """The mistakes, each alone."""
        return (self,)


class ContentErrors(ContentError):
    """Several mistakes, found in one go; its message has a line for each."""

    def __init__(self, found: Sequence[ContentError]) -> None:
        """Take them together, in the order in which they stand in the files."""
        self._each = sorted(found, key=lambda error: (error.path, error.line))
        first = self._each[0]
        super().__init__(first.path, first.line, first.problem)
        self.args = ("\n".join(map(str, self._each)),)

    @property
    def each(self) -> Sequence[ContentError]:
        """The mistakes, each alone."""
        return self._each


class Mistakes:
    """Collects the errors of all content files, to raise them together.

    Else an editor would mend one, run the check again, and only then learn of the next.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._found: list[ContentError] = []

    @classmethod
    def raise_all(cls, found: Iterable[ContentError]) -> None:
        """Raise what was found, if anything was.

        Raises:
            ContentError: with all that was.
        """
        mistakes = cls()
        mistakes.add(found)
        mistakes.raise_if_any()

    def add(self, found: Iterable[ContentError]) -> bool:
        """Add errors; return True if there were none."""
        before = len(self._found)
        self._found += found
        return len(self._found) == before

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Go on after what is raised in the block."""
        try:
            yield
        except ContentError as error:
            self._found += error.each

    def raise_if_any(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            ContentError: with all that were found.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise ContentErrors(self._found)


class FormError(UdvejError):
    """The form asks something whose answer would be lost; a developer's slip, seen at start."""


class UnknownQuestion(UdvejError):
    """A question is to be left out that there is not, or that is always asked."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Say which, and which there are.

        Args:
            name: as it was written.
            known: what may be left out.
        """
        super().__init__(f"{name} is no question that may be left out: {', '.join(known)}")
        self.name, self.known = name, known


class SealingError(UdvejError):
    """A referral cannot be sealed, so it must not be accepted."""


class StorageError(UdvejError):
    """The database did not take or give what it was asked to; nothing was acknowledged."""


class FullError(StorageError):
    """There was no room for it."""


class LostError(StorageError):
    """The connection broke: all of it may have been done, or nothing. Ask again."""


class UnknownNumber(UdvejError):
    """No referral of that number is kept."""


class WrongCode(UdvejError):
    """No recent drill has that code."""


class TemporaryFailure(UdvejError):
    """The mail server did not take the mail now; a later try may succeed."""


class PermanentFailure(UdvejError):
    """The mail server refused the mail for good; a person must look."""
