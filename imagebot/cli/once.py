"""`imagebot once`: one pass."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import as_data, console, print_json, print_report
from imagebot.cycle.run import run
from imagebot.errors import Stopped
from imagebot.observe.log import FromLibraries
from imagebot.stop import Stop
from imagebot.store.lock import only_bot


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP[@ENVIRONMENT]]...")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@config_option
def command(apps: tuple[str, ...], as_json: bool, config: Path | None) -> int:
    """Do one pass: look for new tags, decide, and open or update pull requests.

    The report goes to standard output, the log to standard error. Running it again changes nothing. SIGTERM and SIGINT
    end it between two steps; the next pass goes on.

    \b
    Examples:
      imagebot once
      imagebot once podinfo@staging --json
    """
    settings, policies = load(config)
    stop = Stop()
    with only_bot(settings.state):
        stop.heed()
        world = world_of(settings, stop, locked=True)
        FromLibraries.listen(world.tell)
        try:
            report = run(world, only(policies, apps), clock.now())
        except Stopped as error:
            click.echo(f"imagebot: {error}", err=True)
            return 128 + stop.number
    if as_json:
        print_json(as_data(report))
    else:
        print_report(report, console())
    return report.exit_code
