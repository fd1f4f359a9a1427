"""Pages to be looked at, and what was measured of them."""

import pickle
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.accessibility import Found, Shown, gallery
from support.browser import Served
from support.memoized import kept
from support.tour import measures
from udvej.publish.turns import turn


@pytest.fixture(scope="session")
def show(browser: Browser, site: Served) -> Iterator[Callable[[str], Shown]]:
    """Any page, open until another is asked for."""
    with gallery(browser, site) as show:
        yield show


@pytest.fixture(scope="session")
def found(show: Callable[[str], Shown], shared: Path) -> Callable[[str], Found]:
    """All that is measured of a state, in one visit, by the worker that first asks for it."""

    @cache
    def found(state: str) -> Found:
        def measured() -> bytes:
            return pickle.dumps(show(state).measure_all(measures(state)))

        with turn(shared / f"{state}.lock"):
            taken: Found = pickle.loads(kept(shared / f"{state}.measures", measured))
        return taken

    return found
