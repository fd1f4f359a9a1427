"""What can go wrong, in words that say what to do."""

from collections.abc import Sequence
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
            problem: what is wrong and what to do, in Danish, for the editor.
        """
        super().__init__(f"{path}:{line}: {problem}")


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
        super().__init__(
            f"»{name}« er ikke et spørgsmål, I kan undvære; vælg mellem {', '.join(known)}"
        )


class SealingError(UdvejError):
    """A referral cannot be sealed, so it must not be accepted."""


class StorageError(UdvejError):
    """The database did not take or give what it was asked to; nothing was acknowledged."""


class FullError(StorageError):
    """There was no room for it."""


class UnknownNumber(UdvejError):
    """No referral of that number is kept."""


class WrongCode(UdvejError):
    """No drill of late has that code."""


class TemporaryFailure(UdvejError):
    """The mail server did not take the mail now; a later try may succeed."""


class PermanentFailure(UdvejError):
    """The mail server refused the mail for good; a person must look."""
