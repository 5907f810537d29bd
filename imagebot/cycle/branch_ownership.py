"""Whose work is on the bot's branches, told from what their commits do to the files of one environment repository."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from imagebot.cycle.index import FieldIndex
from imagebot.cycle.lazy_property import once
from imagebot.fields.field import Field
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.history.commits import Commit
from imagebot.pulls.freeze import BranchStanding, FreezeDoubt, Judges, does_as_it_says, standing
from imagebot.pulls.trailers import proposes

_UPDATED = 20  # times that people brought one branch up to date, at most


@dataclass
class Branches:
    """The bot's branches of one repository, at `heads`. `addresses` asks for the bot's own, of author and committer."""

    repository: str
    mirror: Mirror
    heads: Heads
    index: FieldIndex
    addresses: Callable[[], Collection[str]]
    _standings: dict[str, BranchStanding] = field(default_factory=dict)

    def standing(self, branch: str) -> BranchStanding:
        """How a branch stands, found out once. Raises `WorldError`s."""
        if branch not in self._standings:
            self._standings[branch] = self._stands(branch)
        return self._standings[branch]

    def _stands(self, branch: str) -> BranchStanding:
        tip = self.heads.branches.get(branch)
        judges = Judges(self._is_ours, self._is_untouched, self._adds_nothing, lambda commit: commit in self._former)
        return BranchStanding(None) if tip is None else standing(branch, self._each[tip], judges)

    def made(self, branch: str) -> bool:
        """Whether the bot made what the branch is at: a commit of its own, or the base merged into one."""
        tip = self.heads.branches[branch]
        if any(len(commit.parents) < 2 for commit in self._each[tip]):
            return any(self._is_ours(commit.id) for commit in self._each[tip])
        line = self.mirror.line(tip, (), _UPDATED)
        own = next((commit for commit in line if len(commit.parents) < 2), None)
        return own is not None and _may_be_ours(own)

    @once
    def _each(self) -> Mapping[str, Sequence[Commit]]:
        """The commits of each branch, by its tip, that the base has not."""
        return self.mirror.commits_of_each(self.heads.base, set(self.heads.branches.values()))

    @once
    def _commits(self) -> Mapping[str, Commit]:
        return {commit.id: commit for commits in self._each.values() for commit in commits}

    @once
    def _former(self) -> frozenset[str]:
        return self.mirror.former(self.heads.base)

    @once
    def _ours(self) -> Mapping[str, bool | FreezeDoubt]:
        """What is said of those that claim to be ours. A commit never changes: each is judged once."""
        known = self.index.judged(self.repository)
        claims = [commit for commit in self._commits.values() if _may_be_ours(commit)]
        new = [commit for commit in claims if commit.id not in known]
        found = dict(zip((commit.id for commit in new), self.judged(new), strict=True))
        known |= {commit: answer for commit, answer in found.items() if not isinstance(answer, FreezeDoubt)}
        return {**known, **found}

    def judged(self, commits: Sequence[Commit]) -> Iterator[bool | FreezeDoubt]:
        """Whether each does what it says, and no more."""
        ids = [blob for commit in commits for change in commit.changes for blob in (change.old, change.new) if blob]
        with closing(self.mirror.blobs(ids)) as contents:
            for commit in commits:
                pairs = {change.path: (next(contents), next(contents)) for change in commit.changes}
                files = {path: (old, new) for path, (old, new) in pairs.items() if old is not None and new is not None}
                whole = len(files) == len(pairs)
                yield whole and does_as_it_says(commit.message, files, self._fields)

    def _fields(self, file: str, data: bytes) -> Sequence[Field]:
        return self.index.fields(self.repository, file, data)

    def _is_ours(self, commit: str) -> bool:
        answer = self._ours.get(commit, False)
        return self._has_our_addresses(commit) if isinstance(answer, FreezeDoubt) else answer

    def _has_our_addresses(self, commit: str) -> bool:
        one = self._commits[commit]
        return {one.author_email, one.committer_email} <= set(self.addresses())

    def _is_untouched(self, commit: str) -> bool:
        """The bot dates what it makes as what that is based on, in one name; whoever puts it elsewhere does not."""
        one = self._commits[commit]
        below = self._commits.get(one.parents[0])
        if below is None:
            return True
        alone = (one.author, one.author_email, one.authored) == (one.committer, one.committer_email, one.committed)
        return (alone and one.committed == below.committed) or self._has_our_addresses(commit)

    def _adds_nothing(self, commit: str) -> bool:
        one = self._commits[commit]
        if len(one.parents) == 1:
            return not one.changes and not one.more
        return self.mirror.adds_nothing(one)


def _may_be_ours(commit: Commit) -> bool:
    """Whether it is worth a look: one that changes the content of files, and nothing else, and says why."""
    changed = all(change.old and change.new for change in commit.changes)
    return len(commit.parents) == 1 and changed and not commit.more and proposes(commit.message)
