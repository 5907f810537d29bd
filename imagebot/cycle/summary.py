"""A report of all looks of one pass: of what was looked at again, the last look counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.report import Costs, OpenPullRequest, Outcome, Report
from imagebot.cycle.waves import Waves
from imagebot.cycle.world import World
from imagebot.errors import BadInput
from imagebot.plan.groups import targets


def summed_up(world: World, registries: RegistryCache, looks: Sequence[Waves]) -> Report:
    """What all looks found and did; `looks` in their order."""
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
        open=tuple(_open(world, looks[0])),
    )


def _open(world: World, waves: Waves) -> Iterator[OpenPullRequest]:
    """What is open of each branch that the policies can have; nothing of forges that did not tell."""
    known = {one.settings.name: one.pull_requests.open for one in waves.look.checkouts if one.pull_requests.are_known}
    for target in targets(world.settings.branch_prefix, waves.look.decided):
        if pull := known.get(target.repository, {}).get(target.branch):
            policies = tuple(dict.fromkeys(str(policy) for policy in target.policies))
            yield OpenPullRequest(target.repository, policies, pull.number, pull.title, pull.url, pull.opened_at)


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
        forge_writes=sum(checkout.pull_requests.writes for checkout in checkouts),
    )
