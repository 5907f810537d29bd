"""One pass, in its order."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.look import Look
from imagebot.cycle.pass_log import Teller, last_verdicts
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.report import Costs, Outcome, Report
from imagebot.cycle.waves import Waves
from imagebot.cycle.world import World
from imagebot.errors import BadInput
from imagebot.plan.decision import Decision
from imagebot.policy.read import PolicySet

_LOOKS = 3
"""How often one pass looks at a repository whose branches others move at the same time."""


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass: look, decide, push, settle pull requests. Raises `Stopped` if told to stop in the middle."""
    started = time.monotonic()
    world = world.for_a_pass()
    memory = PassStore(world.store(), now)
    registries = RegistryCache(world.registries, memory)
    tell = Teller(world, memory)
    tell.begins(policies)

    def record(decisions: Sequence[Decision]) -> None:
        tell.decided(decisions)
        memory.judged(last_verdicts(decisions, now))
        memory.save()

    looks: list[Waves] = []
    again: PolicySet | None = policies
    while again is not None and len(looks) < _LOOKS:
        looks.append(Waves(Look(world, registries, memory, again), record, tell.became))
        looks[-1].run(delivers=True)
        spent = now + timedelta(seconds=time.monotonic() - started)
        for checkout in looks[-1].look.checkouts:
            world.ask(f"count what was written to {checkout.settings.name}", partial(checkout.remember, spent))
        again = _raced(looks[-1])
    tell.became(looks[-1].raced)
    world.ask("remember what is in doubt no more", memory.settle)
    report = _report(world, registries, looks)
    tell.finished(report, time.monotonic() - started)
    for checkout in looks[0].look.checkouts:
        if not world.stopping():
            world.ask(f"tidy the mirror of {checkout.settings.name}", checkout.mirror.tidy)
    return replace(report, bugs=(*policies.bugs, *world.bugs))


def preview(world: World, policies: PolicySet, now: datetime) -> Report:
    """The pass up to the commit: what it would do, and nothing done."""
    world = world.for_a_pass()
    memory = PassStore(world.store(), now)
    registries = RegistryCache(world.registries, memory)
    tell = Teller(world, memory, quiet=True)
    tell.begins(policies)
    waves = Waves(Look(world, registries, memory, policies), tell.decided, tell.became)
    waves.run(delivers=False)
    return _report(world, registries, [waves])


def _raced(waves: Waves) -> PolicySet | None:
    """The policies of what others moved meanwhile: it is looked at, and planned, anew."""
    again = {str(policy) for done in waves.raced for policy in waves.arranged[done.place].target.policies}
    return _only(waves.look.policies, again) if again else None


def _only(policies: PolicySet, wanted: Collection[str]) -> PolicySet:
    chosen = tuple(policy for policy in policies.policies if str(policy) in wanted)
    beside = tuple(policy for policy in policies.policies if str(policy) not in wanted)
    return replace(policies, policies=chosen, beside=(*policies.beside, *beside), chosen=True)


def _report(world: World, registries: RegistryCache, looks: Sequence[Waves]) -> Report:
    latest = {str(decision.policy): decision for waves in looks for decision in waves.look.decided}
    first = looks[0].look
    problems = [str(problem) for problem in first.policies.problems]
    wrong = [str(error) for _, error in sorted(first.sight.checkouts.items()) if isinstance(error, BadInput)]
    return Report(
        tuple(latest.values()),
        tuple(looks[-1].changes),
        tuple(_outcomes(looks)),
        (*problems, *wrong),
        _costs(registries, _checkouts(looks)),
        (*first.policies.bugs, *world.bugs),
    )


def _outcomes(looks: Sequence[Waves]) -> Iterator[Outcome]:
    """What became of each branch, by repository; of one that was looked at again, by the last look."""
    for waves in looks:
        for _, outcomes in sorted(waves.outcomes.items()):
            yield from (done for done in outcomes if waves is looks[-1] or not done.raced)


def _checkouts(looks: Sequence[Waves]) -> list[Checkout]:
    return [checkout for waves in looks for checkout in waves.look.checkouts]


def _costs(registries: RegistryCache, checkouts: Sequence[Checkout]) -> Costs:
    return Costs(
        registry_requests=registries.requests,
        git_fetches=sum(checkout.mirror.fetches for checkout in checkouts),
        git_pushes=sum(checkout.mirror.pushes for checkout in checkouts),
        forge_writes=sum(checkout.forge_writes for checkout in checkouts),
    )
