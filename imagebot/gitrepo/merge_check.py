"""Whether branches that are there already bring what is wanted now: then nothing is made and nothing is pushed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from imagebot.errors import CannotEdit
from imagebot.gitrepo.history import merged_tree
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.process import Git
from imagebot.gitrepo.trees import Header, Trees, reading


@dataclass(frozen=True, slots=True)
class Bringing:
    """A branch's tip, and the content by path that it should bring to the base."""

    tip: str
    files: Mapping[str, bytes]


def brings_each(git: Git, base: str, wanted: Sequence[Bringing]) -> list[bool]:
    """For each, whether merging its tip into `base` would change just its files, to just these contents.

    Ids of trees are compared; only where the base's own changes are in the way does git try the merge.
    """
    with reading(git) as trees:
        tips = [trees.commit(one.tip) for one in wanted]
        ends = {*(one.tip for one in wanted), *(parent for tip in tips for parent in tip.parents)}
        onto = _Base(git, trees, base, trees.commit(base), _not_in(git, base, ends))
        return [onto.gets(one, tip) for one, tip in zip(wanted, tips, strict=True)]


@dataclass(frozen=True, slots=True)
class _Base:
    """The commit that is merged into. `without` are commits that it has not."""

    git: Git
    trees: Trees
    id: str
    header: Header
    without: frozenset[str]

    def gets(self, one: Bringing, tip: Header) -> bool:
        try:
            changed = self.trees.changed(self.header.tree, one.files)
        except CannotEdit:
            return False
        if any(self._has(path, changed.objects.id_of("blob", data)) for path, data in one.files.items()):
            return False
        if tip.parents == (self.id,):
            return tip.tree == changed.id
        return self._has_not_met(one, tip) or merged_tree(self.git, self.id, one.tip) == changed.id

    def _has(self, path: str, blob: str) -> bool:
        entry = self.trees.entry(self.header.tree, path)
        return entry is not None and entry.id == blob

    def _has_not_met(self, one: Bringing, tip: Header) -> bool:
        """Whether the tip is one commit that changes just these files, on a base that has left them alone since.

        A merge is then certain: where one side alone has changed a file, that side's is taken.
        """
        if one.tip not in self.without or len(tip.parents) != 1 or tip.parents[0] in self.without:
            return False
        before = self.trees.commit(tip.parents[0]).tree
        same = all(self.trees.entry(before, path) == self.trees.entry(self.header.tree, path) for path in one.files)
        return same and self.trees.changed(before, one.files).id == tip.tree


def _not_in(git: Git, base: str, commits: Collection[str]) -> frozenset[str]:
    """Those of the commits that are not in the history of `base`, and more that lie behind them."""
    points = "".join(f"{point}\n" for point in (*map(commit_id, commits), f"^{commit_id(base)}"))
    return frozenset(git.out("rev-list", "--stdin", stdin=points.encode()).decode().split())
