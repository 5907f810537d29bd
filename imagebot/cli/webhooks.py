"""`imagebot webhooks`: what to write where registries and forges are told whom to call."""

from __future__ import annotations

from pathlib import Path

import click

from imagebot.cli.compose import load_settings
from imagebot.cli.options import config_option
from imagebot.cli.outlet import json_text
from imagebot.errors import FINE, WRONG_INPUT, BadInput
from imagebot.settings.webhooks import Receiver
from imagebot.webhooks.receivers import path_of
from imagebot.webhooks.sources import SOURCES


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as data.")
@config_option
def command(as_json: bool, config: Path | None) -> int:
    """Show for each receiver where it is called, and where its source is told the secret.

    Before the path stands the address that the source reaches `webhooks: {listen: …}` by. SECRET is what is in the
    receiver's file or variable. A source that sends no secret has a path that is one: whoever knows it may call.

    \b
    Example:
      imagebot webhooks --config /etc/imagebot/imagebot.yaml
    """
    settings = load_settings(config)
    if settings.webhooks is None:
        raise BadInput("imagebot.yaml has no `webhooks`: docs/webhooks.md has what to write for each source")
    rows = [_row(name, receiver) for name, receiver in settings.webhooks.receivers.items()]
    if as_json:
        click.echo(json_text(rows))
    else:
        click.echo(f"listening at {settings.webhooks.listen}")
        for row in rows:
            click.echo(f"{row['receiver']} ({row['type']})\n  path   {row['path']}\n  proof  {row['proof']}")
    return FINE if all(row["path"].startswith("/") for row in rows) else WRONG_INPUT


def _row(name: str, receiver: Receiver) -> dict[str, str]:
    """One of them; where the path cannot be made, why not."""
    try:
        path = path_of(name, receiver)
    except BadInput as error:
        path = f"not known: {error}"
    return {"receiver": name, "type": receiver.type, "path": path, "proof": SOURCES[receiver.type].proof}
