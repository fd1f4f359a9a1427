"""What tests of commands share."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _own_logging() -> None:
    """The command sets up logging for its process, and would close pytest's handlers."""
    logging.getLogger().handlers.clear()
