"""What an editor writes arrives on every host as it was, and nowhere else."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.clock import HOUR
from support.municipality import CONTENT, demonstration
from udvej.errors import ConfigError
from udvej.publish.sources import read, received, stamp, write


def test_what_is_received_is_what_was_read(tmp_path: Path) -> None:
    """Every file, and by the same stamp; what came more than an hour before is gone."""
    sources = read(demonstration(tmp_path))
    assert sources["content/om.md"] == (CONTENT / "om.md").read_bytes()
    assert any(path.startswith("translations/en/") for path in sources)
    there = received(sources, demonstration(tmp_path))
    assert there.content != CONTENT
    assert read(there) == sources
    assert received(sources, demonstration(tmp_path)) == there
    folder = there.content.parents[1]
    os.utime(folder, (0, time.time() - 2 * HOUR))
    fewer = {path: body for path, body in sources.items() if path != "content/om.md"}
    assert read(received(fewer, demonstration(tmp_path))) == fewer
    assert len([*tmp_path.iterdir()]) == 1


def test_two_servers_of_a_host_may_receive_the_same_at_once(tmp_path: Path) -> None:
    """While one stands in for the other; neither is in the other's way."""
    sources = read(demonstration(tmp_path))
    with ThreadPoolExecutor() as servers:
        there = [servers.submit(received, sources, demonstration(tmp_path)) for _ in range(8)]
    assert len({str(one.result().content) for one in there}) == 1
    assert read(there[0].result()) == sources


def test_a_stamp_tells_every_difference() -> None:
    """Where one file ends and the next begins too, but not their order."""
    kinds = [
        {"content/a": b"1", "content/b": b"2"},
        {"content/a": b"1", "content/b": b"3"},
        {"content/a": b"12"},
        {"content/a": b"1", "content/c": b"2"},
        {"content/a": b"1 content/b 1 2"},
        {},
    ]
    assert len({*map(stamp, kinds)}) == len(kinds)
    assert stamp({"content/b": b"2", "content/a": b"1"}) == stamp(kinds[0])


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../content/a", "content/../../a", "other/a", "settings", ""]
)
def test_a_path_that_leads_elsewhere_is_refused(path: str, tmp_path: Path) -> None:
    """Who can write into the database writes nothing else here."""
    with pytest.raises(ConfigError, match="not written by Udvej"):
        write({path: b"x"}, tmp_path / "into")
    assert [*tmp_path.iterdir()] == []
