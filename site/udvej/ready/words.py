"""Questions about what the site says."""

from collections.abc import Iterator

from udvej.content.catalogue import Catalogue
from udvej.content.kommune_toml import FACTS_FILE, examples
from udvej.health import Answer, Level, together
from udvej.publish import everywhere
from udvej.publish.hosts import servers_of, unwell
from udvej.services import Services


def changes(services: Services) -> Answer:
    """Whether the site is as its content is now."""
    return together(services.health.changes(), "none was refused")


def hosts(services: Services) -> Answer:
    """Whether all hosts show what is published."""
    if not everywhere.is_shared(services.config):
        return Answer(Level.OK, "one, since others would have to share its database")
    current, servers = servers_of(services.config)
    names = ", ".join(one.name for one in servers)
    return together(unwell(current, servers), f"{names or 'none'} show what is published")


def facts(services: Services) -> Answer:
    """Whether all that only the municipality knows is filled in, and nothing is an example."""
    if left := [*examples(services.config.content / FACTS_FILE)]:
        advice = f"no live site starts with one, the first is {left[0]}"
        return Answer(Level.FAILURE, f"{len(left)} are examples", advice)
    missing = [*services.facts.missing()]
    if missing:
        return Answer(
            Level.WARNING,
            f"{len(missing)} are to be filled in: {', '.join(missing)}",
            "see: udvej check",
        )
    return Answer(Level.OK, "all are filled in")


def translations(services: Services) -> Answer:
    """Whether they are complete, and somebody has read them."""
    catalogues = services.content.catalogues
    found = ((f"{one.tag}, {one.path.name}", [*_behind(one)]) for one in catalogues)
    return together(
        (
            Answer(Level.WARNING, f"{name}: {', '.join(behind)}", "see: udvej check")
            for name, behind in found
            if behind
        ),
        "complete and reviewed",
    )


def _behind(one: Catalogue) -> Iterator[str]:
    if one.faults:
        yield f"{len(one.faults)} left out, since they would break a page"
    if missing := one.messages - one.translated - len(one.faults):
        yield f"{missing} of {one.messages} are shown in Danish"
    if not one.reviewed:
        yield "reviewed by nobody"
