"""`imagebot suspend`: do nothing about an app, an environment, or all there is."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import keep, login, many_places, one_line
from imagebot.cli.options import all_option, check_one_or_all, config_option
from imagebot.selection.hand_holds import HandHold


@click.command()
@click.argument("place", required=False, metavar="[APP][@ENVIRONMENT]")
@all_option
@click.option("--because", required=True, metavar="TEXT", help="Why, for those who ask later.")
@click.option("--by", metavar="NAME", help="Who wants it. Default: your login name.")
@config_option
def command(place: str | None, everything: bool, because: str, by: str | None, config: Path | None) -> int:
    """Write nothing about an app, an environment, or anything, until `imagebot resume`.

    Counts from the next pass on, also while `imagebot run` is running. What is open stays open, as it is: nothing is
    opened, changed, closed or deleted. `status` goes on to tell what would be proposed. Where pull requests that are
    open should be taken back, use `imagebot hold`; for days that are known beforehand, `freezes` in imagebot.yaml.

    \b
    Examples:
      imagebot suspend --all --because "the cluster is being moved"
      imagebot suspend @production --because "incident 4711"
      imagebot suspend shop --because "being rewritten"
      imagebot suspend shop@staging --because "load test until noon"
    """
    check_one_or_all(place, everything=everything)
    settings, policies = load(config)
    app, environment, version = many_places(policies, place or "")
    by, because = one_line("--by", by or login()), one_line("--because", because)
    wish = HandHold(app, environment, version, by, clock.now(), because)
    keep(world_of(settings).store(), wish, "suspended", "end it first: imagebot resume")
    return 0
