"""A command of `udvej` as it is typed, run in this process, since to begin another takes longer."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from udvej.cli import main


def typed(
    arguments: Sequence[str], settings: Mapping[str, str], *, umask: int | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run it, and hear what it says.

    Args:
        arguments: after `udvej`.
        settings: of the environment; no other that begins with UDVEJ_ is there.
        umask: that of this process if left out.
    """
    others = {key: value for key, value in os.environ.items() if not key.startswith("UDVEJ_")}
    out, err = StringIO(), StringIO()
    before = os.umask(0o022 if umask is None else umask)
    if umask is None:
        os.umask(before)
    try:
        with (
            patch.dict(os.environ, {**others, **settings}, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = main([*arguments])
    finally:
        os.umask(before)
    return subprocess.CompletedProcess([*arguments], status, out.getvalue(), err.getvalue())
