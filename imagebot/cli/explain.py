"""`imagebot explain`: what is deployed where, what would be chosen, what stands in between, and why not another tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import chosen, console, print_bugs, print_json, print_problems, problems_of, state
from imagebot.cycle.run import preview
from imagebot.documents.merge import Taken
from imagebot.documents.model import Path as KeyPath
from imagebot.errors import BadInput
from imagebot.fields.field import Field
from imagebot.outgoing import outgoing
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.selection.gate_report import Gate, nearest, survey
from imagebot.selection.rank import Rule
from imagebot.selection.reasons import shown
from imagebot.selection.verdict import Held, Refusal, Update, UpToDate, Version, Waiting

_SHOWN = 5
_SIGNS = {True: "open", False: "shut", None: "-"}


@click.command()
@click.argument("app")
@click.option("--image", metavar="IMAGE", help="Only this image: its name, or the end of it.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print data instead of text: each tag with its reason, of many the first.",
)
@config_option
def command(app: str, image: str | None, as_json: bool, config: Path | None) -> int:
    """Say what APP (or APP@ENVIRONMENT) runs, what it would run, what keeps that back, and why no other tag.

    Asks the registry, the environment repository and the forge, and changes nothing there.

    \b
    Examples:
      imagebot explain podinfo@staging
      imagebot explain shop --image shop-api
    """
    settings, policies = load(config)
    now = clock.now()
    report = preview(world_of(settings), only(policies, (app,)), now)
    lines = [(decision, line) for decision in report.decisions for line in decision.watches if _is_meant(line, image)]
    if not lines:
        known = sorted({line.watch.image.familiar for decision in report.decisions for line in decision.watches})
        raise BadInput(f"{app} watches no image {image!r}; it watches {', '.join(known)}")
    if as_json:
        print_json([_data(decision, line, now) for decision, line in lines])
    else:
        out = console()
        print_problems(problems_of(report), out)
        for decision, line in lines:
            _print(decision, line, now, out)
        print_bugs(report.bugs, out)
    return report.exit_code


def _is_meant(line: WatchDecision, image: str | None) -> bool:
    names = (str(line.watch.image), line.watch.image.familiar)
    return image is None or image in names or any(name.endswith(f"/{image}") for name in names)


def _print(decision: Decision, line: WatchDecision, now: datetime, out: Console) -> None:
    out.print(Text(f"{decision.policy}  {line.watch.image}", style="bold"))
    for name, words in _facts(decision, line):
        out.print(Text(f"  {name:<10}{outgoing(words)}"), soft_wrap=True)
    gates = _gates(line, now)
    if gates:
        _say(f"What {chosen(line.verdict)} has to pass", out)
        _rows([(gate.name, _SIGNS[gate.open], outgoing(gate.because)) for gate in gates], out)
    if line.ranking is not None and line.ranking.candidates:
        candidates = line.ranking.candidates
        _say(f"Let in, the best first: {_counted(len(candidates))}", out)
        _rows([(item.tag, outgoing(item.because)) for item in candidates[: 2 * _SHOWN]], out)
        _say_rest(len(candidates) - 2 * _SHOWN, out)
    counts = dict(line.ranking.refused_by) if line.ranking is not None else {}
    for rule, refused in _refused(line):
        _say(f"Refused by {rule}: {_counted(counts[rule])}", out)
        _rows([(outgoing(item.tag), outgoing(item.because)) for item in refused[:_SHOWN]], out)
        _say_rest(counts[rule] - _SHOWN, out)
    out.print()


def _facts(decision: Decision, line: WatchDecision) -> Iterator[tuple[str, str]]:
    for field in line.fields:
        yield "deployed", f"{str(field.value) or 'untagged'}  {field.file}:{field.line}  {field.path}"
    for field in line.left:
        place = f"{field.file}:{field.line}  {field.path}"
        yield "in text", f"{field.tag or 'untagged'}  {place}  (left as it is without `embedded: true`)"
    if line.case is not None and line.case.source is not None:
        source = line.case.source
        yield "from", f"{source.environment}, which has {source.version}" if source.version else source.because
    if line.asked is not None:
        yield "tags", f"as {line.asked} lists them"
    inherited = _inherited(decision, line)
    order = next((one for one in inherited if one.path[2:] == (line.watch.order().name,)), None)
    yield "rule", f"{line.watch.rule}  ({f'{order.file}:{order.line}' if order else decision.policy.file})"
    for one in inherited:
        if one is not order:
            yield "default", f"{_key(one.path)}: {one.text}  ({one.file}:{one.line})"
    until = f" until {shown(line.verdict.until)}" if isinstance(line.verdict, Held) and line.verdict.until else ""
    yield "answer", f"{state(line.verdict)}{until}: {line.verdict.because}"


def _inherited(decision: Decision, line: WatchDecision) -> list[Taken]:
    """What holds for this image here and was written in files of defaults."""
    index = decision.policy.watches.index(line.watch)
    return [one for one in decision.policy.inherited if one.path[0] != "images" or one.path[1] == index]


def _key(path: KeyPath) -> str:
    """A key as people name it: without the environment and the image that are talked about anyway."""
    return ".".join(str(part) for part in (path[2:] if path[0] in ("environments", "images") else path))


def _gates(line: WatchDecision, now: datetime) -> tuple[Gate, ...]:
    match line.verdict:
        case Update(to=version) | Held(version=version) if line.case is not None:
            return survey(line.case, line.facts, version, now)
    return ()


def _refused(line: WatchDecision) -> list[tuple[str, tuple[Refusal, ...]]]:
    """The refused tags by the rule that refused them: the rule that is asked last first, and the nearest misses."""
    if line.ranking is None:
        return []
    ranking = line.ranking
    tag = chosen(line.verdict) or next((field.tag for field in line.fields if field.tag), "")
    names = [ranking.rules.called(rule) for rule in Rule]
    refused = sorted(nearest(ranking, tag), key=lambda item: -names.index(item.rule))
    return [(rule, tuple(items)) for rule, items in groupby(refused, key=lambda item: item.rule)]


def _say(words: str, out: Console) -> None:
    out.print(Text(f"  {words}"), soft_wrap=True)


def _say_rest(number: int, out: Console) -> None:
    if number > 0:
        out.print(Text(f"    and {number} more: --json has them", style="dim"))


def _rows(rows: Sequence[tuple[str, ...]], out: Console) -> None:
    """Lines in columns, of which the last is as long as it is."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    for *cells, last in rows:
        columns = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        out.print(Text("    " + "  ".join([*columns, last])), soft_wrap=True)


