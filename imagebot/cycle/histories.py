"""Source repositories as one pass sees them: each branch is fetched once, its history read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, WorldError
from imagebot.gitrepo.mirror import Mirror
from imagebot.policy.model import Policy
from imagebot.policy.orders import CommitRule
from imagebot.versions.commit import History

Histories = Mapping[CommitRule, History | ImagebotError]


def read_histories(world: World, policies: Iterable[Policy]) -> Histories:
    """What each `commit` rule of these policies asks about; a source that failed is kept as its error."""
    rules = dict.fromkeys(watch.commit for policy in policies for watch in policy.watches if watch.commit is not None)
    tips = {(rule.source, rule.branch): _fetched(world, rule.source, rule.branch) for rule in rules}
    return {rule: _history(tips[rule.source, rule.branch], rule.paths) for rule in rules}


def _fetched(world: World, source: str, branch: str | None) -> tuple[Mirror, str] | WorldError:
    world.go_on()
    mirror = world.source(source, branch)
    try:
        return mirror, mirror.fetch(None).base
    except WorldError as error:
        return error


def _history(fetched: tuple[Mirror, str] | WorldError, paths: tuple[str, ...]) -> History | ImagebotError:
    if isinstance(fetched, WorldError):
        return fetched
    mirror, tip = fetched
    try:
        return mirror.history(tip, paths)
    except WorldError as error:
        return error
