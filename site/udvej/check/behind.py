"""What each language lacks because the Danish has changed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from udvej.check.findings import Finding
from udvej.content import kommune_toml, pages
from udvej.content.kommune_toml import FACTS_FILE
from udvej.content.messages import Message
from udvej.content.pages import page_paths
from udvej.content.receipt import RECEIPT_FILE
from udvej.languages import Language, Untranslated
from udvej.wording import tell

_BEGINNING: Final = 40
# Of one page; a language that has just been begun lacks all.
_MOST: Final = 5


def lacking(folder: Path, language: Language) -> int:
    """How many Danish texts a language shows in Danish."""
    return sum(
        _lacks(language, message.context, message.words)
        for _, messages in _files(folder)
        for message in messages
    )


def _files(folder: Path) -> Iterator[tuple[Path, Sequence[Message]]]:
    for path in [*page_paths(folder), folder / RECEIPT_FILE]:
        yield path, [*pages.messages(path)]
    path = folder / FACTS_FILE
    yield path, [*kommune_toml.messages(path)]


def behind(folder: Path, languages: Sequence[Language]) -> Iterator[Finding]:
    """The Danish texts that a language shows in Danish, by line.

    Args:
        folder: the content.
        languages: those that the site speaks.
    """
    others = [language for language in languages if not language.is_danish]
    for path, messages in _files(folder):
        lacks: dict[tuple[int, str], list[str]] = {}
        for message in messages:
            for language in others:
                if _lacks(language, message.context, message.words):
                    names = lacks.setdefault((message.line, message.words), [])
                    names.append(language.danish_name)
        yield from _findings(path, lacks)


def _lacks(language: Language, context: str, words: str) -> bool:
    ask = language.content
    found = ask.pgettext(context, words) if context else ask.gettext(words)
    return isinstance(found, Untranslated)


def _findings(path: Path, lacks: Mapping[tuple[int, str], Sequence[str]]) -> Iterator[Finding]:
    for (line, words), names in [*lacks.items()][:_MOST]:
        beginning = words[:_BEGINNING] + "…" * (len(words) > _BEGINNING)
        problem = tell(
            "vises på dansk på siderne på %(languages)s, til det er oversat: %(words)s",
            languages=", ".join(names),
            words=beginning.replace("\n", " "),
        )
        yield Finding(path, line, problem)
    for line, _ in [*lacks][_MOST : _MOST + 1]:
        more = tell("og %(more)s til, som ikke er oversat", more=len(lacks) - _MOST)
        yield Finding(path, line, more)
