"""One pass, in its order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, replace
from datetime import datetime

from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.decide import decide, list_tags
from imagebot.cycle.deliver import deliver
from imagebot.cycle.report import Costs, Report
from imagebot.cycle.world import Stopped, World
from imagebot.errors import ImagebotError
from imagebot.observe.events import PassFinished, PassStarted, PolicyRefused
from imagebot.policy.read import PolicySet
from imagebot.settings import RepositorySettings

Checkouts = Mapping[str, Checkout | ImagebotError]


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass: look, decide, push, settle pull requests. Raises `Stopped` if told to stop in the middle."""
    started, asked = time.monotonic(), world.registries.requests
    with _survey(world, policies, now) as (checkouts, survey):
        outcomes = deliver(world, checkouts, survey.decisions)
        costs = _costs(world, checkouts, asked)
        report = replace(survey, outcomes=outcomes, costs=costs)
    world.tell(PassFinished(report.exit_code, round(time.monotonic() - started, 3), *astuple(costs)))
    return report


def preview(world: World, policies: PolicySet, now: datetime) -> Report:
    """The pass up to the commit: what it would do, and nothing done."""
    with _survey(world, policies, now) as (_, report):
        return report


@contextmanager
def _survey(world: World, policies: PolicySet, now: datetime) -> Iterator[tuple[Checkouts, Report]]:
    asked = world.registries.requests
    world.tell(PassStarted(len(policies.policies)))
    for problem in policies.problems:
        world.tell(PolicyRefused(str(problem)))
    with ExitStack() as stack:
        checkouts = {
            name: _try_check_out(world, world.settings.repositories[name], policies, stack)
            for name in sorted({policy.repository for policy in policies.policies})
        }
        tags = list_tags(world, policies.policies)
        decisions = decide(world, policies.policies, checkouts, tags, now)
        problems = tuple(str(problem) for problem in policies.problems)
        yield checkouts, Report(decisions, (), problems, _costs(world, checkouts, asked))


def _try_check_out(
    world: World, settings: RepositorySettings, policies: PolicySet, stack: ExitStack
) -> Checkout | ImagebotError:
    world.go_on()
    watching = tuple(policy for policy in policies.policies if policy.repository == settings.name)
    try:
        mirror = stack.enter_context(world.mirror(settings))
        return check_out(world, settings, mirror, watching)
    except Stopped:
        raise
    except ImagebotError as error:
        return error


def _costs(world: World, checkouts: Checkouts, asked_before: int) -> Costs:
    present = [checkout for checkout in checkouts.values() if isinstance(checkout, Checkout)]
    return Costs(
        registry_requests=world.registries.requests - asked_before,
        git_fetches=sum(checkout.mirror.fetches for checkout in present),
        git_pushes=sum(checkout.mirror.pushes for checkout in present),
        forge_writes=sum(checkout.forge_writes for checkout in present),
    )
