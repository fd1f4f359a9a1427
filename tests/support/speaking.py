"""A language whose words a test makes up."""

from collections.abc import Callable
from gettext import NullTranslations

from udvej.languages import Language


class _Made(NullTranslations):
    def __init__(self, translate: Callable[[str], str]) -> None:
        super().__init__()
        self._translate = translate

    def gettext(self, message: str) -> str:
        return self._translate(message)

    def pgettext(self, context: str, message: str) -> str:
        del context
        return self._translate(message)


def speaking(translate: Callable[[str], str], tag: str = "da") -> Language:
    """A language that says each message as a function does."""
    return Language(tag, _Made(translate), _Made(translate))
