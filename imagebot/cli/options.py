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

all_option = click.option("--all", "everything", is_flag=True, help="Everything, in all environments.")


def check_one_or_all(place: str | None, *, everything: bool) -> None:
    """Raises `click.UsageError` where neither a place nor everything is named, or both."""
    if bool(place) == everything:
        raise click.UsageError("name one of APP, APP@ENVIRONMENT, @ENVIRONMENT, or write --all")
