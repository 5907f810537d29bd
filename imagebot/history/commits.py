"""Commits as git tells them, and the moments at which the base branch took them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imagebot.pulls.trailers import proposes
from imagebot.versions.commit import History

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that differs from a commit's first parent; `old` and `new` are blob ids, None for no regular file.

    `was` is the path before, if it was renamed and that was asked for.
    """

    path: str
    old: str | None
    new: str | None
    was: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. What it says is written by anyone: no field is to be trusted, and a time may be missing.

    It does `more` than change the content of files if it adds or removes any, or changes modes, links or submodules.
    """

    id: str
    parents: tuple[str, ...]
    author: str
    author_email: str
    authored: datetime | None
    committer: str
    committer_email: str
    committed: datetime | None
    message: str
    changes: tuple[FileChange, ...] = ()
    tree: str = ""
    more: bool = False

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A commit that the base branch was at, and what a merge brought with it, oldest first.

    `at` is when it was committed; where it is not `dated` by that, it came at that moment or later.
    """

    commit: Commit
    brought: tuple[Commit, ...]
    at: datetime
    dated: bool


def arrivals(commits: Sequence[Commit], bot: str, now: datetime) -> tuple[Arrival, ...]:
    """What the base branch was at, oldest first; `commits` are all that its tip has, the tip first.

    No commit came before the one below it, nor after `now`: clocks are wrong, dates are anybody's, and some are none.
    Commits of the bot (by its address, `bot`, or their trailers) have the date of what they are based on.
    """
    known = {commit.id: commit for commit in commits}
    line = History.of("", [(commit.id, commit.parents) for commit in commits])
    brought: dict[int, list[Commit]] = {}
    for commit in reversed(commits):
        if commit.id in line.merged:
            brought.setdefault(line.merged[commit.id], []).append(commit)
    found: list[Arrival] = []
    for index in range(len(line.line) - 1, -1, -1):
        commit = known[line.line[index]]
        told = commit.committed
        below = found[-1].at if found else min(told or _BEGINNING, now)
        dated = told is not None and below <= told <= now
        at = told if told is not None and dated else below
        dated = dated and commit.committer_email != bot and not _dated_as_below(commit, known)
        found.append(Arrival(commit, tuple(brought.get(index, ())), at, dated))
    return tuple(found)


def _dated_as_below(commit: Commit, known: Mapping[str, Commit]) -> bool:
    """Whether it has the date of what it is based on, as the bot's own have, whatever its address was then."""
    below = known.get(commit.parents[0]) if commit.parents else None
    return below is not None and commit.committed == below.committed and proposes(commit.message)


def named(arrived: Sequence[Arrival], beginning: str) -> tuple[int, ...]:
    """The places of arrivals that a commit id, or the beginning of one, may mean: what brought it, or is it."""
    return tuple(
        index
        for index, arrival in enumerate(arrived)
        if any(commit.id.startswith(beginning) for commit in (arrival.commit, *arrival.brought))
    )


def at_moment(arrived: Sequence[Arrival], moment: datetime) -> int | None:
    """The place of what the base branch was at then; None if it is younger."""
    before = [index for index, arrival in enumerate(arrived) if arrival.at <= moment]
    return before[-1] if before else None
