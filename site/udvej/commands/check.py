"""`udvej check`."""

import os
from argparse import Namespace

from udvej.check.content import check
from udvej.config import content_folder, translations_folder
from udvej.terminal import say


def run(_options: Namespace) -> int:
    """Check content and translations; 1 when something is wrong."""
    report = check(content_folder(os.environ), translations_folder(os.environ))
    say("\n".join(report.lines))
    return int(not report.good)
