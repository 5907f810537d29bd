"""One pass, in its order."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from imagebot.cycle.arrange import Arranged, arrange
from imagebot.cycle.asked import Asked
from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.decide import Sights, decide
from imagebot.cycle.deliver import deliver
from imagebot.cycle.histories import read_histories
from imagebot.cycle.lists import list_tags
from imagebot.cycle.memory import Memory
from imagebot.cycle.report import Costs, Outcome, Report
from imagebot.cycle.world import World
from imagebot.errors import BadInput, ImagebotError
from imagebot.observe.events import PassFinished, PassStarted, PolicyRefused, VerdictReached
from imagebot.plan.decision import Decision
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet
from imagebot.selection.verdict import Held, tag_of
from imagebot.store.protocol import LastVerdict

Checkouts = Mapping[str, Checkout | ImagebotError]

_LOOKS = 3
"""How often one pass looks at a repository whose branches others move at the same time."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """The world as it was looked at once, and what was made of it."""

    policies: PolicySet
    checkouts: Checkouts
    decisions: tuple[Decision, ...]
    arranged: tuple[Arranged, ...]


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass: look, decide, push, settle pull requests. Raises `Stopped` if told to stop in the middle."""
    started = time.monotonic()
    world = world.for_a_pass()
    memory = Memory(world.store(), now)
    registries = Asked(world.registries, memory)
    _begin(world, policies)
    sights = [_look(world, registries, memory, policies)]
    memory.judged(_last(sights[0].decisions, now))
    memory.save()
    outcomes = _deliver(world, registries, memory, sights)
    checkouts = [checkout for sight in sights for checkout in _present(sight.checkouts)]
    spent = now + timedelta(seconds=time.monotonic() - started)
    for checkout in checkouts:
        world.ask(f"count what was written to {checkout.settings.name}", partial(checkout.remember, spent))
    report = replace(_report(world, registries, sights), outcomes=tuple(outcomes), costs=_costs(registries, checkouts))
    world.tell(PassFinished(report.exit_code, round(time.monotonic() - started, 3), *astuple(report.costs)))
    for checkout in _present(sights[0].checkouts):
        if not world.stopping():
            world.ask(f"tidy the mirror of {checkout.settings.name}", checkout.mirror.tidy)
    return replace(report, bugs=(*policies.bugs, *world.bugs))


def preview(world: World, policies: PolicySet, now: datetime) -> Report:
    """The pass up to the commit: what it would do, and nothing done."""
    world = world.for_a_pass()
    memory = Memory(world.store(), now)
    registries = Asked(world.registries, memory)
    _begin(world, policies)
    return _report(world, registries, [_look(world, registries, memory, policies)])


def _begin(world: World, policies: PolicySet) -> None:
    world.tell(PassStarted(len(policies.policies)))
    for problem in policies.problems:
        world.tell(PolicyRefused(str(problem)))


def _look(world: World, registries: Asked, memory: Memory, policies: PolicySet) -> _Sight:
    known = (*policies.policies, *policies.beside)
    checkouts = {
        name: _checked_out(world, registries, memory, [policy for policy in known if policy.repository == name])
        for name in sorted(_repositories(policies))
    }
    lists = list_tags(world, registries, memory, policies.policies)
    histories = read_histories(world, policies.policies)
    decided = decide(world, policies, checkouts, Sights(lists, histories))
    decisions, arranged = arrange(world, checkouts, decided)
    for decision in decisions:
        _tell(world, decision)
    return _Sight(policies, checkouts, decisions, arranged)


def _deliver(world: World, registries: Asked, memory: Memory, sights: list[_Sight]) -> list[Outcome]:
    """Carry it all out. What others moved meanwhile is looked at, and planned, anew; `sights` grows by each look."""
    outcomes: list[Outcome] = []
    while True:
        sight = sights[-1]
        policies = sight.policies
        unknown = {str(decision.policy) for decision in sight.decisions if decision.unknown}
        delivery = deliver(world, sight.checkouts, sight.arranged, unknown, whole=policies.whole)
        again = {
            str(policy)
            for one in sight.arranged
            if one.target.place in delivery.raced
            for policy in one.target.policies
        }
        if not again or len(sights) == _LOOKS:
            return outcomes + delivery.outcomes
        outcomes += [done for done in delivery.outcomes if done.place not in delivery.raced]
        sights.append(_look(world, registries, memory, _only(policies, again)))


def _only(policies: PolicySet, wanted: Collection[str]) -> PolicySet:
    chosen = tuple(policy for policy in policies.policies if str(policy) in wanted)
    beside = tuple(policy for policy in policies.policies if str(policy) not in wanted)
    return replace(policies, policies=chosen, beside=(*policies.beside, *beside), chosen=True)


def _report(world: World, registries: Asked, sights: Sequence[_Sight]) -> Report:
    latest = {str(decision.policy): decision for sight in sights for decision in sight.decisions}
    problems = [str(problem) for problem in sights[0].policies.problems]
    wrong = [str(error) for error in sights[0].checkouts.values() if isinstance(error, BadInput)]
    changes = tuple(one.change for one in sights[-1].arranged if one.change is not None)
    checkouts = [checkout for sight in sights for checkout in _present(sight.checkouts)]
    bugs = (*sights[0].policies.bugs, *world.bugs)
    return Report(tuple(latest.values()), changes, (), (*problems, *wrong), _costs(registries, checkouts), bugs)


def _present(checkouts: Checkouts) -> list[Checkout]:
    return [checkout for checkout in checkouts.values() if isinstance(checkout, Checkout)]


def _tell(world: World, decision: Decision) -> None:
    for line in decision.watches:
        world.tell(
            VerdictReached(
                app=decision.policy.app,
                environment=decision.policy.environment,
                image=str(line.watch.image),
                verdict=type(line.verdict).__name__,
                because=line.verdict.because,
            )
        )


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
        if not line.major
    ]


def _repositories(policies: PolicySet) -> set[str]:
    """The environment repositories that must be looked at: versions may come from another one."""
    known = {str(policy): policy for policy in (*policies.policies, *policies.beside)}
    sources = (known.get(f"{each.app}@{each.gates.source.environment}") for each in known.values() if each.gates.source)
    return {policy.repository for policy in policies.policies} | {policy.repository for policy in sources if policy}


def _checked_out(
    world: World, registries: Asked, memory: Memory, policies: Sequence[Policy]
) -> Checkout | ImagebotError:
    world.go_on()
    settings = world.settings.repositories[policies[0].repository]
    deed = f"check out {settings.name}"
    return world.ask(deed, partial(check_out, world, registries, memory, settings, tuple(policies)))


def _costs(registries: Asked, checkouts: Sequence[Checkout]) -> Costs:
    return Costs(
        registry_requests=registries.requests,
        git_fetches=sum(checkout.mirror.fetches for checkout in checkouts),
        git_pushes=sum(checkout.mirror.pushes for checkout in checkouts),
        forge_writes=sum(checkout.forge_writes for checkout in checkouts),
    )
