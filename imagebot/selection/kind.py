"""How far an update goes, in one word."""

from __future__ import annotations

from imagebot.policy.model import Watch
from imagebot.selection.rank import version_of


def kind(old: str | None, new: str, watch: Watch) -> str:
    """`major`, `minor`, `patch` or `prerelease`: the first part of the version that changes.

    `digest` where the tag stays, `other` where there is no version to compare, or only the spelling of it changes.
    """
    if old == new:
        return "digest"
    before = version_of(watch, old) if old else None
    after = version_of(watch, new)
    if before is None or after is None:
        return "other"
    parts = zip(("major", "minor", "patch", "prerelease"), before, after, strict=True)
    return next((name for name, one, other in parts if one != other), "other")
