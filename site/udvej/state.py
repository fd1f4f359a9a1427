"""The state folder: all that the site itself writes."""

import os

from udvej.config import Config
from udvej.errors import ConfigError


def prepare(config: Config) -> None:
    """Make the state folder.

    Raises:
        ConfigError: it cannot be made or written.
    """
    try:
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"UDVEJ_STATE: the folder cannot be made ({error.strerror})") from error
    if not os.access(config.state, os.W_OK | os.X_OK):
        raise ConfigError("UDVEJ_STATE: the folder cannot be written; give it to this user")
