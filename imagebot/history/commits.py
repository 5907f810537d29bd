"""Commits as git tells them, and the moments at which the base branch took them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imagebot.versions.commit import History


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that differs from a commit's first parent; `old` and `new` are blob ids, None for no regular file."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. What it says is written by anyone: no field is to be trusted."""

    id: str
    parents: tuple[str, ...]
    author: str
    author_email: str
    authored: datetime
    committer: str
    committer_email: str
    committed: datetime
    message: str
    changes: tuple[FileChange, ...] = ()

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

    No commit came before the one below it, nor after `now`: clocks are wrong, dates are anybody's. Commits of the bot
    (by its address, `bot`) have the date of what they are based on.
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
        below = found[-1].at if found else min(commit.committed, now)
        possible = below <= commit.committed <= now
        dated = possible and commit.committer_email != bot
        at = commit.committed if possible else below
        found.append(Arrival(commit, tuple(brought.get(index, ())), at, dated))
    return tuple(found)


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
