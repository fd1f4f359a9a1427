"""nginx's configuration for several municipalities, made of the site that is shipped for one."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from udvej.shipped import SHIPPED

_EXAMPLE: Final = SHIPPED / "site" / "deploy" / "nginx" / "udvej.conf"
_SERVER: Final = re.compile(r"^server \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)
# What one site says of itself, and what it says of the one named among several.
_OWN: Final[Mapping[str, str]] = {
    "udvej.example": "{host}",
    "/var/cache/udvej/site/": "{pages}/",
    "/etc/udvej/tls/": "/etc/udvej/tls/{name}/",
    "shared:udvej_tls:": "shared:udvej_tls_{name}:",
}
# A client's requests to one municipality do not count for another.
_TOGETHER: Final[Mapping[str, str]] = {
    "limit_req_zone $udvej_home ": 'limit_req_zone "$server_name $udvej_home" ',
}
_MADE: Final = "# Made by `udvej build` of site/deploy/nginx/udvej.conf; it is made again.\n"


def shared() -> str:
    """The part that all sites share: maps, limits, and the server for unknown host names."""
    text = _SERVER.sub(lambda block: "" if _is_ones(block[0]) else block[0], _text())
    for was, becomes in _TOGETHER.items():
        text = text.replace(was, becomes)
    about = text.index("\nupstream ")  # leave out the header, which says how to edit by hand
    return _MADE + re.sub(r"\n{3,}", "\n\n", text[about:])


def site_of(name: str, host: str, pages: Path) -> str:
    """One municipality's servers: HTTP, which leads to HTTPS.

    Args:
        name: its own; its certificate lies in `/etc/udvej/tls/NAME/`.
        host: the host name that people use.
        pages: the link that `freeze` makes for the web server.
    """
    blocks = [block for block in _SERVER.findall(_text()) if _is_ones(block)]
    text = "\n".join(blocks)
    for was, becomes in _OWN.items():
        text = text.replace(was, becomes.format(name=name, host=host, pages=pages))
    return f"{_MADE}\n{text}"


def _text() -> str:
    return _EXAMPLE.read_text("utf-8")


def _is_ones(block: str) -> bool:
    return "server_name udvej.example;" in block
