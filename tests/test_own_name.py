"""What leaves the site beside its pages says nobody's name but its municipality's."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from flask.testing import FlaskClient
from support.municipality import FACTS, places
from support.others import names_of_others
from support.searching import files, found
from support.visiting import Visitor
from udvej import cli
from udvej.commands.drill import make, wait_for
from udvej.config import Config
from udvej.services import Services


def named(places: Mapping[str, bytes]) -> set[tuple[str, str, str]]:
    """Which names of others stand where, in whatever form."""
    return found(names_of_others(), places)


def test_there_are_names_to_look_for() -> None:
    """The program's, and what the checkout's own content calls its municipality."""
    assert "Udvej" in names_of_others()
    assert len(names_of_others()) > 1
    assert FACTS.text("kommune.navn") not in names_of_others()


@pytest.mark.heavy
def test_no_file_that_a_web_server_gives_names_another(frozen_pages: Path) -> None:
    """Pages, errors and the page of leaving, as nginx has them."""
    files = {
        str(path.relative_to(frozen_pages)): gzip.decompress(path.read_bytes())
        for folder in ("www", "errors")
        for path in (frozen_pages / folder).rglob("*.gz")
    }
    assert {"errors/503.html.gz", "errors/leaving-0.html.gz", "www/index.html.gz"} <= {*files}
    assert named(files) == set()


def test_neither_a_referral_nor_a_drill_names_another(
    config: Config, client: FlaskClient, services: Services
) -> None:
    """Their mails, and the letters inside."""
    Visitor(client).send()
    number = make(services)
    wait_for(number, services.outbox, services.carrier)
    demonstration = services.demonstration
    mails = {path.name: path.read_bytes() for path in (demonstration.folder / "new").iterdir()}
    letters = {letter: letter.encode() for letter in demonstration.letters()}
    assert config.live is None
    assert len(mails) == len(letters) == 2
    assert named({**mails, **letters}) == set()


@pytest.mark.parametrize("options", [(), ("--older",), ("--server",)])
def test_no_key_names_another(
    options: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor its file; it names the site and the team, as a list of keys shows it."""
    for key, value in places().items():
        monkeypatch.setenv(key, value)
    assert cli.main(["keys", str(tmp_path / "key"), *options]) == 0
    passphrase = capsys.readouterr().out.strip().rpartition(" ")[2].encode()
    kept = {name: content for name, content in files(tmp_path / "key") if name != "team.p12"}
    if "--server" not in options:
        bundle = pkcs12.load_pkcs12((tmp_path / "key" / "team.p12").read_bytes(), passphrase)
        assert bundle.cert
        kept["as shown"] = bundle.cert.friendly_name or b""
        kept["certificate"] = bundle.cert.certificate.public_bytes(Encoding.DER)
        for name in ("udseende.navn", "team.navn"):
            assert FACTS.text(name).encode() in kept["as shown"]
            assert FACTS.text(name).encode() in kept["certificate"]
    assert named(kept) == set()


def test_what_machines_read_names_nobody_else(client: FlaskClient) -> None:
    """The maps for search engines, and what monitoring asks while all is well."""
    answers = {
        address: client.get(address).data for address in ("/robots.txt", "/sitemap.xml", "/sundhed")
    }
    assert named(answers) == set()
