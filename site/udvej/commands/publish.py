"""`udvej publish`."""

import click

from udvej.check.findings import Finding, Report
from udvej.commands.naming import ForOneMunicipality, config_of
from udvej.errors import ConfigError, ContentError
from udvej.installation import command_line
from udvej.publish.publishing import publish
from udvej.wording import tell

_WRONG = 2


@click.command("publish", cls=ForOneMunicipality)
@click.option("--undo", is_flag=True, help="go back to the pages that were shown before")
def command(*, undo: bool, name: str = "") -> int:
    """Check the content, and let the site show it; all at once, or nothing of it.

    Says what has changed. What was shown before stays until the next time, for --undo. May be
    called by a timer or a git hook: where nothing has changed, nothing is done.
    """
    config, undoes = config_of(name), command_line("publish", name, "--undo")
    if config.live is None:
        raise ConfigError(
            tell("en prøveversion viser selv, hvad I ændrer; kun den rigtige side bliver udgivet")
        )
    try:
        outcome = publish(config, undo=undo)
    except ContentError as error:
        wrong = [Finding(each.path, each.line, each.problem) for each in error.each]
        click.echo("\n".join(Report(wrong).lines()))
        click.echo(tell("Intet er udgivet. Siden er, som den var."))
        return _WRONG
    if outcome.withheld:
        click.echo(tell("Det er det, I har fortrudt, så siden er, som den var. Ret det først."))
        click.echo(tell("Vil I vise det alligevel, så skriv: %(command)s", command=undoes))
    elif not outcome.done:
        click.echo(tell("Intet er ændret siden sidst."))
    else:
        done = tell("Udgivet. Ændret:")
        if undo:
            done = tell("Vist igen. Ændret:") if outcome.again else tell("Fortrudt. Ændret:")
        click.echo(done)
        for line in outcome.changes.lines():
            click.echo(f"  {line}")
        click.echo(tell("Fortryd med: %(command)s", command=undoes))
    return 0
