"""`udvej ready`."""

import json
import os

import click

from udvej.commands.naming import ForEachMunicipality, names_meant
from udvej.health import Level
from udvej.ready.questions import ask_all


@click.command("ready", cls=ForEachMunicipality)
@click.option("--json", "as_json", is_flag=True, help="for programs")
def command(*, as_json: bool, name: str | None = None) -> int:
    """Ask of everything that a live site needs whether it is there, and say what to do.

    Ends with 1 where one of the answers is a failure. Nothing is mailed and nothing changed.
    """
    failed, found = False, []
    for one in names_meant(name):
        whose = {"municipality": one} if one else {}
        for question, answer in ask_all(os.environ, one):
            failed = failed or answer.level is Level.FAILURE
            if as_json:
                row = {"level": answer.level, "text": answer.text, "advice": answer.advice}
                found.append({**whose, "question": question, **row})
            else:
                before = f"{one}: " if one else ""
                click.echo(f"{before}{answer.level:<8} {question:<13} {answer}")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    return int(failed)
