"""`imagebot resume`: go on with what was suspended."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import many_places, named, printed_hold
from imagebot.cli.options import all_option, check_one_or_all, config_option
from imagebot.selection.hand_holds import EVERY, Place


@click.command()
@click.argument("place", required=False, metavar="[APP][@ENVIRONMENT]")
@all_option
@config_option
def command(place: str | None, everything: bool, config: Path | None) -> int:
    """End what `imagebot suspend` began, for just what was named there.

    With --all everything goes on, whatever was suspended.

    \b
    Examples:
      imagebot resume @production
      imagebot resume --all
    """
    check_one_or_all(place, everything=everything)
    settings, policies = load(config)
    store = world_of(settings).store()
    held = [hold for hold in store.holds() if hold.suspends]
    wanted = many_places(policies, place or "", held)
    ended = [hold for hold in held if everything or hold.place == wanted]
    for hold in ended:
        store.unhold(hold.place)
        print(f"goes on: {printed_hold(hold)}")
    store.save()
    if not ended:
        print("nothing is suspended" if everything else f"not suspended: {named(wanted)}")
    for hold in held:
        if hold not in ended and _overlap(hold.place, wanted):
            print(f"still suspended: {printed_hold(hold)}")
    return 0


def _overlap(one: Place, other: Place) -> bool:
    return all(EVERY in pair or pair[0] == pair[1] for pair in zip(one[:2], other[:2], strict=True))
