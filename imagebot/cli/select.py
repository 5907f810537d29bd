"""`imagebot select`: the choice of a policy without a registry or a repository."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import Any

import click

from imagebot.cli.outlet import json_text
from imagebot.cli.rule import history_from, rule_options, watch_from
from imagebot.errors import FINE, BadInput, Problem
from imagebot.images.reference import TAG_PATTERN, is_tag
from imagebot.outgoing import outgoing
from imagebot.policy.trial import moment
from imagebot.selection.choice import Choice, choose
from imagebot.selection.rank import Ranking, rank
from imagebot.versions.known import OrderInputs

NOTHING_FITS = 4
_INPUT = "standard input"
_MOST_PROBLEMS = 10
_SOUND = re.compile(rf"(?:[ \t]*+(?:{TAG_PATTERN})?+[ \t]*+\r?+(?:\n|\Z))*+", re.ASCII)
"""Lines with a tag on each: nobody need look at them one by one."""
_NO_TAGS = Choice(None, "no candidate", f"there are no tags on {_INPUT}")


@click.command()
@rule_options
@click.option("--current", metavar="TAG", help="What is deployed now: never go below it.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the choice and the reason of each tag, of many the first, as JSON.",
)
def command(as_json: bool, current: str | None, **flags: Any) -> int:
    """Choose a tag from those on standard input, one per line, as a policy would.

    The tag that should be deployed goes to standard output, the reason to standard error.

    \b
    Examples:
      skopeo list-tags docker://ghcr.io/stefanprodan/podinfo | jq -r '.Tags[]' \\
        | imagebot select --semver '^6.5' --current 6.5.0
      printf '%s\\n' 3.9.1-slim 3.10.0-slim 3.10.0 \\
        | imagebot select --semver '3.x' --match '^(.+)-slim$' --extract '$1' --json

    Exit codes: 0 a tag was chosen; 2 a flag or a line is wrong; 4 nothing fits.
    """
    watch = watch_from(flags)
    if current is not None and not is_tag(current):
        raise BadInput(f"--current: {outgoing(current)!r} is no tag")
    history = history_from(flags)
    tags, created = _lines(with_times="created" in watch.order_facts.needs)
    ranking = rank(watch, tags, () if current is None else (current,), OrderInputs(created, history))
    choice = choose(ranking, current, "--current") if tags else _NO_TAGS
    if as_json:
        print(json_text(_data(ranking, choice)))
    else:
        print(choice.because, file=sys.stderr)
        if choice.tag is not None:
            print(choice.tag)
    return NOTHING_FITS if choice.tag is None else FINE


def _lines(with_times: bool) -> tuple[tuple[str, ...], dict[str, datetime | None]]:
    """The tags on standard input, one a line, perhaps with times; lines with nothing but spaces do not count."""
    if sys.stdin.isatty():
        print("Reading tags, one per line, up to Ctrl-D.", file=sys.stderr)
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not with_times and _SOUND.fullmatch(text):
        return tuple(dict.fromkeys(text.split())), {}
    lines = text.split("\n")
    times: dict[str, datetime | None] = {}
    wrong: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            tag, time = _timed(line) if with_times else (_tag(line), None)
            times[tag] = time
        except ValueError as error:
            wrong.append(_problem(number, line, str(error)))
    if wrong:
        more = [f"and {len(wrong) - _MOST_PROBLEMS} more lines like these"] if len(wrong) > _MOST_PROBLEMS else []
        raise BadInput(*wrong[:_MOST_PROBLEMS], *more)
    return tuple(times), times if with_times else {}


def _tag(text: str) -> str:
    if not is_tag(text.strip()):
        raise ValueError("this is no tag")
    return text.strip()


def _timed(line: str) -> tuple[str, datetime]:
    tag, _, time = line.strip().partition("\t")
    if not time.strip() and is_tag(tag):
        raise ValueError("--created needs a time: write the tag, a tab and 2026-01-31T12:00:00Z")
    return _tag(tag), moment(time.strip())


def _problem(number: int, line: str, message: str) -> Problem:
    start = len(line) - len(line.lstrip())
    return Problem(_INPUT, number, start + 1, message, line.rstrip(), len(line.strip()))


def _data(ranking: Ranking, choice: Choice) -> dict[str, Any]:
    return {
        "chosen": choice.tag,
        "state": choice.state,
        "because": choice.because,
        "counts": ranking.counts,
        "candidates": [
            {"tag": item.tag, "version": item.version, "because": item.because} for item in ranking.candidates
        ],
        "refused": [{"tag": item.tag, "rule": item.rule, "because": item.because} for item in ranking.refused],
    }
