"""All that `content/` and `translations/` say: one edition a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from udvej.content import catalogue
from udvej.content.catalogue import Catalogue
from udvej.content.facts import Facts
from udvej.content.pages import Edition, load_edition
from udvej.languages import DANISH


@dataclass(frozen=True)
class Content:
    """What the site of one municipality says.

    Attributes:
        folder: where the Danish pages and `kommune.toml` lie.
        editions: the pages in each language, by its tag; Danish first.
        catalogues: the translations as they were read, with what is wrong in them.
    """

    folder: Path
    editions: Mapping[str, Edition]
    catalogues: Sequence[Catalogue]

    @property
    def facts(self) -> Facts:
        """What `kommune.toml` says."""
        return self.editions[DANISH.tag].facts

    @classmethod
    def load(
        cls, folder: Path, translations: Path, boxes: Mapping[str, bool] = MappingProxyType({})
    ) -> "Content":
        """Read and check everything.

        Args:
            folder: holds `kommune.toml` and a Markdown file a page.
            translations: holds `en/LC_MESSAGES/udvej.po` and the like.
            boxes: as for `load_edition`.

        Raises:
            ContentError: a content file is wrong. A wrong translation is left out instead.
        """
        catalogues = catalogue.load(translations)
        editions = {
            tag: load_edition(folder, language, boxes=boxes)
            for tag, language in catalogue.languages(catalogues).items()
        }
        return cls(folder, editions, catalogues)
