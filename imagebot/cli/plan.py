"""`imagebot plan`: a pass stopped before the commit."""

from __future__ import annotations

import difflib
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import load, travelling, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import as_data, console, print_bugs, print_json, print_problems, print_status, problems_of
from imagebot.cycle.report import Report
from imagebot.cycle.run import preview
from imagebot.outgoing import outgoing
from imagebot.plan.change import Change

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP[@ENVIRONMENT]]...")
@click.option("--json", "as_json", is_flag=True, help="Print the diffs and reasons as data.")
@config_option
def command(apps: tuple[str, ...], as_json: bool, config: Path | None) -> int:
    """Show the diff that a pass would make, with the reason for each line, and write nothing.

    \b
    Examples:
      imagebot plan
      imagebot plan podinfo
    """
    settings, policies = load(config)
    report = preview(world_of(settings), travelling(policies, apps), clock.now())
    if as_json:
        print_json(as_data(report) | {"changes": [_data(change) for change in report.changes]})
    else:
        _print(report, console())
    return report.exit_code


def _print(report: Report, out: Console) -> None:
    print_problems(problems_of(report), out)
    print_status(report.decisions, out)
    print_bugs(report.bugs, out)
    for change in report.changes:
        out.print()
        out.print(Text(outgoing(f"{change.branch}: {change.title}"), style="bold"))
        for line in _diff(change):
            out.print(Text(line, style=_COLOURS.get(line[:1], "")), soft_wrap=True)


def _diff(change: Change) -> list[str]:
    """A unified diff; above each file, the fields that change in it and the reason for each."""
    lines = []
    for file, after in change.files.items():
        for update in change.updates:
            lines += [
                outgoing(f"# {field.file}:{field.line} {field.old} -> {field.new}: {update.because}")
                for field in update.fields
                if field.file == file
            ]
        lines += [
            outgoing(line)
            for line in difflib.unified_diff(
                _lines(change.before[file]), _lines(after), f"a/{file}", f"b/{file}", lineterm=""
            )
        ]
    return lines


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def _data(change: Change) -> dict[str, object]:
    return {
        "repository": change.repository,
        "branch": change.branch,
        "title": change.title,
        "labels": list(change.labels),
        "draft": change.draft,
        "message": change.message,
        "diff": "\n".join(_diff(change)),
    }
