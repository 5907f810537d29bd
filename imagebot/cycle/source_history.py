"""Source repositories as one pass sees them: each branch is fetched once, its history read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Mirror
from imagebot.policy.model import Policy
from imagebot.versions.commit import CommitRule, History

Histories = Mapping[CommitRule, History | ImagebotError]
Branch = tuple[str, str | None]
"""The name of a source repository, and the branch that is meant where it is not the one that goes with it."""


def read_histories(world: World, policies: Iterable[Policy]) -> Histories:
    """What each `commit` rule of these policies asks about; a source that failed is kept as its error."""
    return {
        rule: history
        for branch, rules in branches(policies).items()
        for rule, history in read_branch(world, branch, rules).items()
    }


def branches(policies: Iterable[Policy]) -> Mapping[Branch, Sequence[CommitRule]]:
    """The branches of source repositories that policies ask about, each with what they ask."""
    found: dict[Branch, dict[CommitRule, None]] = defaultdict(dict)
    for rule in (watch.commit for policy in policies for watch in policy.watches if watch.commit is not None):
        found[rule.source, rule.branch][rule] = None
    return {branch: tuple(rules) for branch, rules in found.items()}


def read_branch(world: World, branch: Branch, rules: Sequence[CommitRule]) -> Histories:
    """What these rules ask about one branch, fetched anew."""

    def fetch() -> tuple[Mirror, str]:
        mirror = world.source(*branch)
        return mirror, mirror.fetch(None).base

    world.go_on()
    fetched = world.ask(f"fetch the source repository {branch[0]}", fetch)
    if isinstance(fetched, ImagebotError):
        return dict.fromkeys(rules, fetched)
    mirror, tip = fetched
    task = f"read the history of {branch[0]}"
    return {rule: world.ask(task, partial(mirror.history, tip, rule.paths)) for rule in rules}
