"""Judges from outside that `make setup-ci` installs: the Nu HTML checker, and Lighthouse.

Elsewhere tests that need them are left out; on CI they must not be.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from support.checkout import CHECKOUT
from support.patience import PATIENCE

_CHECKERS: Final = CHECKOUT / ".checkers" / "node_modules"
_NU: Final = _CHECKERS / "vnu-jar" / "build" / "dist" / "vnu.jar"
# For a program that ends in seconds: compiled once and simply, in a third of the time.
_JAVA: Final = ("-Xss8m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar")
_STYLES: Final = re.compile("<style>.*?</style>", re.DOTALL)
LIGHTHOUSE: Final = _CHECKERS / "lighthouse" / "core" / "index.js"


def needed(command: str, file: Path) -> Sequence[str]:
    """The beginning of a command line, or the end of the test where its program is missing."""
    if shutil.which(command) is None or not file.exists():
        reason = f"{command} or {file.name} is not installed; run: make setup-ci"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    return [command, *(_JAVA if command == "java" else ()), str(file)]


def nu(folder: Path, pages: Mapping[str, str]) -> list[tuple[str, str]]:
    """Have pages checked (validator.nu): HTML, ARIA in HTML, and what may stand in what.

    Styles that several pages share are checked in the first, since they take longest by far.

    Args:
        folder: for their files.
        pages: HTML by a name for each.

    Returns:
        Each error and warning: the name of the page, and what is said.
    """
    command = needed("java", _NU)
    files = {name: folder / f"{number}.html" for number, name in enumerate(pages)}
    checked: set[str] = set()

    def unless_checked(styles: re.Match[str]) -> str:
        before = len(checked)
        checked.add(styles[0])
        return styles[0] if len(checked) > before else "<style></style>"

    for name, file in files.items():
        file.write_text(_STYLES.sub(unless_checked, pages[name]), "utf-8")
    run = subprocess.run(
        [*command, "--format", "json", "--exit-zero-always", *files.values()],
        capture_output=True,
        text=True,
        check=True,
        timeout=1.5 * PATIENCE,  # a hundred pages take a tenth of it where nothing else runs
    )
    names = {file.name: name for name, file in files.items()}
    return [
        (names[Path(said["url"]).name], said["message"])
        for said in json.loads(run.stderr)["messages"]
    ]
