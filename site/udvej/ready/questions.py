"""The list of questions, and how they are asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from udvej.errors import ConfigError, UdvejError
from udvej.health import Answer, Level
from udvej.installation import Installation
from udvej.publish.swap import published
from udvej.ready import machine, outside, team, words
from udvej.services import Services


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        name: what it is about, in a word or two.
        ask: looks, and answers.
        live: whether only a live site can be asked.
        of_folder: whether it is about the content folder where people write, and not about the
            content that visitors see.
    """

    name: str
    ask: Callable[[Services], Answer]
    live: bool = True
    of_folder: bool = False


QUESTIONS: Final[Sequence[Question]] = (
    Question("settings", machine.settings, live=False),
    Question("state folder", machine.state),
    Question("disk", machine.disk),
    Question("private keys", machine.private_keys, of_folder=True),
    Question("mail server", team.mail_server),
    Question("who can open", team.who_can_open),
    Question("delivery", team.delivery),
    Question("drills", team.drills),
    Question("team opens", team.opens),
    Question("certificate", outside.certificate),
    Question("headers", outside.headers),
    Question("pages", outside.pages),
    Question("form", outside.form),
    Question("telling", machine.telling),
    Question("proxies", outside.proxies),
    Question("limits", machine.limits),
    Question("changes", words.changes),
    Question("hosts", words.hosts),
    Question("facts", words.facts, live=False, of_folder=True),
    Question("translations", words.translations, live=False, of_folder=True),
    Question("backups", machine.backups, of_folder=True),
)


def ask_all(environ: Mapping[str, str], name: str = "") -> Iterator[tuple[str, Answer]]:
    """Ask every question; one that breaks does not keep the others from being asked.

    Args:
        environ: as for `Installation.from_environ`.
        name: the municipality's, "" where it is alone.

    Yields:
        What it is about, and the answer. Wrong settings leave nothing else to be asked.
    """
    try:
        config = Installation.from_environ(environ).one(name)
    except ConfigError as error:
        for line in str(error).splitlines():
            yield "settings", Answer(Level.FAILURE, line)
        return
    folder, shown = Services(config), Services(published(config))
    for question in QUESTIONS:
        if config.live or not question.live:
            yield question.name, _asked(question, folder if question.of_folder else shown)


def _asked(question: Question, services: Services) -> Answer:
    try:
        return question.ask(services)
    except UdvejError as error:
        return Answer(Level.FAILURE, " ".join(str(error).splitlines()))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Answer(Level.FAILURE, f"could not be asked ({reason})")
