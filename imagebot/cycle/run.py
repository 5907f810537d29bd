"""One pass, in its order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import datetime

from imagebot.cycle.asked import Asked
from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.decide import decide, list_tags
from imagebot.cycle.deliver import deliver
from imagebot.cycle.report import Costs, Report
from imagebot.cycle.world import Stopped, World
from imagebot.errors import ImagebotError
from imagebot.observe.events import PassFinished, PassStarted, PolicyRefused
from imagebot.policy.read import PolicySet

Checkouts = Mapping[str, Checkout | ImagebotError]


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass: look, decide, push, settle pull requests. Raises `Stopped` if told to stop in the middle."""
    started = time.monotonic()
    registries = Asked(world.registries)
    checkouts, survey = _survey(world, registries, policies, now)
    outcomes = deliver(world, checkouts, survey.decisions)
    report = replace(survey, outcomes=outcomes, costs=_costs(registries, checkouts))
    world.tell(PassFinished(report.exit_code, round(time.monotonic() - started, 3), *astuple(report.costs)))
    _tidy(world, checkouts)
    return report


def preview(world: World, policies: PolicySet, now: datetime) -> Report:
    """The pass up to the commit: what it would do, and nothing done."""
    return _survey(world, Asked(world.registries), policies, now)[1]


def _survey(world: World, registries: Asked, policies: PolicySet, now: datetime) -> tuple[Checkouts, Report]:
    world.tell(PassStarted(len(policies.policies)))
    problems = tuple(str(problem) for problem in policies.problems)
    for problem in problems:
        world.tell(PolicyRefused(problem))
    repositories = sorted({policy.repository for policy in policies.policies})
    checkouts = {name: _try_check_out(world, registries, name, policies) for name in repositories}
    tags = list_tags(world, registries, policies.policies)
    decisions = decide(world, policies.policies, checkouts, tags, now)
    return checkouts, Report(decisions, (), problems, _costs(registries, checkouts))


def _try_check_out(world: World, registries: Asked, name: str, policies: PolicySet) -> Checkout | ImagebotError:
    world.go_on()
    watching = tuple(policy for policy in policies.policies if policy.repository == name)
    try:
        return check_out(world, registries, world.settings.repositories[name], watching)
    except Stopped:
        raise
    except ImagebotError as error:
        return error


def _costs(registries: Asked, checkouts: Checkouts) -> Costs:
    present = [checkout for checkout in checkouts.values() if isinstance(checkout, Checkout)]
    return Costs(
        registry_requests=registries.requests,
        git_fetches=sum(checkout.mirror.fetches for checkout in present),
        git_pushes=sum(checkout.mirror.pushes for checkout in present),
        forge_writes=sum(checkout.forge_writes for checkout in present),
    )


def _tidy(world: World, checkouts: Checkouts) -> None:
    for checkout in checkouts.values():
        if isinstance(checkout, Checkout) and not world.stopping():
            checkout.mirror.tidy()
