"""`imagebot unhold`: let a version through again."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import login, named, one_place, printed_hold
from imagebot.cli.options import config_option
from imagebot.selection.hand_holds import HandHold


@click.command()
@click.argument("app", metavar="APP[@ENVIRONMENT]")
@click.argument("version", required=False)
@config_option
def command(app: str, version: str | None, config: Path | None) -> int:
    """Lift the hold of VERSION, or, without VERSION, the one that keeps every version back.

    A VERSION that nobody holds by hand may come again if it was rolled back, or its pull request closed, before now.

    \b
    Examples:
      imagebot unhold podinfo@production 6.5.4
      imagebot unhold podinfo@production
    """
    settings, policies = load(config)
    store = world_of(settings).store()
    held = store.holds()
    app, environment = one_place(policies, app, held)
    place = (app, environment, version)
    lifted = store.unhold(place)
    if version is not None and (lifted is None or lifted.lifts):
        store.hold(HandHold(app, environment, version, login(), clock.now(), "it may come again", lifts=True))
    store.save()
    if lifted is not None and not lifted.lifts:
        print(f"lifted: {printed_hold(lifted)}")
        return 0
    again = "" if version is None else "; if it was rolled back or closed before now, it may come again"
    print(f"not held: {named(place)}{again}")
    for hold in held:
        if (hold.app, hold.environment) == (app, environment) and not hold.lifts:
            print(f"still held: {printed_hold(hold)}")
    return 0
