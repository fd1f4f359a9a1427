"""What publishing has come to."""

from dataclasses import dataclass

from udvej.publish.changes import Changes


@dataclass(frozen=True)
class Outcome:
    """Whichever way it went.

    Attributes:
        changes: what visitors see now that they did not see before.
        done: whether anything was changed.
        withheld: whether nothing was, since just this content was undone.
        again: whether an undo has brought back what an undo had taken out of use.
    """

    changes: Changes
    done: bool
    withheld: bool = False
    again: bool = False
