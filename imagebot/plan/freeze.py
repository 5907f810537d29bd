"""Whose work is on the bot's branch: a commit that the bot did not make freezes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def frozen(branch: str, commits: Sequence[BranchCommit], email: str) -> str | None:
    """Why the branch must be left alone, or None; `email` is the bot's own, of author and committer."""
    for commit in commits:
        ours = commit.emails == {email} and _TRAILER.search(commit.message) is not None
        if not ours and not commit.adds_nothing:
            return (
                f"{commit.author} committed {commit.id[:10]} to {branch}; the bot leaves the branch to people"
                " until it is merged or deleted"
            )
    return None
