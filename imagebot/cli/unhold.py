"""`imagebot unhold`: let a version through again."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import named, one_place, printed_hold
from imagebot.cli.options import config_option


@click.command()
@click.argument("app", metavar="APP[@ENVIRONMENT]")
@click.argument("version", required=False)
@config_option
def command(app: str, version: str | None, config: Path | None) -> int:
    """Lift the hold of VERSION, or, without VERSION, the one that keeps every version back.

    Only holds made by `imagebot hold` are lifted. Lifting what is not held changes nothing.

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
    store.save()
    if lifted is not None:
        print(f"lifted: {printed_hold(lifted)}")
        return 0
    print(f"not held: {named(place)}")
    for hold in held:
        if (hold.app, hold.environment) == (app, environment):
            print(f"still held: {printed_hold(hold)}")
    return 0
