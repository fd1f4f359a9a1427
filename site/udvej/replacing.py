"""Files that others may read at any moment: whole, as they were or as they are to be."""

import os
import threading
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Put a text in place of what a file says, in one step (rename(2)).

    Args:
        path: in a folder that is there; nothing is lost when this process is killed on the way.
        text: written in UTF-8.

    Raises:
        OSError: it cannot be written.
    """
    making = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    making.write_text(text, "utf-8")
    making.replace(path)
