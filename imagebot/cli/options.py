"""Flags that several verbs share."""

from __future__ import annotations

from pathlib import Path

import click

config_option = click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The settings. Default: what IMAGEBOT_CONFIG names, else imagebot.yaml in this folder.",
)
