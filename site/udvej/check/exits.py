"""Where `Forlad siden` leads: a misspelt address shows a browser error, which others notice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from udvej.check.findings import Finding
from udvej.content.facts import site_name
from udvej.content.located_toml import LocatedToml
from udvej.wording import nearest, tell

# Sites that many in Denmark read, without `www.`.
KNOWN: Final = frozenset(Path(__file__).with_suffix(".txt").read_text("utf-8").split())


def misspelt_exits(source: LocatedToml) -> Iterator[Finding]:
    """Addresses that are not known but much like one that is."""
    table = source.data.get("forlad")
    sites = table.get("sider") if isinstance(table, dict) else None
    for site in sites if isinstance(sites, list) else ():
        name = site_name(site) if isinstance(site, str) and _is_address(site) else ""
        if name and name not in KNOWN and (near := nearest(name, sorted(KNOWN))):
            words = tell("sider: mente du %(near)s, hvor der står %(name)s?", near=near, name=name)
            yield Finding(source.path, _line(source, site), words)


def _is_address(site: str) -> bool:
    try:
        return bool(urlsplit(site).hostname)
    except ValueError:
        return False


def _line(source: LocatedToml, site: str) -> int:
    lines = source.text.splitlines()
    return next((at for at, line in enumerate(lines, 1) if site in line), 1)
