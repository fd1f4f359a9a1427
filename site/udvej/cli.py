"""The command `udvej`."""

import ast
import errno
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from udvej import logs
from udvej.errors import StorageError, UdvejError
from udvej.settings import SETTINGS, Owner

_COMMANDS: Final = (
    "new",
    "serve",
    "check",
    "publish",
    "build",
    "deliver",
    "ready",
    "status",
    "drill",
    "metrics",
    "number",
    "move",
    "flood",
    "translations",
    "inbox",
    "keys",
)
_SECTIONS: Final = {
    Owner.INSTALLATION: "Settings, read from the environment",
    Owner.MUNICIPALITY: "Settings of each municipality, among several in its own settings file",
}
_INTERRUPTED: Final = 130
# Exit statuses for a service manager: EX_TEMPFAIL of sysexits.h is retried, 2 waits for a person
# (`RestartPreventExitStatus=2`).
_TEMPORARY: Final = 75
_WRONG: Final = 2
_TRANSIENT_ERRNOS: Final = {
    errno.EADDRINUSE,
    errno.EADDRNOTAVAIL,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOSPC,
}


class _Commands(click.Group):
    """One module a command, so that a process imports what it needs and no more."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"udvej.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in _COMMANDS])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for owner, section in _SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (key, setting.text + (f" ({setting.default})" if setting.default else ""))
                        for key, setting in SETTINGS.items()
                        if setting.owner is owner
                    ]
                )
        super().format_epilog(ctx, formatter)


def _summary(name: str) -> str:
    """What a command does, in a line, read from its file: to import them all takes a second."""
    source = Path(__file__).with_name("commands").joinpath(f"{name}.py").read_text("utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    command = next(node for node in functions if node.name == "command")
    return (ast.get_docstring(command) or "").partition("\n")[0]


@click.group(
    cls=_Commands,
    epilog="With none but UDVEJ_STATE, UDVEJ_HOST, UDVEJ_PORT and UDVEJ_CONTENT given, `udvej"
    " serve` is a demonstration on this machine: nobody receives what is sent, and every page says"
    " so.",
)
def udvej() -> None:
    """The site that helps people out, and takes their first word to the team."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: without the program's name; those of the process if left out.

    Returns:
        The exit status: 0 done, 1 found something wrong, 2 could not begin with such settings or
        content, 75 could not begin now, 130 interrupted by Ctrl-C.
    """
    logs.configure()
    try:
        return int(udvej.main(arguments, prog_name="udvej", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _INTERRUPTED
    except UdvejError as error:
        click.echo(f"udvej: {error}", err=True)
        return _TEMPORARY if _is_temporary(error) else _WRONG


def _is_temporary(error: UdvejError) -> bool:
    """Whether it is the machine's trouble: a full disk, a port in use, a database held."""
    cause = error.__cause__
    return isinstance(error, StorageError) or (
        isinstance(cause, OSError) and cause.errno in _TRANSIENT_ERRNOS
    )
