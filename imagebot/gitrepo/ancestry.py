"""The whole history of a branch, as ids alone."""

from __future__ import annotations

from functools import lru_cache

from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.process import Git
from imagebot.versions.commit import History

MOST_COMMITS = 100_000


@lru_cache(maxsize=64)
def history(git: Git, branch: str, tip: str, paths: tuple[str, ...]) -> History:
    """The newest 100 000 commits of `tip` in the order of `branch`; kept, as what lies behind a commit never changes.

    With `paths` (files and folders, taken literally) only commits that change one of them are wanted: those whose
    difference to their first parent is there, so a merge counts for all that it brings.
    """
    lines = git.out("rev-list", "--parents", f"--max-count={MOST_COMMITS}", commit_id(tip), "--").decode().splitlines()
    commits = [(commit, tuple(parents)) for commit, *parents in map(str.split, lines)]
    return History.of(branch, commits, _changing(git, tip, paths) if paths else None)


def _changing(git: Git, tip: str, paths: tuple[str, ...]) -> frozenset[str]:
    out = git.out("rev-list", "--first-parent", f"--max-count={MOST_COMMITS}", commit_id(tip), "--", *paths)
    return frozenset(out.decode().split())
