"""`imagebot history`: which version was where when, and who brought it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from imagebot import clock
from imagebot.cli import history_pages as pages
from imagebot.cli.compose import load, only, world_of
from imagebot.cli.holds import some_are_wrong
from imagebot.cli.options import config_option
from imagebot.cycle.world import World
from imagebot.documents.duration import parse_duration
from imagebot.errors import FINE, WRONG_INPUT, BadInput, ImagebotError, worst
from imagebot.history.attribution import squashed
from imagebot.history.commits import at_moment, named
from imagebot.history.entry import HistoryEntry, newest_first, since
from imagebot.history.figures import Period
from imagebot.operations.base_history import BaseHistory, read_pasts, reviewed, understood
from imagebot.policy.read import PolicySet

_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that was found out, newest first, and what is to be known about it."""

    entries: tuple[HistoryEntry, ...]
    notes: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What is to be told: what came `since` then (None: everything), and whether the `forge` is asked about it."""

    since: datetime | None
    forge: bool


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP[@ENVIRONMENT]]...")
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option(
    "--since", "back", metavar="DURATION", help="How far to look back, such as 30d. Default: to the beginning."
)
@click.option(
    "--at", metavar="DATE", help="What every field said then: a day (its end, in UTC), a moment, or a commit's id."
)
@click.option(
    "--forge", "ask_forge", is_flag=True, help="Ask the forge, too: when opened, by whom approved and merged."
)
@click.option("--dora", is_flag=True, help="Print figures of these changes, and what each leaves out.")
@click.option(
    "--failed-within",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="A deployment that is taken back sooner has failed. For --dora.",
)
@click.option("--json", "form", flag_value="json", help="Print data instead of a table.")
@click.option("--csv", "form", flag_value="csv", help="Print rows for a spreadsheet.")
@config_option
def command(
    apps: tuple[str, ...],
    environment: str | None,
    back: str | None,
    at: str | None,
    ask_forge: bool,
    dora: bool,
    failed_within: str,
    form: str | None,
    config: Path | None,
) -> int:
    """Tell which version was where when, who brought and merged it, and how long that took; newest first.

    All of it comes from git: each change of an image field on the base branch, by whomever, is found as a pass would
    find it; it counts from when the base branch had it. The policies as they are now say which field is whose: what
    they do not reach, and images that they no longer watch, are not told.

    Git does not know when the bot's pull requests were opened, nor who merged what a forge squashed; `--forge` asks for
    it. A squash that drops the bot's trailers looks like a change by hand.

    \b
    Examples:
      imagebot history podinfo@production --since 30d
      imagebot history --at 2026-11-02 --environment production
      imagebot history --since 90d --dora
      imagebot history --forge --csv > changes.csv
    """
    if at is not None and (dora or back is not None):
        raise BadInput("--at is one moment: leave out --since and --dora")
    settings, policies = load(config)
    chosen = _chosen(policies, apps, environment)
    now = clock.now()
    begin = None if back is None else _before(now, _duration("--since", back))
    world = world_of(settings)
    pasts = read_pasts(world, chosen.policies, now)
    if at is not None:
        read = _then(pasts, at)
        then = {
            name: understood(world, name, past) if isinstance(past, BaseHistory) else past
            for name, past in read.items()
        }
        notes = [note for name, past in then.items() for note in _notes_of_then(name, past)]
        pages.print_standing(then, (*_problems(policies, then), *notes), form)
        return _exit_code(world, policies, then)
    told = _told(world, pasts, HistoryQuery(begin, forge=ask_forge))
    notes = [*_problems(policies, pasts), *told.notes]
    if dora:
        window = Period(begin, now, _duration("--failed-within", failed_within))
        pages.print_figures(told.entries, window, notes, form)
    else:
        pages.print_entries(since(told.entries, begin), notes, form)
    return worst([told.exit_code, _exit_code(world, policies, pasts)])


def _chosen(policies: PolicySet, apps: tuple[str, ...], environment: str | None) -> PolicySet:
    chosen = only(policies, apps)
    kept = tuple(policy for policy in chosen.policies if environment in (None, policy.environment))
    if environment is not None and not kept:
        known = ", ".join(sorted({policy.environment for policy in chosen.policies})) or "none"
        raise BadInput(f"--environment: there is no {environment!r}; there are: {known}{some_are_wrong(policies)}")
    return replace(chosen, policies=kept)


def _duration(flag: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadInput(f"{flag}: {error}") from None


def _before(now: datetime, back: timedelta) -> datetime | None:
    try:
        return now - back
    except OverflowError:
        return None


def _then(pasts: Mapping[str, BaseHistory | ImagebotError], text: str) -> Mapping[str, BaseHistory | ImagebotError]:
    """Each repository as it was then; of a commit only the repository that has it. Raises `BadInput`."""
    read = {name: past for name, past in pasts.items() if isinstance(past, BaseHistory)}
    moment = _moment(text)
    if moment is not None:
        places = {name: at_moment(past.arrived, moment) for name, past in read.items()}
        return {**pasts, **{name: read[name].until(place) for name, place in places.items()}}
    if not _COMMIT.fullmatch(text):
        raise BadInput(f"--at: {text!r} is no day, moment or commit: write 2026-01-31, 2026-01-31T12:00Z or an id")
    found = [(name, place) for name, past in read.items() for place in named(past.arrived, text)]
    if not found:
        raise BadInput(f"--at: no base branch has a commit {text}")
    if len(found) > 1:
        raise BadInput(f"--at: {text} may be {len(found)} commits: write more of the id")
    ((name, place),) = found
    return {name: read[name].until(place)}


def _moment(text: str) -> datetime | None:
    """A day's last second, or a moment, which is in UTC if it does not say otherwise; None if it is neither."""
    if "-" not in text:
        return None
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), datetime.max.time(), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _problems(policies: PolicySet, pasts: Mapping[str, BaseHistory | ImagebotError]) -> tuple[str, ...]:
    """What stands in the way of knowing all."""
    failed = (str(past) for past in pasts.values() if isinstance(past, ImagebotError))
    return (*map(str, policies.problems), *failed)


