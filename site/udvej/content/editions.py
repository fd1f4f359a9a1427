"""All that a municipality's folder says: one edition a language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from udvej.content import catalogue, compiled
from udvej.content.catalogue import Catalogue
from udvej.content.face import Face
from udvej.content.facts import Facts
from udvej.content.kommune_toml import FACTS_FILE, legible_facts, source_of
from udvej.content.pages import Edition, load_edition
from udvej.errors import Mistakes
from udvej.languages import DANISH, Language
from udvej.wording import tell


@dataclass(frozen=True)
class Content:
    """What the site of one municipality says.

    Attributes:
        folder: where the Danish pages and `kommune.toml` lie.
        face: what it looks like.
        editions: the pages in each language that is offered, by its tag; Danish first.
        catalogues: the translations as they were read, with what is wrong in them: the program's
            and the folder's for each of those languages, and what else the folder has.
    """

    folder: Path
    face: Face
    editions: Mapping[str, Edition]
    catalogues: Sequence[Catalogue]

    @property
    def facts(self) -> Facts:
        """What `kommune.toml` says."""
        return self.editions[DANISH.tag].facts

    @classmethod
    def load(
        cls,
        folder: Path,
        boxes: Mapping[str, bool] = MappingProxyType({}),
        *,
        proofread: bool = True,
    ) -> "Content":
        """Read and check everything.

        Args:
            folder: holds `kommune.toml` and a Markdown file a page. Next to it lies
                `translations/`, with `en/LC_MESSAGES/content.po` and the like.
            boxes: as for `load_edition`.
            proofread: as for `load_edition`. If false, the translations compiled in a build are
                used, which hold only what a running site renders: form, receipt, menus, facts.

        Raises:
            ContentError: a content file is wrong. A wrong translation is left out instead.
        """
        mistakes, facts = Mistakes(), legible_facts(folder / FACTS_FILE)
        with mistakes.gathering():
            danish = load_edition(folder, DANISH, boxes=boxes, proofread=proofread)
            facts = danish.facts
        with mistakes.gathering():
            face = Face.load(folder, facts)
        mistakes.raise_if_any()
        program = catalogue.of_program(translations_of(folder))
        own: Mapping[str, Catalogue] = {}
        languages = [] if proofread else [*compiled.languages(translations_of(folder), program)]
        if not languages:
            own = catalogue.of_content(translations_of(folder), program)
            _check_offered(folder, facts, own)
            languages = [*_spoken(own, program, facts)]
        used = [program[one.tag] for one in languages if one.tag in program]
        return cls(
            folder,
            face,
            {DANISH.tag: danish, **{one.tag: danish.translated(one) for one in languages}},
            [*used, *own.values()],
        )


def translations_of(folder: Path) -> Path:
    """The folder with the other languages of a folder of content; it need not be there."""
    return folder.parent / "translations"


def _check_offered(folder: Path, facts: Facts, own: Mapping[str, Catalogue]) -> None:
    """Raise for a language that `kommune.toml` names and that nobody has begun to translate to."""
    path = folder / FACTS_FILE
    for tag in facts["sprog"]["tilbyd"]:
        if tag not in own:
            problem = tell(
                "»%(tag)s« er der ikke begyndt på; kør: udvej translations --add %(tag)s", tag=tag
            )
            raise source_of(path).error(problem, "tilbyd", "sprog")


def _spoken(
    own: Mapping[str, Catalogue], program: Mapping[str, Catalogue], facts: Facts
) -> Iterator[Language]:
    for tag, content in own.items():
        if content.translated and facts.offers(tag):
            words = program.get(tag, catalogue.NOTHING)
            reviewed = content.reviewed if words.reviewed else ""
            yield Language(tag, words.translations, content.translations, reviewed)
