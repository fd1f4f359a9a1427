"""Whether all hosts of a site are there, and show what is published."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from udvej.config import Config
from udvej.durations import MINUTE
from udvej.health import Answer, Level
from udvej.publish.generations import Generations, Server


def servers_of(config: Config) -> tuple[str, Sequence[Server]]:
    """What is published, by the stamp of its sources, and the servers seen in the last day.

    Args:
        config: of a site whose hosts share a database.

    Raises:
        StorageError: the database does not answer.
    """
    with closing(Generations.of(config)) as generations:
        return generations.published().current, generations.servers()


def unwell(current: str, servers: Sequence[Server]) -> Iterator[Answer]:
    """What is wrong with them, as `servers_of` gives them."""
    for one in servers:
        if not one.lives:
            yield Answer(
                Level.FAILURE,
                f"{one.name} has not been heard for {one.silent / MINUTE:.0f} minutes",
                "see whether it runs; publishing goes on without it",
            )
        elif one.shows != current:
            yield Answer(
                Level.FAILURE, f"{one.name} does not show what is published", "see its log"
            )
