"""`imagebot run`: passes on a schedule."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from imagebot.cli.compose import load_policies, load_settings, open_world
from imagebot.cli.options import config_option
from imagebot.cycle.index import FieldIndex
from imagebot.cycle.run import run
from imagebot.cycle.world import Stopped
from imagebot.errors import ImagebotError
from imagebot.observe.events import ConfigurationRefused, PassAbandoned, PassFailed
from imagebot.observe.log import log_sink
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
    tell = log_sink(settings.log.format, settings.log.level)
    stop = Stop()
    index = FieldIndex()

    def one_pass(now: datetime) -> None:
        nonlocal settings
        try:
            settings = load_settings(config)
        except ImagebotError as error:
            tell(ConfigurationRefused(str(error)))
        try:
            policies = load_policies(settings)
            with open_world(settings, stopping=stop, index=index) as world:
                run(world, policies, now)
        except Stopped as error:
            tell(PassAbandoned(str(error)))
        except ImagebotError as error:
            tell(PassFailed(str(error)))

    with only_bot(settings.state):
        return serve(settings.every, one_pass, stop)
