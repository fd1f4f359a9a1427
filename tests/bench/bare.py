"""The site's web server with an application that only answers: what the server alone takes.

`python -m bench.bare PORT SITE_PORT ADDRESS` listens on PORT, and answers whatever it is asked as
the site at SITE_PORT answers ADDRESS.
"""

import multiprocessing
import sys
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from support.patience import PATIENCE
from udvej.server.processes import web_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SERVERS_OWN = ("date", "server")


def _as_answered(port: int, address: str) -> "WSGIApplication":
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", address, headers={"Accept-Encoding": "br"})
        answer = connection.getresponse()
        body = answer.read()
        headers = [each for each in answer.getheaders() if each[0].lower() not in _SERVERS_OWN]

    def application(
        _environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [body]

    return application


def main() -> None:
    """Serve until SIGTERM."""
    port, site_port, address = sys.argv[1:]
    application = _as_answered(int(site_port), address)
    multiprocessing.set_start_method("fork")
    web_server("127.0.0.1", int(port)).serve(target_loader=lambda: application, wrap_loader=False)


if __name__ == "__main__":
    main()
