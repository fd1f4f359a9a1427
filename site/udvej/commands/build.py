"""`udvej build`."""

import os
from argparse import Namespace

from udvej import state
from udvej.build import freeze
from udvej.config import Config


def run(options: Namespace) -> int:
    """Freeze the pages."""
    config = Config.from_environ(os.environ)
    state.prepare(config)
    folder = options.folder.absolute()
    print(freeze(config, folder))
    return 0
