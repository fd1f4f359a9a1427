"""The catalogues of `translations/`: gettext files, read, checked and compiled.

Each language has two: `content.po`, the words of the municipality's pages and facts, and
`udvej.po`, those of the program, which the program brings along.

A translation that would break a page is left out, and Danish takes its place: a slip in one
sentence must not take a language away, still less the site.
"""

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations, c2py
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from udvej.content.markdown import shape
from udvej.content.titles import TELL_TALE, TITLE, telling_word, with_danish
from udvej.errors import ContentError
from udvej.languages import Marking
from udvej.shipped import TRANSLATIONS
from udvej.wording import tell

# A translation is longer than the Danish, but not without end.
_LONGER: Final = 4
_LONGEST_MORE: Final = 80
PROGRAM: Final = "udvej.po"
CONTENT: Final = "content.po"
_FILES: Final = "[!.]*/LC_MESSAGES"  # no folder that an editor or a system hides
_PLURALS: Final = re.compile(r"nplurals *= *(\d+) *; *plural *= *(.+?) *;?")
# The rules of all languages repeat within this.
_NUMBERS_TRIED: Final = 1000
_REVIEWED: Final = re.compile(r"^#? *Reviewed by: *(?!nobody)(\S.*)$", re.MULTILINE)
_NAMED: Final = re.compile(r"%\([^()]*\)[a-z]|%")
_SIGNS: Final = re.compile(r"[%{}\[\]()*_`<>!&\\]|\n")
_HTML: Final = re.compile(r"<[/!?a-z]", re.IGNORECASE)
# Bidirectional controls, private-use characters and control characters.
_ODD: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069\ue000-\uf8ff\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Catalogue:
    """What one file holds.

    Attributes:
        path: the file.
        tag: its language's (BCP 47).
        translations: what could be used of it, and behind that the Danish, marked.
        reviewed: who has read it and when, in their words; "" when nobody has.
        messages: how many there are to translate.
        translated: how many of them are, and are good.
        fuzzy: how many wait for a translator to look, since the Danish has changed.
        faults: what is wrong, with file and line.
    """

    path: Path
    tag: str
    translations: NullTranslations
    reviewed: str = ""
    messages: int = 0
    translated: int = 0
    fuzzy: int = 0
    faults: Sequence[ContentError] = ()


# Where there is no file: everything is Danish, and marked so.
NOTHING: Final = Catalogue(Path(), "", Marking())


def of_program(folder: Path) -> Mapping[str, Catalogue]:
    """The program's own words in each language, by tag; never raises for what a file holds.

    Args:
        folder: the municipality's `translations/`. An `udvej.po` there takes the place of the
            program's, so that a language needs no new version of the program.
    """
    ours, theirs = _in(TRANSLATIONS, PROGRAM), _in(folder, PROGRAM)
    return {found.tag: found for found in map(_read, {**ours, **theirs}.values())}


def of_content(folder: Path, program: Mapping[str, Catalogue]) -> Mapping[str, Catalogue]:
    """The municipality's own words in each language, by tag; never raises for what a file holds.

    Args:
        folder: holds `en/LC_MESSAGES/content.po` and the like.
        program: names the words of each language that no title may hold.
    """
    words = {tag: one.translations.gettext(TELL_TALE) for tag, one in program.items()}
    found = (_read(path, words.get(_tag(path), "")) for path in _in(folder, CONTENT).values())
    return {each.tag: each for each in found}


def _in(folder: Path, name: str) -> Mapping[str, Path]:
    paths = (languages / name for languages in sorted(folder.glob(_FILES)))
    return {_tag(path): path for path in paths if path.is_file()}


def _tag(path: Path) -> str:
    return path.parents[1].name.replace("_", "-")


def _read(path: Path, tell_tale: str = "") -> Catalogue:
    try:
        return _judged(path, path.read_bytes(), tell_tale)
    except OSError as error:
        return _unreadable(
            path, 1, tell("filen kan ikke læses (%(reason)s)", reason=error.strerror)
        )


