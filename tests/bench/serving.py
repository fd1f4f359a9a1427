"""How fast and how small the site is served: the second half of `make bench`.

`udvej serve` and nginx serve the same compressed file in turns, round after round, so that a busy
machine slows both alike; and so does the site's web server with an application that only answers,
which is what of nginx's any WSGI application can reach on this machine.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from operator import ge
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

from bench.figures import MILLI, Figure, is_quick, middle, show, spread
from bench.server import Server, serving, udvej
from support.browser import installed_chromium
from support.checkout import CHECKOUT
from support.patience import PATIENCE
from support.running import held_port
from support.visiting import FILLED_IN, fields, unhurried
from udvej.outbox.keys import TeamKey

PAGE: Final = "/om/"
LOAD: Final = ("-t1", "-c16", "--latency", "-H", "Accept-Encoding: br")
WINDOW: Final = 14_600  # the first TCP window (RFC 6928): ten segments
MIB: Final = 2**20
_LIGHTHOUSE: Final = CHECKOUT / ".checkers" / "node_modules" / ".bin" / "lighthouse"
_BLOCKING: Final = "total-blocking-time"

Audits = Mapping[str, Mapping[str, float]]  # what Lighthouse measures, by name
_NGINX: Final = """\
load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
daemon off; worker_processes 2; pid {home}/pid; error_log /dev/null emerg;
events {{}}
http {{
  access_log off; default_type text/html; charset utf-8; types {{ text/html html; }}
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{
    listen 127.0.0.1:{port}; root {pages}/www; brotli_static on; gzip_static on;
    location / {{ include {pages}/headers.conf; try_files "${{uri}}index.html" =404; }}
  }}
}}
"""


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        rounds: how often each.
        phone_rounds: how often on a phone.
        load: how long a round of requests takes, as wrk is told.
        many: requests after which memory is looked at.
    """

    rounds: int
    phone_rounds: int
    load: str
    many: int


FULL: Final = Scale(rounds=9, phone_rounds=7, load="3s", many=200_000)
QUICK: Final = Scale(rounds=1, phone_rounds=1, load="1s", many=1)


