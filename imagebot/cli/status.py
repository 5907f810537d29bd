"""`imagebot status`: where every image stands."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import as_data, console, print_json, print_problems, print_status
from imagebot.cycle.run import preview


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP[@ENVIRONMENT]]...")
@click.option("--json", "as_json", is_flag=True, help="Print data instead of a table.")
@config_option
def command(apps: tuple[str, ...], as_json: bool, config: Path | None) -> int:
    """Show what is deployed, what is chosen, and why; writes nothing.

    \b
    Examples:
      imagebot status
      imagebot status podinfo@production --json
    """
    settings, policies = load(config)
    report = preview(world_of(settings), only(policies, apps), clock.now())
    if as_json:
        print_json(as_data(report))
    else:
        out = console()
        print_problems(report.problems, out)
        print_status(report.decisions, out)
    return report.exit_code