# A demonstration that shows a changed page does not judge thousands of messages again.
@lru_cache(maxsize=16)
def _judged(path: Path, content: bytes, tell_tale: str) -> Catalogue:
    name = path.parents[1].name
    try:
        locale = Locale.parse(name)
        given = read_po(BytesIO(content.removeprefix(BOM_UTF8)), locale=name, abort_invalid=True)
    except PoFileError as error:
        return _unreadable(path, error.lineno + 1, tell("linjen er ikke, som gettext skriver den"))
    except UnknownLocaleError:
        return _unreadable(
            path, 1, tell("intet sprog hedder %(name)s; kald mappen, som CLDR gør", name=name)
        )
    except ValueError:
        return _unreadable(path, 1, tell("filen er ikke gettext i UTF-8"))
    kept = Catalog(locale=locale)
    faults = []
    if not _same_plurals(given.plural_forms, kept.plural_forms):
        wanted = tell("Plural-Forms skal være %(forms)s", forms=kept.plural_forms)
        faults.append(ContentError(path, 1, f"{name}: {wanted}"))
    judge = _Judge(kept.num_plurals, with_danish(tell_tale))
    messages = [message for message in given if message.id]
    ready = [message for message in messages if not message.fuzzy and _is_translated(message)]
    for message in ready:
        problems = [*judge.problems(message)]
        line = message.lineno or 1
        faults += [ContentError(path, line, f"{name}: {problem}") for problem in problems]
        if not problems:
            kept.add(message.id, message.string, context=message.context)
    reviewed = _REVIEWED.search(given.header_comment)
    return Catalogue(
        path,
        _tag(path),
        _compiled(kept),
        reviewed[1] if reviewed else "",
        messages=len(messages),
        translated=len(kept),
        fuzzy=sum(message.fuzzy for message in messages),
        faults=faults,
    )


def _same_plurals(given: str, wanted: str) -> bool:
    """Whether two `Plural-Forms` choose the same form for a number, however they are written."""
    if given == wanted:
        return True
    parts = [_PLURALS.fullmatch(each.strip()) for each in (given, wanted)]
    if not all(parts):
        return False
    try:
        (counts, rules) = zip(*((part[1], c2py(part[2])) for part in parts if part), strict=True)
        same = all(len({rule(number) for rule in rules}) == 1 for number in range(_NUMBERS_TRIED))
    except ValueError:  # not the language of gettext's formulas
        return False
    return len({*counts}) == 1 and same


def _unreadable(path: Path, line: int, problem: str) -> Catalogue:
    fault = ContentError(path, line, f"{path.parents[1].name}: {problem}")
    return Catalogue(path, _tag(path), Marking(), faults=[fault])


def _is_translated(message: Message) -> bool:
    return any(_strings(message.string))


def _strings(value: object) -> Sequence[str]:
    return [value] if isinstance(value, str) else [*value] if isinstance(value, tuple) else []


def _compiled(catalogue: Catalog) -> GNUTranslations:
    """What gettext reads, the Danish behind it."""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = GNUTranslations(compiled)
    translations.add_fallback(Marking())
    return translations


@dataclass(frozen=True)
class _Judge:
    """Says what is wrong with translations, one after the other.

    Attributes:
        plurals: how many forms a number can ask for in the language.
        tell_tale: what no title may hold.
        titles: those seen so far.
    """

    plurals: int
    tell_tale: Sequence[str]
    titles: set[str] = field(default_factory=set)

    def problems(self, message: Message) -> Iterator[str]:
        originals, forms = _strings(message.id), _strings(message.string)
        if len(originals) > 1 and (len(forms) != self.plurals or not all(forms)):
            yield tell("et tal har %(forms)s former på sproget; skriv dem alle", forms=self.plurals)
        for form in forms:
            if len(form) > _LONGER * max(map(len, originals)) + _LONGEST_MORE:
                yield tell("oversættelsen er alt for lang i forhold til den danske tekst")
                continue
            if _ODD.search(form):
                yield tell("her er et tegn, som ikke kan ses, eller som vender ordene")
            if _HTML.search(form) and not any(map(_HTML.search, originals)):
                yield tell("her er HTML; skriv ord, og Markdown hvor den danske tekst gør")
            if all(_kept(form) != _kept(original) for original in originals):
                yield tell("navne i {}, links og fed skrift skal være dem fra den danske tekst")
        if message.context == TITLE:
            yield from self._title(forms[0].casefold())

    def _title(self, title: str) -> Iterator[str]:
        if word := telling_word(title, self.tell_tale):
            yield tell(
                "»%(word)s« kan afsløre læseren, for browseren gemmer den; vælg et andet ord",
                word=word,
            )
        if title in self.titles:
            yield tell("en anden titel hedder det samme")
        self.titles.add(title)


def _kept(message: str) -> tuple[Counter[str], Counter[str]]:
    """What a translation must hold as the Danish does."""
    if not _SIGNS.search(message):  # most have none, and to read them as Markdown takes long
        return Counter(), Counter()
    named = Counter(_NAMED.findall(message) if "%(" in message else ())
    return shape(message), named
