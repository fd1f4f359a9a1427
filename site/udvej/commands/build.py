"""`udvej build`."""

import os
from argparse import Namespace

from udvej import state
from udvej.config import Config
from udvej.publish.freeze import freeze


def run(options: Namespace) -> int:
    """Freeze the pages."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    folder = options.folder.absolute()
    print(freeze(config, folder))
    return 0