def _exit_code(world: World, policies: PolicySet, pasts: Mapping[str, BaseHistory | ImagebotError]) -> int:
    failed = [past.exit_code for past in pasts.values() if isinstance(past, ImagebotError)]
    bugs = [bug.exit_code for bug in (*policies.bugs, *world.bugs)]
    return worst([WRONG_INPUT if policies.problems else FINE, *failed, *bugs])


def _told(world: World, pasts: Mapping[str, BaseHistory | ImagebotError], asked: HistoryQuery) -> Told:
    entries: list[HistoryEntry] = []
    notes: list[str] = []
    code = FINE
    for name, past in pasts.items():
        if not isinstance(past, BaseHistory):
            continue
        mine = past.ledger.entries
        if asked.forge:
            found = world.ask(
                f"ask the forge of {name} who merged what", partial(reviewed, world, name, mine, asked.since)
            )
            if isinstance(found, ImagebotError):
                notes.append(str(found))
                code = worst([code, found.exit_code])
            else:
                mine = found
        entries += mine
        notes += [*_notes(past, since(mine, asked.since)), *_not_readable(past, asked)]
    return Told(newest_first(entries), tuple(notes), code)


def _notes(past: BaseHistory, entries: Sequence[HistoryEntry]) -> Iterator[str]:
    """What git does not tell of these, in words."""
    lost = sum(squashed(entry.commit) and entry.review is None for entry in entries)
    if lost:
        yield f"squashed by the forge, so git does not tell who merged: {_count(lost, 'change')}"
    undated = sum(not entry.dated for entry in entries)
    if undated:
        yield f"came then or later (≥): {_count(undated, 'change')}, by the bot's own commits or by wrong clocks"
    if past.cut:
        yield f"older commits than {past.arrived[0].commit.id[:10]} were not read: the branch is very long"


def _notes_of_then(name: str, past: BaseHistory | ImagebotError) -> Iterator[str]:
    if isinstance(past, BaseHistory):
        yield from _not_readable(past, None)
        if not past.arrived:
            yield f"{name} had no commit then"


def _not_readable(past: BaseHistory, asked: HistoryQuery | None) -> Iterator[str]:
    """Files that could not be read at some time that is asked about; None: at the tip."""
    found = [each for each in past.ledger.unread if each.until is None or (asked and _counts(past, each.until, asked))]
    if not found:
        return
    named = ", ".join(f"{each.path} from {past.arrived[each.place].commit.id[:10]} on" for each in found[-_NAMED:])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    yield f"not readable for a while, so what was there before counts on: {named}{more}"


def _counts(past: BaseHistory, until: int, asked: HistoryQuery) -> bool:
    return asked.since is None or past.arrived[until].at >= asked.since


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
