"""What a branch was at, commit by commit: its history along first parents, and what came in by merges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebot.versions.order import Key

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
