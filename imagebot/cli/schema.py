"""`imagebot schema`: for editors that complete and check YAML files."""

from __future__ import annotations

import click

from imagebot.cli.outlet import json_text
from imagebot.documents.model import Model
from imagebot.documents.schema import json_schema
from imagebot.policy.defaults import Defaults
from imagebot.policy.model import PolicyFile
from imagebot.settings.file import SettingsFile

_FILES: dict[str, tuple[type[Model], str]] = {
    "policy": (PolicyFile, "Policy file"),
    "defaults": (Defaults, "_defaults.yaml"),
    "settings": (SettingsFile, "imagebot.yaml"),
}


@click.command("schema")
@click.argument("file", type=click.Choice(sorted(_FILES)))
def command(file: str) -> None:
    """Print the JSON Schema of policy files, of their defaults, or of imagebot.yaml.

    \b
    Keep it beside the files, and name it in their first line:
      imagebot schema policy > policy.schema.json
      # yaml-language-server: $schema=policy.schema.json
    """
    click.echo(json_text(json_schema(*_FILES[file])))
