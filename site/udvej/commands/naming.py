"""Commands that concern one municipality of several, which is named first: `udvej status nordby`.

Where one is alone it has no name, and nothing is asked.
"""

import os
from collections.abc import Sequence

import click

from udvej import logs
from udvej.config import Config
from udvej.installation import Installation, names_in


class ForOneMunicipality(click.Command):
    """A command of one municipality."""

    required = True

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The municipality as first argument, with the known names for the usage error."""
        names = names_in(os.environ)
        # Eager: `udvej number 17` lacks the name, and not the number.
        named = click.Argument(
            ["name"],
            type=click.Choice(names),
            required=self.required,
            metavar="NAME",
            is_eager=True,
        )
        return [*([named] if names else []), *super().get_params(ctx)]

    def invoke(self, ctx: click.Context) -> object:
        """Let what is logged say whose it is."""
        with logs.of(ctx.params.get("name") or ""):
            return super().invoke(ctx)


class ForEachMunicipality(ForOneMunicipality):
    """A command of all municipalities, or of the one that is named."""

    required = False


def config_of(name: str) -> Config:
    """The settings of one.

    Args:
        name: as given to the command; "" where it is alone.

    Raises:
        ConfigError: they are wrong.
    """
    return Installation.from_environ(os.environ).one(name)


def names_meant(name: str | None) -> Sequence[str]:
    """The municipalities that a command of all is about.

    Args:
        name: as given to it, if it was.

    Returns:
        The names, which is "" for a single municipality.

    Raises:
        ConfigError: the folder of several is not there.
    """
    return [name] if name else names_in(os.environ) or [""]
