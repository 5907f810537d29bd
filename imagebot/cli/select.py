"""`imagebot select`: the decision of a policy without a registry or a repository."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, assert_never

import click

from imagebot import clock
from imagebot.errors import FINE, BadInput, Problem, printable
from imagebot.images.reference import ImageName, is_tag
from imagebot.policy.model import Ignore, Tags, Watch
from imagebot.policy.pattern import BadPattern, Pattern, Template
from imagebot.selection.judge import judge, newest
from imagebot.selection.rank import Ranking, rank
from imagebot.selection.verdict import (
    Deployed,
    Facts,
    Held,
    Needs,
    NoCandidate,
    Unknown,
    Update,
    UpToDate,
)
from imagebot.versions.order import Unreadable
from imagebot.versions.semver import Range

NOTHING_FITS = 4
_INPUT = "standard input"
_MOST_PROBLEMS = 10
_ANY_IMAGE = ImageName("registry.invalid", "standard-input")
_NOBODY_TO_ASK = Facts(digest="", closed=())

T = TypeVar("T")


@click.command()
@click.option("--semver", required=True, metavar="RANGE", help="Versions to choose from, such as '^1.4'.")
@click.option("--match", metavar="RE", help="Only tags in which this RE2 pattern is found.")
@click.option("--extract", metavar="TEMPLATE", help="The version within a tag: $1, ${name} of --match.")
@click.option(
    "--ignore", multiple=True, metavar="TAG", help="Never this tag; or range:RANGE, match:RE. May be given again."
)
@click.option("--current", metavar="TAG", help="What is deployed now: never go below it.")
@click.option("--prereleases", is_flag=True, help="Let in prereleases although the range names none.")
@click.option("--loose", is_flag=True, help="Let in versions of one or two parts, and leading zeros.")
@click.option("--json", "as_json", is_flag=True, help="Print the choice and the reason of every tag as JSON.")
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
    watch = _watch(**flags)
    if current is not None and not is_tag(current):
        raise BadInput(f"--current: {printable(current)!r} is no tag")
    ranking = rank(watch, _tags(), () if current is None else (current,))
    tag, state, because = _decide(watch, ranking, current)
    if as_json:
        print(json.dumps(_data(ranking, tag, state, because), indent=2, ensure_ascii=False))
    else:
        print(because, file=sys.stderr)
        if tag is not None:
            print(tag)
    return NOTHING_FITS if tag is None else FINE


def _decide(watch: Watch, ranking: Ranking, current: str | None) -> tuple[str | None, str, str]:
    """The tag that should be deployed, the verdict in a word or two, and its reason."""
    if not ranking.tags:
        return None, "no candidate", f"there are no tags on {_INPUT}"
    if ranking.best is not None and current is None:
        return ranking.best.tag, "chosen", newest(ranking, ranking.best)
    verdict = judge(watch, ranking, (Deployed(current, None, "--current"),), _NOBODY_TO_ASK, clock.now())
    match verdict:
        case Update(to=to, because=because):
            return to.tag, "update", because
        case UpToDate(at=at, because=because):
            return at.tag, "up to date", because
        case Held(hold=hold, because=because):
            return current, f"held ({hold})", because
        case NoCandidate(because=because) | Unknown(because=because):
            return None, "no candidate", because
        case Needs():
            raise AssertionError("all facts were given")
    assert_never(verdict)


def _watch(
    semver: str, match: str | None, extract: str | None, ignore: tuple[str, ...], loose: bool, prereleases: bool
) -> Watch:
    pattern = None if match is None else _read("--match", match, Pattern.parse)
    if extract is not None:
        if pattern is None:
            raise BadInput("--extract takes groups out of --match: give both")
        _read("--extract", extract, partial(Template.parse, pattern=pattern))
    return Watch(
        image=_ANY_IMAGE,
        semver=_read("--semver", semver, Range.parse),
        loose=loose,
        prereleases=prereleases,
        tags=Tags(match=pattern, extract=extract, ignore=tuple(_ignored(item) for item in ignore)),
    )


def _ignored(text: str) -> str | Ignore:
    if text.startswith("range:"):
        return Ignore(range=_read("--ignore", text, Range.parse, skip=len("range:")).text)
    if text.startswith("match:"):
        return Ignore(match=_read("--ignore", text, Pattern.parse, skip=len("match:")))
    if not is_tag(text):
        raise BadInput(f"--ignore: {printable(text)!r} is no tag; write a tag, range:RANGE or match:RE")
    return text


def _read(flag: str, text: str, parse: Callable[[str], T], skip: int = 0) -> T:
    """`text` behind its first `skip` characters, read; what is wrong gets a caret under it."""
    try:
        return parse(text[skip:])
    except (Unreadable, BadPattern) as error:
        marker = "^" + "~" * (error.length - 1)
        shown = f"\n    {printable(text)}\n    {' ' * (skip + error.offset)}{marker}" if text else ""
        raise BadInput(f"{flag}: {error}{shown}") from None


def _tags() -> tuple[str, ...]:
    """The tags on standard input, one a line; lines with nothing but spaces do not count."""
    if sys.stdin.isatty():
        print("Reading tags, one per line, up to Ctrl-D.", file=sys.stderr)
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")
    tags = {number: line.strip() for number, line in enumerate(lines, 1) if line.strip()}
    wrong = [_no_tag(number, lines[number - 1]) for number, tag in tags.items() if not is_tag(tag)]
    if wrong:
        more = [f"and {len(wrong) - _MOST_PROBLEMS} more lines like these"] if len(wrong) > _MOST_PROBLEMS else []
        raise BadInput(*wrong[:_MOST_PROBLEMS], *more)
    return tuple(tags.values())


def _no_tag(number: int, line: str) -> Problem:
    start = len(line) - len(line.lstrip())
    return Problem(_INPUT, number, start + 1, "this is no tag", line.rstrip(), len(line.strip()))


def _data(ranking: Ranking, tag: str | None, state: str, because: str) -> dict[str, Any]:
    return {
        "chosen": tag,
        "state": state,
        "because": because,
        "candidates": [
            {"tag": item.tag, "version": item.version, "because": item.because} for item in ranking.candidates
        ],
        "refused": [{"tag": item.tag, "rule": item.rule, "because": item.because} for item in ranking.refused],
    }
