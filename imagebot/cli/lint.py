"""`imagebot lint`: every problem in the files that people write, before the bot meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import click

from imagebot.cli.options import config_option
from imagebot.cli.outlet import json_text
from imagebot.cycle.bulkhead import Bulkhead
from imagebot.errors import FINE, WRONG_INPUT, Ask, BadInput, ImagebotError, Problem, worst
from imagebot.observe.events import BugMet, Event
from imagebot.policy.read import PolicySet
from imagebot.policyfiles import load_paths, load_policies
from imagebot.selection.choice import failure
from imagebot.settings import resolve as settings
from imagebot.settings.checks import checked, know_secrets


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@config_option
@click.option("--inherited", is_flag=True, help="Show what policies have from defaults, and where it is written.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of problems and hints for programs.")
def command(paths: tuple[Path, ...], config: Path | None, inherited: bool, as_json: bool) -> int:
    """Check policies and settings, run the tests in policy files, and show every problem.

    Without PATH: the settings and all policies that they name. With PATHs: the policy files in these folders and files;
    the repositories that they name are checked if there are settings. Nothing outside this machine is asked, but for
    policies that are in git.

    \b
      imagebot lint                      all of it
      imagebot lint policies/shop.yaml   one file, for an editor or a commit hook

    Hints are about policies that work and may not mean what you meant. Exit codes: 0 fine, hints included; 2 problems.
    """
    bulkhead = Bulkhead(_print_trace)
    found = _named(paths, config, bulkhead.ask) if paths else _everything(config, bulkhead.ask)
    policies = _tried(found, bulkhead.ask)
    taken = _inherited(policies) if inherited else []
    click.echo(_as_json(policies, taken) if as_json else _as_text(policies, taken))
    return worst([FINE if policies.complete else WRONG_INPUT, *(bug.exit_code for bug in bulkhead.bugs)])


def _print_trace(event: Event) -> None:
    if isinstance(event, BugMet):
        click.echo(event.trace, err=True, nl=False)


def _everything(config: Path | None, ask: Ask) -> PolicySet:
    try:
        return _checked(config, _of_settings(settings.load(config), ask))
    except BadInput as error:
        placed = tuple(problem for problem in error.problems if isinstance(problem, Problem))
        if not placed:
            raise
        return PolicySet((), placed)


def _of_settings(found: settings.Settings, ask: Ask) -> PolicySet:
    if not found.committed_policies:
        return load_policies(found, ask)
    from imagebot.cli.compose import world_of
    from imagebot.cycle.committed_policies import committed_policies

    return load_policies(found, ask, committed_policies(world_of(found)))


def _checked(config: Path | None, policies: PolicySet) -> PolicySet:
    """The same with what is wrong with what the settings name."""
    watches = [watch for policy in policies.policies for watch in policy.watches]
    used = {name.registry for watch in watches for name in (watch.image, watch.upstream) if name is not None}
    found = checked(config, used if policies.complete else None)
    problems = tuple(sorted([*policies.problems, *found.problems]))
    return replace(policies, problems=problems, advice=tuple(sorted([*policies.advice, *found.hints])))


def _tried(policies: PolicySet, ask: Ask) -> PolicySet:
    """The same with each test that fails as a problem."""
    failures = []
    for trial in policies.trials:
        because = ask(f"run the test in {trial.place.file}:{trial.place.line}", partial(failure, trial))
        if isinstance(because, ImagebotError):
            failures.append(replace(trial.place, message=str(because)))
        elif because is not None:
            failures.append(replace(trial.place, message=f"this test fails: {because}"))
    return replace(policies, problems=tuple(sorted([*policies.problems, *failures])))


def _named(paths: tuple[Path, ...], config: Path | None, ask: Ask) -> PolicySet:
    """These files, with what the settings say of them if there are any: no secret of theirs is needed."""
    if config is None and not settings.find().exists():
        return load_paths(paths, None, None, ask)
    know_secrets(config)
    return load_paths(paths, *settings.names(config), ask, settings.rules_for_policies(config))


def _inherited(policies: PolicySet) -> list[Problem]:
    """What each policy has from defaults, at the place where that is written."""
    taken = {
        Problem(one.file, one.line, 1, f"{policy.file}: {'.'.join(map(str, one.path))}: {one.text}")
        for policy in policies.policies
        for one in policy.inherited
    }
    return sorted(taken, key=lambda one: (one.message, one))


def _as_text(policies: PolicySet, inherited: Sequence[Problem]) -> str:
    hints = [replace(hint, message=f"hint: {hint.message}") for hint in policies.advice]
    lines = [str(item) for item in sorted([*policies.problems, *hints])]
    files = len({policy.file for policy in policies.policies})
    in_files = f" in {_count(files, 'file')}" if files != len(policies.policies) else ""
    counts = [_count(len(policies.policies), "sound policy", "sound policies") + in_files]
    if policies.trials:
        counts.append(_count(len(policies.trials), "test"))
    if policies.problems:
        counts.insert(0, _count(len(policies.problems), "problem"))
    if hints:
        counts.append(_count(len(hints), "hint"))
    taken = [f"{one.message}  ({one.file}:{one.line})" for one in inherited]
    return "\n".join([*lines, *taken, ", ".join(counts)])


def _as_json(policies: PolicySet, inherited: Sequence[Problem]) -> str:
    items = [("problem", item) for item in policies.problems] + [("hint", item) for item in policies.advice]
    items += [("inherited", item) for item in inherited]
    return json_text([{"kind": kind, **asdict(item)} for kind, item in items])


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
