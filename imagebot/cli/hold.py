"""`imagebot hold`: keep a version back."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot import clock
from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import keep, login, one_line, one_place
from imagebot.cli.options import config_option
from imagebot.errors import BadInput
from imagebot.images.reference import is_tag
from imagebot.selection.hand_holds import HandHold


@click.command()
@click.argument("app", metavar="APP[@ENVIRONMENT]")
@click.argument("version", required=False)
@click.option("--because", required=True, metavar="TEXT", help="Why, for those who ask later.")
@click.option("--by", metavar="NAME", help="Who wants it. Default: your login name.")
@config_option
def command(app: str, version: str | None, because: str, by: str | None, config: Path | None) -> int:
    """Keep VERSION (a tag) of an app back, or every version of it, until `imagebot unhold`.

    Counts from the next decision on, also while `imagebot run` is running. What is deployed stays deployed; an open
    pull request that would bring it is taken back. Holding it again changes nothing.

    \b
    Examples:
      imagebot hold podinfo@production 6.5.4 --because "breaks the login page"
      imagebot hold podinfo@production --because "no changes until Monday"
    """
    settings, policies = load(config)
    app, environment = one_place(policies, app)
    if version is not None and not is_tag(version):
        raise BadInput(f"{version!r} is no tag: write the tag as the registry has it, without the image's name")
    by, because = one_line("--by", by or login()), one_line("--because", because)
    wish = HandHold(app, environment, version, by, clock.now(), because)
    store = world_of(settings).store()
    if any(hold.lifts and hold.place == wish.place for hold in store.holds()):
        store.unhold(wish.place)
    keep(store, wish, "held", "lift it first: imagebot unhold")
    return 0
