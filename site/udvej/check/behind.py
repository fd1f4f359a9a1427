"""What each language lacks because the Danish has changed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from udvej.check.findings import Finding
from udvej.content import kommune_toml, pages
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.pages import page_paths
from udvej.content.receipt import RECEIPT_FILE
from udvej.languages import Language, Untranslated
from udvej.wording import tell

_BEGINNING: Final = 40
# Of one page; a language that has just been begun lacks all.
_MOST: Final = 5


def behind(folder: Path, languages: Sequence[Language]) -> Iterator[Finding]:
    """The Danish texts that a language shows in Danish, by line.

    Args:
        folder: the content.
        languages: those that the site speaks.
    """
    others = [language for language in languages if not language.is_danish]
    files = [(path, pages.messages(path)) for path in page_paths(folder)]
    receipt = folder / RECEIPT_FILE
    files.append((receipt, pages.messages(receipt)))
    files.append((folder / FACTS_FILE, kommune_toml.messages(folder / FACTS_FILE)))
    for path, messages in files:
        lacking: dict[tuple[int, str], list[str]] = {}
        for message in messages:
            for language in others:
                if _lacks(language, message.context, message.words):
                    names = lacking.setdefault((message.line, message.words), [])
                    names.append(language.danish_name)
        yield from _told(path, lacking)


def _lacks(language: Language, context: str, words: str) -> bool:
    ask = language.content
    found = ask.pgettext(context, words) if context else ask.gettext(words)
    return isinstance(found, Untranslated)


def _told(path: Path, lacking: Mapping[tuple[int, str], Sequence[str]]) -> Iterator[Finding]:
    for (line, words), names in [*lacking.items()][:_MOST]:
        beginning = words[:_BEGINNING] + "…" * (len(words) > _BEGINNING)
        told = tell(
            "vises på dansk på siderne på %(languages)s, til det er oversat: %(words)s",
            languages=", ".join(names),
            words=beginning.replace("\n", " "),
        )
        yield Finding(path, line, told)
    for line, _ in [*lacking][_MOST : _MOST + 1]:
        more = tell("og %(more)s til, som ikke er oversat", more=len(lacking) - _MOST)
        yield Finding(path, line, more)
