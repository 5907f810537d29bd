"""`imagebot once`: one pass."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, tell_proxies, travelling, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import as_data, console, print_json, print_report
from imagebot.cycle.report import Report
from imagebot.cycle.run import preview, run
from imagebot.errors import Stopped
from imagebot.observe.log import FromLibraries
from imagebot.policy.read import PolicySet
from imagebot.settings.resolve import Settings
from imagebot.stop import Stop
from imagebot.store.lock import Unwritable, only_bot


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
    try:
        report = _passed(settings, policies, apps, stop)
    except Unwritable:
        # Nothing can be carried out: what there is to do is told, and why it is not done.
        report = preview(world_of(settings, stop), travelling(policies, apps), clock.now())
    except Stopped as error:
        click.echo(f"imagebot: {error}", err=True)
        return 128 + stop.number
    if as_json:
        print_json(as_data(report))
    else:
        print_report(report, console())
    return report.exit_code


def _passed(settings: Settings, policies: PolicySet, apps: tuple[str, ...], stop: Stop) -> Report:
    with only_bot(settings.state):
        stop.heed()
        world = world_of(settings, stop, locked=True, part=bool(apps))
        FromLibraries.listen(world.tell)
        tell_proxies(settings, world.tell)
        return run(world, travelling(policies, apps), clock.now())
