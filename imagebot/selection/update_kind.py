"""How far an update goes, in one word."""

from __future__ import annotations

from imagebot.policy.model import Watch
from imagebot.selection.rank import version_of


def kind(old: str | None, new: str, watch: Watch) -> str:
    """What changes between two tags: the first part of the version that differs, as the order of `watch` calls it.

    `major`, `minor`, `patch` and `prerelease` of semantic versions; `year`, `month`, `week`, `day` and the like of
    calendar versions; `number`, `name`, `build`, `commit`. `digest` where the tag stays, `other` where there is no
    version to compare, or only the spelling of it changes.
    """
    if old == new:
        return "digest"
    before = version_of(watch, old) if old else None
    return watch.order().step(before, version_of(watch, new))
