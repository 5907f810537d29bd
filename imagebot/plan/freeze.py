"""Whose work is on the bot's branch: a commit that the bot did not make freezes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

_TRAILER = re.compile(r"^Image-Update: \S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BranchCommit:
    """A commit that the branch has and the base has not; one that `adds_nothing` merges the base's own changes."""

    id: str
    author: str
    emails: frozenset[str]
    message: str
    adds_nothing: bool = False


@dataclass(frozen=True, slots=True)
class Frozen:
    """Why the bot leaves a branch alone. `commit` is the one of somebody else's; empty where people asked in words."""

    because: str
    author: str = ""
    commit: str = ""


def frozen(branch: str, commits: Sequence[BranchCommit], emails: Collection[str]) -> Frozen | None:
    """Why the branch must be left alone, or None; `emails` are the bot's own, of author and committer."""
    for commit in commits:
        ours = commit.emails <= set(emails) and _TRAILER.search(commit.message) is not None
        if not ours and not commit.adds_nothing:
            because = (
                f"{commit.author} committed {commit.id[:10]} to {branch}; the bot leaves the branch to people"
                " until it is merged or deleted, or they ask for it to be rebuilt"
            )
            return Frozen(because, commit.author, commit.id)
    return None
