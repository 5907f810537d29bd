"""Whose work is on the bot's branch: a commit above the bot's own, with content of its own, freezes it.

Told from what commits do, not from who they say they are: the bot may have had another address when it made its own,
and a forge that rebases a branch puts its name on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from imagebot.errors import CannotEdit
from imagebot.fields.edit import edit
from imagebot.fields.field import Field, Value
from imagebot.pulls.trailers import Landed, landed

Find = Callable[[str, bytes], Sequence[Field]]
"""The fields of a file, by its path and bytes."""


class BranchCommit(Protocol):
    """What is looked at of a commit that the branch has and the base has not."""

    @property
    def id(self) -> str: ...
    @property
    def parents(self) -> tuple[str, ...]: ...
    @property
    def tree(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def committer(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Frozen:
    """Why the bot leaves a branch alone. `commit` is the one of somebody else's; empty where people asked in words.

    `who` made it what it is: the committer, who need not be its author. Whoever amends a commit of the bot's, and takes
    what it says of itself out of its message, leaves the bot's name on it.
    """

    because: str
    who: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Judges:
    """How commits are judged. `untouched`: made by the bot and by nobody else since, so what lies below was the base.

    `former`: the base once had it, and has it no more.
    """

    ours: Callable[[str], bool]
    untouched: Callable[[str], bool]
    adds_nothing: Callable[[str], bool]
    former: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class BranchStanding:
    """`frozen`: why the branch is left alone, if it is. `rewritten`: it lies on what the base has no more."""

    frozen: Frozen | None
    rewritten: bool = False


def standing(branch: str, commits: Sequence[BranchCommit], judges: Judges) -> BranchStanding:
    """How a branch stands; `commits` are those that its base has not, its tip first.

    What people added above the bot's commit and took away again is nothing: the branch holds what the bot made.
    """
    if not commits:
        return BranchStanding(None)
    walk = _Walk({commit.id: commit for commit in commits}, judges)
    own = walk.down([commits[0].id])
    above, walk.people = walk.people, set()
    walk.below(own)
    if commits[0].tree not in {commit.tree for commit in own}:
        walk.people |= above
    first = next((commit for commit in commits if commit.id in walk.people), None)
    if first is None:
        return BranchStanding(None, walk.rewritten)
    who = first.committer if first.committer == first.author else f"{first.committer} (author: {first.author})"
    because = (
        f"{who} committed {first.id[:10]} to {branch}; the bot leaves the branch to people"
        " until it is merged or deleted, or they ask for it to be rebuilt"
    )
    return BranchStanding(Frozen(because, who, first.id), walk.rewritten)


@dataclass
class _Walk:
    """From the tip to the base: `people` are the commits of theirs that were met."""

    commits: Mapping[str, BranchCommit]
    judges: Judges
    people: set[str] = field(default_factory=set)
    rewritten: bool = False

    def down(self, ends: Collection[str]) -> list[BranchCommit]:
        """Go down until the base, or a commit of the bot's; those."""
        own: list[BranchCommit] = []
        waiting, seen = list(ends), set[str]()
        while waiting:
            at = waiting.pop()
            if at not in self.commits or at in seen:
                continue
            seen.add(at)
            if self.judges.ours(at):
                own.append(self.commits[at])
            elif self.judges.former(at):
                self.rewritten = True
            else:
                if not self.judges.adds_nothing(at):
                    self.people.add(at)
                waiting += self.commits[at].parents
        return own

    def below(self, own: Sequence[BranchCommit]) -> None:
        """Look at what the bot's commits lie on: the base of then, if nobody has put them elsewhere since."""
        for commit in own:
            if self.judges.untouched(commit.id):
                self.rewritten |= any(parent in self.commits for parent in commit.parents)
            else:
                self.below(self.down(commit.parents))


@dataclass(frozen=True, slots=True)
class FreezeDoubt:
    """Fields that a commit tells of are not found: it cannot be seen whether it does what it says."""


def does_as_it_says(message: str, files: Mapping[str, tuple[bytes, bytes]], find: Find) -> bool | FreezeDoubt:
    """Whether a commit that changes `files` so, from what to what, does what the trailers of its message say, no more.

    One that says of more fields than it changes may have been put on a base that had some of it already.
    """
    told: dict[str, list[Landed]] = defaultdict(list)
    for item in landed([message]):
        told[item.file].append(item)
    if not files or not files.keys() <= told.keys():
        return False
    answers = [_as_told(file, before, after, told[file], find) for file, (before, after) in files.items()]
    doubt = next((answer for answer in answers if isinstance(answer, FreezeDoubt)), None)
    return False if False in answers else doubt or True


def _as_told(file: str, before: bytes, after: bytes, told: Sequence[Landed], find: Find) -> bool | FreezeDoubt:
    old, new = ({one.path: one for one in find(file, data)} for data in (before, after))
    if any(item.path not in old or item.path not in new for item in told):
        return FreezeDoubt()
    changes = [(old[item.path], new[item.path].value) for item in told]
    if not all(_is(item, value) for item, (_, value) in zip(told, changes, strict=True)):
        return False
    try:
        return edit(file, before, changes) == after
    except CannotEdit:
        return False


def _is(item: Landed, value: Value) -> bool:
    """Whether a field that says `value` is at the version that was told: some hold its tag alone, or its digest."""
    version = item.version
    told = value.tag in (version.tag, None) and value.digest in (version.digest, None)
    return told and (value.tag or value.digest) is not None
