"""How reports look: tables on a terminal, plain data as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from imagebot.cli.holds import printed_hold
from imagebot.cli.outlet import json_text
from imagebot.cycle.report import Action, OpenPullRequest, Report
from imagebot.errors import Bug
from imagebot.outgoing import outgoing, outgoing_lines
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.verdict import Held, NoCandidate, Unknown, Update, UpToDate, Verdict, Waiting, tag_of

_PIPE_WIDTH = 2000
_HEADS = ("APP", "ENVIRONMENT", "IMAGE", "DEPLOYED", "CHOSEN", "STATE", "BECAUSE")
_GAP = 2
_NARROWEST_REASON = 30
_STYLES = {
    "update": "green",
    "up to date": "dim",
    "held": "yellow",
    "no candidate": "yellow",
    "waiting": "yellow",
    "unknown": "red",
}
_ACTION_STYLES = {Action.OPENED: "green", Action.UPDATED: "green", Action.FAILED: "red", Action.WAITING: "yellow"}


def console() -> Console:
    """Standard output; wide where nobody wraps lines, so that a pipe gets one line a row."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False, markup=False, emoji=False)


def print_table(table: Table, out: Console) -> None:
    """A table; where no terminal shows it, no row ends in spaces."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as drawn:
        out.print(table)
    for line in drawn.get().splitlines():
        out.print(Text(line.rstrip()), soft_wrap=True)


def state(verdict: Verdict) -> str:
    """A verdict in one or two words."""
    match verdict:
        case Update():
            return "update"
        case UpToDate():
            return "up to date"
        case Held(hold=hold):
            return f"held ({hold})"
        case NoCandidate():
            return "no candidate"
        case Waiting():
            return "waiting"
        case Unknown():
            return "unknown"
    assert_never(verdict)


def chosen(verdict: Verdict) -> str:
    """The tag that a verdict is about, if it is about one."""
    return tag_of(verdict) or ""


def deployed(line: WatchDecision) -> str:
    """The tags that the fields of a watch hold now."""
    return ", ".join(dict.fromkeys(field.tag or "untagged" for field in line.fields))


def print_status(decisions: Sequence[Decision], out: Console) -> None:
    """One row for each watched image; a paragraph where a row would break names into pieces."""
    rows = [_cells(decision, line) for decision in decisions for line in _shown(decision)]
    widths = [max(map(len, column)) + _GAP for column in list(zip(_HEADS, *rows, strict=True))[:-1]]
    if sum(widths) + _NARROWEST_REASON > out.width:
        _print_paragraphs(rows, out)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _HEADS[:-1]:
        table.add_column(name, no_wrap=True)
    table.add_column(_HEADS[-1], overflow="fold", ratio=1)
    for *cells, word, because in rows:
        table.add_row(*map(Text, cells), Text(word, style=_style(word)), Text(because))
    print_table(table, out)


def _cells(decision: Decision, line: WatchDecision) -> tuple[str, ...]:
    """A row, safe to print."""
    verdict, policy = line.verdict, decision.policy
    cells = (policy.app, policy.environment, line.watch.image.familiar, deployed(line), chosen(verdict))
    return (*map(outgoing, cells), state(verdict), _first_line(verdict.because))


def _print_paragraphs(rows: Iterable[Sequence[str]], out: Console) -> None:
    for app, environment, image, runs, tag, word, because in rows:
        version = f"{runs} → {tag}" if tag not in ("", runs) else runs
        head = Text(f"{app}@{environment}  {image}  {version}  ")
        out.print(head.append(word, style=_style(word)), soft_wrap=True)
        out.print(Padding(Text(because), (0, 0, 0, 4)))


def _style(word: str) -> str:
    return _STYLES.get(word.partition(" (")[0], "")


def print_open(pulls: Sequence[OpenPullRequest], out: Console) -> None:
    """What waits for people, and where."""
    if not pulls:
        return
    out.print()
    out.print(Text("Open pull requests:"))
    for pull in pulls:
        line = outgoing(f"  #{pull.number} {', '.join(pull.policies)}: {pull.title} ")
        out.print(Text(line).append(outgoing(pull.url), style="dim"), soft_wrap=True)


def print_holds(holds: Sequence[HandHold], out: Console) -> None:
    """What people suspended and keep back by hand, and how to lift it."""
    suspended, held = [one for one in holds if one.suspends], [one for one in holds if not one.suspends]
    _print_wishes("Suspended: nothing is written; `imagebot resume` ends it:", suspended, out)
    _print_wishes("Kept back by hand; `imagebot unhold` lifts it:", held, out)


def _print_wishes(head: str, holds: Sequence[HandHold], out: Console) -> None:
    if not holds:
        return
    out.print()
    out.print(Text(head))
    for hold in holds:
        out.print(Text(f"  {printed_hold(hold)}", style="yellow"), soft_wrap=True)


def print_report(report: Report, out: Console) -> None:
    """A whole pass: where each image stands, what was done, what it cost."""
    print_problems(problems_of(report), out)
    print_status(report.decisions, out)
    if report.outcomes:
        out.print()
    for outcome in report.outcomes:
        head = Text(f"{outcome.action:<8}", style=_ACTION_STYLES.get(outcome.action, "dim"))
        name = f"{outcome.name}@{outcome.environment}"
        out.print(
            head, Text(outgoing(outcome.title or name)), Text(outgoing(outcome.url), style="blue"), soft_wrap=True
        )
        if outcome.action in (Action.FAILED, Action.WAITING, Action.CLOSED):
            out.print(Text(f"         {outgoing(outcome.because)}"), soft_wrap=True)
    out.print()
    out.print(Text(_costs(report), style="dim"), soft_wrap=True)
    print_bugs(report.bugs, out)


def print_bugs(bugs: Sequence[Bug], out: Console) -> None:
    """What is wrong in imagebot itself, after everything that was done all the same."""
    if bugs:
        out.print()
    for bug in bugs:
        out.print(Text(outgoing(str(bug)), style="red"), soft_wrap=True)


def problems_of(report: Report) -> list[str]:
    """What is wrong with policy files and settings, and with what the bot remembers."""
    return [*report.problems, *([] if report.unsaved is None else [str(report.unsaved)])]


def print_problems(problems: Iterable[str], out: Console) -> None:
    """What is wrong with policy files, in front of everything else."""
    for problem in problems:
        out.print(Text(outgoing_lines(problem), style="red"), soft_wrap=True)
        out.print()


def as_data(report: Report) -> dict[str, Any]:
    """A report as `--json` prints it."""
    return {
        "exitCode": report.exit_code,
        "images": [_line(decision, line) for decision in report.decisions for line in _shown(decision)],
        "pullRequests": [
            {
                "repository": outcome.repository,
                "branch": outcome.branch,
                "name": outcome.name,
                "environment": outcome.environment,
                "action": outcome.action.value,
                "title": outcome.title,
                "url": outcome.url,
                "because": outcome.because,
            }
            for outcome in report.outcomes
        ],
        "problems": problems_of(report),
        "bugs": [str(bug) for bug in report.bugs],
        "costs": {
            "registryRequests": report.costs.registry_requests,
            "gitFetches": report.costs.git_fetches,
            "gitPushes": report.costs.git_pushes,
            "forgeWrites": report.costs.forge_writes,
        },
    }


def print_json(data: object) -> None:
    """One JSON document on standard output."""
    print(json_text(data))


def _shown(decision: Decision) -> Iterator[WatchDecision]:
    """The lines of a policy, but for a new major version that there is none of."""
    return (line for line in decision.watches if not (line.major and isinstance(line.verdict, NoCandidate)))


def _line(decision: Decision, line: WatchDecision) -> dict[str, Any]:
    return {
        "app": decision.policy.app,
        "environment": decision.policy.environment,
        "image": str(line.watch.image),
        "deployed": [
            {"file": field.file, "line": field.line, "path": field.path, "tag": field.tag, "digest": field.digest}
            for field in line.fields
        ],
        "state": state(line.verdict),
        "chosen": chosen(line.verdict) or None,
        "because": line.verdict.because,
        "until": _until(line.verdict),
    }


def _until(verdict: Verdict) -> str | None:
    until = verdict.until if isinstance(verdict, Held | Waiting) else None
    return None if until is None else until.isoformat()


def _costs(report: Report) -> str:
    costs = report.costs
    parts = [
        (costs.registry_requests, "registry request"),
        (costs.git_fetches, "git fetch"),
        (costs.git_pushes, "git push"),
        (costs.forge_writes, "forge write"),
    ]
    return ", ".join(
        f"{number} {noun if number == 1 else noun + ('es' if noun.endswith('h') else 's')}" for number, noun in parts
    )


def _first_line(text: str) -> str:
    return outgoing(text.partition("\n")[0])
