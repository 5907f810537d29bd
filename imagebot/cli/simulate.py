"""`imagebot simulate`: what a policy would have done."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.options import config_option
from imagebot.cli.tables import console, print_json, state
from imagebot.documents.duration import format_duration, parse_duration
from imagebot.errors import FINE, BadInput, worst
from imagebot.operations.simulate import LeftOut, Simulation, Span, simulate
from imagebot.outgoing import outgoing
from imagebot.policy.model import Policy
from imagebot.selection.reasons import shown
from imagebot.selection.replay import Appearance, End, ImageMove, Opened
from imagebot.selection.update_kind import kind

_NAMED = 5


@click.command()
@click.argument("app", metavar="APP[@ENVIRONMENT]")
@click.option("--since", default="90d", show_default=True, metavar="DURATION", help="How far to look back.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=500,
    show_default=True,
    metavar="N",
    help="The most requests to send; what was asked before is remembered and costs one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")
@config_option
def command(app: str, since: str, limit: int, as_json: bool, config: Path | None) -> int:
    """Replay a registry's past against a policy: the pull requests that would have been opened, in order of time.

    Begins with the best tag of that time, and takes each pull request for merged at once. Asks the registry only about
    tags that could have been chosen, writes nothing but the times that it learns, and says what it does not know.

    \b
    Examples:
      imagebot simulate podinfo --since 90d
      imagebot simulate podinfo@production --since 26w --limit 2000 --json
    """
    settings, policies = load(config)
    chosen = only(policies, (app,)).policies
    apps = {policy.app for policy in chosen}
    if len(apps) > 1:
        raise BadInput(f"{app} is {' and '.join(sorted(apps))}: name one app")
    whole = tuple(policy for policy in policies.policies if policy.app in apps)
    try:
        back = parse_duration(since)
    except ValueError as error:
        raise BadInput(f"--since: {error}") from None
    now = clock.now()
    span = Span(_before(now, back), now, limit)
    found = simulate(world_of(settings), whole, span)
    environments = [policy.environment for policy in chosen]
    if as_json:
        print_json(_data(found, whole[0], environments, span))
    else:
        _print(found, whole[0], environments, span)
    return worst([FINE, *(error.exit_code for error in (*found.failed, *policies.bugs))])


def _before(now: datetime, back: timedelta) -> datetime:
    try:
        return now - back
    except OverflowError:
        raise BadInput(f"--since: {format_duration(back)} ago there was nothing") from None


def _print(found: Simulation, policy: Policy, environments: Collection[str], span: Span) -> None:
    out = console()
    mine = [opened for opened in found.replay.opened if opened.environment in environments]
    back = format_duration(span.until - span.since)
    many = "1 pull request" if len(mine) == 1 else f"{len(mine)} pull requests"
    out.print(Text(f"{policy.app}: {many} in {back}, since {shown(span.since)}", style="bold"), soft_wrap=True)
    for opened in mine:
        out.print()
        out.print(Text(f"{shown(opened.at)}  {policy.app}@{opened.environment}"), soft_wrap=True)
        for move in opened.moves:
            _print_move(move, policy, out)
    out.print()
    for end in _ends(found, environments):
        out.print(Text(_end(end, policy)), soft_wrap=True)
    out.print()
    out.print(Text("Not in this picture", style="bold"))
    for line in _unknown(found):
        out.print(Text(f"  - {line}"), soft_wrap=True)


def _print_move(move: ImageMove, policy: Policy, out: Console) -> None:
    head = f"  {move.image.familiar}: {move.old or 'nothing'} → {move.new.tag}{_step(move, policy)}"
    out.print(Text(outgoing(head), style="green"), soft_wrap=True)
    out.print(Text(outgoing(f"    {_came(move.new)}; {move.because}")), soft_wrap=True)


def _came(appearance: Appearance) -> str:
    if appearance.attested:
        return f"uploaded {shown(appearance.at)}, says the registry"
    return f"made {shown(appearance.at)}, says the image"


def _step(move: ImageMove, policy: Policy) -> str:
    word = _kind(move, policy)
    return f" ({word})" if word else ""


def _kind(move: ImageMove, policy: Policy) -> str | None:
    watch = next(watch for watch in policy.watches if watch.image == move.image)
    return None if move.old is None else kind(move.old, move.new.tag, watch)


def _ends(found: Simulation, environments: Collection[str]) -> list[End]:
    failed = {left.image for left in found.left if left.failed is not None}
    return [end for end in found.replay.ends if end.environment in environments and end.image not in failed]


def _end(end: End, policy: Policy) -> str:
    where = f"{policy.app}@{end.environment} {end.image.familiar}"
    return outgoing(f"{where} ends at {end.tag or 'nothing'}: {state(end.verdict)}, {end.verdict.because}")


def _unknown(found: Simulation) -> Iterator[str]:
    for left in found.left:
        yield from (f"{left.image.familiar}: {line}" for line in _left(left))
    yield "people: each pull request counts as merged at once; nothing was held, closed or rolled back"
    yield "tags that were deleted or pushed again since, and platforms that an image lacked"
    yield f"requests sent: {found.requests}; what they told is remembered"


def _left(left: LeftOut) -> Iterator[str]:
    if left.failed is not None:
        yield f"not known: {left.failed}"
    if left.cut:
        yield "the registry's list of tags may be cut short"
    if left.unasked:
        yield (
            f"{_tags(len(left.unasked))} not asked about, the limit was reached: {_some(left.unasked)}; one of them may"
            " be what ran at the beginning"
        )
    if left.silent:
        yield f"{_tags(len(left.silent))} without a time that can be true: {_some(left.silent)}"
    if left.older:
        yield f"{_tags(left.older)} that could not be chosen: a better one was there all the time"
    if left.claimed:
        yield f"{_tags(left.claimed)} with the time that the publisher wrote into the image, which is before the upload"
    if left.attested:
        yield f"{_tags(left.attested)} with the time that the registry tells"


def _tags(count: int) -> str:
    return "1 tag" if count == 1 else f"{count} tags"


def _some(tags: tuple[str, ...]) -> str:
    more = f" and {len(tags) - _NAMED} more" if len(tags) > _NAMED else ""
    return ", ".join(tags[:_NAMED]) + more


def _data(found: Simulation, policy: Policy, environments: Collection[str], span: Span) -> dict[str, Any]:
    return {
        "app": policy.app,
        "since": span.since.isoformat(),
        "until": span.until.isoformat(),
        "pullRequests": [
            _opened(opened, policy) for opened in found.replay.opened if opened.environment in environments
        ],
        "ends": [
            {
                "environment": end.environment,
                "image": str(end.image),
                "tag": end.tag,
                "state": state(end.verdict),
                "because": end.verdict.because,
            }
            for end in _ends(found, environments)
        ],
        "leftOut": [
            {
                "image": str(left.image),
                "older": left.older,
                "silent": list(left.silent),
                "unasked": list(left.unasked),
                "timesOfRegistry": left.attested,
                "timesOfPublisher": left.claimed,
                "listMayBeCut": left.cut,
                "failed": None if left.failed is None else str(left.failed),
            }
            for left in found.left
        ],
        "requests": found.requests,
    }


def _opened(opened: Opened, policy: Policy) -> dict[str, Any]:
    return {
        "environment": opened.environment,
        "at": opened.at.isoformat(),
        "images": [
            {
                "image": str(move.image),
                "from": move.old,
                "to": move.new.tag,
                "kind": _kind(move, policy),
                "came": move.new.at.isoformat(),
                "saidBy": "registry" if move.new.attested else "publisher",
                "because": move.because,
            }
            for move in opened.moves
        ],
    }
