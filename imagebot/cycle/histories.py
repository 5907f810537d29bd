"""Source repositories as one pass sees them: each branch is fetched once, its history read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Mirror
from imagebot.policy.model import Policy
from imagebot.policy.orders import CommitRule
from imagebot.versions.commit import History

Histories = Mapping[CommitRule, History | ImagebotError]


def read_histories(world: World, policies: Iterable[Policy]) -> Histories:
    """What each `commit` rule of these policies asks about; a source that failed is kept as its error."""
    rules = dict.fromkeys(watch.commit for policy in policies for watch in policy.watches if watch.commit is not None)
    tips = {(rule.source, rule.branch): _fetched(world, rule.source, rule.branch) for rule in rules}
    return {rule: _history(world, rule, tips[rule.source, rule.branch]) for rule in rules}


def _fetched(world: World, source: str, branch: str | None) -> tuple[Mirror, str] | ImagebotError:
    def fetch() -> tuple[Mirror, str]:
        mirror = world.source(source, branch)
        return mirror, mirror.fetch(None).base

    world.go_on()
    return world.ask(f"fetch the source repository {source}", fetch)


def _history(world: World, rule: CommitRule, fetched: tuple[Mirror, str] | ImagebotError) -> History | ImagebotError:
    if isinstance(fetched, ImagebotError):
        return fetched
    mirror, tip = fetched
    return world.ask(f"read the history of {rule.source}", partial(mirror.history, tip, rule.paths))
