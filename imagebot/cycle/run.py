"""One pass, in its order."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime

from imagebot.cycle.asked import Asked
from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.decide import Sights, decide
from imagebot.cycle.deliver import deliver
from imagebot.cycle.histories import read_histories
from imagebot.cycle.lists import list_tags
from imagebot.cycle.memory import Memory
from imagebot.cycle.report import Costs, Report
from imagebot.cycle.world import Stopped, World
from imagebot.errors import BadInput, ImagebotError
from imagebot.observe.events import PassFinished, PassStarted, PolicyRefused
from imagebot.plan.decision import Decision
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet
from imagebot.selection.verdict import Held, tag_of
from imagebot.store.protocol import LastVerdict

Checkouts = Mapping[str, Checkout | ImagebotError]


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass: look, decide, push, settle pull requests. Raises `Stopped` if told to stop in the middle."""
    started = time.monotonic()
    memory = Memory(world.store(), now)
    registries = Asked(world.registries, memory)
    checkouts, survey = _survey(world, registries, memory, policies)
    memory.judged(_last(survey.decisions, now))
    memory.save()
    outcomes = deliver(world, checkouts, survey.decisions)
    report = replace(survey, outcomes=outcomes, costs=_costs(registries, checkouts))
    world.tell(PassFinished(report.exit_code, round(time.monotonic() - started, 3), *astuple(report.costs)))
    _tidy(world, checkouts)
    return report


def preview(world: World, policies: PolicySet, now: datetime) -> Report:
    """The pass up to the commit: what it would do, and nothing done."""
    memory = Memory(world.store(), now)
    return _survey(world, Asked(world.registries, memory), memory, policies)[1]


def _survey(world: World, registries: Asked, memory: Memory, policies: PolicySet) -> tuple[Checkouts, Report]:
    world.tell(PassStarted(len(policies.policies)))
    problems = tuple(str(problem) for problem in policies.problems)
    for problem in problems:
        world.tell(PolicyRefused(problem))
    known = (*policies.policies, *policies.beside)
    checkouts = {
        name: _try_check_out(world, registries, memory, [policy for policy in known if policy.repository == name])
        for name in sorted(_repositories(policies))
    }
    lists = list_tags(world, registries, memory, policies.policies)
    histories = read_histories(world, policies.policies)
    decisions = decide(world, policies, checkouts, Sights(lists, histories))
    wrong = (str(error) for error in checkouts.values() if isinstance(error, BadInput))
    return checkouts, Report(decisions, (), (*problems, *wrong), _costs(registries, checkouts))


def _last(decisions: Sequence[Decision], now: datetime) -> list[LastVerdict]:
    return [
        LastVerdict(
            app=decision.policy.app,
            environment=decision.policy.environment,
            image=str(line.watch.image),
            state=type(line.verdict).__name__,
            tag=tag_of(line.verdict),
            until=line.verdict.until if isinstance(line.verdict, Held) else None,
            because=line.verdict.because,
            at=now,
        )
        for decision in decisions
        for line in decision.watches
    ]


def _repositories(policies: PolicySet) -> set[str]:
    """The environment repositories that must be looked at: versions may come from another one."""
    known = {str(policy): policy for policy in (*policies.policies, *policies.beside)}
    sources = (known.get(f"{each.app}@{each.gates.source.environment}") for each in known.values() if each.gates.source)
    return {policy.repository for policy in policies.policies} | {policy.repository for policy in sources if policy}


def _try_check_out(
    world: World, registries: Asked, memory: Memory, policies: Sequence[Policy]
) -> Checkout | ImagebotError:
    world.go_on()
    settings = world.settings.repositories[policies[0].repository]
    try:
        return check_out(world, registries, memory, settings, tuple(policies))
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
