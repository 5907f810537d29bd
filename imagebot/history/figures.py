"""The figures of DORA's model (https://dora.dev/guides/dora-metrics/), as far as git knows them, with their limits.

What is not known is None: no figure is made up of nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebot.history.entry import HistoryEntry, How

_REWORK = ("hotfix", "rollback", "revert")

LIMITS: Mapping[str, str] = {
    "deploymentFrequency": "commits of the base branch that changed an app's images; when they ran, the cluster knows",
    "changeLeadTime": (
        "from the first commit of the change, or from its pull request with --forge, until it was on the base branch;"
        " building the image, soaking and syncing come on top"
    ),
    "changeFailRate": (
        "deployments of which a version was taken back within the time of --failed-within; a planned step down counts,"
        " a fix by a newer version does not; those that are younger than that are left out"
    ),
    "recoveryTime": "from the deployment to the commit that took it back; nobody knows when the failure was noticed",
    "reworkRate": "deployments that went back to an older version, or whose commit says hotfix, rollback or revert",
    "imagebot": "deployments by commits with imagebot's trailers or address; a squash that drops both is one by hand",
}
"""What a figure leaves out, by its name."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 95th percentile of `count` times, each one of them (nearest rank)."""

    p50: timedelta
    p95: timedelta
    count: int

    @classmethod
    def of(cls, times: Sequence[timedelta]) -> Spread | None:
        """None of none."""
        if not times:
            return None
        inorder = sorted(times)
        ranks = [max(-(-len(inorder) * percent // 100), 1) for percent in (50, 95)]
        return cls(inorder[ranks[0] - 1], inorder[ranks[1] - 1], len(inorder))


@dataclass(frozen=True, slots=True)
class Portion:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        """Of a hundred."""
        return 100 * self.part / self.whole


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a span of time. A deployment is one commit of the base branch and one app in one environment."""

    deployments: int
    per_week: float | None
    lead_time: Spread | None
    failed: Portion | None
    recovery: Spread | None
    rework: Portion | None
    by_imagebot: Portion | None
    edited: Portion | None


@dataclass(frozen=True, slots=True)
class Period:
    """The span that figures are about, and within what time a deployment that is taken back counts as failed.

    `since` is the beginning, None for that of the branch; `now` the end.
    """

    since: datetime | None
    now: datetime
    failed_within: timedelta


def figures(entries: Sequence[HistoryEntry], window: Period) -> Figures:
    """The figures of some apps; `entries` are all of theirs, also those before the window."""
    every = _deployments(entries)
    undone = _undone(every)
    mine = {key: each for key, each in every.items() if window.since is None or each[0].at >= window.since}
    begin = window.since or min((each[0].at for each in mine.values()), default=None)
    lead = [max(times) for each in mine.values() if (times := _lead_times(each))]
    failed = {key for key, after in undone.items() if key in mine and after <= window.failed_within}
    judged = {key for key, each in mine.items() if key in failed or window.now - each[0].at >= window.failed_within}
    bots = sum(all(entry.how is not How.BY_HAND for entry in each) for each in mine.values())
    edited = sum(any(entry.how is How.EDITED for entry in each) for each in mine.values())
    return Figures(
        deployments=len(mine),
        per_week=_per_week(len(mine), begin, window.now),
        lead_time=Spread.of(lead),
        failed=_share(len(failed), len(judged)),
        recovery=Spread.of([undone[key] for key in sorted(failed)]),
        rework=_share(sum(any(map(_is_rework, each)) for each in mine.values()), len(mine)),
        by_imagebot=_share(bots, len(mine)),
        edited=_share(edited, bots),
    )


_Deployment = tuple[str, int, str, str]


def _deployments(entries: Sequence[HistoryEntry]) -> dict[_Deployment, list[HistoryEntry]]:
    found: dict[_Deployment, list[HistoryEntry]] = defaultdict(list)
    for entry in entries:
        if entry.deploys:
            found[entry.repository, entry.place, entry.environment, entry.app].append(entry)
    return found


def _undone(every: Mapping[_Deployment, Sequence[HistoryEntry]]) -> dict[_Deployment, timedelta]:
    """The deployments of which something was taken back, and how soon."""
    found: dict[_Deployment, timedelta] = {}
    for (repository, _, environment, app), entries in sorted(every.items()):
        for entry in entries:
            for move in entry.moves:
                key = (repository, -1 if move.since is None else move.since, environment, app)
                if move.back and key in every:
                    found.setdefault(key, entry.at - every[key][0].at)
    return found


def _lead_times(entries: Sequence[HistoryEntry]) -> list[timedelta]:
    return [entry.open_for for entry in entries if entry.open_for is not None]


def _is_rework(entry: HistoryEntry) -> bool:
    subject = entry.commit.subject.lower()
    return entry.back or any(word in subject for word in _REWORK)


def _per_week(count: int, begin: datetime | None, now: datetime) -> float | None:
    """None of less than a day: that tells nothing of a week."""
    if begin is None or now - begin < timedelta(days=1):
        return None
    return count / ((now - begin) / timedelta(weeks=1))


def _share(part: int, whole: int) -> Portion | None:
    return Portion(part, whole) if whole else None