@dataclass(frozen=True)
class Load:
    """What came of one round of requests."""

    requests: int
    per_second: float
    busy_seconds: float  # a request
    slowest_seconds: float  # of all but one in a hundred

    @classmethod
    def on(cls, server: Server, scale: Scale) -> "Load":
        """Ask for the page as fast as it comes."""
        before = server.busy_seconds()
        said = subprocess.run(
            ["wrk", *LOAD, f"-d{scale.load}", f"http://127.0.0.1:{server.port}{PAGE}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        ).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            sys.exit(f"not every request was answered; nothing is measured\n{said}")
        requests = int(_found(r"(\d+) requests in", said))
        number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
        seconds = float(number) / {"us": MILLI**2, "ms": MILLI, "s": 1}[unit]
        busy = (server.busy_seconds() - before) / requests
        return cls(requests, float(_found(r"Requests/sec:\s+([\d.]+)", said)), busy, seconds)


def _found(pattern: str, text: str) -> str:
    return str(re.findall(pattern, text)[0])


def main() -> int:
    """Measure, and print the table."""
    scale = QUICK if is_quick(__doc__) else FULL
    with TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        environ = _settings(home)
        figures = [*_start(environ, scale)]
        with udvej(environ, PAGE) as site:
            figures += [*_weights(site)]
            figures += [*_beside_nginx(site, home, scale)]
            figures += [*_memory(site, scale)]
            figures += [*_on_a_phone(site, home, scale)]
    return int(not show(figures))


def _settings(home: Path) -> Mapping[str, str]:
    """A live site, whose mail server never answers; nothing is sent."""
    certificate = home / "team.pem"
    certificate.write_bytes(TeamKey.make("team@eksempel.dk").certificate_pem())
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UDVEJ_")}
    return {
        **kept,
        "UDVEJ_STATE": str(home / "state"),
        "UDVEJ_PORT": str(held_port()),
        "UDVEJ_PUBLIC_ADDRESS": "https://udvej.example",
        "UDVEJ_SECRET_KEY": "hemmelig" * 8,
        "UDVEJ_TEAM_CERTIFICATE": str(certificate),
        "UDVEJ_MAIL_SERVER": "mail.invalid",
    }


def _start(environ: Mapping[str, str], scale: Scale) -> Iterator[Figure]:
    """From the command to the first answer, its pages frozen before."""
    with udvej(environ, PAGE):
        pass
    ratios, starts = [], []
    for _ in range(scale.rounds):
        begun = time.perf_counter()
        importing = [sys.executable, "-c", "import flask, flask_wtf"]
        subprocess.run(importing, check=True, timeout=PATIENCE)
        imported = time.perf_counter() - begun
        with udvej(environ, PAGE) as server:
            starts.append(server.seconds)
        ratios.append(starts[-1] / imported)
    yield middle(
        "start to first answer, x import flask, flask_wtf", lambda x: x <= 5, "≤ 5", ratios
    )
    yield Figure("  in seconds", "", f"{median(starts):.2f} s", spread(starts), None)


def _weights(site: Server) -> Iterator[Figure]:
    """Bytes on the wire of a first view, headers and all, in the heaviest language."""
    kinds: dict[str, int] = {}
    for prefix in ("", "/en", "/ar"):
        cookies: dict[str, str] = {}
        for kind, address in (("page", PAGE), ("error page", "/nej/"), ("form", "/skriv/")):
            weight, text = _ask(site, "GET", prefix + address, cookies)
            kinds[kind] = max(kinds.get(kind, 0), weight)
        form = unhurried({**fields(text, f"{prefix}/skriv/"), **FILLED_IN})
        _ask(site, "POST", f"{prefix}/skriv/", cookies, {**form, "phone": "1"})
        weight, text = _ask(site, "GET", f"{prefix}/skriv/", cookies)
        kinds["refused form"] = max(kinds.get("refused form", 0), weight)
        form = unhurried({**fields(text, f"{prefix}/skriv/"), **FILLED_IN})
        _ask(site, "POST", f"{prefix}/skriv/", cookies, form)
        weight, _ = _ask(site, "GET", f"{prefix}/skriv/", cookies)
        kinds["receipt"] = max(kinds.get("receipt", 0), weight)
    for kind, weight in kinds.items():
        yield Figure(f"first view, {kind}", f"≤ {WINDOW} B", f"{weight} B", "", weight <= WINDOW)


def _ask(
    site: Server,
    method: str,
    address: str,
    cookies: dict[str, str],
    form: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """How many bytes the answer has, compressed, and what it says (asked for once more)."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"Cookie": cookie, "Accept-Encoding": "br"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)) as connection:
        connection.request(method, address, urlencode(form or {}), headers)
        answer = connection.getresponse()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n{answer.headers.as_string()}"
        weight = len(head.encode()) + len(answer.read())
        for header in answer.headers.get_all("Set-Cookie", []):
            jar: SimpleCookie = SimpleCookie(header)
            cookies |= {name: morsel.value for name, morsel in jar.items()}
    if method == "POST":
        return weight, ""
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)) as connection:
        connection.request("GET", address, headers={"Cookie": cookie})
        return weight, connection.getresponse().read().decode()


@contextmanager
def _nginx(home: Path, *, without: str | None = None) -> Iterator[Server]:
    """The same files from nginx, with the same headers, but for one."""
    port = held_port()
    # The state folder is its owner's alone; nginx's workers are somebody else.
    pages = (home / "state" / "pages").resolve()
    copied = shutil.copytree(pages, home / "pages", dirs_exist_ok=True)
    if without:
        headers = copied / "headers.conf"
        lines = headers.read_text("utf-8").splitlines(keepends=True)
        headers.write_text("".join(line for line in lines if without not in line), "utf-8")
    (home / "nginx.conf").write_text(_NGINX.format(home=home, port=port, pages=copied))
    command = ["nginx", "-p", str(home), "-c", str(home / "nginx.conf")]
    if os.getuid() == 0:
        command += ["-g", "user root;"]
    with serving(command, os.environ, port, PAGE) as nginx:
        yield nginx


def _bare(site: Server) -> AbstractContextManager[Server]:
    port = held_port()
    command = [sys.executable, "-m", "bench.bare", str(port), str(site.port), PAGE]
    return serving(command, os.environ, port, PAGE)


def _beside_nginx(site: Server, home: Path, scale: Scale) -> Iterator[Figure]:
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        yield Figure("beside nginx", "", "not measured: wrk or nginx is missing", "", None)
        return
    ours: list[Load] = []
    theirs: list[Load] = []
    bares: list[Load] = []
    with _nginx(home) as nginx, _bare(site) as bare:
        for server in (site, nginx, bare):
            Load.on(server, scale)  # to warm up
        for _ in range(scale.rounds):
            ours.append(Load.on(site, scale))
            theirs.append(Load.on(nginx, scale))
            bares.append(Load.on(bare, scale))
    pairs = [*zip(ours, theirs, strict=True)]
    yield middle(
        "requests per second, of nginx's", lambda x: x >= 0.6, "≥ 0.60",
        [one.per_second / other.per_second for one, other in pairs],
    )  # fmt: skip
    yield middle(
        "processor time a request, x nginx's", lambda x: x <= 2.4, "≤ 2.4",
        [one.busy_seconds / other.busy_seconds for one, other in pairs],
    )  # fmt: skip
    yield middle(
        "99 of 100 answered within, x nginx's", lambda x: x <= 3, "≤ 3",
        [one.slowest_seconds / other.slowest_seconds for one, other in pairs],
    )  # fmt: skip
    of_bare = [one.per_second / bare.per_second for one, bare in zip(ours, bares, strict=True)]
    yield middle(
        "requests per second, of a bare application's", lambda x: x >= 0.7, "≥ 0.70", of_bare
    )
    reached = [
        bare.per_second / other.per_second for bare, other in zip(bares, theirs, strict=True)
    ]
    yield Figure(
        "  the bare application's, of nginx's", "", f"{median(reached):.2f}", spread(reached), None
    )
    rates = [one.per_second for one in ours]
    yield Figure("  requests per second", "", f"{median(rates):.0f}", spread(rates), None)


def _memory(site: Server, scale: Scale) -> Iterator[Figure]:
    if shutil.which("wrk") is None:
        yield Figure("memory", "", "not measured: wrk is missing", "", None)
        return
    answered, after = 0, [site.memory_bytes()]
    for quarter in range(1, 5):
        while answered < scale.many * quarter // 4:
            answered += Load.on(site, scale).requests
        after.append(site.memory_bytes())
    last = after[-1] / MIB
    yield Figure(
        f"memory of all processes after {answered} requests", "≤ 180 MiB", f"{last:.0f} MiB",
        spread(after, 1 / MIB), last <= 180,
    )  # fmt: skip
    grown = (after[4] - after[1]) / MIB
    yield Figure(
        "  grown from the first to the last quarter", "≤ 1 MiB", f"{grown:.1f} MiB", "", grown <= 1
    )


def _on_a_phone(site: Server, home: Path, scale: Scale) -> Iterator[Figure]:
    """Lighthouse's phone on a slow 4G line."""
    if not _LIGHTHOUSE.exists() or not all(map(shutil.which, ("chromium", "nginx"))):
        missing = "not measured: nginx is missing, or make setup-ci was not run"
        yield Figure("on a phone", "", missing, "", None)
        return
    ours: list[Audits] = []
    others: list[Audits] = []
    # Chromium starts a new process for a page with this header, which blocks before the page does.
    with _nginx(home, without="Cross-Origin-Opener-Policy") as nginx:
        for _ in range(scale.phone_rounds):
            ours += _audited(site, home)
            others += _audited(nginx, home)
    if not ours or not others:
        yield Figure("on a phone", "", "not measured: Lighthouse gave up each time", "", None)
        return
    for name, runs, audit, times, wanted, well in (
        ("largest contentful paint, s", ours, "largest-contentful-paint", MILLI, "≤ 0.9", 0.9),
        ("total blocking time, ms", ours, _BLOCKING, 1, "0", 0),
        ("  the same but for COOP, from nginx", others, _BLOCKING, 1, "0", 0),
        ("layout shift", ours, "cumulative-layout-shift", 1, "0", 0),
    ):
        values = [run[audit]["numericValue"] / times for run in runs]
        yield middle(f"phone, slow 4G: {name}", partial(ge, well), wanted, values)
    scores = [run["score"]["numericValue"] for run in ours]
    yield middle("Lighthouse, performance", lambda x: x >= 100, "100", scores)


def _audited(server: Server, home: Path) -> Iterator[Audits]:
    """What Lighthouse says of the front page; nothing, now and then, when it misses its start."""
    written = home / "lighthouse.json"  # a pipe loses the end of it
    ran = subprocess.run(
        [
            _LIGHTHOUSE, f"http://127.0.0.1:{server.port}/", "--quiet", "--output=json",
            f"--output-path={written}", "--only-categories=performance",
            ("--chrome-flags=--headless --no-sandbox --disable-gpu --disable-quic"
            " --disable-background-networking --disable-component-update --no-first-run"),
        ],
        env={**os.environ, "CHROME_PATH": installed_chromium()},
        stderr=subprocess.DEVNULL, check=False, timeout=5 * PATIENCE,
    )  # fmt: skip
    if ran.returncode == 0:
        report = json.loads(written.read_text("utf-8"))
        score = {"numericValue": report["categories"]["performance"]["score"] * 100}
        yield {**report["audits"], "score": score}


if __name__ == "__main__":
    sys.exit(main())
