"""Freezing: every page a file, reproducible, and never half."""

import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
from support.editions import BOXES
from support.municipality import FACTS, HEADING
from support.spoiling import spoil
from udvej.config import Config
from udvej.content.editions import translations_of
from udvej.content.pages import load_edition
from udvej.errors import ConfigError, ContentError
from udvej.outbox.keys import TeamKey
from udvej.outbox.scheme import Scheme
from udvej.publish.freeze import WWW, freeze
from udvej.publish.front import ERRORS, HEADERS
from udvej.publish.stamps import stamp
from udvej.services import Services, load_content
from udvej.web.app import create_app

pytestmark = pytest.mark.heavy

PREFIXES = ("", "/en", "/ar")


@pytest.fixture
def frozen(frozen_pages: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may freeze over, as `udvej build` leaves it: a link."""
    made, link = tmp_path / frozen_pages.name, tmp_path / "pages"
    shutil.copytree(frozen_pages, made)
    link.symlink_to(made.name)
    return link


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by its place there."""
    found = (path for path in folder.resolve().rglob("*") if path.is_file())
    return {str(path.relative_to(folder.resolve())): path.read_bytes() for path in found}


def test_every_page_that_is_the_same_for_everybody_is_a_file(
    config: Config, frozen_pages: Path
) -> None:
    """In every language, as the application answers it; the form has a token and is none."""
    www = frozen_pages / WWW
    client = create_app(Services.open(config)).test_client()
    for address in load_edition(config.content, boxes=BOXES).pages:
        for prefix in PREFIXES:
            path = www / (prefix + address).removeprefix("/") / "index.html"
            assert path.is_file() == (address != "/skriv/")
            if path.is_file():
                assert path.read_bytes() == client.get(prefix + address).data
    assert (www / "robots.txt").read_bytes() == client.get("/robots.txt").data
    assert (www / "sitemap.xml").read_bytes() == client.get("/sitemap.xml").data


def test_each_file_lies_compressed_beside_itself(frozen_pages: Path) -> None:
    """In both ways that browsers ask for (RFC 1952, RFC 7932)."""
    plain = [*(frozen_pages / WWW).rglob("index.html")]
    assert len(plain) > 20
    for path in plain:
        body = path.read_bytes()
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == body
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == body


def test_the_same_input_gives_the_same_bytes(
    config: Config, frozen_pages: Path, tmp_path: Path
) -> None:
    """Wherever and whenever it is made."""
    brotli.compress.cache_clear()  # what it made before
    one, other = frozen_pages, freeze(config, tmp_path / "pages")
    before, after = files(one), files(other)
    assert before.keys() == after.keys()
    assert {
        place
        for place, content in before.items()
        if content != after[place].replace(bytes(other), bytes(one))
    } == set()
    assert one.name.rpartition(".")[2] == other.name.rpartition(".")[2] == stamp(config)


def test_unchanged_input_is_not_rendered_again(
    config: Config, frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash over all of it tells."""
    made = frozen.resolve()
    monkeypatch.setattr("udvej.publish.freeze.reader_app", None)
    assert freeze(config, frozen) == made


@pytest.mark.parametrize("changed", ["text", "fact", "translation", "address"])
def test_whatever_the_pages_are_made_of_changes_them(
    config: Config, frozen: Path, changed: str
) -> None:
    """Content, facts, translations, and where the site is."""
    before = frozen.resolve()
    if changed == "text":
        spoil(config.content / "om.md", f"# {HEADING}", "# Hjælp til dig")
    elif changed == "fact":
        spoil(config.content / "kommune.toml", FACTS.text("politi.gade"), "En anden vej 4")
    elif changed == "translation":
        shutil.rmtree(translations_of(config.content))
    else:
        config = replace(config, port=8001)
    after = freeze(config, frozen)
    assert after != before
    assert frozen.resolve() == after
    assert files(after) != files(before)


def test_each_way_of_sealing_has_pages_of_its_own(
    settings: dict[str, str], team: TeamKey, tmp_path: Path
) -> None:
    """They say who can open a referral: pages of the other way must not be served."""
    key = tmp_path / "server-key.pem"
    key.write_bytes(team.private_pem())
    transport = settings | {"UDVEJ_SEALING": "transport", "UDVEJ_SERVER_KEY": str(key)}
    del transport["UDVEJ_TEAM_CERTIFICATE"]
    page = Path(settings["UDVEJ_CONTENT"]) / "privatliv.md"
    boxes = "".join(f"\n::: {scheme}\nKun for {scheme}.\n:::\n" for scheme in Scheme)
    page.write_text(page.read_text("utf-8") + boxes, "utf-8")
    pages = tmp_path / "pages"
    for environ, scheme in ((settings, Scheme.SMIME), (transport, Scheme.TRANSPORT)) * 2:
        made = freeze(Config.from_environ(environ), pages)
        html = (made / WWW / "privatliv" / "index.html").read_text("utf-8")
        assert [each for each in Scheme if f"Kun for {each}." in html] == [scheme]
        assert pages.resolve() == made


def test_errors_of_every_language_are_made_for_nginx(config: Config, tmp_path: Path) -> None:
    """Each that nginx has to tell by itself, in Danish and in each of the others."""
    made = freeze(config, tmp_path / "pages")
    tags = [edition.language.tag for edition in load_content(config).editions.values()]
    assert len(tags) > 1
    for tag in tags:
        folder = made / ERRORS / ("" if tag == "da" else tag)
        for code in (400, 429, 503):
            html = (folder / f"{code}.html").read_text("utf-8")
            assert f'<html lang="{tag}"' in html


def test_a_broken_build_leaves_the_one_before_in_place(
    config: Config, frozen: Path, tmp_path: Path
) -> None:
    """Whoever reads meanwhile reads good pages; nothing half lies about."""
    good = frozen.resolve()
    before = files(good)
    spoil(config.content / "om.md", f"# {HEADING}", "[x](/findes-ikke/)")
    with pytest.raises(ContentError):
        freeze(config, frozen)
    assert frozen.resolve() == good
    assert files(good) == before
    assert {path.name for path in tmp_path.glob("pages*")} == {"pages", good.name}


def test_only_what_is_read_and_what_was_read_last_is_kept(config: Config, frozen: Path) -> None:
    """A process that still reads the one before goes on; older ones are gone."""
    made = [frozen.resolve()]
    for words in ("En gang.", "To gange."):
        with (config.content / "om.md").open("a", encoding="utf-8") as page:
            page.write(f"\n{words}\n")
        made.append(freeze(config, frozen))
    assert [folder.is_dir() for folder in made] == [False, True, True]


def test_what_was_not_made_by_it_is_left_alone(config: Config, tmp_path: Path) -> None:
    """A folder of somebody's is neither emptied nor replaced."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "brev.txt").write_text("kære mor")
    with pytest.raises(ConfigError, match="was not made by `udvej build`"):
        freeze(config, folder)
    assert (folder / "brev.txt").read_text() == "kære mor"


def test_a_folder_that_is_not_there_is_named(config: Config, tmp_path: Path) -> None:
    """With what the system said."""
    with pytest.raises(ConfigError, match="cannot be written"):
        freeze(config, tmp_path / "nej" / "pages")


def test_nginx_is_told_the_headers_of_the_application(config: Config, frozen_pages: Path) -> None:
    """Each of a page's own, and nothing that belongs to one answer."""
    told = (frozen_pages / HEADERS).read_text()
    answer = (
        create_app(Services.open(config)).test_client().get("/", headers={"Accept-Encoding": "br"})
    )
    for name, value in answer.headers.items():
        line = f'add_header {name} "{value}" always;\n'
        of_this_answer = name in ("Date", "ETag") or (
            name.startswith("Content-") and name != "Content-Security-Policy"
        )
        assert (line in told) != of_this_answer, name
    assert told.count("\n") == told.count("add_header") + 1