def _counted(number: int) -> str:
    return "1 tag" if number == 1 else f"{number} tags"


def _data(decision: Decision, line: WatchDecision, now: datetime) -> dict[str, Any]:
    ranking = line.ranking
    return {
        "app": decision.policy.app,
        "environment": decision.policy.environment,
        "policy": decision.policy.file,
        "image": str(line.watch.image),
        "listedAs": str(line.asked or line.watch.image),
        "rule": line.watch.rule,
        "inherited": [
            {"key": _key(one.path), "value": one.text, "file": one.file, "line": one.line}
            for one in _inherited(decision, line)
        ],
        "deployed": [_field(field) for field in line.fields],
        "embedded": [_field(field) for field in line.left],
        "from": _source(line),
        "state": state(line.verdict),
        "chosen": chosen(line.verdict) or None,
        "digest": _digest(line),
        "until": _moment(line.verdict.until) if isinstance(line.verdict, Held | Waiting) else None,
        "because": line.verdict.because,
        "gates": [
            {"gate": gate.name, "open": gate.open, "until": _moment(gate.until), "because": gate.because}
            for gate in _gates(line, now)
        ],
        "counts": ranking.counts if ranking else None,
        "candidates": [
            {"tag": item.tag, "version": item.version, "because": item.because}
            for item in (ranking.candidates if ranking else ())
        ],
        "refused": [
            {"tag": item.tag, "rule": item.rule, "because": item.because}
            for _, refused in _refused(line)
            for item in refused
        ],
    }


def _source(line: WatchDecision) -> dict[str, Any] | None:
    source = line.case.source if line.case is not None else None
    if source is None:
        return None
    version = source.version or Version("")
    return {"environment": source.environment, "tag": version.tag or None, "digest": version.digest}


def _digest(line: WatchDecision) -> str | None:
    match line.verdict:
        case Update(to=version) | UpToDate(at=version) | Held(version=version):
            return version.digest
    return None


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _field(field: Field) -> dict[str, Any]:
    return {"file": field.file, "line": field.line, "path": field.path, "tag": field.tag, "digest": field.digest}
