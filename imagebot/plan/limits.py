"""Which new pull requests may be opened now, and which wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from imagebot.plan.change import Change

_ORDER = {"digest": 0, "repush": 0, "patch": 1, "minor": 2, "major": 3}


def waiting(
    new: Sequence[Change], open_now: Mapping[str, int], per_repository: Mapping[str, int | None], overall: int | None
) -> Mapping[tuple[str, str], str]:
    """The (repository, branch) of `new` changes that must wait, with the reason; small updates go first.

    `open_now` counts the bot's open pull requests by repository; a limit of None is none.
    """
    counts = Counter(open_now)
    reasons: dict[tuple[str, str], str] = {}
    for change in sorted(new, key=_urgency):
        limit = per_repository.get(change.repository)
        if limit is not None and counts[change.repository] >= limit:
            reasons[change.repository, change.branch] = (
                f"waits: {counts[change.repository]} of {limit} pull requests are open in {change.repository}"
            )
        elif overall is not None and counts.total() >= overall:
            reasons[change.repository, change.branch] = (
                f"waits: {counts.total()} of {overall} pull requests are open in all"
            )
        else:
            counts[change.repository] += 1
    return reasons


def _urgency(change: Change) -> tuple[int, str, str]:
    rank = max((_ORDER.get(update.kind, 4) for update in change.updates), default=4)
    return (rank, change.environment, change.name)
