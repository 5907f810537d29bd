"""`imagebot run`: passes on a schedule."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from imagebot.cli.compose import load_settings, read_policies, world_of
from imagebot.cli.options import config_option
from imagebot.cycle.run import run
from imagebot.errors import ImagebotError, Stopped
from imagebot.observe.events import ConfigurationRefused, PassAbandoned, PassFailed
from imagebot.serve import Stop, serve
from imagebot.store.lock import only_bot


@click.command()
@config_option
def command(config: Path | None) -> int:
    """Do a pass now and then every few minutes (`every` in imagebot.yaml), until SIGTERM or SIGINT.

    Policies and settings are read again for every pass; while imagebot.yaml is wrong, the last good one is kept. What a
    pass did is in the log on standard error. A signal ends a pass between two steps, within ten seconds.

    \b
    Example:
      imagebot run --config /etc/imagebot/imagebot.yaml
    """
    settings = load_settings(config)
    stop = Stop()
    world = world_of(settings, stop)

    def one_pass(now: datetime) -> None:
        nonlocal world
        try:
            fresh = load_settings(config)
            if fresh != world.settings:
                world = world_of(fresh, stop)
        except ImagebotError as error:
            world.tell(ConfigurationRefused(str(error)))
        try:
            run(world, read_policies(world.settings, world.tell), now)
        except Stopped as error:
            world.tell(PassAbandoned(str(error)))
        except ImagebotError as error:
            world.tell(PassFailed(str(error)))

    with only_bot(settings.state):
        return serve(settings.every, one_pass, stop)
