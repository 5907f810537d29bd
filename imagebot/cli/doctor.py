"""`imagebot doctor`: all that a pass needs, examined."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from imagebot.cli.compose import load, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import console, print_json
from imagebot.errors import BadInput, worst
from imagebot.operations.diagnosis import Diagnosis, Health, wrong
from imagebot.operations.doctor import examine, summary
from imagebot.outgoing import outgoing

_STYLES = {Health.OK: "green", Health.LOOK: "yellow", Health.WRONG: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the diagnoses as data.")
@config_option
def command(as_json: bool, config: Path | None) -> int:
    """Examine all that a pass needs, say what is wrong and what to do, and write nothing anywhere.

    Git and its reach to each repository; what each forge tells about the rights of our credentials, scope by scope, and
    when they end; registries and their logins; the way to all of them; the state folder, its disk and its database;
    the clock, by what hosts say; policies; the signing key.

    \b
    Examples:
      imagebot doctor
      imagebot doctor --json --config /etc/imagebot/imagebot.yaml

    A line is `ok`, `look` (it works, and a person should look at it) or `wrong`. What a forge does not tell is said to
    be unknown. Exit codes: 0 nothing is wrong; 1 something is, elsewhere; 2 settings, policies or this machine are.
    """
    try:
        settings, policies = load(config)
    except BadInput as error:
        if not as_json:
            raise
        diagnoses = [wrong("settings", "", error)]
    else:
        diagnoses = examine(world_of(settings), policies)
    if as_json:
        print_json([{key: value for key, value in asdict(one).items() if key != "exit_code"} for one in diagnoses])
    else:
        _print(diagnoses, console())
    return worst(one.exit_code for one in diagnoses)


def _print(diagnoses: list[Diagnosis], out: Console) -> None:
    for one in diagnoses:
        line = Text(f"{one.health:<6}", style=_STYLES[one.health])
        line.append(outgoing(f"{f'{one.check} {one.party}'.strip()}: {one.said}"), style="")
        out.print(line, soft_wrap=True)
    out.print(Text(summary(diagnoses)), soft_wrap=True)
