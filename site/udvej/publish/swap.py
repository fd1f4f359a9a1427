"""Which build a site serves, here and in front; and what was undone."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from udvej.config import Config
from udvej.content.kommune_toml import FACTS_FILE, load_facts
from udvej.errors import ContentError
from udvej.publish.freeze import PAGES, before, build, repoint, with_sources_of
from udvej.publish.running import Asked
from udvej.replacing import replace_text

# Written when all is changed, and taken away by what then reloads the web server in front.
PUBLISHED: Final = "published"
_UNDONE: Final = "undone"
_FRONTS: Final = "fronts"


def published(config: Config) -> Config:
    """The site with the content that its visitors see: what acts for a live site goes by that.

    What an editor has written since counts once it is published. Where nothing has been published
    yet, or this version of the program cannot read it, the content folder counts; so it does in a
    demonstration.
    """
    current = Builds(config.state).current
    if config.live and current.is_dir():
        shown = with_sources_of(current, config)
        with suppress(ContentError):
            load_facts(shown.content / FACTS_FILE)
            return shown
    return config


@dataclass(frozen=True)
class Builds:
    """The builds of a live site, by its state folder."""

    state: Path

    @property
    def current(self) -> Path:
        """The link to what is served."""
        return self.state / PAGES

    @property
    def before(self) -> Path:
        """The link to what was served before; it may lead nowhere."""
        return before(self.current)

    @property
    def undone(self) -> str:
        """The sources that were given up, by their stamp; "" where none were since."""
        try:
            return (self.state / _UNDONE).read_text("utf-8")
        except OSError:
            return ""

    def served(self, config: Config) -> Config:
        """The site with the sources it is to start with: after an undo those it went back to."""
        return with_sources_of(self.current, config) if self._holds() else config

    def _holds(self) -> bool:
        return bool(self.undone) and self.current.is_dir()

    def clear_undo(self) -> None:
        """The content folder counts again, whatever was undone."""
        (self.state / _UNDONE).unlink(missing_ok=True)

    @property
    def fronts(self) -> Sequence[Path]:
        """The folders that a web server in front reads: what `udvej build` made and is there."""
        try:
            noted = (self.state / _FRONTS).read_text("utf-8").splitlines()
        except OSError:
            return []
        return [Path(line) for line in noted if Path(line).is_symlink()]

    def note_front(self, folder: Path) -> None:
        """Remember a folder, to be changed along with the site."""
        folders = dict.fromkeys([*map(str, self.fronts), str(folder)])
        with suppress(OSError):
            replace_text(self.state / _FRONTS, "\n".join(folders) + "\n")

    def asked(self, config: Config, number: str, undoes: str = "") -> Asked:
        """Build everything, and change nothing yet.

        Raises:
            ConfigError: it cannot be written.
            ContentError: a page cannot be rendered.
        """
        made = build(config, self.current)
        fronts = {str(front): build(config, front, made).name for front in self.fronts}
        return Asked(number, made.name, fronts, undoes)

    def take(self, asked: Asked, watched: Path) -> None:
        """Let every link lead to what has been built.

        Args:
            asked: what has been built.
            watched: where the file goes that makes systemd reload nginx.

        Raises:
            ConfigError: it cannot be written.
            OSError: likewise.
        """
        if asked.undoes:
            replace_text(self.state / _UNDONE, asked.undoes)
        repoint(self.current, self.state / asked.build)
        for front, made in asked.fronts.items():
            repoint(Path(front), Path(front).with_name(made))
        if not asked.undoes:
            self.clear_undo()
        (watched / PUBLISHED).write_text(f"{asked.number} {asked.build}\n", "utf-8")

    def are_at(self, asked: Asked) -> bool:
        """Whether all links lead there already."""
        here = self.current.resolve().name == asked.build
        fronts = asked.fronts.items()
        return here and all(Path(front).resolve().name == made for front, made in fronts)
