"""`imagebot status`: where every image stands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.signatures import print_signatures, signature_data
from imagebot.cli.tables import (
    as_data,
    console,
    print_bugs,
    print_holds,
    print_json,
    print_open,
    print_problems,
    print_status,
    problems_of,
)
from imagebot.cycle.run import preview
from imagebot.selection.hand_holds import HandHold


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP[@ENVIRONMENT]]...")
@click.option("--json", "as_json", is_flag=True, help="Print data instead of a table.")
@click.option("--verify", is_flag=True, help="Verify the signatures of what is deployed now; exit code 1 if one fails.")
@config_option
def command(apps: tuple[str, ...], as_json: bool, verify: bool, config: Path | None) -> int:
    """Show what is deployed, chosen and open, why, and what people keep back; writes nothing.

    \b
    Examples:
      imagebot status
      imagebot status podinfo@production --json
      imagebot status --verify
    """
    settings, policies = load(config)
    world = world_of(settings)
    report = preview(world, only(policies, apps), clock.now(), verify=verify)
    holds = tuple(hold for hold in world.remembered()[0].holds() if _is_about(hold, apps))
    if as_json:
        signed = {"signatures": list(map(signature_data, report.signed))} if verify else {}
        pulls = [asdict(pull) for pull in report.open]
        print_json({**as_data(report), **signed, "open": pulls, "holds": [_data(hold) for hold in holds]})
    else:
        out = console()
        print_problems(problems_of(report), out)
        print_status(report.decisions, out)
        print_open(report.open, out)
        print_signatures(report.signed, out)
        print_holds(holds, out)
        print_bugs(report.bugs, out)
    return report.exit_code


def _is_about(hold: HandHold, apps: tuple[str, ...]) -> bool:
    if hold.lifts or not apps:
        return not hold.lifts
    places = [app.partition("@")[::2] for app in apps]
    return any(hold.covers(app, environment or hold.environment) for app, environment in places)


def _data(hold: HandHold) -> dict[str, Any]:
    return {
        "app": hold.app,
        "environment": hold.environment,
        "version": hold.version,
        "by": hold.by,
        "since": hold.since.isoformat(),
        "because": hold.because,
        "suspends": hold.suspends,
    }
