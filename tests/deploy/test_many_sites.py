"""nginx before three municipalities, with the sites that `udvej build` makes."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection

import pytest
from support.forked import run
from support.front import Front, Heard, Ports, standing
from support.mailserver import Authority
from support.many import NAMES, Many, running
from support.searching import found
from udvej.content.addresses import FORM


@dataclass(frozen=True)
class Fronted:
    """Three municipalities behind one nginx."""

    front: Front
    many: Many

    def ask(self, name: str, method: str, address: str) -> Heard:
        """A request over TLS for one's host name."""
        host = self.many.all[name].host
        with closing(HTTPConnection(host)) as connection:
            connection.sock = self.front.connect(host)
            connection.request(method, address)
            return Heard.read(connection.getresponse())


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Fronted]:
    """As the guide says, but for ports and certificates."""
    folder = tmp_path_factory.mktemp("fronted")
    with running(folder, authority) as many:
        pages = folder / "front"
        built = run("build", pages, env={**many.settings, "UDVEJ_PROXIES": "1"})
        assert built.returncode == 0, built.stderr
        written = sorted((pages / "nginx").iterdir())
        assert [path.name for path in written] == [
            *(f"{name}.conf" for name in NAMES[:1]),
            "shared.conf",
            *(f"{name}.conf" for name in NAMES[1:]),
        ]
        text = "\n".join(path.read_text("utf-8") for path in written)
        with standing(Ports.free(site=many.site.port), pages, folder / "nginx", text) as front:
            yield Fronted(front, many)


def test_each_host_has_its_own_pages_form_errors_and_headers(fronted: Fronted) -> None:
    """Of nginx's files and of the application behind it, also while that is away."""
    for name in NAMES:
        for address, status in (("/", 200), ("/en/om/", 200), (FORM, 200), ("/nej/", 404)):
            shows_its_own(fronted, name, address, status)
        assert fronted.ask(name, "POST", "/forlad/").status in (200, 400)
    fronted.many.site.kill()
    for name in NAMES:
        shows_its_own(fronted, name, FORM, 503)
        shows_its_own(fronted, name, "/om/", 200)


def shows_its_own(fronted: Fronted, name: str, address: str, status: int) -> None:
    """An answer of one, which says its name and nothing of another."""
    marks = [mark for other in NAMES if other != name for mark in fronted.many.all[other].marks]
    heard = fronted.ask(name, "GET", address)
    assert heard.status == status
    assert name.capitalize().encode() in heard.body
    assert found(marks, {address: heard.body + repr(heard.headers).encode()}) == set()


def test_a_host_that_is_nobodys_gets_nothing(fronted: Fronted) -> None:
    """Not even a handshake; without TLS no answer."""
    with pytest.raises((ConnectionError, OSError)):
        fronted.front.connect("nobody.example")
