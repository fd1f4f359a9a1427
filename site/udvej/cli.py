"""The command `udvej`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from udvej import logs
from udvej.config import SETTINGS
from udvej.errors import UdvejError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: without the program's name; those of the process if left out.

    Returns:
        The exit status: 0 done, 1 found something wrong, 2 could not begin.
    """
    options = _parser().parse_args(arguments)
    logs.configure()
    try:
        command = import_module(f"udvej.commands.{options.command}")
        return int(command.run(options))
    except UdvejError as error:
        print(f"udvej: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="udvej",
        description="The site that helps people out, and takes their first word to the team.",
        epilog=_settings(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=name)
        return added

    serving = command("serve", "Run the site and deliver its referrals.")
    serving.add_argument("--host", help="address to listen on (127.0.0.1)")
    serving.add_argument("--port", help="port to listen on (8000)")
    serving.add_argument(
        "--without-delivery",
        action="store_true",
        help="only answer visitors; `udvej deliver` runs as a service of its own",
    )
    building = command("build", "Freeze the pages to files, for a web server in front.")
    building.add_argument("folder", type=Path, metavar="FOLDER", help="a link that is made there")
    delivering = command("deliver", "Only deliver referrals; `serve` does this too.")
    delivering.add_argument(
        "--again", type=int, metavar="NUMBER", help="mail this one again, and end"
    )
    command("status", "Say how many wait or have failed, and what is not well.")
    command("drill", "Send a marked test referral to the team; say whether it was taken.")
    command("check", "Check the content and its translations, and how easy it reads.")
    command("inbox", "Print the referrals of a demonstration, opened.")
    keys = command("keys", "Make the team's certificate and the key for its mail program.")
    keys.add_argument("folder", type=Path, metavar="FOLDER", help="where to put the two files")
    keys.add_argument(
        "--server",
        action="store_true",
        help="make the server's own key, for UDVEJ_SEALING=transport",
    )
    keys.add_argument("--mail", help="the team's mail address (team.mail of kommune.toml)")
    return parser


def _settings() -> str:
    width = max(map(len, SETTINGS))
    lines = [f"  {key:<{width}}  {text}" for key, text in SETTINGS.items()]
    return "\n".join(
        [
            "settings, read from the environment:",
            *lines,
            "",
            "With none but the first three given, `udvej serve` is a demonstration on this",
            "machine: nobody receives what is sent, and every page says so.",
        ]
    )
