"""The command `udvej`."""

import argparse
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Final

from udvej import catalogue, delivery, logs, operations
from udvej.build import freeze
from udvej.checking import check
from udvej.config import SETTINGS, Config, content_folder, translations_folder
from udvej.demonstration import Demonstration
from udvej.drafts import Drafts
from udvej.errors import ConfigError, UdvejError
from udvej.facts import MAIL
from udvej.health import Health
from udvej.keys import TeamKey
from udvej.outbox import Outbox
from udvej.pages import load_site
from udvej.serving import check_port, prepare_state, serve
from udvej.wsgi import make

_OWNER_ONLY: Final = 0o600

_log = logging.getLogger(__name__)


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
        return int(options.run(options))
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

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    serving = command("serve", _serve, "Run the site and deliver its referrals.")
    serving.add_argument("--host", help="address to listen on (127.0.0.1)")
    serving.add_argument("--port", help="port to listen on (8000)")
    serving.add_argument(
        "--without-delivery",
        action="store_true",
        help="only answer visitors; `udvej deliver` runs as a service of its own",
    )
    building = command("build", _build, "Freeze the pages to files, for a web server in front.")
    building.add_argument("folder", type=Path, metavar="FOLDER", help="a link that is made there")
    delivering = command("deliver", _deliver, "Only deliver referrals; `serve` does this too.")
    delivering.add_argument(
        "--again", type=int, metavar="NUMBER", help="mail this one again, and end"
    )
    delivering.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    command("status", _status, "Say how many wait or have failed, and what is not well.")
    command("drill", _drill, "Send a marked test referral to the team; say whether it was taken.")
    command("check", _check, "Check the content and its translations, and how easy it reads.")
    command("inbox", _inbox, "Print the referrals of a demonstration, opened.")
    keys = command("keys", _keys, "Make the team's certificate and the key for its mail program.")
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


def _serve(options: argparse.Namespace) -> int:
    given = {"UDVEJ_HOST": options.host, "UDVEJ_PORT": options.port}
    os.environ.update({key: value for key, value in given.items() if value is not None})
    config = Config.from_environ(os.environ)
    prepare_state(config)
    check_port(config)
    make(config)  # whatever is wrong is said here, once, before the workers start
    for found in catalogue.load(config.translations):
        for fault in found.faults:
            _log.warning("event=translation-left-out fault=%r", fault)
    address = config.live.public_address if config.live else f"http://{config.host}:{config.port}/"
    _say(f"Udvej: {address}")
    if config.live:
        for fact in load_site(config.content).facts.missing():
            _say(f"kommune.toml: {fact} is not filled in; the pages leave it out")
    else:
        _say("Demonstration: nobody receives what is sent. Read it with: udvej inbox")
        _say(f"It is kept in {config.state / 'demonstration' / 'mail'}")
    serve(config, "udvej.wsgi:application", deliver=not options.without_delivery)
    return 0


def _build(options: argparse.Namespace) -> int:
    config = Config.from_environ(os.environ)
    prepare_state(config)
    folder = options.folder.absolute()
    print(freeze(config, folder))
    return 0


def _deliver(options: argparse.Namespace) -> int:
    config = Config.from_environ(os.environ)
    prepare_state(config)
    outbox = Outbox.in_folder(config.state)
    if options.again is not None:
        outbox.again(options.again)
        _say(f"Number {options.again} waits to be mailed again.")
        return 0
    facts = load_site(config.content).facts
    carrier = operations.carrier(config, facts)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if options.with_parent:
        Thread(target=_stop_without_parent, args=(stop, os.getppid()), daemon=True).start()
    delivery.run(
        outbox,
        Drafts.in_folder(config.state),
        carrier,
        keep_days=facts["frister"]["gemmes_dage"],
        stop=stop,
    )
    return 0


def _stop_without_parent(stop: Event, parent: int) -> None:
    """So that a killed `serve` leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(1)
    stop.set()


def _status(_options: argparse.Namespace) -> int:
    config = Config.from_environ(os.environ)
    prepare_state(config)
    outbox = Outbox.in_folder(config.state)
    print("\n".join(operations.describe(outbox.status())))
    problems = [*Health(outbox, operations.sealer(config), config.state).problems()]
    for problem in problems:
        print(f"NOT WELL: {problem}")
    return int(bool(problems))


def _drill(_options: argparse.Namespace) -> int:
    config = Config.from_environ(os.environ)
    prepare_state(config)
    carrier = operations.carrier(config, load_site(config.content).facts)
    number, outcome = operations.drill(
        Outbox.in_folder(config.state), operations.sealer(config), carrier
    )
    print(f"Drill, number {number}: {outcome}")
    return int(outcome != "sent")


def _check(_options: argparse.Namespace) -> int:
    report = check(content_folder(os.environ), translations_folder(os.environ))
    _say("\n".join(report.lines))
    return int(not report.good)


def _inbox(_options: argparse.Namespace) -> int:
    config = Config.from_environ(os.environ)
    if config.live:
        raise ConfigError("only a demonstration has an inbox here; the team opens its own mail")
    prepare_state(config)
    letters = [*Demonstration.prepare(config.state).letters()]
    print(("\n" + "-" * 72 + "\n").join(letters) if letters else "Nothing has arrived yet.")
    return 0


def _keys(options: argparse.Namespace) -> int:
    mail = options.mail or load_site(content_folder(os.environ)).facts["team"]["mail"]
    if not MAIL.fits(mail):
        raise ConfigError("--mail: not a mail address")
    key, passphrase = TeamKey.make(mail), "-".join(secrets.token_hex(3) for _ in range(5))
    until = f"valid until {key.certificate.not_valid_after_utc:%Y-%m-%d}"
    if options.server:
        files = {"server-key.pem": (key.private_pem(), f"for UDVEJ_SERVER_KEY; {until}")}
    else:
        files = {
            "team-certificate.pem": (
                key.certificate_pem(),
                f"for the server: UDVEJ_TEAM_CERTIFICATE; {until}",
            ),
            "team.p12": (
                key.pkcs12(passphrase),
                f"""for the team's mail program; take it there by hand, then delete it here
    its passphrase, shown only now: {passphrase}""",
            ),
        }
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        held = any((options.folder / name).exists() for name in files)
        for name, (content, _) in files.items() if not held else ():
            path = options.folder / name
            path.touch(_OWNER_ONLY)
            path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{options.folder} cannot be written ({error.strerror})") from error
    if held:
        raise ConfigError(f"{options.folder} holds a key already; name an empty folder")
    for name, (_, use) in files.items():
        print(f"{options.folder / name}\n    {use}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
