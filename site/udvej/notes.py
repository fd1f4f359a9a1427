"""What the processes of a site have noticed, in the state folder, for monitoring and `status`."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from udvej.replacing import replace_text


class Note(StrEnum):
    """What can be noticed; the name of its file."""

    REFUSED = "refused"  # content, settings or certificate; its text says what is wrong
    PROXIES = "wrong-proxies"  # requests do not fit UDVEJ_PROXIES; it has no text


@dataclass(frozen=True)
class Notes:
    """Notes of one site, seen by all its processes."""

    state: Path

    def write(self, note: Note, text: str = "") -> None:
        """Put a note in place of the one before; a disk that takes none is noticed elsewhere."""
        with suppress(OSError):
            replace_text(self.state / note, text)

    def clear(self) -> None:
        """Take all away: what was wrong is mended, or is noticed again."""
        for note in Note:
            with suppress(OSError):
                (self.state / note).unlink(missing_ok=True)

    def there(self, note: Note) -> bool:
        """Whether there is one."""
        return (self.state / note).exists()

    def text(self, note: Note) -> str:
        """What it says; "" where there is none."""
        try:
            return (self.state / note).read_text("utf-8")
        except OSError:
            return ""
