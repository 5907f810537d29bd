"""Commits of a branch in the order in which the branch was at them: its history along first parents.

A branch was never at the commits that a merge brought in: an image of one lacks what the branch had besides. So only
the line of first parents is chosen from. What merges brought in still has a place, right below its merge, so that
going from there to an older state of the branch is seen as the step down that it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from imagebot.versions.order import Key, Out

SHORTEST_ID = 7
_SHOWN = 7
_LONGER = 12
_MOST_NAMED = 3
_ID = re.compile(rf"[0-9a-f]{{{SHORTEST_ID},64}}", re.ASCII)
_WORDS = re.compile(rf"(?<![0-9A-Za-z])g?([0-9a-f]{{{SHORTEST_ID},64}})(?![0-9A-Za-z])", re.ASCII)
_AT_THE_MERGE = 1
_BELOW_THE_MERGE = 0


@dataclass(frozen=True, slots=True)
class History:
    """What a branch was at, newest first, and what came in by merges.

    `merged` names for each commit besides the line the index of the oldest commit on the line that has it. `wanted`
    are the commits that change certain paths, `None`: any.
    """

    branch: str
    line: tuple[str, ...]
    merged: Mapping[str, int] = field(default_factory=dict, repr=False)
    wanted: frozenset[str] | None = field(default=None, repr=False)
    _sorted: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {commit: at for at, commit in enumerate(self.line)})
        object.__setattr__(self, "_sorted", tuple(sorted((*self.line, *self.merged))))

    @classmethod
    def of(
        cls, branch: str, commits: Sequence[tuple[str, tuple[str, ...]]], wanted: frozenset[str] | None = None
    ) -> History:
        """From every commit of `branch` with its parents, the tip first."""
        parents = dict(commits)
        line: list[str] = []
        at = commits[0][0] if commits else None
        while at is not None and at in parents:
            line.append(at)
            at = next(iter(parents[at]), None)
        merged: dict[str, int] = {}
        on_line = frozenset(line)
        for index in range(len(line) - 1, -1, -1):
            waiting = list(parents[line[index]][1:])
            while waiting:
                commit = waiting.pop()
                if commit not in on_line and commit not in merged and commit in parents:
                    merged[commit] = index
                    waiting += parents[commit]
        return cls(branch, tuple(line), merged, wanted)

    def named(self, text: str) -> tuple[str, ...]:
        """The commits that `text`, a whole id or the beginning of one, may stand for."""
        found = []
        for at in range(bisect_left(self._sorted, text), len(self._sorted)):
            if not self._sorted[at].startswith(text):
                break
            found.append(self._sorted[at])
        return tuple(found)

    def place(self, commit: str) -> Key:
        """Where a commit stands: higher is newer."""
        index = self._index.get(commit)
        if index is not None:
            return (-index, _AT_THE_MERGE)
        return (-self.merged[commit], _BELOW_THE_MERGE)

    def at(self, key: Key) -> str:
        """The commit on the line at `key`, or the merge right above it."""
        return self.line[self._depth(key)]

    @staticmethod
    def _depth(key: Key) -> int:
        depth: int = -key[0]
        return depth

    def may_be_chosen(self, commit: str) -> bool:
        return commit in self._index and (self.wanted is None or commit in self.wanted)

    def newer(self, key: Key) -> tuple[str, ...]:
        """The commits above `key` that may be chosen, newest first."""
        return tuple(commit for commit in self.line[: self._depth(key)] if self.wanted is None or commit in self.wanted)


@dataclass(frozen=True, slots=True)
class Commit:
    """By the history of a branch; `inside`: the id is somewhere in the text, which need not be one as a whole."""

    name: ClassVar[str] = "commit"
    source: str
    history: History | None = None
    inside: bool = False

    def __str__(self) -> str:
        return f"{self.history.branch} of {self.source}" if self.history else self.source

    def place(self, text: str) -> Key | Out:
        commits = self._commits(text)
        if self.history is None or len(commits) != 1:
            return Out.UNREAD
        return self.history.place(commits[0]) if self.history.may_be_chosen(commits[0]) else Out.UNREAD

    def loosely(self, text: str) -> Key | None:
        commits = self._commits(text)
        return self.history.place(commits[0]) if self.history is not None and len(commits) == 1 else None

    def _ids(self, text: str) -> list[str]:
        if self.inside:
            return [found[1] for found in _WORDS.finditer(text)]
        return [text] if _ID.fullmatch(text) else []

    def _commits(self, text: str) -> tuple[str, ...]:
        if self.history is None:
            return ()
        return tuple(commit for part in self._ids(text) for commit in self.history.named(part))

    def why(self, key: Key) -> str:
        return f"is a commit of {self._branch}"

    @property
    def _branch(self) -> str:
        return self.history.branch if self.history else "a branch that is not known yet"

    def why_not(self, text: str, out: Out) -> str:
        ids, commits = self._ids(text), self._commits(text)
        if not ids:
            return f"holds no commit id of {SHORTEST_ID} digits or more" if self.inside else "is no commit id"
        if not commits:
            return f"is no commit of {self._branch}"
        if len(commits) > 1:
            return f"may be {listed([commit[:_LONGER] for commit in commits])}: write longer ids into tags"
        return self._left_out(commits[0])

    def _left_out(self, commit: str) -> str:
        assert self.history is not None, "it named the commit"
        if commit in self.history.merged:
            merge = self.history.at(self.history.place(commit))
            return f"came to {self._branch} by the merge {short(merge)}, and the branch itself was never at it"
        return "changes nothing in the paths of this image"

    def praise(self, admitted: int, best: Key) -> str:
        what = "the only commit" if admitted == 1 else f"the newest of {admitted} commits"
        assert self.history is not None, "it placed the best"
        newer = self.history.newer(best)
        if not newer:
            return f"{what} of {self._branch} with an image"
        have = "newer commit has" if len(newer) == 1 else "newer commits have"
        named = listed([short(commit) for commit in newer])
        return f"{what} of {self._branch} with an image; {len(newer)} {have} none yet: {named}"

    def step(self, old: Key | None, new: Key | None) -> str:
        return "commit"

    def around(self, tag: str) -> tuple[str, str] | None:
        found = [found for found in _WORDS.finditer(tag) if self.history is None or self.history.named(found[1])]
        return (tag[: found[0].start(1)], tag[found[0].end(1) :]) if len(found) == 1 else None


def short(commit: str) -> str:
    """An id as people read it."""
    return commit[:_SHOWN]


def listed(names: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown
