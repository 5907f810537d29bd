"""`imagebot rollback`: propose what an app's fields said before, and hold what they say now."""

from __future__ import annotations

import difflib
from pathlib import Path

import click
from rich.text import Text

from imagebot import clock
from imagebot.cli.compose import load, world_of
from imagebot.cli.holds import login, named, one_line, one_place
from imagebot.cli.options import config_option
from imagebot.cli.tables import console
from imagebot.cycle.report import Action, Outcome
from imagebot.errors import FINE, NOT_ALL_DONE, BadInput
from imagebot.history.undo import AlreadyBack, NoWayBack, RollbackTarget
from imagebot.operations.rollback import Planned, RollbackOrder, carry_out, plan_rollback
from imagebot.outgoing import outgoing
from imagebot.plan.rollback import RollbackWish
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("app", metavar="APP[@ENVIRONMENT]")
@click.option("--to", metavar="VERSION", help="A tag, TAG@DIGEST or digest that it was at. Default: what was before.")
@click.option("--because", default="", metavar="TEXT", help="Why, for those who review it and who ask later.")
@click.option("--by", metavar="NAME", help="Who wants it. Default: your login name.")
@click.option("--dry-run", is_flag=True, help="Show the diff and what would be held; write nothing.")
@config_option
def command(app: str, to: str | None, because: str, by: str | None, dry_run: bool, config: Path | None) -> int:
    """Open a pull request that puts an app's image fields back, byte for byte, and hold what they say now.

    What each field said before is told by the base branch's history, by whomever it was changed. Only the images that
    moved last go back, with --to those that were at VERSION, tag and digest as they were; whatever else was committed
    since stays. The versions that go are held as by `imagebot hold`, until `imagebot unhold`.

    There is one pull request, however often this runs, on a branch of its own; that of the app's update, if one is
    open, is left alone.

    \b
    Examples:
      imagebot rollback podinfo@production --because "breaks the login page"
      imagebot rollback podinfo@production --to 6.5.2 --dry-run
    """
    settings, policies = load(config)
    policy = _policy(policies, app)
    wish = RollbackWish(one_line("--by", by or login()), one_line("--because", because or "rolled back"))
    order = RollbackOrder(policy, wish, _target(to))
    world = world_of(settings)
    mine = [each for each in policies.policies if each.repository == policy.repository]
    planned = plan_rollback(world, mine, order, clock.now())
    out = console()
    match planned:
        case AlreadyBack(because=why):
            out.print(Text(outgoing(f"nothing to do: {why}")), soft_wrap=True)
            return FINE
        case NoWayBack(because=why):
            click.echo(f"imagebot: not rolled back: {outgoing(why)}", err=True)
            return NOT_ALL_DONE
    if dry_run:
        _print_plan(planned)
        return FINE
    outcome = carry_out(world, planned)
    _print_outcome(outcome, planned)
    return NOT_ALL_DONE if outcome.action is Action.FAILED else FINE


def _policy(policies: PolicySet, app: str) -> Policy:
    place = one_place(policies, app)
    return next(policy for policy in policies.policies if (policy.app, policy.environment) == place)


def _target(to: str | None) -> RollbackTarget | None:
    try:
        return None if to is None else RollbackTarget.parse(to)
    except ValueError as error:
        raise BadInput(f"--to: {error}") from None


def _print_plan(planned: Planned) -> None:
    out = console()
    change = planned.change
    out.print(Text(outgoing(f"{change.branch}: {change.title}"), style="bold"), soft_wrap=True)
    for file, after in change.files.items():
        for line in difflib.unified_diff(_lines(change.before[file]), _lines(after), file, file, lineterm=""):
            out.print(Text(outgoing(line), style=_COLOURS.get(line[:1], "")), soft_wrap=True)
    _print_rest(planned, "would be held")


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").splitlines()


def _print_outcome(outcome: Outcome, planned: Planned) -> None:
    out = console()
    style = "red" if outcome.action is Action.FAILED else "green"
    out.print(
        Text(f"{outcome.action:<8}", style=style), Text(outgoing(outcome.title)), Text(outcome.url), soft_wrap=True
    )
    if outcome.action is Action.FAILED:
        out.print(Text(f"         {outgoing(outcome.because)}"), soft_wrap=True)
    _print_rest(planned, "held")


def _print_rest(planned: Planned, held: str) -> None:
    out = console()
    for caution in planned.cautions:
        out.print(Text(outgoing(f"warning: {caution}"), style="yellow"), soft_wrap=True)
    for hold in planned.holds:
        out.print(
            Text(f"{held}: {named(hold.place)}; lift it with `imagebot unhold {named(hold.place)}`"), soft_wrap=True
        )
