"""`imagebot explain`: why this tag, and why not that one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import chosen, console, print_json, print_problems, state
from imagebot.cycle.run import preview
from imagebot.errors import printable
from imagebot.plan.decision import Decision, WatchDecision


@click.command()
@click.argument("app")
@click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")
@config_option
def command(app: str, as_json: bool, config: Path | None) -> int:
    """Say for each tag of APP (or APP@ENVIRONMENT) which rule let it in or refused it.

    Asks the registry and the environment repository, and writes nothing.

    \b
    Example:
      imagebot explain podinfo@staging
    """
    settings, policies = load(config)
    report = preview(world_of(settings), only(policies, (app,)), clock.now())
    if as_json:
        print_json([_data(decision) for decision in report.decisions])
    else:
        out = console()
        print_problems(report.problems, out)
        for decision in report.decisions:
            for line in decision.watches:
                _print(decision, line, out)
    return report.exit_code


def _print(decision: Decision, line: WatchDecision, out: Console) -> None:
    out.print(Text(f"{decision.policy}  {line.watch.image}", style="bold"))
    for field in line.fields:
        out.print(
            Text(
                f"  deployed  {field.tag or 'untagged'}  {printable(field.file)}:{field.line}  {printable(field.path)}"
            )
        )
    out.print(Text(f"  rule      {line.watch.rule}  ({decision.policy.file})"), soft_wrap=True)
    verdict = f"  {state(line.verdict):<9} {chosen(line.verdict)}"
    out.print(Text(f"{verdict.rstrip()}: {printable(line.verdict.because)}"), soft_wrap=True)
    if line.ranking is not None:
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2))
        for candidate in line.ranking.candidates:
            table.add_row("  +", candidate.tag, "let in", Text(printable(candidate.because)))
        for refusal in line.ranking.refused:
            table.add_row("  -", Text(printable(refusal.tag)), refusal.rule, Text(printable(refusal.because)))
        out.print(table)
    out.print()


def _data(decision: Decision) -> dict[str, Any]:
    return {
        "app": decision.policy.app,
        "environment": decision.policy.environment,
        "policy": decision.policy.file,
        "images": [
            {
                "image": str(line.watch.image),
                "rule": line.watch.rule,
                "deployed": [
                    {
                        "file": field.file,
                        "line": field.line,
                        "path": field.path,
                        "tag": field.tag,
                        "digest": field.digest,
                    }
                    for field in line.fields
                ],
                "state": state(line.verdict),
                "chosen": chosen(line.verdict) or None,
                "because": line.verdict.because,
                "candidates": [
                    {"tag": item.tag, "version": item.version, "because": item.because}
                    for item in (line.ranking.candidates if line.ranking else ())
                ],
                "refused": [
                    {"tag": item.tag, "rule": item.rule, "because": item.because}
                    for item in (line.ranking.refused if line.ranking else ())
                ],
            }
            for line in decision.watches
        ],
    }
